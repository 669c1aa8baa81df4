package screen

import (
	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// enrolPage is the first day of a kit: it joins an office.
type enrolPage struct {
	in       kit.EnrolInput
	proposal string
	err      error
}

func (p *enrolPage) name() string { return "enrol" }

func (p *enrolPage) build(s *Shell) view {
	say := s.c.Words.Say
	server := s.field("enrol.server", &p.in.Server)
	server.SetPlaceHolder("https://")
	code := s.field("enrol.code", &p.in.Code)
	officer := s.field("enrol.officer", &p.in.Officer)
	officer.Capitals = true
	name := s.field("enrol.kit", &p.in.KitName)
	block, pass := s.newPassphrase("enrol.passphrase", &p.proposal, &p.in.Passphrase)
	enrol := func() { p.enrol(s) }
	chain(s, enrol, server, code, officer, name, pass)

	body := column(
		widget.NewText(say("enrol.intro")),
		labelled(say("enrol.server"), server),
		labelled(say("enrol.code"), part(widget.NewQuiet(say("enrol.code.hint")), code)),
		labelled(say("enrol.officer"), officer),
		labelled(say("enrol.kit"), name),
		block,
	)
	if p.err != nil {
		body.Objects = append([]fyne.CanvasObject{s.problemOf(p.err)}, body.Objects...)
	}
	return view{title: say("enrol.title"), body: body, focus: server, fixed: len(s.pages) == 1,
		main: &action{name: "enrol.go", icon: theme.IconCheck, words: say("enrol.go"), do: enrol},
		side: []action{s.languageAction()}}
}

func (p *enrolPage) enrol(s *Shell) {
	s.work(s.c.Words.Say("enrol.working"), func() error { return s.c.Kit.Enrol(s.ctx, p.in) }, func(err error) {
		if p.err = err; err != nil {
			s.rebuild()
			s.scrollTo(0)
			return
		}
		p.in = kit.EnrolInput{}
		s.home()
		s.nudge()
	})
}

// problemOf is the panel of an error.
func (s *Shell) problemOf(err error) fyne.CanvasObject {
	message, hint := s.c.Words.Error(err)
	return widget.NewPanel(theme.Attention, theme.IconAttention, widget.NewStrong(message), widget.NewText(hint))
}

// field is a named line of text that keeps what is typed in a variable of the
// page.
func (s *Shell) field(name string, into *string) *widget.Field {
	f := widget.NewField(s.hands)
	f.Put(*into)
	f.Changed = func(t string) { *into = t }
	s.mark(name, f)
	return f
}

// chain has Enter go from field to field, and from the last to do.
func chain(s *Shell, do func(), fields ...*widget.Field) {
	for i, f := range fields {
		if i+1 < len(fields) {
			f.Next = func() { s.c.Window.Canvas().Focus(fields[i+1]) }
			continue
		}
		f.Next = do
	}
}

// languageAction changes to the next language: the first thing that someone
// who cannot read a page needs.
func (s *Shell) languageAction() action {
	all := s.c.Words.Languages()
	next := all[0]
	for i, l := range all {
		if l.Code == s.c.Words.Language() {
			next = all[(i+1)%len(all)]
		}
	}
	return action{name: "language", icon: theme.IconLanguage, words: next.Name, key: fyne.KeyF9, do: func() {
		s.choose(func(l *Look) { l.Language = next.Code })
	}}
}

// unlockPage opens the kit at the start of the day.
type unlockPage struct {
	err   error
	typed string
}

func (p *unlockPage) name() string { return "unlock" }

func (p *unlockPage) build(s *Shell) view {
	say := s.c.Words.Say
	pass := widget.NewPassphrase(s.hands)
	pass.Put(p.typed)
	pass.Changed = func(t string) { p.typed = t }
	unlock := func() { p.unlock(s) }
	pass.Next = unlock
	s.mark("unlock.passphrase", pass)
	body := column(widget.NewText(say("unlock.intro")), labelled(say("unlock.passphrase"), pass))
	if p.err != nil {
		body.Add(s.problemOf(p.err))
	}
	if home, err := s.c.Kit.Home(s.ctx); err == nil {
		if n := home.Counts.Waiting(); n > 0 {
			body.Add(widget.NewPanel(theme.Waiting, theme.IconWaiting, widget.NewText(s.c.Words.Count("unlock.waiting", n))))
		}
		body.Add(widget.NewQuiet(say("home.office", string(home.Office), s.kitName(home.KitName))))
	}
	return view{title: say("unlock.title"), body: body, focus: pass, fixed: true,
		main: &action{name: "unlock.go", icon: theme.IconLock, words: say("unlock.go"), do: unlock},
		side: []action{s.languageAction(),
			{name: "sync", icon: theme.IconSync, words: say("sync.title"), key: fyne.KeyF4, do: func() { s.open(&syncPage{}) }},
			{name: "check", icon: theme.IconReceipt, words: say("check.title"), key: fyne.KeyF5, do: func() { s.open(&checkPage{}) }},
			{name: "recover", icon: theme.IconHelp, words: say("recover.title"), key: fyne.KeyF6, do: func() { s.open(&recoverPage{}) }},
		}}
}

func (p *unlockPage) unlock(s *Shell) {
	pass := p.typed
	s.work(s.c.Words.Say("unlock.working"), func() error { return s.c.Kit.Unlock(s.ctx, pass) }, func(err error) {
		p.typed = ""
		if p.err = err; err != nil {
			if civic.CodeOf(err) == civic.WrongPassphrase {
				p.typed = pass
			}
			s.rebuild()
			return
		}
		s.home()
		s.nudge()
	})
}

// kitName is what people call the tablet, or the beginning of its number.
func (s *Shell) kitName(name string) string {
	if name != "" {
		return name
	}
	return s.c.Kit.Identity().Device.String()[:4]
}

func orDash(t string) string {
	if t == "" {
		return "–"
	}
	return t
}
