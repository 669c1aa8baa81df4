package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	base "fyne.io/fyne/v2/theme"
	fw "fyne.io/fyne/v2/widget"

	"github.com/askonce/fieldkit/app/theme"
)

// Line is one entry of a list that opens when it is pressed: a name, words
// below it, and a badge at the end.
type Line struct {
	fw.BaseWidget
	Do func()

	hands   *Hands
	name    *Words
	words   *Words
	badge   *Badge
	paper   *canvas.Rectangle
	focused bool
}

// NewLine makes a line; words may be empty, badge nil.
func NewLine(h *Hands, name, words string, badge *Badge, do func()) *Line {
	l := &Line{hands: h, name: NewStrong(name), words: NewQuiet(words), badge: badge, paper: canvas.NewRectangle(nil), Do: do}
	l.words.Hidden = words == ""
	l.ExtendBaseWidget(l)
	return l
}

// Name is what the line is called.
func (l *Line) Name() string { return l.name.text }

// Tapped implements fyne.Tappable.
func (l *Line) Tapped(*fyne.PointEvent) { l.hands.count(Pressed); l.press() }

func (l *Line) press() {
	if l.Do != nil {
		l.Do()
	}
}

// FocusGained implements fyne.Focusable.
func (l *Line) FocusGained() { l.focused = true; l.Refresh(); l.hands.focus(l) }

// FocusLost implements fyne.Focusable.
func (l *Line) FocusLost() { l.focused = false; l.Refresh() }

// TypedRune implements fyne.Focusable.
func (l *Line) TypedRune(rune) {}

// TypedKey implements fyne.Focusable; the arrows go from line to line.
func (l *Line) TypedKey(e *fyne.KeyEvent) {
	l.hands.count(Typed)
	c := fyne.CurrentApp().Driver().CanvasForObject(l)
	switch {
	case isEnter(e) || e.Name == fyne.KeySpace:
		l.press()
	case e.Name == fyne.KeyDown && c != nil:
		c.FocusNext()
	case e.Name == fyne.KeyUp && c != nil:
		c.FocusPrevious()
	default:
		l.hands.key(e)
	}
}

// TypedShortcut implements fyne.Shortcutable.
func (l *Line) TypedShortcut(s fyne.Shortcut) { l.hands.shortcut(s) }

// CreateRenderer implements fyne.Widget.
func (l *Line) CreateRenderer() fyne.WidgetRenderer {
	r := &lineRenderer{l}
	r.Refresh()
	return r
}

type lineRenderer struct{ l *Line }

func (r *lineRenderer) Destroy() {}

// side is the badge's size and the room the words have beside it; under a
// narrow width the badge goes below them.
func (r *lineRenderer) side(width float32) (badge fyne.Size, words float32, below bool) {
	words = width - 2*facePadX
	if r.l.badge == nil {
		return fyne.Size{}, words, false
	}
	badge = r.l.badge.MinSize()
	if words-badge.Width-theme.Gap < 260 {
		return badge, words, true
	}
	return badge, words - badge.Width - theme.Gap, false
}

func (r *lineRenderer) MinSize() fyne.Size {
	l := r.l
	badge, _, below := r.side(max(l.Size().Width, 240))
	high := l.name.MinSize().Height
	if l.words.Visible() {
		high += 2 + l.words.MinSize().Height
	}
	if below {
		high += theme.Gap + badge.Height
	}
	return fyne.NewSize(240, max(theme.Target, max(high, badge.Height)+2*facePadY))
}

func (r *lineRenderer) Layout(s fyne.Size) {
	l := r.l
	l.paper.Resize(s)
	badge, width, below := r.side(s.Width)
	l.name.Resize(fyne.NewSize(width, l.name.MinSize().Height))
	nameHigh := l.name.MinSize().Height
	l.words.Resize(fyne.NewSize(width, l.words.MinSize().Height))
	wordsHigh := l.words.MinSize().Height
	high := nameHigh
	if l.words.Visible() {
		high += 2 + wordsHigh
	}
	if below {
		high += theme.Gap + badge.Height
	}
	y := max((s.Height-high)/2, facePadY)
	l.name.Move(fyne.NewPos(facePadX, y))
	y += nameHigh
	if l.words.Visible() {
		l.words.Move(fyne.NewPos(facePadX, y+2))
		y += 2 + wordsHigh
	}
	if l.badge == nil {
		return
	}
	l.badge.Resize(badge)
	l.badge.Move(fyne.NewPos(s.Width-facePadX-badge.Width, (s.Height-badge.Height)/2))
	if below {
		l.badge.Move(fyne.NewPos(facePadX, y+theme.Gap))
	}
}

func (r *lineRenderer) Objects() []fyne.CanvasObject {
	all := []fyne.CanvasObject{r.l.paper, r.l.name, r.l.words}
	if r.l.badge != nil {
		all = append(all, r.l.badge)
	}
	return all
}

func (r *lineRenderer) Refresh() {
	l := r.l
	l.paper.FillColor, l.paper.CornerRadius = colour(l, theme.ColorCard), measure(l, base.SizeNameInputRadius)
	l.paper.StrokeColor, l.paper.StrokeWidth = colour(l, base.ColorNameSeparator), 1
	if l.focused {
		l.paper.StrokeColor, l.paper.StrokeWidth = colour(l, theme.ColorFocusLine), 3
	}
	r.Layout(l.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}
