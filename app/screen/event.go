package screen

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/identity"
)

// eventPage finds the year of somebody who does not know it: by an age, or by
// something that happened in it.
type eventPage struct {
	title string
	took  func(civic.Answer)

	s      *Shell
	age    *widget.Digits
	typed  string
	events []identity.Event
	list   *fyne.Container
}

func (p *eventPage) name() string { return "event" }

func (p *eventPage) build(s *Shell) view {
	p.s = s
	say := s.c.Words.Say
	p.age = widget.NewDigits(s.hands, widget.WholeDigits, false)
	p.age.Next = p.byAge
	s.mark("event.age", p.age)
	f := s.field("event.find", &p.typed)
	f.Changed = func(t string) { p.typed = t; p.fill() }
	p.list = container.New(&widget.Column{Gap: theme.Gap})
	body := column(labelled(say("event.age"), p.age), labelled(say("event.find"), f), p.list)
	var err error
	if p.events, err = s.c.Kit.Events(s.ctx); err != nil {
		body.Add(s.problemOf(err))
	}
	p.fill()
	return view{title: p.title, body: body, focus: p.age,
		main: &action{name: "event.take", icon: theme.IconCheck, words: say("event.take"), do: p.byAge}}
}

// byAge takes the estimated year of the age that was typed.
func (p *eventPage) byAge() {
	typed, _ := p.age.Value()
	years, err := strconv.Atoi(typed)
	if err != nil {
		return
	}
	d, ok := identity.Aged(years, p.s.c.Clock())
	if !ok {
		p.s.tell(p.s.c.Words.Say("event.age.wrong"), nil)
		return
	}
	p.take(civic.Answer{Value: d.String(), Stated: p.s.c.Words.Say("event.about", typed)})
}

// fill lists the events whose words hold what was typed.
func (p *eventPage) fill() {
	p.list.Objects = nil
	lang := p.s.c.Words.Language()
	for i, e := range p.events {
		words := e.Say(lang)
		if !strings.Contains(identity.Fold(words)+" "+strconv.Itoa(e.Year), identity.Fold(p.typed)) {
			continue
		}
		years := strconv.Itoa(e.Year)
		if e.Until > e.Year {
			years += "–" + strconv.Itoa(e.Until)
		}
		l := widget.NewLine(p.s.hands, words, years, nil, func() { p.take(civic.Answer{Value: e.Date().String(), Stated: words}) })
		p.s.mark("event."+strconv.Itoa(i), l)
		p.list.Add(l)
	}
	p.s.layout()
}

func (p *eventPage) take(a civic.Answer) {
	p.s.pop()
	p.took(a)
}

// event opens the page for a date of birth.
func (r *row) event() {
	s := r.p.s
	path := r.item.Path
	s.open(&eventPage{title: plain(r.item.Label), took: func(a civic.Answer) {
		if err := r.p.iv.Set(s.ctx, path, a); err != nil {
			s.fail(err)
			return
		}
		r.p.left[path] = true
		r.p.goTo = r.p.following(path)
		s.rebuild()
	}})
}

// eventHere opens the page for the date of birth at hand, for a key.
func (p *interviewPage) eventHere() {
	path := p.focusedPath()
	for _, r := range p.rows {
		if r.byEvent() && (r.item.Path == path || path == "") {
			r.event()
			return
		}
	}
}

// byEvent tells whether a question's date may be told by an event.
func (r *row) byEvent() bool {
	return r.item.Partial && r.item.Attribute == "birth_date" && r.row != nil
}
