package screen

import (
	"path/filepath"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
)

// recoverPage opens a kit whose passphrase nobody knows any more: a file goes to
// the registry, two people there release the keys to a new officer, and the
// file that comes back opens the kit. No data are touched.
type recoverPage struct {
	officer, pass, proposal, dir, release string
	done                                  string
	err                                   error
}

func (p *recoverPage) name() string { return "recover" }

func (p *recoverPage) build(s *Shell) view {
	say := s.c.Words.Say
	if found := s.c.Media(); p.dir == "" && len(found) > 0 {
		p.dir = found[0]
	}
	name := s.field("recover.officer", &p.officer)
	name.Capitals = true
	block, pass := s.newPassphrase("recover.passphrase", &p.proposal, &p.pass)
	dir := s.field("recover.dir", &p.dir)
	release := s.field("recover.release", &p.release)
	ask := func() { p.ask(s) }
	chain(s, ask, name, pass, dir)
	release.Next = func() { p.apply(s) }
	open := widget.NewButton(s.hands, widget.Ordinary, theme.IconLock, say("recover.apply"), "", func() { p.apply(s) })
	s.mark("recover.apply", open)
	body := column()
	switch {
	case p.err != nil:
		body.Add(s.problemOf(p.err))
	case p.done != "":
		body.Add(widget.NewPanel(theme.Settled, theme.IconSettled, widget.NewText(p.done)))
	}
	for _, o := range []fyne.CanvasObject{widget.NewText(say("recover.intro")), labelled(say("officers.name"), name), block, labelled(say("media.path"), dir),
		widget.NewHeading(say("recover.then")), widget.NewText(say("recover.then.hint")), labelled(say("restore.release"), release), open} {
		body.Add(o)
	}
	return view{title: say("recover.title"), body: body, focus: name, main: &action{name: "recover.ask", icon: theme.IconSave, words: say("recover.ask"), do: ask}}
}

func (p *recoverPage) ask(s *Shell) {
	path := filepath.Join(p.dir, "recovery-request.age")
	s.work(s.c.Words.Say("working"), func() error {
		request, err := s.c.Kit.RecoverRequest(s.ctx, p.officer, p.pass)
		if err != nil {
			return err
		}
		return writeMedium(path, request)
	}, func(err error) {
		p.done, p.err = s.c.Words.Say("restore.asked", path), err
		s.rebuild()
		s.scrollTo(0)
	})
}

func (p *recoverPage) apply(s *Shell) {
	s.work(s.c.Words.Say("unlock.working"), func() error {
		release, err := readLimited(p.release, 1<<20)
		if err != nil {
			return err
		}
		return s.c.Kit.RecoverApply(s.ctx, release, p.pass)
	}, func(err error) {
		if p.err = err; err != nil {
			s.rebuild()
			s.scrollTo(0)
			return
		}
		s.home()
	})
}
