package widget

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/driver/mobile"
	fw "fyne.io/fyne/v2/widget"
)

// Pad is where somebody signs or draws with a finger, a pen or the mouse. It
// keeps strokes as lines, shows them smooth, and gives them as a small picture;
// when and how fast the hand moved is kept nowhere. A pad can also show a picture
// that was made before, which stays until it is cleared. Backspace or Ctrl+Z
// takes the last stroke back, Delete clears, Enter goes on.
type Pad struct {
	fw.BaseWidget
	// Changed hears each stroke that has ended, each undo and each clearing.
	Changed func()
	// Next is called when the officer goes on.
	Next func()
	// Leave is called when the keyboard goes elsewhere.
	Leave func()

	hands *Hands
	now   sheet
	past  []sheet // what Undo goes back to
	line  []dot   // being drawn
	dots  int

	focused, drawing bool
	paper, ground    *canvas.Rectangle
	prompt           *canvas.Text
	words            string
	raster           *canvas.Raster
	shown            *canvas.Image
	film             film
}

// sheet is what stands on the pad: strokes, or a picture made before.
type sheet struct {
	strokes [][]dot
	picture []byte
}

// Limits of a drawing: a child with a pen in its hand must not fill the memory.
const (
	mostDots = 20_000
	mostPast = 500
	// leastLine is how far a first stroke must reach to count as drawn, in eighths
	// of a unit: a tap by mistake is no signature. After it dots count.
	leastLine = 10 * fine
	// leastStep is how far apart the dots of a stroke are.
	leastStep = fine
	// padHigh is the height of a pad.
	padHigh = 200
)

// NewPad makes an empty pad; words stand on it until something is drawn.
func NewPad(h *Hands, words string) *Pad {
	p := &Pad{hands: h, words: words, paper: canvas.NewRectangle(nil), ground: canvas.NewRectangle(nil), prompt: canvas.NewText(words, nil), shown: &canvas.Image{}}
	p.raster = canvas.NewRaster(p.draw)
	p.shown.FillMode = canvas.ImageFillContain
	p.ExtendBaseWidget(p)
	return p
}

// Content is what stands on the pad as a picture, nil when nothing does: what
// was put there, or the strokes as PNG, black on white, at most 10 kB. The same
// strokes give the same bytes.
func (p *Pad) Content() []byte {
	if p.now.picture != nil {
		return p.now.picture
	}
	return mark(p.now.strokes)
}

// Empty tells whether nothing stands on the pad.
func (p *Pad) Empty() bool { return len(p.now.strokes) == 0 && p.now.picture == nil }

// Drawing tells whether a stroke is being drawn.
func (p *Pad) Drawing() bool { return p.drawing }

// Put shows a picture made before (JPEG or PNG), or nothing. There is no undo
// behind it.
func (p *Pad) Put(picture []byte) {
	p.now, p.past, p.line, p.drawing = sheet{picture: picture}, nil, nil, false
	p.film = film{}
	p.count()
	p.Refresh()
}

// Clear empties the pad; Undo brings back what stood on it.
func (p *Pad) Clear() {
	if !p.Empty() {
		p.film = film{}
		p.turn(sheet{})
	}
}

// Undo takes back the last stroke or clearing; false when there is none.
func (p *Pad) Undo() bool {
	n := len(p.past)
	if n == 0 {
		return false
	}
	p.now, p.past = p.past[n-1], p.past[:n-1]
	p.film = film{}
	p.changed()
	return true
}

// turn puts another sheet on the pad.
func (p *Pad) turn(s sheet) {
	if len(p.past) >= mostPast {
		p.past = slices.Delete(p.past, 0, 1)
	}
	p.past = append(p.past, p.now)
	p.now = s
	p.changed()
}

func (p *Pad) changed() {
	p.line, p.drawing = nil, false
	p.count()
	p.Refresh()
	if p.Changed != nil {
		p.Changed()
	}
}

func (p *Pad) count() {
	p.dots = 0
	for _, s := range p.now.strokes {
		p.dots += len(s)
	}
}

// begin sets the pen down. The keyboard comes along, which may fold something
// above the pad: the stroke begins where the pen is on the pad that has moved.
func (p *Pad) begin(at fyne.Position) {
	if p.now.picture != nil {
		ask(p)
		return
	}
	p.drawing = true
	before := p.corner()
	if !p.focused {
		ask(p)
	}
	p.drawing, p.line = true, nil
	p.add(at.Add(before).Subtract(p.corner()))
}

