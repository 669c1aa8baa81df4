package widget

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/app/theme"
)

// newPad puts a pad of 600 by 200 into a window.
func newPad(t *testing.T) (*Pad, fyne.Window) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(theme.New(theme.Look{Scale: 1}))
	p := NewPad(nil, "sign")
	w := test.NewTempWindow(t, p)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(600, 200))
	return p, w
}

// trace draws one stroke through places, as the window's driver does.
func trace(p *Pad, at ...fyne.Position) {
	down := &desktop.MouseEvent{Button: desktop.MouseButtonPrimary}
	down.Position = at[0]
	p.MouseDown(down)
	for _, a := range at[1:] {
		p.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: a}})
	}
	p.MouseUp(down)
	p.DragEnd()
}

// wave is a stroke as long as a name.
func wave(from, to, high float32) []fyne.Position {
	var all []fyne.Position
	for x := from; x <= to; x += 3 {
		all = append(all, fyne.NewPos(x, 100+high*float32(math.Sin(float64(x)/9))))
	}
	return all
}

func decoded(t *testing.T, content []byte) *image.Paletted {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	one, ok := m.(*image.Paletted)
	if !ok || len(one.Palette) != 2 {
		t.Fatalf("the picture is a %T, not black on white", m)
	}
	return one
}

func TestPadKeepsWhatIsDrawn(t *testing.T) {
	p, _ := newPad(t)
	changes := 0
	p.Changed = func() { changes++ }
	if p.Content() != nil || !p.Empty() {
		t.Fatal("an empty pad has content")
	}
	trace(p, fyne.NewPos(50, 50)) // a tap by mistake
	if p.Content() != nil || changes != 0 {
		t.Fatal("a tap counts as a signature")
	}
	trace(p, wave(40, 300, 40)...)
	first := p.Content()
	m := decoded(t, first)
	if m.Rect.Dy() != markHeights[0] || m.Rect.Dx() < 300 || m.Rect.Dx() > markWider*markHeights[0] {
		t.Errorf("the picture is %v", m.Rect)
	}
	black, left := 0, m.Rect.Dx()
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			if m.ColorIndexAt(x, y) == 1 {
				black++
				left = min(left, x)
			}
		}
	}
	if black < 1000 || left > 2*markEdge {
		t.Errorf("%d pixels are black, the first at %d", black, left)
	}
	trace(p, fyne.NewPos(310, 60)) // the dot on an i
	if changes != 2 || bytes.Equal(p.Content(), first) {
		t.Error("a dot after the name is lost")
	}
	if !p.Undo() || !bytes.Equal(p.Content(), first) {
		t.Error("undo gives something else than stood there")
	}
	p.Clear()
	if !p.Empty() || p.Content() != nil {
		t.Error("something stands on the pad after it was cleared")
	}
	p.TypedShortcut(&fyne.ShortcutUndo{})
	if !bytes.Equal(p.Content(), first) {
		t.Error("undo does not bring back what was cleared")
	}
	p.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
	p.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
	if !p.Empty() || p.Undo() {
		t.Error("the first stroke is not taken back")
	}
	if changes != 6 {
		t.Errorf("%d changes were told, want 6", changes)
	}
}

func TestPadShowsWhatIsDrawnAndKept(t *testing.T) {
	p, w := newPad(t)
	dark := func() (n int) {
		m := w.Canvas().Capture()
		for y := 8; y < 140; y++ { // above the line to sign on
			for x := 8; x < 590; x++ {
				if g, _ := color.GrayModel.Convert(m.At(x, y)).(color.Gray); g.Y < 100 {
					n++
				}
			}
		}
		return n
	}
	empty := dark()
	trace(p, wave(40, 300, 30)...)
	drawn := dark()
	if drawn < empty+800 {
		t.Fatalf("%d dark pixels before, %d after a stroke", empty, drawn)
	}
	kept := p.Content()
	p.Undo()
	if got := dark(); got != empty {
		t.Errorf("%d dark pixels are left after undo, %d before", got, empty)
	}
	trace(p, wave(40, 200, 30)...) // another as long as the one before, on the same film
	trace(p, wave(220, 300, 30)...)
	if got := dark(); got < empty+500 {
		t.Errorf("only %d dark pixels of two strokes", got)
	}
	p.Put(kept)
	if got := dark(); got < 500 {
		t.Errorf("the kept picture shows %d dark pixels", got)
	}
	trace(p, wave(40, 500, 60)...)
	if !bytes.Equal(p.Content(), kept) {
		t.Error("a touch changes what is kept")
	}
	p.Clear()
	trace(p, wave(40, 500, 60)...)
	if bytes.Equal(p.Content(), kept) || p.Empty() {
		t.Error("nobody can sign again")
	}
	p.Put([]byte("no picture"))
	w.Canvas().Capture()
}

