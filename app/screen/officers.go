package screen

import (
	"strconv"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
)

// officersPage lists who may unlock this kit.
type officersPage struct{}

func (p *officersPage) name() string { return "officers" }

func (p *officersPage) build(s *Shell) view {
	say := s.c.Words.Say
	v := view{title: say("officers.title")}
	all, err := s.c.Kit.Officers(s.ctx)
	if err != nil {
		v.body = s.problemOf(err)
		return v
	}
	body := column(widget.NewText(say("officers.intro")))
	for i, o := range all {
		words, do := "", func() { s.open(&officerPage{officer: o}) }
		if o.Here {
			words, do = say("officers.here"), func() { s.open(&secretPage{}) }
		}
		l := widget.NewLine(s.hands, o.Name, words, nil, do)
		s.mark("officer."+strconv.Itoa(i), l)
		body.Add(l)
	}
	v.body = body
	v.main = &action{name: "officers.add", icon: theme.IconAdd, words: say("officers.add"), do: func() { s.open(&newOfficerPage{}) }}
	v.side = []action{{name: "secret", icon: theme.IconLock, words: say("secret.title"), key: fyne.KeyF6, do: func() { s.open(&secretPage{}) }}}
	return v
}

// officerPage ends another officer's access. There is no way back from that, so
// it is a page of its own and says so, instead of a question.
type officerPage struct {
	officer kit.Officer
	err     error
}

func (p *officerPage) name() string { return "officer" }

func (p *officerPage) build(s *Shell) view {
	say := s.c.Words.Say
	body := column(widget.NewText(say("officers.end.means", p.officer.Name)))
	if p.err != nil {
		body.Add(s.problemOf(p.err))
	}
	return view{title: p.officer.Name, body: body, side: []action{{name: "officer.end", icon: theme.IconRemove, words: say("officers.end"), key: fyne.KeyF6, do: func() {
		s.work(say("working"), func() error { return s.c.Kit.RemoveOfficer(s.ctx, p.officer.ID) }, func(err error) {
			if p.err = err; err != nil {
				s.rebuild()
				return
			}
			s.back()
			s.tell(say("officers.ended", p.officer.Name), nil)
		})
	}}}}
}

// newOfficerPage lets another person unlock the kit.
type newOfficerPage struct {
	officer, pass, proposal string
	err                     error
}

func (p *newOfficerPage) name() string { return "officer-new" }

func (p *newOfficerPage) build(s *Shell) view {
	say := s.c.Words.Say
	name := s.field("officer.name", &p.officer)
	name.Capitals = true
	block, pass := s.newPassphrase("officer.passphrase", &p.proposal, &p.pass)
	add := func() {
		s.work(say("working"), func() error {
			_, err := s.c.Kit.AddOfficer(s.ctx, p.officer, p.pass)
			return err
		}, func(err error) {
			if p.err = err; err != nil {
				s.rebuild()
				return
			}
			s.back()
			s.tell(say("officers.added", p.officer), nil)
		})
	}
	chain(s, add, name, pass)
	body := column(widget.NewText(say("officers.new.intro")), labelled(say("officers.name"), name), block)
	if p.err != nil {
		body.Add(s.problemOf(p.err))
	}
	return view{title: say("officers.add"), body: body, focus: name, main: &action{name: "officer.add", icon: theme.IconCheck, words: say("officers.add"), do: add}}
}

// secretPage changes the officer's own passphrase and the PIN of the screen.
type secretPage struct {
	old, pass, proposal string
	err                 error
}

func (p *secretPage) name() string { return "secret" }

func (p *secretPage) build(s *Shell) view {
	say := s.c.Words.Say
	old := widget.NewPassphrase(s.hands)
	old.Put(p.old)
	old.Changed = func(t string) { p.old = t }
	s.mark("secret.old", old)
	block, pass := s.newPassphrase("secret.new", &p.proposal, &p.pass)
	done := func(words string) func(error) {
		return func(err error) {
			if p.err = err; err != nil {
				s.rebuild()
				return
			}
			p.old, p.pass = "", ""
			s.rebuild()
			s.tell(words, nil)
		}
	}
	change := func() {
		s.work(say("unlock.working"), func() error { return s.c.Kit.ChangePassphrase(s.ctx, p.old, p.pass) }, done(say("secret.changed")))
	}
	chain(s, change, old, pass)
	pin := widget.NewDigits(s.hands, widget.PINDigits, false)
	s.mark("secret.pin", pin)
	setPIN := func() {
		v, _ := pin.Value()
		s.work(say("working"), func() error { return s.c.Kit.SetPIN(s.ctx, v) }, done(say("secret.pin.set")))
	}
	pin.Next = setPIN
	body := column(widget.NewHeading(say("secret.pin")), widget.NewQuiet(say("secret.pin.hint")), pin,
		widget.NewButton(s.hands, widget.Ordinary, theme.IconCheck, say("secret.pin.go"), "", setPIN),
		widget.NewHeading(say("secret.passphrase")), labelled(say("secret.old"), old), block)
	if p.err != nil {
		body.Objects = append([]fyne.CanvasObject{s.problemOf(p.err)}, body.Objects...)
	}
	return view{title: say("secret.title"), body: body, focus: pin, main: &action{name: "secret.go", icon: theme.IconCheck, words: say("secret.go"), do: change}}
}

// newPassphrase proposes words and takes what is typed.
func (s *Shell) newPassphrase(name string, proposal, typed *string) (fyne.CanvasObject, *widget.Field) {
	say := s.c.Words.Say
	if *proposal == "" {
		*proposal = s.c.Kit.ProposePassphrase(s.c.Words.Language())
	}
	pass := widget.NewPassphrase(s.hands)
	pass.Put(*typed)
	pass.Changed = func(t string) { *typed = t }
	s.mark(name, pass)
	another := widget.NewButton(s.hands, widget.Quiet, theme.IconSync, say("enrol.another"), "", func() {
		*proposal = ""
		s.rebuild()
	})
	s.mark(name+".another", another)
	return part(widget.NewStrong(say("enrol.passphrase")), widget.NewQuiet(say("enrol.passphrase.hint")),
		widget.NewPanel(theme.Known, "", widget.NewLarge(*proposal), another), pass), pass
}
