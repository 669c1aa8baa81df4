package screen

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/form"
)

// finder finds options in a list that is too long to stand on a page.
type finder interface {
	// matching gives what fits what was typed, best first.
	matching(typed string) []widget.Option
	// nameOf is the option whose label was typed; what is none of them stays as
	// typed, and the form says so.
	nameOf(typed string) string
	// labelOf words an option; the name itself when there is none.
	labelOf(name string) string
	// took hears which option was taken.
	took(o widget.Option)
}

func (r *row) finder() finder {
	if r.item.Listed != nil {
		return &listed{of: r.item.Listed}
	}
	return &offerList{all: options(r.item.Choices)}
}

// list is a choice among many: typed until it is found.
func (r *row) list() fyne.CanvasObject {
	l := r.finder()
	t := widget.NewTypeAhead(r.p.s.hands, true, l.matching)
	t.Took = l.took
	t.Put(l.labelOf(r.item.Answer.Value))
	t.Next, t.Leave = r.next, r.leave
	r.value = func() string { return l.nameOf(t.Text) }
	r.put = func(v string) { t.Put(l.labelOf(v)) }
	r.focus = t.Field
	return t.Object()
}

// lists is a choice of several among many: each is typed until it is found, and
// stands below, where a press takes it away again.
func (r *row) lists() fyne.CanvasObject {
	l := r.finder()
	var names []string
	chips := widget.NewChips(r.p.s.hands, nil, nil)
	put := func(value string) {
		names = strings.Fields(value)
		all := make([]widget.Option, len(names))
		for i, n := range names {
			all[i] = widget.Option{Name: n, Label: l.labelOf(n)}
		}
		chips.SetOptions(all, names)
		chips.Hidden = len(names) == 0
	}
	t := widget.NewTypeAhead(r.p.s.hands, true, l.matching)
	show := func(value string) {
		put(value)
		r.p.s.layout()
	}
	added := false // Enter on an offer stays, for the next
	t.Took = func(o widget.Option) {
		l.took(o)
		t.Put("")
		added = true
		if !slices.Contains(names, o.Name) {
			show(strings.Join(append(slices.Clone(names), o.Name), " "))
			r.keep(strings.Join(names, " "))
		}
	}
	chips.Changed = func(picked []string) {
		show(strings.Join(picked, " "))
		r.keep(strings.Join(picked, " "))
	}
	chips.Next, chips.Leave = r.next, r.leave
	put(r.item.Answer.Value)
	t.Next = func() {
		if !added {
			r.next()
		}
		added = false
	}
	t.Leave = r.leave
	r.value = func() string {
		return strings.Join(append(slices.Clone(names), strings.Fields(l.nameOf(t.Text))...), " ")
	}
	r.put = show
	r.focus = t.Field
	return part(t.Object(), chips)
}

// listed finds in a list that the kit holds.
type listed struct {
	of   *form.Listed
	last widget.Option // taken or shown last: namesakes have one label
}

func (l *listed) matching(typed string) []widget.Option {
	return options(l.of.Find(typed, mostOffered))
}

func (l *listed) took(o widget.Option) { l.last = o }

func (l *listed) labelOf(name string) string {
	if c, ok := l.of.Choice(name); ok {
		l.last = options([]form.Choice{c})[0]
		return l.last.Label
	}
	return name
}

func (l *listed) nameOf(typed string) string {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return ""
	}
	if fold(l.last.Label) == fold(typed) {
		return l.last.Name
	}
	for _, o := range l.matching(typed) {
		if fold(o.Label) == fold(typed) {
			return o.Name
		}
	}
	return typed
}