// Tab reaches the pad and leaves it, Escape goes to the page, the pen takes the
// keyboard, and a pen that leaves the pad leaves no ink beside it.
func TestPadAndTheKeyboard(t *testing.T) {
	p, w := newPad(t)
	var keys []fyne.KeyName
	var brought int
	p.hands = &Hands{Key: func(e *fyne.KeyEvent) bool { keys = append(keys, e.Name); return true }, Focus: func(fyne.CanvasObject) { brought++ }}
	left, next := 0, 0
	p.Leave, p.Next = func() { left++ }, func() { next++ }
	w.Canvas().FocusNext()
	if w.Canvas().Focused() != p || brought != 1 {
		t.Fatalf("Tab does not reach the pad (%T, brought into view %d times)", w.Canvas().Focused(), brought)
	}
	p.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	p.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if len(keys) != 1 || keys[0] != fyne.KeyEscape || next != 1 {
		t.Errorf("the page heard %v, next %d", keys, next)
	}
	w.Canvas().Unfocus()
	if left != 1 {
		t.Errorf("left %d times", left)
	}
	trace(p, fyne.NewPos(20, 20), fyne.NewPos(80, 80), fyne.NewPos(80, 260), fyne.NewPos(140, 80), fyne.NewPos(180, 40))
	if w.Canvas().Focused() != p || brought != 1 {
		t.Errorf("the pen gave the keyboard to %T and moved the page %d times", w.Canvas().Focused(), brought-1)
	}
	if n := len(p.now.strokes); n != 2 {
		t.Errorf("a pen that went outside made %d strokes", n)
	}
	for _, s := range p.now.strokes {
		for _, d := range s {
			if d.y < 0 || d.y > 200*fine {
				t.Errorf("there is ink at %v, beside the pad", d)
			}
		}
	}
}

// Whatever is scribbled: the same strokes give the same picture, it is PNG in
// black on white, and it is small.
func TestMarkIsSmallAndTheSame(t *testing.T) {
	largest := 0
	rapid.Check(t, func(rt *rapid.T) {
		var strokes [][]dot
		for range rapid.IntRange(1, 12).Draw(rt, "strokes") {
			strokes = append(strokes, rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) dot {
				return dot{rapid.IntRange(0, 1200*fine).Draw(rt, "x"), rapid.IntRange(0, 300*fine).Draw(rt, "y")}
			}), 1, 40).Draw(rt, "dots"))
		}
		one, two := mark(strokes), mark(strokes)
		if !bytes.Equal(one, two) {
			rt.Fatal("the same strokes give two pictures")
		}
		if len(one) > mostMark {
			rt.Fatalf("a picture of %d bytes", len(one))
		}
		largest = max(largest, len(one))
		m, err := png.Decode(bytes.NewReader(one))
		if err != nil || m.Bounds().Dx() > markWider*markHeights[0] {
			rt.Fatalf("%v, %v", err, m)
		}
	})
	t.Logf("the largest scribble takes %d bytes", largest)
	p, _ := newPad(t)
	trace(p, wave(40, 300, 40)...)
	t.Logf("a signature takes %d bytes", len(p.Content()))
	if len(p.Content()) > 4000 {
		t.Errorf("a plain signature takes %d bytes", len(p.Content()))
	}
}

// A pad that is never put down does not fill the memory.
func TestPadHasLimits(t *testing.T) {
	p, _ := newPad(t)
	at := make([]fyne.Position, 0, 2*mostDots)
	for i := range 2 * mostDots {
		at = append(at, fyne.NewPos(float32(10+i*7%500), float32(10+i*11%170)))
	}
	trace(p, at...)
	if p.dots > mostDots {
		t.Errorf("%d dots are kept", p.dots)
	}
}
