package widget

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fw "fyne.io/fyne/v2/widget"

	"github.com/askonce/fieldkit/app/theme"
)

// TypeAhead is a field that offers, in line below it, what the text could
// become. Enter takes the offer that is drawn as taken: the first once enough
// was typed, or the one that Down has reached; Escape takes the offers away.
// Strict means that only what is offered will do.
type TypeAhead struct {
	*Field
	// Offers finds what fits what was typed, best first.
	Offers func(typed string) []Option
	// Took hears the offer taken.
	Took func(Option)

	strict bool
	offers []Option
	at     int // highlighted, -1 for none
	chips  *fyne.Container
	whole  *fyne.Container
}

// sureAfter so many letters Enter takes the first offer, which is drawn as
// taken; before, and when an offer was typed in full, it keeps what was typed.
const sureAfter = 4

// mostOffers are shown at a time: more would push the page about.
const mostOffers = 5

// NewTypeAhead makes the field; its object to lay out is Object.
func NewTypeAhead(h *Hands, strict bool, offers func(string) []Option) *TypeAhead {
	t := &TypeAhead{Field: NewField(h), Offers: offers, strict: strict, at: -1}
	t.chips = container.New(&Flow{Gap: theme.Gap})
	t.chips.Hide()
	t.whole = container.New(&Column{Gap: theme.Gap}, t.Field, t.chips)
	t.Field.before, t.Field.fold = t.key, t.Fold
	t.Field.Entry.OnChanged = func(s string) {
		if t.Field.Changed != nil {
			t.Field.Changed(s)
		}
		if t.focused {
			t.offer(s)
		}
	}
	return t
}

// Object is the field with its offers.
func (t *TypeAhead) Object() fyne.CanvasObject { return t.whole }

// offered tells whether what was typed is one of the offers as it stands.
func (t *TypeAhead) offered(typed string) bool {
	return slices.ContainsFunc(t.offers, func(o Option) bool { return o.Label == strings.TrimSpace(typed) })
}

func (t *TypeAhead) show() {
	t.chips.Objects = nil
	for i, o := range t.offers {
		weight := Ordinary
		if i == t.at {
			weight = Main
		}
		t.chips.Add(newOffer(NewButton(t.hands, weight, "", o.Label, "", func() { t.Take(i) })))
	}
	was := t.chips.Visible()
	t.chips.Hidden = len(t.offers) == 0
	t.chips.Refresh()
	t.whole.Refresh()
	if was || t.chips.Visible() {
		t.hands.grown()
	}
}

// Take takes the i-th offer and goes on.
func (t *TypeAhead) Take(i int) {
	if i < 0 || i >= len(t.offers) {
		return
	}
	o := t.offers[i]
	t.offers = nil
	t.Field.SetText(o.Label)
	t.Field.CursorColumn = len([]rune(o.Label))
	t.offers = nil
	t.show()
	if t.Took != nil {
		t.Took(o)
	}
	if t.Field.Next != nil {
		t.Field.Next()
	}
}

func (t *TypeAhead) key(e *fyne.KeyEvent) bool {
	switch {
	case isEnter(e) && t.at >= 0 && len(t.offers) > 0:
		t.Take(t.at)
		return true
	case e.Name == fyne.KeyDown && len(t.offers) > 0:
		t.at = (t.at + 1) % len(t.offers)
		t.show()
		return true
	case e.Name == fyne.KeyUp && t.at >= 0:
		t.at--
		t.show()
		return true
	case e.Name == fyne.KeyDown && t.strict && len(t.offers) == 0:
		t.offer("")
		return true
	case e.Name == fyne.KeyEscape && len(t.offers) > 0:
		t.Fold()
		return true
	}
	return false
}

func (t *TypeAhead) offer(s string) {
	t.offers, t.at = nil, -1
	if strings.TrimSpace(s) != "" || t.strict {
		all := t.Offers(s)
		t.offers = all[:min(len(all), mostOffers)]
	}
	if len(t.offers) == 1 && t.offers[0].Label == s {
		t.offers = nil
	}
	if n := len([]rune(strings.TrimSpace(s))); len(t.offers) > 0 && (n >= sureAfter || n > 0 && t.strict) && !t.offered(s) {
		t.at = 0
	}
	t.show()
}

// Fold takes the offers away.
func (t *TypeAhead) Fold() {
	if len(t.offers) > 0 {
		t.offers = nil
		t.show()
	}
}

// offer is a button that a tap reaches and the Tab key does not.
type offer struct {
	fw.BaseWidget
	b *Button
}

func newOffer(b *Button) *offer {
	o := &offer{b: b}
	o.ExtendBaseWidget(o)
	return o
}

// Tapped implements fyne.Tappable.
func (o *offer) Tapped(e *fyne.PointEvent) { o.b.Tapped(e) }

// CreateRenderer implements fyne.Widget.
func (o *offer) CreateRenderer() fyne.WidgetRenderer {
	r := &faceRenderer{w: o, faces: func() []*face { return []*face{o.b.face} }, style: o.b.dress}
	r.place = func(s fyne.Size) { o.b.face.layout(o, fyne.NewPos(0, 0), s) }
	r.min = func() fyne.Size { return o.b.face.minSize(o) }
	r.Refresh()
	return r
}
