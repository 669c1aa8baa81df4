package screen

import (
	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/widget"
)

// Place is where a named thing stands in the window, in Fyne's units.
type Place struct {
	Name                string
	X, Y, Width, Height float32
	Focused             bool
}

// Places tells where the named things of the page stand, for tests that drive
// the built program: nothing in the window has a name for the system. Options
// of a choice are named after it, "q:sex=female", keys of an open keypad
// "q:born#7".
func (s *Shell) Places() (page string, places []Place) {
	if s.current() == nil {
		return "", nil
	}
	driver := s.c.App.Driver()
	focused := s.c.Window.Canvas().Focused()
	for name, o := range s.names {
		if !o.Visible() {
			continue
		}
		at := driver.AbsolutePositionForObject(o)
		if at.IsZero() {
			continue
		}
		same, _ := focused.(fyne.CanvasObject)
		places = append(places, Place{name, at.X, at.Y, o.Size().Width, o.Size().Height, same == o})
		places = append(places, inner(name, o, at)...)
	}
	return s.current().name(), places
}

// inner names what a widget draws by itself.
func inner(name string, o fyne.CanvasObject, at fyne.Position) []Place {
	var out []Place
	switch w := o.(type) {
	case *widget.Choice:
		for _, option := range w.Options() {
			if p, size, ok := w.OptionAt(option.Name); ok {
				out = append(out, Place{Name: name + "=" + option.Name, X: at.X + p.X, Y: at.Y + p.Y, Width: size.Width, Height: size.Height})
			}
		}
	case *widget.Digits:
		for _, key := range []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "back", "unknown", "about", "point", "next"} {
			if p, size, ok := w.KeyAt(key); ok {
				out = append(out, Place{Name: name + "#" + key, X: at.X + p.X, Y: at.Y + p.Y, Width: size.Width, Height: size.Height})
			}
		}
	}
	return out
}

// Strokes tells how many keys were struck and how often something was pressed
// since the program started.
func (s *Shell) Strokes() (keys, taps int) {
	return s.strokes[widget.Typed], s.strokes[widget.Pressed]
}

// Busy tells that something long is being done.
func (s *Shell) Busy() bool { return s.busy }

// Told is what the toast says, "" when it says nothing.
func (s *Shell) Told() string { return s.toast.Words() }
