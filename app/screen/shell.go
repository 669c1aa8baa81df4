package screen

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/background"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/text"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
)

// Config is what the shell needs. Kit, Words, App, Window and Clock are
// required.
type Config struct {
	Kit    Kit
	Words  *text.Teller
	App    fyne.App
	Window fyne.Window
	Clock  func() time.Time
	// Looks keeps what the officer chose on the settings page; nil forgets it.
	Looks Looks
	// Pictures are the folders looked into for photos, and the first of them
	// where receipts are saved when Exports is empty.
	Pictures []string
	Exports  string
	// Media lists the sticks and cards that are in; nil where that is unknown.
	Media func() []string
	// Print sends a PDF to a printer; nil where there is none.
	Print func(pdf []byte) error
	// Voice reads aloud; without one nothing offers to.
	Voice Voice
	// Camera gives pictures of receipts and people; nil where there is none.
	Camera Camera
	// Version is the program's.
	Version string

	// Work does something long beside the window's goroutine and Do comes back
	// to it; Later does something after a while. Tests do all at once.
	Work  func(func())
	Do    func(func())
	Later func(time.Duration, func())
}

// Shell shows one page at a time.
type Shell struct {
	c     Config
	ctx   context.Context
	stop  context.CancelFunc
	hands *widget.Hands

	pages  []page // the way here, the last is shown
	view   view
	scroll *container.Scroll
	below  *fyne.Container
	toast  *widget.Toast
	main   *widget.Button
	names  map[string]fyne.CanvasObject
	last   fyne.CanvasObject // who had the keyboard last, to be folded
	busy   bool
	told   int       // counts toasts, so that an old timer does not hide a new one
	spoken *spoken   // what is being read aloud; nil for nothing
	mute   bool      // reading by itself has failed since the program began
	live   *livePage // whose camera is on; nil for none

	// Strokes counts keys and taps since the program started.
	strokes [2]int
	// practised are the tasks of the first day that were done.
	practised map[task]bool
	stirred   time.Time // when the hands did something last

	online  bool // the centre answered the last try
	sending *kit.Progress
	nudge   func()
}

// page is one page; it is built anew each time it is shown and each time the
// language, the looks or the data change, so it keeps what must survive that.
type page interface {
	// name is the page's for tests and pictures: "home".
	name() string
	build(s *Shell) view
}

// view is what a page shows now.
type view struct {
	title string
	body  fyne.CanvasObject
	main  *action
	side  []action
	keys  map[fyne.KeyName]func() // beside those of the actions
	ctrl  map[fyne.KeyName]func() // with Ctrl
	focus fyne.Focusable
	back  func() // nil: the page before
	fixed bool   // no way back
	wide  bool   // may be wider than lines of text should be
	shown func() // called once the page stands
	// practice marks a page that shows invented people.
	practice bool
}

// action is something to do, as a button in the bar below.
type action struct {
	name  string
	icon  theme.IconName
	words string
	key   fyne.KeyName // a function key, written on the button
	do    func()
}

// New makes the shell; Start shows the first page.
func New(c Config) *Shell {
	if c.Work == nil {
		c.Work = func(f func()) { go f() }
	}
	if c.Do == nil {
		c.Do = fyne.Do
	}
	if c.Later == nil {
		c.Later = func(d time.Duration, f func()) { time.AfterFunc(d, func() { c.Do(f) }) }
	}
	if c.Media == nil {
		c.Media = func() []string { return nil }
	}
	s := &Shell{c: c, names: map[string]fyne.CanvasObject{}, nudge: func() {}, stirred: c.Clock()}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.hands = &widget.Hands{Words: c.Words, Key: s.key, Shortcut: s.shortcut, Focus: s.focused, Grown: s.grown,
		Count: func(k widget.Stroke) { s.strokes[k]++; s.stirred = s.c.Clock() }}
	s.toast = widget.NewToast(s.hands)
	s.applyLook(s.look())
	c.Words.OnSwitch(s.rebuild)
	canvas := c.Window.Canvas()
	canvas.SetOnTypedKey(func(e *fyne.KeyEvent) {
		if len(e.Name) > 1 {
			s.strokes[widget.Typed]++
		}
		s.key(e)
	})
	s.addShortcuts(canvas)
	return s
}

