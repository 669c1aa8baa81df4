package screen

import (
	"bytes"
	"context"
	"slices"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/camera"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// Camera is what the screens ask of the cameras of this machine.
type Camera interface {
	List(ctx context.Context) ([]camera.Source, error)
	Open(ctx context.Context, source camera.Source, turn camera.Turn) *camera.Stream
}

// livePage shows what a camera sees. It reads the code of a receipt as soon as
// one is seen, or takes a photo; with neither it only shows. The camera runs
// while this page stands and no longer; nothing of what it saw is kept but the
// photo that the officer keeps.
type livePage struct {
	title    string
	practice bool
	// code takes the text of a code and tells whether it was one that is wanted;
	// then this page has gone.
	code func(text string) bool
	// photo takes the picture that was kept, as JPEG.
	photo func(content []byte) error
	// file is the other way: choose a picture from a file.
	file func()

	s       *Shell
	picture *widget.Live
	words   *widget.Words
	sources []camera.Source // that can be chosen from, once they are known
	source  camera.Source   // that is read
	run     int             // counts beginnings and ends, so that what comes late is not shown
	stop    context.CancelFunc
	seen    int          // pictures since the beginning
	other   string       // a code that is no receipt's
	otherAt int          // when it was seen last, as seen counts
	newest  camera.Frame // to take a photo of
	taken   camera.Frame // is looked at before it is kept
	err     error
}

func (p *livePage) name() string { return "camera" }

func (p *livePage) build(s *Shell) view {
	p.s = s
	say := s.c.Words.Say
	p.picture = widget.NewLive(s.liveSize())
	p.words = widget.NewLarge("")
	v := view{title: p.title, practice: p.practice, keys: map[fyne.KeyName]func(){}}
	body := column()
	if p.err != nil {
		body.Add(p.trouble(s))
	}
	side := func(name string, icon theme.IconName, words string, key fyne.KeyName, do func()) {
		v.side = append(v.side, action{name: name, icon: icon, words: words, key: key, do: do})
	}
	if p.file != nil {
		words := say("picture.choose")
		if p.code != nil {
			words = say("check.picture")
		}
		side("camera.file", theme.IconFolder, words, fyne.KeyF6, p.file)
	}
	switch {
	case p.taken != nil:
		v.main = &action{name: "camera.keep", icon: theme.IconCheck, words: say("camera.keep"), do: p.keep}
		side("camera.again", theme.IconUndo, say("camera.again"), fyne.KeyF5, p.again)
		if m, err := p.taken.Picture(); err == nil {
			p.picture.Put(m)
		}
	case p.err != nil && p.file != nil && civic.CodeOf(p.err) == civic.CameraAbsent:
		// Most who come here have no camera and never will: the file is the way on.
		v.main = &action{name: "camera.file", icon: theme.IconFolder, words: v.side[0].words, do: p.file}
		v.keys[fyne.KeyF6] = p.file // as everywhere else
		v.side[0] = action{name: "camera.retry", icon: theme.IconPhoto, words: say("camera.retry"), key: fyne.KeyF5, do: p.again}
	case p.err != nil:
		v.main = &action{name: "camera.retry", icon: theme.IconPhoto, words: say("camera.retry"), do: p.again}
	case p.photo != nil:
		v.main = &action{name: "camera.take", icon: theme.IconPhoto, words: say("camera.take"), do: p.take}
		v.keys[fyne.KeySpace] = p.take
	}
	if p.taken == nil {
		if len(p.sources) > 1 {
			side("camera.other", theme.IconForward, say("camera.other"), fyne.KeyF7, p.next)
		}
		if p.err == nil {
			side("camera.turn", theme.IconSync, say("camera.turn"), fyne.KeyF8, p.turn)
		}
	}
	if p.err == nil || p.taken != nil {
		body.Add(p.picture)
		body.Add(p.words)
		s.mark("camera.picture", p.picture)
	}
	p.tell()
	v.body = body
	v.shown = func() {
		if p.stop == nil && p.taken == nil && p.err == nil {
			p.begin()
		}
	}
	return v
}

// trouble says why there is no picture. A tablet without a camera is no fault
// of anybody's, and is told quietly.
func (p *livePage) trouble(s *Shell) fyne.CanvasObject {
	if civic.CodeOf(p.err) != civic.CameraAbsent {
		return s.problemOf(p.err)
	}
	message, hint := s.c.Words.Error(p.err)
	return widget.NewPanel(theme.Waiting, theme.IconPhoto, widget.NewStrong(message), widget.NewText(hint))
}

// liveSize is as large as the window shows whole.
func (s *Shell) liveSize() fyne.Size {
	size := s.c.Window.Canvas().Size()
	scale := s.theme().Look().Scale
	return fyne.NewSize(240, max(200, min(size.Width-32, size.Height-330*scale, readable*scale)))
}

// tell says what to do now.
func (p *livePage) tell() {
	key := "camera.compose"
	switch {
	case p.taken != nil:
		key = "camera.check"
	case p.seen == 0:
		key = "camera.starting"
	case p.other != "":
		key = "camera.nocode"
	case p.code != nil && p.seen > hintAfter:
		key = "camera.hint"
	case p.code != nil:
		key = "camera.aim"
	case p.photo == nil:
		key = "camera.works"
	}
	if words := p.s.c.Words.Say(key); p.words.Text() != words {
		p.words.SetText(words)
		p.s.layout()
	}
}

// take keeps the newest picture to be looked at; the camera is off then.
func (p *livePage) take() {
	if p.newest == nil || p.taken != nil {
		return
	}
	p.taken = bytes.Clone(p.newest)
	p.end()
	p.s.show(true)
}

func (p *livePage) again() {
	p.leave()
	p.err = nil
	p.s.show(true)
}

// keep hands the photo over.
func (p *livePage) keep() {
	if p.err = p.photo(p.taken); p.err != nil {
		p.s.rebuild()
		return
	}
	s := p.s
	p.leave()
	if s.isCurrent(p) {
		s.pop()
	}
}

// next goes on to the next camera, and remembers it.
func (p *livePage) next() {
	at := slices.IndexFunc(p.sources, func(c camera.Source) bool { return c.String() == p.source.String() })
	chosen := p.sources[(at+1)%len(p.sources)]
	p.s.remember(func(l *Look) { l.Camera = chosen.String() })
	p.end()
	p.again()
}

// turn turns the pictures of this camera by a quarter, and remembers that.
func (p *livePage) turn() {
	const mostNamed = 200 // bytes; the look is a small file
	if p.source.Format == "" || len(p.source.String()) > mostNamed {
		return
	}
	p.s.remember(func(l *Look) {
		turns := map[string]uint8{p.source.String(): (l.Turns[p.source.String()] + 1) % 4}
		for k, v := range l.Turns {
			if k != p.source.String() && len(turns) < 8 {
				turns[k] = v
			}
		}
		l.Turns = turns
	})
	p.end()
	p.again()
}

// remember keeps something of the look that changes nothing of the page.
func (s *Shell) remember(change func(*Look)) {
	if s.c.Looks == nil {
		return
	}
	l := s.look()
	change(&l)
	if err := s.c.Looks.Save(l); err != nil {
		s.fail(err)
	}
}

// dark puts the camera off when its page no longer stands on top.
func (s *Shell) dark() {
	if s.live != nil && !s.isCurrent(s.live) {
		s.live.end()
		if !slices.Contains(s.pages, page(s.live)) {
			s.live.leave()
		}
		s.live = nil
	}
}
