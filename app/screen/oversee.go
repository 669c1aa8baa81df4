package screen

import (
	"strconv"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/background"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
)

// overseePage is a supervisor's: what waits for him, what may be worth a look,
// and the way to the day's report. Another officer hands him the kit, and he
// types his own passphrase.
type overseePage struct {
	passphrase string
	code       string // of an officer who asked to become one
	err        error

	looked   bool
	unseen   int // when it was looked
	oddities []kit.Oddity
}

func (p *overseePage) name() string { return "oversee" }

func (p *overseePage) build(s *Shell) view {
	say := s.c.Words.Say
	v := view{title: say("oversee.title"), wide: true}
	o, err := s.c.Kit.Oversight(s.ctx)
	if err != nil {
		v.body = s.problemOf(err)
		return v
	}
	if o.By == "" {
		return p.gate(s, o)
	}
	if p.unseen != o.Unseen {
		p.looked, p.unseen = false, o.Unseen
	}
	body := column(part(widget.NewHeading(s.c.Words.Count("oversee.unseen", o.Unseen)), widget.NewQuiet(say("oversee.by", o.By))))
	if p.err != nil {
		body.Add(s.problemOf(p.err))
	}
	if !o.Wanted {
		body.Add(widget.NewText(say("oversee.unwanted")))
	} else if o.Unseen > 0 {
		body.Add(widget.NewText(say("oversee.goes", s.c.Words.Moment(o.Goes, s.c.Clock()))))
	}
	body.Add(p.odd(s))
	body.Add(p.waiting(s, o))
	v.body = body
	v.shown = func() { p.look(s) }
	day := action{name: "oversee.day", icon: theme.IconDraft, words: say("day.title"), key: fyne.KeyF6, do: func() { s.open(&dayPage{}) }}
	v.side = []action{{name: "oversee.switch", icon: theme.IconSettings, words: say("oversee.switch"), key: fyne.KeyF7, do: func() { s.open(&approvalPage{}) }}}
	if o.Unseen == 0 {
		v.main = &day
		return v
	}
	v.side = append([]action{day}, v.side...)
	v.main = &action{name: "oversee.calm", icon: theme.IconCheck, words: say("oversee.calm"), do: func() { p.calm(s) }}
	return v
}

// gate asks a supervisor for his own passphrase.
func (p *overseePage) gate(s *Shell, o kit.Oversight) view {
	say := s.c.Words.Say
	lead := func() {
		words := p.passphrase
		p.passphrase = ""
		s.work(say("unlock.working"), func() error {
			_, err := s.c.Kit.Lead(s.ctx, words)
			return err
		}, func(err error) {
			p.err = err
			s.rebuild()
		})
	}
	words := s.field("oversee.passphrase", &p.passphrase)
	words.Password = true
	words.Next = lead
	body := column(widget.NewText(say("oversee.intro")), labelled(say("supervisor.passphrase"), words))
	if !o.Known {
		body.Add(widget.NewPanel(theme.Plain, theme.IconHelp, widget.NewText(say("oversee.nobody"))))
	}
	if o.Unseen > 0 {
		body.Add(widget.NewPanel(theme.Waiting, theme.IconWaiting, widget.NewText(s.c.Words.Count("home.unseen", o.Unseen)),
			widget.NewQuiet(say("home.unseen.hint", s.c.Words.Moment(o.Goes, s.c.Clock())))))
	}
	if p.err != nil {
		body.Add(s.problemOf(p.err))
	}
	if p.code != "" {
		body.Add(widget.NewPanel(theme.Waiting, theme.IconHelp, widget.NewStrong(p.code), widget.NewText(say("supervisor.code"))))
	}
	apply := func() {
		p.code, p.err = s.c.Kit.ApplySupervisor(s.ctx)
		s.rebuild()
	}
	return view{title: say("oversee.title"), body: body, focus: words,
		main: &action{name: "oversee.go", icon: theme.IconPerson, words: say("oversee.go"), do: lead},
		side: []action{{name: "oversee.apply", icon: theme.IconHelp, words: say("supervisor.apply"), key: fyne.KeyF6, do: apply},
			{name: "oversee.day", icon: theme.IconDraft, words: say("day.title"), key: fyne.KeyF7, do: func() { s.open(&dayPage{}) }}}}
}