func (p *Pad) corner() fyne.Position {
	return fyne.CurrentApp().Driver().AbsolutePositionForObject(p)
}

// add draws on to a place; the pen leaves no ink beside the pad.
func (p *Pad) add(at fyne.Position) {
	size := p.Size()
	if at.X < 0 || at.Y < 0 || at.X > size.Width || at.Y > size.Height {
		p.lift()
		return
	}
	d := dot{int(at.X * fine), int(at.Y * fine)}
	if n := len(p.line); n > 0 && p.line[n-1].distance(d) < leastStep || p.dots+n >= mostDots {
		return
	}
	p.line = append(p.line, d)
	p.raster.Refresh()
	p.prompt.Hidden = true
}

// lift ends the stroke, if one was begun.
func (p *Pad) lift() {
	line := p.line
	p.line, p.film.dots = nil, 0
	if len(line) == 0 {
		return
	}
	reach := 0
	for _, d := range line {
		reach = max(reach, d.distance(line[0]))
	}
	if p.Empty() && reach < leastLine {
		p.film = film{}
		p.Refresh()
		return
	}
	p.turn(sheet{strokes: append(slices.Clip(p.now.strokes), line)})
}

// MouseDown implements desktop.Mouseable.
func (p *Pad) MouseDown(e *desktop.MouseEvent) {
	p.hands.count(Pressed)
	p.begin(e.Position)
}

// MouseUp implements desktop.Mouseable.
func (p *Pad) MouseUp(*desktop.MouseEvent) { p.DragEnd() }

// TouchDown implements mobile.Touchable.
func (p *Pad) TouchDown(e *mobile.TouchEvent) {
	p.hands.count(Pressed)
	p.begin(e.Position)
}

// TouchUp implements mobile.Touchable.
func (p *Pad) TouchUp(*mobile.TouchEvent) { p.DragEnd() }

// TouchCancel implements mobile.Touchable.
func (p *Pad) TouchCancel(*mobile.TouchEvent) { p.DragEnd() }

// Dragged implements fyne.Draggable: a drag on the pad draws and does not move
// the page.
func (p *Pad) Dragged(e *fyne.DragEvent) {
	if p.now.picture == nil {
		p.drawing = true
		p.add(e.Position)
	}
}

// DragEnd implements fyne.Draggable.
func (p *Pad) DragEnd() {
	p.drawing = false
	p.lift()
}

// Tapped implements fyne.Tappable, so that a tap is not one on the page below.
func (p *Pad) Tapped(*fyne.PointEvent) {
	if !p.focused {
		ask(p)
	}
}

// Cursor implements desktop.Cursorable.
func (p *Pad) Cursor() desktop.Cursor { return desktop.CrosshairCursor }

// FocusGained implements fyne.Focusable. The page does not move under a pen
// that is down.
func (p *Pad) FocusGained() {
	p.focused = true
	p.Refresh()
	if !p.drawing {
		p.hands.focus(p)
	}
}

// FocusLost implements fyne.Focusable.
func (p *Pad) FocusLost() {
	p.focused, p.drawing = false, false
	p.lift()
	p.Refresh()
	if p.Leave != nil {
		p.Leave()
	}
}

// TypedRune implements fyne.Focusable.
func (p *Pad) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (p *Pad) TypedKey(e *fyne.KeyEvent) {
	p.hands.count(Typed)
	switch {
	case e.Name == fyne.KeyBackspace:
		p.Undo()
	case e.Name == fyne.KeyDelete:
		p.Clear()
	case isEnter(e) && p.Next != nil:
		p.Next()
	default:
		p.hands.key(e)
	}
}

// TypedShortcut implements fyne.Shortcutable.
func (p *Pad) TypedShortcut(s fyne.Shortcut) {
	if _, undo := s.(*fyne.ShortcutUndo); undo && p.Undo() {
		return
	}
	p.hands.shortcut(s)
}

// CreateRenderer implements fyne.Widget.
func (p *Pad) CreateRenderer() fyne.WidgetRenderer {
	r := &padRenderer{p}
	r.Refresh()
	return r
}
