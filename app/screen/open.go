package screen

import (
	"bytes"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// openPage opens what the state holds of somebody in the district pack: with
// the person's own receipt, with a supervisor, or from the centre. Without a
// person it opens whoever a receipt belongs to.
type openPage struct {
	who   kit.Person
	typed string
	err   error
}

func (p *openPage) name() string { return "open" }

func (p *openPage) build(s *Shell) view {
	say := s.c.Words.Say
	f := s.field("open.text", &p.typed)
	f.SetPlaceHolder(say("check.hint"))
	picture := func() page {
		return &pickPage{title: say("check.picture"), took: func(_ string, content []byte) error {
			v, err := s.c.Kit.VerifyPicture(s.ctx, bytes.NewReader(content))
			if err == nil {
				p.typed = v.Text
			}
			return err
		}}
	}
	main := s.receiptAction("open.go", say("open.go"), f, &p.typed, picture, func(text string) { p.open(s, text) })
	body := column()
	if p.who.Name != "" {
		words := s.c.Words.DateValue(p.who.BirthDate)
		if p.who.Place != "" {
			words += " · " + p.who.Place
		}
		body.Add(widget.NewPanel(theme.Known, theme.IconPerson, widget.NewHeading(p.who.Name), widget.NewText(words)))
		body.Add(widget.NewText(say("open.intro")))
	} else {
		body.Add(widget.NewText(say("open.anybody")))
	}
	body.Add(labelled(say("check.typed"), f))
	if p.err != nil {
		body.Add(s.problemOf(p.err))
	}
	body.Add(widget.NewQuiet(say("open.logged")))
	v := view{title: say("open.title"), body: body, focus: f,
		main: main,
		side: []action{{name: "open.picture", icon: theme.IconFolder, words: say("check.picture"), key: fyne.KeyF6, do: func() { s.open(picture()) }}}}
	if p.who.Name != "" {
		v.side = append(v.side,
			action{name: "open.supervisor", icon: theme.IconPerson, words: say("open.supervisor"), key: fyne.KeyF7, do: func() { s.open(&supervisorPage{who: p.who}) }},
			action{name: "open.ask", icon: theme.IconCentre, words: say("find.ask"), key: fyne.KeyF8, do: func() { s.open(&askPage{who: p.who}) }},
			action{name: "open.without", icon: theme.IconForward, words: say("open.without"), key: fyne.KeyF9, do: func() {
				s.services(&someone{ref: p.who.Ref(), name: p.who.Name, born: p.who.BirthDate})
			}})
	}
	return v
}

func (p *openPage) open(s *Shell, text string) {
	s.opening(func() (kit.Person, error) { return s.c.Kit.OpenByReceipt(s.ctx, p.who.Person, text) }, func(err error) {
		p.err, p.typed = err, ""
		s.rebuild()
	})
}

// opening opens somebody beside the window and goes on to the services.
func (s *Shell) opening(do func() (kit.Person, error), failed func(error)) {
	var who kit.Person
	s.work(s.c.Words.Say("open.working"), func() (err error) {
		who, err = do()
		return err
	}, func(err error) {
		if err != nil {
			failed(err)
			return
		}
		s.home()
		s.known(who)
	})
}

// supervisorPage lets a supervisor open somebody with his own passphrase and a
// reason, which the citizen can read.
type supervisorPage struct {
	who        kit.Person
	passphrase string
	reason     string
	code       string // of an officer who asked to become one
	err        error
}

func (p *supervisorPage) name() string { return "supervisor" }

func (p *supervisorPage) build(s *Shell) view {
	say := s.c.Words.Say
	open := func() {
		s.opening(func() (kit.Person, error) {
			return s.c.Kit.OpenBySupervisor(s.ctx, p.who.Person, p.passphrase, p.reason)
		}, func(err error) {
			p.err, p.passphrase = err, ""
			s.rebuild()
		})
	}
	reason := s.field("supervisor.reason", &p.reason)
	reason.SetPlaceHolder(say("open.reason.hint"))
	words := s.field("supervisor.passphrase", &p.passphrase)
	words.Password = true
	chain(s, open, reason, words)
	body := column(widget.NewPanel(theme.Known, theme.IconPerson, widget.NewHeading(p.who.Name)),
		widget.NewText(say("supervisor.intro")), labelled(say("open.reason"), reason), labelled(say("supervisor.passphrase"), words))
	if p.err != nil {
		body.Add(s.problemOf(p.err))
	}
	if p.code != "" {
		body.Add(widget.NewPanel(theme.Waiting, theme.IconHelp, widget.NewStrong(p.code), widget.NewText(say("supervisor.code"))))
	}
	apply := func() {
		code, err := s.c.Kit.ApplySupervisor(s.ctx)
		p.code, p.err = code, err
		s.rebuild()
	}
	return view{title: say("open.supervisor"), body: body, focus: reason,
		main: &action{name: "supervisor.go", icon: theme.IconPerson, words: say("open.go"), do: open},
		side: []action{{name: "supervisor.apply", icon: theme.IconHelp, words: say("supervisor.apply"), key: fyne.KeyF6, do: apply}}}
}

// askPage asks the centre for one person while there is a network.
type askPage struct {
	who                          kit.Person
	given, surname, birth, place string
	reason                       string
	err                          error
}

func (p *askPage) name() string { return "ask" }

func (p *askPage) build(s *Shell) view {
	say := s.c.Words.Say
	ask := func() {
		q := kit.LookUp{Reason: p.reason, Person: p.who.Person}
		if q.Person.IsZero() {
			q.Given, q.Surname, q.Place = p.given, p.surname, p.place
			if d, err := civic.ParseDigits(p.birth); err == nil {
				q.Birth = d.String()
			} else if d, err := civic.ParseDate(p.birth); err == nil {
				q.Birth = d.String()
			}
		}
		s.opening(func() (kit.Person, error) { return s.c.Kit.LookUp(s.ctx, q) }, func(err error) {
			p.err = err
			s.rebuild()
		})
	}
	reason := s.field("ask.reason", &p.reason)
	reason.SetPlaceHolder(say("open.reason.hint"))
	body := column(widget.NewText(say("ask.intro")))
	var fields []*widget.Field
	if p.who.Name != "" {
		body.Add(widget.NewPanel(theme.Known, theme.IconPerson, widget.NewHeading(p.who.Name)))
	} else {
		for _, one := range []struct {
			name string
			into *string
		}{{"given", &p.given}, {"surname", &p.surname}, {"birth", &p.birth}, {"place", &p.place}} {
			f := s.field("ask."+one.name, one.into)
			f.Capitals = one.name != "birth"
			fields = append(fields, f)
			body.Add(labelled(say("ask."+one.name), f))
		}
	}
	fields = append(fields, reason)
	chain(s, ask, fields...)
	body.Add(labelled(say("open.reason"), reason))
	if p.err != nil {
		body.Add(s.problemOf(p.err))
	}
	body.Add(widget.NewQuiet(say("open.logged")))
	return view{title: say("find.ask"), body: body, focus: fields[0],
		main: &action{name: "ask.go", icon: theme.IconCentre, words: say("ask.go"), do: ask}}
}