// unlockedState is the state in which an officer can work.
const unlockedState = kit.Unlocked

// Start shows the page that the kit's state asks for.
func (s *Shell) Start() {
	s.home()
	s.watchRest()
}

// Close stops what runs beside the window; once is enough.
func (s *Shell) Close() {
	s.breakOff() // without a word on the page: the window is gone
	s.stop()
}

// Background runs a runner that syncs by itself until the shell closes. The
// runner is made by make, which is given where to tell what happened.
func (s *Shell) Background(make func(told func(background.Event), progress func(kit.Progress)) *background.Runner) {
	r := make(
		func(e background.Event) { s.c.Do(func() { s.heard(e) }) },
		func(p kit.Progress) { s.c.Do(func() { s.progressed(&p) }) })
	s.nudge = r.Nudge
	go r.Run(s.ctx)
}

// home forgets the way here and shows where the kit's state begins.
func (s *Shell) home() {
	var first page
	switch state := s.c.Kit.State(); {
	case state == kit.NotEnrolled:
		first = &enrolPage{}
	case s.c.Kit.ScreenLocked():
		first = &pinPage{}
	case state == kit.Locked:
		first = &unlockPage{}
	default:
		first = &homePage{}
	}
	s.pages = nil
	s.open(first)
}

// open shows a page on top of those before.
func (s *Shell) open(p page) {
	s.pages = append(s.pages, p)
	s.toast.Hide()
	s.show(true)
}

// replace shows a page in place of the one shown.
func (s *Shell) replace(p page) {
	if len(s.pages) > 0 {
		s.pages = s.pages[:len(s.pages)-1]
	}
	s.open(p)
}

// back shows the page before.
func (s *Shell) back() {
	switch {
	case s.view.back != nil:
		s.view.back()
	case s.view.fixed:
	default:
		s.pop()
	}
}

// pop shows the page below this one, whatever Escape would do.
func (s *Shell) pop() {
	if len(s.pages) > 1 {
		s.pages = s.pages[:len(s.pages)-1]
		s.show(true)
	}
}

// current is the page shown.
func (s *Shell) current() page {
	if len(s.pages) == 0 {
		return nil
	}
	return s.pages[len(s.pages)-1]
}

// rebuild shows the same page again: the language, the looks or the data have
// changed.
func (s *Shell) rebuild() {
	if s.current() != nil {
		s.show(false)
	}
}

// isCurrent tells whether p is still shown: what comes back late must not
// disturb another page.
func (s *Shell) isCurrent(p page) bool { return s.current() == p }

// show builds the page on top and sets it into the window.
func (s *Shell) show(fresh bool) {
	s.silence() // other words may stand there now
	s.dark()
	var offset fyne.Position
	if !fresh && s.scroll != nil {
		offset = s.scroll.Offset
	}
	s.names, s.last = map[string]fyne.CanvasObject{}, nil
	s.view = s.current().build(s)
	s.c.Window.SetContent(s.frame(s.view))
	s.layoutFrame()
	if !fresh {
		s.scroll.Offset = offset
		s.scroll.Refresh()
	}
	if s.view.focus != nil {
		s.c.Window.Canvas().Focus(s.view.focus)
	}
	if s.view.shown != nil {
		s.view.shown()
	}
}

// mark names an object for tests that drive the window.
func (s *Shell) mark(name string, o fyne.CanvasObject) { s.names[name] = o }

// grown lays the page out again because something wants other room.
func (s *Shell) grown() { s.layout() }

// layout lays the page out until heights that hang on widths have settled.
func (s *Shell) layout() {
	if s.scroll == nil || s.scroll.Content == nil {
		return
	}
	for range 3 {
		s.scroll.Content.Resize(fyne.NewSize(s.scroll.Size().Width, s.scroll.Content.MinSize().Height))
		s.scroll.Content.Refresh()
	}
	s.scroll.Refresh()
}
