// Package widget holds the app's own widgets: what an officer's hands meet.
//
// They share four rules. Each is one stop for the Tab key and says by a frame
// that it has the keyboard. Enter on it means "go on". What a widget does not
// use of the keyboard it hands on to the page through [Hands], so that Escape,
// Ctrl+S and the function keys work wherever the cursor is. Everything to press
// is at least [theme.Target] units high and wide.
//
// Widgets hold no rules of the domain: they show values and call back. The text
// of a question's value is the form's own writing (see civic.Answer).
package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/askonce/fieldkit/app/text"
)

// Stroke is one action of the hands, for counting what a registration costs.
type Stroke uint8

// The strokes.
const (
	Typed   Stroke = iota // a key
	Pressed               // a tap or a click
)

// Hands ties widgets to the page they stand on. Its fields may be nil; a nil
// *Hands does nothing, which suits a test of one widget.
type Hands struct {
	Words *text.Teller
	// Key takes a key that the widget does not use; it tells whether the page
	// did.
	Key func(*fyne.KeyEvent) bool
	// Shortcut takes a key with Ctrl or Alt.
	Shortcut func(fyne.Shortcut) bool
	// Focus hears who has the keyboard now, to bring it into view.
	Focus func(fyne.CanvasObject)
	// Count hears every stroke, never which key.
	Count func(Stroke)
	// Grown hears that a widget wants more or less room than before.
	Grown func()
}

func (h *Hands) key(e *fyne.KeyEvent) bool {
	return h != nil && h.Key != nil && h.Key(e)
}

func (h *Hands) shortcut(s fyne.Shortcut) bool {
	return h != nil && h.Shortcut != nil && h.Shortcut(s)
}

func (h *Hands) focus(o fyne.CanvasObject) {
	if h != nil && h.Focus != nil {
		h.Focus(o)
	}
}

func (h *Hands) count(s Stroke) {
	if h != nil && h.Count != nil {
		h.Count(s)
	}
}

func (h *Hands) grown() {
	if h != nil && h.Grown != nil {
		h.Grown()
	}
}

func (h *Hands) say(key string, args ...string) string {
	if h == nil || h.Words == nil {
		return "[" + key + "]"
	}
	return h.Words.Say(key, args...)
}

// isEnter tells whether a key means "go on".
func isEnter(e *fyne.KeyEvent) bool { return e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter }

// custom finds the keys of a shortcut that Fyne has no name for.
func custom(s fyne.Shortcut) bool {
	_, ok := s.(*desktop.CustomShortcut)
	return ok
}

// ask gives the keyboard to a widget.
func ask(o fyne.Focusable) {
	object, ok := o.(fyne.CanvasObject)
	if !ok || fyne.CurrentApp() == nil {
		return
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(object); c != nil {
		c.Focus(o)
	}
}

func colour(w fyne.Widget, n fyne.ThemeColorName) color.Color {
	type themed interface{ Theme() fyne.Theme }
	return w.(themed).Theme().Color(n, fyne.CurrentApp().Settings().ThemeVariant())
}

func measure(w fyne.Widget, n fyne.ThemeSizeName) float32 {
	type themed interface{ Theme() fyne.Theme }
	return w.(themed).Theme().Size(n)
}
