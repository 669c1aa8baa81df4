package screen

import (
	"bytes"
	"context"
	"image"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/camera"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/receipt"
)

// Camera is what the screens ask of the cameras of this machine.
type Camera interface {
	List(ctx context.Context) ([]camera.Source, error)
	Open(ctx context.Context, source camera.Source, turn camera.Turn) *camera.Stream
}

// hintAfter is after how many pictures without a code the page says what may
// help: some four seconds.
const hintAfter = 40

// mostBroken is how many pictures one after another may be unreadable.
const mostBroken = 20

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
		body.Add(s.problemOf(p.err))
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
		side("camera.turn", theme.IconSync, say("camera.turn"), fyne.KeyF8, p.turn)
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

// begin opens the camera that was chosen, else the first.
func (p *livePage) begin() {
	s := p.s
	if s.c.Camera == nil {
		p.fail(p.run, civic.NewProblem(civic.CameraAbsent, nil))
		return
	}
	ctx, stop := context.WithCancel(s.ctx)
	p.run++
	p.stop, p.seen, p.other = stop, 0, ""
	s.live = p
	run := p.run
	s.c.Work(func() {
		defer stop()
		err := p.watch(ctx, run)
		if ctx.Err() == nil {
			s.c.Do(func() { p.fail(run, err) })
		}
	})
}

// watch reads the camera that was chosen; one that is gone is replaced by the
// first that is there.
func (p *livePage) watch(ctx context.Context, run int) error {
	s := p.s
	look := s.look()
	all, listErr := s.c.Camera.List(ctx)
	try := all[:min(len(all), 1)]
	if look.Camera != "" {
		chosen, err := camera.ParseSource(look.Camera)
		if err != nil {
			return err
		}
		if len(try) > 0 && try[0].String() == chosen.String() {
			try = nil
		}
		try = append([]camera.Source{chosen}, try...)
	}
	if len(try) == 0 {
		return listErr
	}
	var err error
	for _, source := range try {
		s.c.Do(func() { p.opened(run, all, source) })
		if err = p.read(ctx, run, source, camera.Turn(look.Turns[source.String()])); civic.CodeOf(err) != civic.CameraAbsent {
			break
		}
	}
	return err
}

// opened notes what is read, and offers the others.
func (p *livePage) opened(run int, all []camera.Source, source camera.Source) {
	if run != p.run {
		return
	}
	had := len(p.sources)
	p.sources, p.source = all, source
	if had != len(all) && p.s.isCurrent(p) {
		p.s.rebuild()
	}
}

// read shows one picture after another, and looks for a code in it. It rests as
// long as it has worked, so that a cheap tablet stays quick and cool.
func (p *livePage) read(ctx context.Context, run int, source camera.Source, turn camera.Turn) error {
	s := p.s
	stream := s.c.Camera.Open(ctx, source, turn)
	defer stream.Close()
	broken := 0
	for {
		frame, err := stream.Next(ctx)
		if err != nil {
			return err
		}
		begun := s.c.Clock()
		m, err := frame.Picture()
		if err != nil {
			if broken++; broken > mostBroken {
				return civic.NewProblem(civic.CameraStopped, err)
			}
			continue
		}
		broken = 0
		text := ""
		if p.code != nil {
			text, _ = receipt.ReadFrame(m)
		}
		shown := make(chan struct{})
		s.c.Do(func() {
			defer close(shown)
			p.saw(run, frame, m, text)
		})
		select {
		case <-shown:
		case <-ctx.Done():
			return ctx.Err()
		}
		rest := time.NewTimer(s.c.Clock().Sub(begun))
		select {
		case <-rest.C:
		case <-ctx.Done():
			rest.Stop()
			return ctx.Err()
		}
	}
}

// saw shows a picture and goes on with a code that was read.
func (p *livePage) saw(run int, frame camera.Frame, m image.Image, text string) {
	if run != p.run {
		clear(frame)
		return
	}
	clear(p.newest)
	p.newest = frame
	p.seen++
	p.picture.Put(m)
	if p.s.isCurrent(p) {
		p.s.mark("camera.live", p.picture)
	}
	if text != "" && text != p.other {
		if p.code(text) {
			p.end()
			return
		}
		p.other = text
	}
	p.tell()
}

// end puts the camera off at once and forgets what it saw.
func (p *livePage) end() {
	p.run++
	if p.stop != nil {
		p.stop()
		p.stop = nil
	}
	clear(p.newest)
	p.newest = nil
	if p.picture != nil && p.taken == nil {
		p.picture.Put(nil)
	}
}

// leave ends the page for good.
func (p *livePage) leave() {
	p.end()
	clear(p.taken)
	p.taken = nil
}

func (p *livePage) fail(run int, err error) {
	if run != p.run {
		return
	}
	p.end()
	if p.err = err; p.s.isCurrent(p) {
		p.s.rebuild()
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

// receiptAction is the main action of a page that a receipt opens: with nothing
// typed it is the camera, so that Enter is all there is to do; with something
// typed, or scanned by a reader that types, it goes on with that.
func (s *Shell) receiptAction(name, words string, f *widget.Field, typed *string, picture func() page, took func(text string)) *action {
	say := s.c.Words.Say
	a := &action{name: name, icon: theme.IconCheck, words: words}
	label := func() string {
		if *typed == "" && s.c.Camera != nil {
			return say("check.camera")
		}
		return words
	}
	a.do = func() {
		switch {
		case *typed != "":
			took(*typed)
		case s.c.Camera != nil:
			s.scan(s.view.title, picture, took)
		}
	}
	f.Next = a.do
	f.Changed = func(t string) {
		*typed = t
		if a.words = label(); s.main != nil && s.main.Words() != a.words {
			s.view.main.words = a.words
			s.main.SetWords(a.words)
		}
	}
	if a.words = label(); a.words != words {
		a.icon = theme.IconPhoto
	}
	return a
}

// scan opens the camera to read a receipt; took gets the text once it is one,
// after the page with the camera has gone. picture is the page that takes a file
// instead.
func (s *Shell) scan(title string, picture func() page, took func(text string)) {
	p := &livePage{title: title, practice: s.view.practice, file: func() { s.replace(picture()) }}
	p.code = func(text string) bool {
		v, err := s.c.Kit.Verify(s.ctx, text)
		if err == nil && !v.Valid && v.Reason == civic.ReceiptUnreadable {
			return false
		}
		p.end()
		if s.isCurrent(p) {
			s.pop()
		}
		took(text)
		return true
	}
	s.open(p)
}
