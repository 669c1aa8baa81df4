package screen

import (
	"os"
	"path/filepath"
	"strconv"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// mediaPage carries by hand what no network carries: registrations on a stick
// to the centre and its decisions back, and the sealed copy of the whole kit.
type mediaPage struct {
	dir  string // chosen or typed
	done fyne.CanvasObject
	err  error
}

func (p *mediaPage) name() string { return "media" }

func (p *mediaPage) build(s *Shell) view {
	say := s.c.Words.Say
	found := s.c.Media()
	if p.dir == "" && len(found) > 0 {
		p.dir = found[0]
	}
	v := view{title: say("media.title")}
	body := column()
	switch {
	case p.err != nil:
		body.Add(s.problemOf(p.err))
	case p.done != nil:
		body.Add(p.done)
	}
	body.Add(widget.NewText(say("media.intro")))
	for i, dir := range found {
		var badge *widget.Badge
		if dir == p.dir {
			badge = widget.NewBadge(theme.Settled, theme.IconCheck, say("media.chosen"))
		}
		l := widget.NewLine(s.hands, filepath.Base(dir), dir, badge, func() { p.dir = dir; s.rebuild() })
		s.mark("media."+strconv.Itoa(i), l)
		body.Add(l)
	}
	if len(found) == 0 {
		body.Add(widget.NewQuiet(say("media.none")))
	}
	f := s.field("media.path", &p.dir)
	f.Next = func() { p.export(s) }
	body.Add(labelled(say("media.path"), f))
	if len(found) == 0 && p.done == nil {
		v.focus = f
	}
	body.Add(p.backup(s))
	v.body = body
	v.main = &action{name: "media.export", icon: theme.IconSave, words: say("media.export"), do: func() { p.export(s) }}
	v.side = []action{{name: "media.restore", icon: theme.IconUndo, words: say("restore.title"), key: fyne.KeyF7, do: func() { s.open(&restorePage{dir: p.dir}) }}}
	if s.c.Kit.State() == unlockedState {
		v.side = append([]action{{name: "media.backup", icon: theme.IconFolder, words: say("media.backup"), key: fyne.KeyF6, do: func() { p.copy(s) }}}, v.side...)
	} else {
		v.side = nil
	}
	return v
}

// backup says whether a copy is kept up to date, and where.
func (p *mediaPage) backup(s *Shell) fyne.CanvasObject {
	say := s.c.Words.Say
	dir, err := s.c.Kit.BackupDir(s.ctx)
	if err != nil || dir == "" {
		return widget.NewQuiet(say("media.backup.none"))
	}
	stop := widget.NewButton(s.hands, widget.Quiet, theme.IconStop, say("media.backup.stop"), "", func() {
		if err := s.c.Kit.StopBackup(s.ctx); err != nil {
			s.fail(err)
			return
		}
		s.rebuild()
		s.tell(say("media.backup.stopped"), func() { p.dir = dir; p.copy(s) })
	})
	s.mark("media.backup.stop", stop)
	return part(widget.NewText(say("media.backup.kept", dir)), stop)
}

// export takes in what the centre left on the medium and writes what waits.
func (p *mediaPage) export(s *Shell) {
	p.with(s, func(dir string) (fyne.CanvasObject, error) {
		e, err := s.c.Kit.Export(s.ctx, dir)
		if err != nil {
			return nil, err
		}
		lines := []fyne.CanvasObject{widget.NewStrong(s.c.Words.Count("media.exported", e.Files, s.c.Words.Bytes(e.Bytes)))}
		if n := e.Settled + e.Held + e.Returned; n > 0 {
			lines = append(lines, widget.NewText(s.c.Words.Count("media.decided", n)))
		}
		return widget.NewPanel(theme.Settled, theme.IconSettled, append(lines, widget.NewText(s.c.Words.Say("media.carry")))...), nil
	})
}

// copy brings the sealed copy on the medium up to date, and keeps it so.
func (p *mediaPage) copy(s *Shell) {
	p.with(s, func(dir string) (fyne.CanvasObject, error) {
		c, err := s.c.Kit.Backup(s.ctx, dir)
		if err != nil {
			return nil, err
		}
		return widget.NewPanel(theme.Settled, theme.IconSettled, widget.NewStrong(s.c.Words.Say("media.copied", s.c.Words.Bytes(c.Bytes))), widget.NewText(s.c.Words.Say("media.copied.hint"))), nil
	})
}

func (p *mediaPage) with(s *Shell, do func(dir string) (fyne.CanvasObject, error)) {
	dir := p.dir
	if dir == "" {
		s.tell(s.c.Words.Say("media.none"), nil)
		return
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		p.err = civic.NewProblem(civic.MediumFailed, err)
		s.rebuild()
		return
	}
	var words fyne.CanvasObject
	s.work(s.c.Words.Say("media.working"), func() (err error) {
		words, err = do(dir)
		return err
	}, func(err error) {
		p.done, p.err = words, err
		s.rebuild()
		s.scrollTo(0)
	})
}

// restorePage brings a lost kit's copy back onto this one. The registry has to
// release its keys: a file goes there and another comes back.
type restorePage struct {
	dir, release, pass string
	done               string
	err                error
}

func (p *restorePage) name() string { return "restore" }

func (p *restorePage) build(s *Shell) view {
	say := s.c.Words.Say
	dir := s.field("restore.dir", &p.dir)
	release := s.field("restore.release", &p.release)
	pass := widget.NewPassphrase(s.hands)
	pass.Put(p.pass)
	pass.Changed = func(t string) { p.pass = t }
	s.mark("restore.passphrase", pass)
	restore := func() { p.restore(s) }
	chain(s, restore, dir, release, pass)
	body := column()
	switch {
	case p.err != nil:
		body.Add(s.problemOf(p.err))
	case p.done != "":
		body.Add(widget.NewPanel(theme.Settled, theme.IconSettled, widget.NewText(p.done)))
	}
	ask := widget.NewButton(s.hands, widget.Ordinary, theme.IconSave, say("restore.ask"), "", func() { p.ask(s) })
	s.mark("restore.ask", ask)
	for _, o := range []fyne.CanvasObject{widget.NewText(say("restore.intro")), labelled(say("media.path"), dir), ask, widget.NewText(say("restore.then")),
		labelled(say("restore.release"), release), labelled(say("unlock.passphrase"), pass)} {
		body.Add(o)
	}
	return view{title: say("restore.title"), body: body, focus: dir, main: &action{name: "restore.go", icon: theme.IconCheck, words: say("restore.go"), do: restore}}
}

// ask writes the file that goes to the registry beside the copy.
func (p *restorePage) ask(s *Shell) {
	path := filepath.Join(p.dir, "restore-request.age")
	s.work(s.c.Words.Say("working"), func() error {
		request, _, err := s.c.Kit.RestoreRequest(s.ctx, p.dir, civic.DeviceID{})
		if err != nil {
			return err
		}
		return writeMedium(path, request)
	}, func(err error) {
		p.done, p.err = s.c.Words.Say("restore.asked", path), err
		s.rebuild()
	})
}

func (p *restorePage) restore(s *Shell) {
	s.work(s.c.Words.Say("media.working"), func() error {
		release, err := readLimited(p.release, 1<<20)
		if err != nil {
			return err
		}
		r, err := s.c.Kit.RestoreBackup(s.ctx, p.dir, civic.DeviceID{}, release, p.pass)
		if err == nil {
			p.done = s.c.Words.Count("restore.done", r.Registrations)
		}
		return err
	}, func(err error) {
		p.err = err
		s.rebuild()
		s.scrollTo(0)
	})
}

func writeMedium(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return civic.NewProblem(civic.MediumFailed, err)
	}
	return nil
}