// look has the kit look over the day beside the window: it opens each
// registration once.
func (p *overseePage) look(s *Shell) {
	if p.looked {
		return
	}
	s.c.Work(func() {
		found, err := s.c.Kit.Oddities(s.ctx, s.c.Clock())
		s.c.Do(func() {
			p.looked, p.oddities = true, found
			if err != nil {
				p.err = err
			}
			if s.isCurrent(p) {
				s.rebuild()
			}
		})
	})
}

// odd lists what may be worth a look.
func (p *overseePage) odd(s *Shell) fyne.CanvasObject {
	say := s.c.Words.Say
	all := part(widget.NewHeading(say("odd.title")))
	switch {
	case !p.looked:
		all.Add(widget.NewQuiet(say("odd.looking")))
	case len(p.oddities) == 0:
		all.Add(widget.NewQuiet(say("odd.none")))
	default:
		all.Add(widget.NewQuiet(say("odd.intro")))
	}
	for i, o := range p.oddities {
		l := widget.NewLine(s.hands, say(string(o.Code), o.Words...), s.c.Words.Count("odd.leads", o.Count), nil, func() { s.open(&oddityPage{oddity: o}) })
		s.mark("oversee.odd."+strconv.Itoa(i), l)
		all.Add(l)
	}
	return all
}

// waiting lists what waits for the supervisor.
func (p *overseePage) waiting(s *Shell, o kit.Oversight) fyne.CanvasObject {
	all := part()
	all.Hidden = o.Unseen == 0
	if o.Unseen == 0 {
		return all
	}
	all.Add(widget.NewHeading(s.c.Words.Say("oversee.waiting")))
	rows, err := s.c.Kit.Registrations(s.ctx, kit.Filter{Unseen: true, Limit: mostLines + 1})
	if err != nil {
		all.Add(s.problemOf(err))
		return all
	}
	s.rows("oversee.row.", rows, all)
	return all
}

// rows puts lines that lead to registrations into a part of a page.
func (s *Shell) rows(name string, rows []kit.Row, into *fyne.Container) {
	for i, r := range rows[:min(len(rows), mostLines)] {
		l := widget.NewLine(s.hands, s.rowName(r), s.rowWords(r), s.badge(r), func() { s.open(&registrationPage{id: r.ID}) })
		s.mark(name+strconv.Itoa(i), l)
		into.Add(l)
	}
	if len(rows) > mostLines {
		into.Add(widget.NewQuiet(s.c.Words.Say("list.more", strconv.Itoa(mostLines))))
	}
}

// calm approves what shows nothing odd.
func (p *overseePage) calm(s *Shell) {
	var approved, left int
	s.work(s.c.Words.Say("working"), func() (err error) {
		approved, left, err = s.c.Kit.ApproveCalm(s.ctx)
		return err
	}, func(err error) {
		p.err = err
		s.rebuild()
		if err == nil {
			s.tell(s.c.Words.Count("oversee.approved", approved)+" "+s.c.Words.Count("oversee.left", left), nil)
		}
	})
}

func (p *overseePage) heard(s *Shell, e background.Event) {
	if e.Synced && !s.busy && p.passphrase == "" {
		s.rebuild()
	}
}

// oddityPage says why something may be worth a look, and leads to it.
type oddityPage struct{ oddity kit.Oddity }

func (p *oddityPage) name() string { return "oddity" }

func (p *oddityPage) build(s *Shell) view {
	say := s.c.Words.Say
	o := p.oddity
	body := column(widget.NewHeading(say(string(o.Code), o.Words...)), widget.NewText(say(string(o.Code)+".why")))
	if o.Officer != "" {
		body.Add(widget.NewQuiet(say("odd.officer", o.Officer)))
	}
	body.Add(widget.NewQuiet(say("odd.fair")))
	lines := part()
	s.rows("oddity.row.", o.Registrations, lines)
	body.Add(lines)
	return view{title: say("odd.one"), body: body, wide: true}
}
