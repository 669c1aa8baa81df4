package screen

import (
	"bytes"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// mostCells is how many options still stand as cells on the page; a longer list
// is found by typing.
const mostCells = 9

// mostChips is the same where several may be chosen: the page shows at a glance
// what is.
const mostChips = 24

// editor makes what the question's kind is answered with and ties it to the row.
func (r *row) editor() fyne.CanvasObject {
	item := r.item
	switch item.Kind {
	case form.SelectOne:
		switch {
		case item.Absent != "": // what the citizen says is kept as it is typed
			return r.text()
		case item.Listed != nil || len(item.Choices) > mostCells || strings.Contains(item.Appearance, "autocomplete"):
			return r.list()
		}
		return r.choice(options(item.Choices), false)
	case form.SelectMany, form.Rank:
		switch {
		case item.Absent != "":
			return r.text()
		case item.Listed != nil || len(item.Choices) > mostChips:
			return r.lists()
		}
		return r.choice(options(item.Choices), true)
	case form.Acknowledge:
		return r.choice([]widget.Option{{Name: "OK", Label: r.p.s.c.Words.Say("answer.ok")}}, false)
	case form.Date:
		return r.digits(widget.DateDigits)
	case form.Time:
		return r.digits(widget.TimeDigits)
	case form.Integer:
		return r.digits(widget.WholeDigits)
	case form.DateTime:
		return r.moment()
	case form.Decimal:
		return r.digits(widget.DecimalDigits)
	case form.Range:
		return r.ranged()
	case form.Image:
		if item.Drawn() {
			return r.sign()
		}
		return r.picture()
	}
	return r.text()
}

func options(choices []form.Choice) []widget.Option {
	all := make([]widget.Option, len(choices))
	for i, c := range choices {
		all[i] = widget.Option{Name: c.Name, Label: plain(c.Label)}
	}
	return all
}

// choice is a question whose answers all stand on the page. What is picked is
// kept at once.
func (r *row) choice(all []widget.Option, many bool) fyne.CanvasObject {
	var c *widget.Choice
	if many {
		c = widget.NewChips(r.p.s.hands, all, strings.Fields(r.item.Answer.Value))
	} else {
		c = widget.NewChoice(r.p.s.hands, all, r.item.Answer.Value)
	}
	c.Changed = func(names []string) { r.keep(strings.Join(names, " ")) }
	c.Next = r.next
	c.Leave = r.leave
	r.value = func() string { return strings.Join(c.Picked(), " ") }
	r.put = func(v string) { c.SetOptions(all, strings.Fields(v)) }
	r.focus = c
	return c
}

// digits is a date, a time or a number.
func (r *row) digits(kind widget.DigitKind) fyne.CanvasObject {
	d := widget.NewDigits(r.p.s.hands, kind, r.item.Partial)
	d.SetValue(r.item.Answer.Value)
	if kind == widget.DateDigits {
		d.Reading = func(v string) string { return r.p.s.c.Words.DateValue(v) }
	}
	d.Next, d.Leave = r.next, r.leave
	r.value = func() string { v, _ := d.Value(); return v }
	r.put = d.SetValue
	r.focus = d
	if kind == widget.DateDigits && r.item.Partial && r.item.Attribute == "birth_date" {
		choose := widget.NewAside(r.p.s.hands, r.p.s.c.Words.Say("event.choose"), "Ctrl+E", r.event)
		r.p.s.mark("event:"+r.item.Path, choose)
		return part(d, container.New(&widget.Flow{}, choose))
	}
	return d
}

// Attributes whose words begin with capitals, as names do.
var capitals = map[civic.Attribute]bool{"given_name": true, "surname": true, "second_surname": true, "full_name": true,
	"guardian": true, "birth_place": true, "locality": true, "municipality": true, "state": true, "address": true}

// text is a line of text, with the form's own words offered below it.
func (r *row) text() fyne.CanvasObject {
	h := r.p.s.hands
	words := r.p.iv.Form().Words(r.item.Path)
	var f *widget.Field
	var object fyne.CanvasObject
	switch {
	case strings.Contains(r.item.Appearance, "multiline"):
		f = widget.NewArea(h)
		object = f
	case kit.IsPlace(r.item.Attribute):
		f, object = r.place()
	case len(words) > 0:
		all := make([]widget.Option, len(words))
		for i, w := range words {
			all[i] = widget.Option{Name: w, Label: w}
		}
		l := &offerList{all: all}
		t := widget.NewTypeAhead(h, false, func(typed string) []widget.Option {
			if len([]rune(strings.TrimSpace(typed))) < 2 {
				return nil
			}
			return l.matching(typed)
		})
		f, object = t.Field, t.Object()
	default:
		f = widget.NewField(h)
		object = f
	}
	f.Capitals = capitals[r.item.Attribute]
	put := f.Put
	if r.item.Kind == form.Geopoint { // height and accuracy are not typed
		put = func(v string) { f.Put(strings.TrimSuffix(v, " 0 0")) }
	}
	put(r.item.Answer.Value)
	f.Next, f.Leave = r.next, r.leave
	r.value = func() string { return f.Text }
	r.put = put
	r.focus = f
	return object
}

// picture is a photo, taken here or from a file.
func (r *row) picture() fyne.CanvasObject {
	s := r.p.s
	words := s.c.Words.Say("picture.choose")
	if r.item.Answer.Value != "" {
		words = s.c.Words.Say("picture.change")
	}
	var b fyne.CanvasObject
	file := widget.NewButton(s.hands, widget.Ordinary, theme.IconFolder, words, "", r.pick)
	b, r.focus = file, file
	if s.c.Camera != nil {
		words := s.c.Words.Say("picture.camera")
		if r.item.Answer.Value != "" {
			words = s.c.Words.Say("picture.camera.again")
		}
		taken := widget.NewButton(s.hands, widget.Ordinary, theme.IconPhoto, words, "", r.photograph)
		r.focus = taken
		s.mark("file:"+r.item.Path, file)
		b = container.New(&widget.Flow{Gap: theme.Gap}, taken, file)
	}
	if r.item.Answer.Value == "" {
		return b
	}
	for _, a := range r.p.iv.Attachments() {
		if a.Name != r.item.Answer.Value {
			continue
		}
		if content, err := s.c.Kit.Picture(s.ctx, a); err == nil {
			return container.NewVBox(container.NewHBox(widget.NewPicture(content, 160)), b)
		}
	}
	return b
}

// pick answers with a picture from a file, photograph with one taken here.
func (r *row) pick() { r.p.s.open(r.picking()) }

func (r *row) picking() page { return &pickPage{title: plain(r.item.Label), took: r.attach} }

func (r *row) photograph() {
	s := r.p.s
	s.open(&livePage{title: plain(r.item.Label), practice: r.p.iv.Draft().Practice, file: func() { s.replace(r.picking()) },
		photo: func(content []byte) error { return r.attach("photo.jpg", content) }})
}

// attach is the one way of every picture into the interview.
func (r *row) attach(name string, content []byte) error {
	if err := r.p.s.c.Kit.Attach(r.p.s.ctx, r.p.iv, r.item.Path, name, bytes.NewReader(content)); err != nil {
		return err
	}
	r.p.left[r.item.Path] = true
	r.p.goTo = r.p.following(r.item.Path)
	return nil
}

// following is the path of the question behind one, "" at the end.
func (p *interviewPage) following(path string) string {
	seen := false
	for _, r := range p.rows {
		if seen && r.focus != nil {
			return r.item.Path
		}
		seen = seen || r.item.Path == path
	}
	return ""
}
