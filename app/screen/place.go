package screen

import (
	"slices"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// mostPlaces are offered at a time.
const mostPlaces = 5

// place is the name of a place: typed, and found in the office's list while
// somebody types. What is not in the list may be typed all the same.
func (r *row) place() (*widget.Field, fyne.CanvasObject) {
	s := r.p.s
	var found []kit.Place
	t := widget.NewTypeAhead(s.hands, false, func(typed string) []widget.Option {
		if len([]rune(typed)) < 2 {
			return nil
		}
		var err error
		if found, err = s.c.Kit.FindPlaces(s.ctx, r.item.Attribute, typed, r.around(), mostPlaces); err != nil {
			return nil // typing goes on without the list
		}
		out := make([]widget.Option, len(found))
		for i, p := range found {
			out[i] = widget.Option{Name: p.Code, Label: p.Words()}
		}
		return out
	})
	t.Took = func(o widget.Option) {
		i := slices.IndexFunc(found, func(p kit.Place) bool { return p.Code == o.Name })
		if i < 0 {
			return
		}
		p := found[i]
		t.Put(p.Name)
		r.keep(p.Name)
		r.p.fillAround(r, p)
	}
	// The list is unpacked beside the window, before the first letter.
	s.c.Work(func() { _, _ = s.c.Kit.FindPlaces(s.ctx, r.item.Attribute, "a", nil, 1) })
	return t.Field, t.Object()
}

// around are the places that were answered around a question's.
func (r *row) around() []string {
	var names []string
	r.p.beside(r.item, func(item form.Item) {
		if item.Answer.Value != "" && (item.Attribute == "state" || item.Attribute == "municipality") {
			names = append(names, item.Answer.Value)
		}
	})
	return names
}

// beside visits the other questions about places of the same person's home.
func (p *interviewPage) beside(of form.Item, visit func(form.Item)) {
	if of.Attribute == "birth_place" {
		return
	}
	for _, section := range p.iv.Sections(p.language()) {
		for _, item := range section.Items {
			if item.Path != of.Path && item.Subject == of.Subject && kit.IsPlace(item.Attribute) && item.Attribute != "birth_place" && item.Kind.Asked() && !item.ReadOnly {
				visit(item)
			}
		}
	}
}

// fillAround answers the questions about the places around one that was taken,
// where nothing stands yet.
func (p *interviewPage) fillAround(r *row, place kit.Place) {
	depth := map[civic.Attribute]int{"state": len(place.Around) - 1, "municipality": len(place.Around) - 2}
	changed := false
	p.beside(r.item, func(item form.Item) {
		i, level := depth[item.Attribute]
		if !level || i < 0 || item.Answer.Value != "" {
			return
		}
		if err := p.iv.Set(p.s.ctx, item.Path, civic.Answer{Value: place.Around[i].Name}); err != nil {
			p.s.fail(err)
			return
		}
		p.left[item.Path] = true
		changed = true
	})
	if changed {
		p.refresh()
	}
}
