package screen

import (
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// findPage begins a visit: somebody the kit knows, found by name, or a new
// person. An empty field and Enter is a new person.
type findPage struct {
	query string

	s     *Shell
	lines *fyne.Container
	found []kit.Person
}

// mostFound are listed: more letters find the rest.
const mostFound = 8

func (p *findPage) name() string { return "find" }

func (p *findPage) build(s *Shell) view {
	p.s = s
	say := s.c.Words.Say
	f := s.field("find.query", &p.query)
	f.Capitals = true
	f.SetPlaceHolder(say("find.hint"))
	f.Changed = func(t string) { p.query = t; p.fill() }
	f.Next = func() {
		if len(p.found) > 0 {
			p.take(p.found[0])
			return
		}
		p.newPerson()
	}
	p.lines = container.New(&widget.Column{Gap: theme.Gap})
	p.fill()
	receipt := func() { s.open(&openPage{}) }
	ask := func() { s.open(&askPage{given: strings.TrimSpace(p.query)}) }
	byReceipt := widget.NewButton(s.hands, widget.Quiet, theme.IconReceipt, say("find.receipt"), "F6", receipt)
	byCentre := widget.NewButton(s.hands, widget.Quiet, theme.IconCentre, say("find.ask"), "F7", ask)
	s.mark("find.receipt", byReceipt)
	s.mark("find.ask", byCentre)
	ways := container.New(&widget.Flow{}, byReceipt, byCentre)
	return view{title: say("find.title"), body: column(widget.NewText(say("find.intro")), f, ways, p.lines), focus: f,
		keys: map[fyne.KeyName]func(){fyne.KeyF6: receipt, fyne.KeyF7: ask},
		main: &action{name: "find.new", icon: theme.IconRegister, words: say("find.new"), key: fyne.KeyF2, do: p.newPerson}}
}

func (p *findPage) newPerson() { p.s.services(nil) }

func (p *findPage) take(who kit.Person) {
	p.s.tried(taskKnown)
	p.s.known(who)
}

// known goes on with somebody who was found: what the state holds of a person
// of the district has to be opened first.
func (s *Shell) known(who kit.Person) {
	if who.District && !who.Opened {
		s.open(&openPage{who: who})
		return
	}
	s.services(&someone{ref: who.Ref(), name: who.Name, born: who.BirthDate})
}

func (p *findPage) fill() {
	p.lines.Objects, p.found = nil, nil
	s := p.s
	if strings.TrimSpace(p.query) != "" {
		found, err := s.c.Kit.Search(s.ctx, strings.TrimSpace(p.query), mostFound)
		if err != nil {
			p.lines.Add(s.problemOf(err))
		}
		p.found = found
		if len(found) == 0 && err == nil {
			p.lines.Add(widget.NewQuiet(s.c.Words.Say("find.none")))
		}
	}
	for i, who := range p.found {
		var words []string
		for _, w := range []string{s.c.Words.DateValue(who.BirthDate), who.Place} {
			if w != "" {
				words = append(words, w)
			}
		}
		mark := widget.NewStatus(who.Status, s.c.Words.Status(who.Status))
		if who.District {
			badge := "find.district"
			if who.Opened {
				badge = "find.opened"
			}
			mark = widget.NewBadge(theme.Known, theme.IconPerson, s.c.Words.Say(badge))
		}
		l := widget.NewLine(s.hands, who.Name, strings.Join(words, " · "), mark, func() { p.take(who) })
		s.mark("find."+strconv.Itoa(i), l)
		p.lines.Add(l)
	}
	p.lines.Refresh()
	s.layout()
}

// someone is whom a visit is about, when the kit knows the person.
type someone struct {
	ref        capture.Ref
	name, born string
}

// services asks what the visit is for; with one service and a new person there
// is nothing to ask.
func (s *Shell) services(who *someone) {
	all := s.offered()
	if who == nil && len(all) == 1 {
		s.begin(all[0], nil, nil)
		return
	}
	s.open(&servicesPage{who: who})
}

// offered are the services somebody can come for.
func (s *Shell) offered() []kit.Service {
	return slices.DeleteFunc(s.c.Kit.Services(), func(of kit.Service) bool { return of.ID == kit.ListService })
}

// servicesPage asks what the person came for. Of a known person it says what
// each service would still ask, and who belongs to the family.
type servicesPage struct{ who *someone }

func (p *servicesPage) name() string { return "services" }

func (p *servicesPage) build(s *Shell) view {
	say := s.c.Words.Say
	v := view{title: say("services.title"), keys: map[fyne.KeyName]func(){}}
	body := column()
	if p.who != nil {
		body.Add(widget.NewPanel(theme.Known, theme.IconPerson, widget.NewHeading(p.who.name), widget.NewText(s.c.Words.DateValue(p.who.born))))
	}
	body.Add(widget.NewText(say("services.intro")))
	services := s.offered()
	if len(services) == 0 {
		body.Add(widget.NewPanel(theme.Plain, theme.IconHelp, widget.NewText(say("services.none"))))
	}
	offer := func(name, title, words string, do func()) {
		n := len(v.keys) + 1
		l := widget.NewLine(s.hands, strconv.Itoa(n)+"  "+title, words, nil, do)
		s.mark(name, l)
		body.Add(l)
		if v.focus == nil {
			v.focus = l
		}
		v.keys[fyne.KeyName(strconv.Itoa(n))] = do
	}
	for _, service := range services {
		words, ofMother := p.words(s, service)
		title := service.Title(s.c.Words.Language())
		offer("service."+string(service.ID), title, words, func() { s.begin(service, p.who, nil) })
		if ofMother {
			offer("service."+string(service.ID)+".child", say("services.child", title), say("services.child.hint", p.who.name), func() {
				s.begin(service, p.who, map[string]capture.Ref{"mother": p.who.ref})
			})
		}
	}
	if p.who != nil {
		body.Add(p.family(s))
	}
	v.body = body
	return v
}

// words are how much a service asks: of a known person, what is left of it.
// ofMother tells that the service asks for a mother too, so that it can be for a
// child of the person.
func (p *servicesPage) words(s *Shell, service kit.Service) (words string, ofMother bool) {
	if p.who == nil {
		return s.c.Words.Count("services.questions", service.Questions), false
	}
	plans, err := s.c.Kit.Plan(s.ctx, []civic.ServiceID{service.ID}, p.who.ref)
	if err != nil || len(plans) == 0 {
		return s.c.Words.Count("services.questions", service.Questions), false
	}
	plan, m := plans[0].Plan, plans[0].Meter
	for _, line := range slices.Concat(plan.Ask, plan.Confirm, plan.Reuse) {
		ofMother = ofMother || line.Subject == "mother"
	}
	return s.c.Words.Count("services.asks", m.Asked) + " · " + s.c.Words.Count("services.saves", m.Saved()), ofMother
}

// family are the people beside a known person: the next member is one press
// away.
func (p *servicesPage) family(s *Shell) fyne.CanvasObject {
	all := part()
	family, err := s.c.Kit.Family(s.ctx, p.who.ref)
	all.Hidden = err != nil || len(family) == 0
	if all.Hidden {
		return all
	}
	all.Add(widget.NewHeading(s.c.Words.Say("services.family")))
	for i, r := range family {
		words := s.c.Words.Say("kin." + r.Kin)
		if r.BirthDate != "" {
			words += " · " + s.c.Words.DateValue(r.BirthDate)
		}
		l := widget.NewLine(s.hands, r.Name, words, nil, func() {
			s.replace(&servicesPage{who: &someone{ref: r.Ref, name: r.Name, born: r.BirthDate}})
		})
		s.mark("family."+strconv.Itoa(i), l)
		all.Add(l)
	}
	return all
}

// begin starts an interview; what is held of a known person is looked over
// first. people says who the form's subjects are where that is not for the kit
// to propose.
func (s *Shell) begin(service kit.Service, who *someone, people map[string]capture.Ref) {
	if s.busy {
		return
	}
	var iv *capture.Interview
	s.work(s.c.Words.Say("working"), func() (err error) {
		if who == nil {
			iv, err = s.c.Kit.Begin(s.ctx, service.Form.ID)
		} else {
			iv, err = s.c.Kit.BeginFor(s.ctx, service.Form.ID, who.ref, people)
		}
		return err
	}, func(err error) {
		if err != nil {
			s.fail(err)
			return
		}
		s.interview(iv)
	})
}

// interview shows an interview: what may have changed first.
func (s *Shell) interview(iv *capture.Interview) {
	p := newInterviewPage(iv)
	p.s = s
	s.open(p)
	if len(iv.StillSo(s.c.Words.Language())) > 0 {
		s.open(&stillSoPage{iv: iv, interview: p})
	}
}
