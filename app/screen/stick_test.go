package screen

import (
	"testing"

	"fyne.io/fyne/v2"
)

// Without a stick the keyboard is at the folder; going on with nothing there says
// what is wanted, and blames no medium.
func TestNoStick(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	d.c.Media = func() []string { return nil }
	d.key(fyne.KeyF4)
	d.open(&mediaPage{})
	field, _ := d.names["media.path"].(fyne.Focusable)
	if field == nil || d.win.Canvas().Focused() != field {
		t.Fatalf("the keyboard is at %v", d.win.Canvas().Focused())
	}
	d.key(fyne.KeyReturn)
	if p := d.current().(*mediaPage); p.err != nil || d.Told() != d.c.Words.Say("media.none") {
		t.Errorf("%v is said: %q", p.err, d.Told())
	}
}
