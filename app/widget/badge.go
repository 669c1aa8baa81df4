package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	base "fyne.io/fyne/v2/theme"
	fw "fyne.io/fyne/v2/widget"

	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/sync/civic"
)

// StatusLook is how a registration's state is drawn: its tone and its shape,
// both different for each of the words people use.
func StatusLook(s civic.Status) (theme.Tone, theme.IconName) {
	switch s {
	case civic.Draft:
		return theme.Draft, theme.IconDraft
	case civic.Sealed, civic.Approved, civic.Sent:
		return theme.Waiting, theme.IconWaiting
	case civic.Received:
		return theme.Centre, theme.IconCentre
	case civic.Registered, civic.Merged:
		return theme.Settled, theme.IconSettled
	case civic.Quarantined:
		return theme.Attention, theme.IconSetAside
	}
	return theme.Attention, theme.IconAttention
}

// Badge says in a shape, a colour and a word how something stands.
type Badge struct {
	fw.BaseWidget
	tone  theme.Tone
	paper *canvas.Rectangle
	icon  *canvas.Image
	word  *canvas.Text
}

// NewBadge makes a badge.
func NewBadge(tone theme.Tone, icon theme.IconName, word string) *Badge {
	b := &Badge{tone: tone, paper: canvas.NewRectangle(nil), word: canvas.NewText(word, nil)}
	b.icon = canvas.NewImageFromResource(theme.Icon(icon, tone.Ink()))
	b.icon.FillMode = canvas.ImageFillContain
	b.ExtendBaseWidget(b)
	return b
}

// NewStatus is the badge of a registration's state, told in word.
func NewStatus(s civic.Status, word string) *Badge {
	tone, icon := StatusLook(s)
	return NewBadge(tone, icon, word)
}

// CreateRenderer implements fyne.Widget.
func (b *Badge) CreateRenderer() fyne.WidgetRenderer {
	r := &badgeRenderer{b}
	r.Refresh()
	return r
}

type badgeRenderer struct{ b *Badge }

const badgePad = 8

func (r *badgeRenderer) Destroy() {}

func (r *badgeRenderer) MinSize() fyne.Size {
	side := measure(r.b, base.SizeNameInlineIcon)
	m := r.b.word.MinSize()
	return fyne.NewSize(side+m.Width+2*badgePad+6, max(side, m.Height)+badgePad)
}

func (r *badgeRenderer) Layout(s fyne.Size) {
	side := measure(r.b, base.SizeNameInlineIcon)
	m := r.b.word.MinSize()
	r.b.paper.Resize(s)
	r.b.icon.Resize(fyne.NewSize(side, side))
	r.b.icon.Move(fyne.NewPos(badgePad, (s.Height-side)/2))
	r.b.word.Move(fyne.NewPos(badgePad+side+6, (s.Height-m.Height)/2))
	r.b.word.Resize(m)
}

func (r *badgeRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.b.paper, r.b.icon, r.b.word}
}

func (r *badgeRenderer) Refresh() {
	b := r.b
	b.paper.FillColor, b.paper.CornerRadius = colour(b, b.tone.Paper()), 6
	b.paper.StrokeColor, b.paper.StrokeWidth = colour(b, b.tone.Ink()), 1
	b.word.Color, b.word.TextSize = colour(b, b.tone.Ink()), measure(b, theme.SizeText)
	r.Layout(b.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}
