package widget

import (
	"fyne.io/fyne/v2"
	base "fyne.io/fyne/v2/theme"
	fw "fyne.io/fyne/v2/widget"

	"github.com/askonce/fieldkit/app/theme"
)

// Weight says how loud a button is.
type Weight uint8

// The weights: one Main on each page, the others quieter.
const (
	Ordinary Weight = iota
	Main
	Quiet
)

// Button does one thing when it is pressed or when Enter or Space is struck on it.
type Button struct {
	fw.BaseWidget
	Do func()

	hands   *Hands
	face    *face
	weight  Weight
	off     bool
	focused bool
}

// NewButton makes a button; icon may be empty, aside names the key that does
// the same and may be empty.
func NewButton(h *Hands, w Weight, icon theme.IconName, words, aside string, do func()) *Button {
	b := &Button{Do: do, hands: h, weight: w, face: newFace()}
	b.face.words, b.face.aside.Text = words, aside
	if icon != "" {
		b.face.setIcon(theme.Icon(icon))
	}
	if w == Main {
		b.face.style = fyne.TextStyle{Bold: true}
	}
	b.ExtendBaseWidget(b)
	return b
}

// Large makes the button as large as the one that matters on the home page.
func (b *Button) Large() *Button {
	b.face.size = theme.SizeHeading
	b.face.least = fyne.NewSize(2*theme.Target, 2*theme.Target)
	return b
}

// Leading puts the words at the beginning instead of the middle.
func (b *Button) Leading() *Button { b.face.centre = false; return b }

// Words are what stands on the button.
func (b *Button) Words() string { return b.face.words }

// SetWords changes what stands on the button.
func (b *Button) SetWords(words string) { b.face.words = words; b.Refresh() }

// Disabled implements fyne.Disableable.
func (b *Button) Disabled() bool { return b.off }

// Disable makes the button do nothing.
func (b *Button) Disable() { b.off = true; b.Refresh() }

// Enable lets it work again.
func (b *Button) Enable() { b.off = false; b.Refresh() }

// Tapped implements fyne.Tappable.
func (b *Button) Tapped(*fyne.PointEvent) {
	b.hands.count(Pressed)
	b.press()
}

func (b *Button) press() {
	if !b.off && b.Do != nil {
		b.Do()
	}
}

// FocusGained implements fyne.Focusable.
func (b *Button) FocusGained() { b.focused = true; b.Refresh(); b.hands.focus(b) }

// FocusLost implements fyne.Focusable.
func (b *Button) FocusLost() { b.focused = false; b.Refresh() }

// TypedRune implements fyne.Focusable.
func (b *Button) TypedRune(r rune) {}

// TypedKey implements fyne.Focusable.
func (b *Button) TypedKey(e *fyne.KeyEvent) {
	b.hands.count(Typed)
	if isEnter(e) || e.Name == fyne.KeySpace {
		b.press()
		return
	}
	b.hands.key(e)
}

// TypedShortcut implements fyne.Shortcutable.
func (b *Button) TypedShortcut(s fyne.Shortcut) { b.hands.shortcut(s) }

// CreateRenderer implements fyne.Widget.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	r := &faceRenderer{w: b, faces: func() []*face { return []*face{b.face} }}
	r.style = b.dress
	r.place = func(s fyne.Size) { b.face.layout(b, fyne.NewPos(0, 0), s) }
	r.min = func() fyne.Size { return b.face.minSize(b) }
	r.Refresh()
	return r
}

func (b *Button) dress() {
	f := b.face
	f.ink, f.fill, f.frame, f.thick = base.ColorNameForeground, theme.ColorCard, base.ColorNameInputBorder, 1
	switch b.weight {
	case Main:
		f.ink, f.fill, f.frame = base.ColorNameForegroundOnPrimary, base.ColorNamePrimary, base.ColorNamePrimary
	case Quiet:
		f.ink, f.fill, f.frame, f.thick = base.ColorNamePrimary, theme.ColorClear, theme.ColorClear, 0
	}
	if b.off {
		f.ink, f.fill, f.frame, f.thick = base.ColorNameDisabled, theme.ColorClear, base.ColorNameSeparator, 1
	}
	if b.focused {
		f.frame, f.thick = theme.ColorFocusLine, 3
		if b.weight == Main {
			f.frame = base.ColorNameForeground
		}
	}
}

// faceRenderer draws a widget made of faces.
type faceRenderer struct {
	w     fyne.Widget
	faces func() []*face
	style func()
	place func(fyne.Size)
	min   func() fyne.Size
}

func (r *faceRenderer) Destroy()           {}
func (r *faceRenderer) Layout(s fyne.Size) { r.place(s) }
func (r *faceRenderer) MinSize() fyne.Size { return r.min() }
func (r *faceRenderer) Objects() []fyne.CanvasObject {
	var all []fyne.CanvasObject
	for _, f := range r.faces() {
		all = append(all, f.objects()...)
	}
	return all
}

func (r *faceRenderer) Refresh() {
	r.style()
	for _, f := range r.faces() {
		f.refresh(r.w)
	}
	r.place(r.w.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}
