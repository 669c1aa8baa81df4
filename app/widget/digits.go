package widget

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fw "fyne.io/fyne/v2/widget"
)

// DigitKind says what the digits are.
type DigitKind uint8

// What digits can be.
const (
	DateDigits    DigitKind = iota // 31 12 1999, kept as 1999-12-31
	TimeDigits                     // 23 59, kept as 23:59
	WholeDigits                    // 42
	DecimalDigits                  // 3.5
	PINDigits                      // shown as dots
)

// Digits is a field for digits alone: a date of eight, a time of four, a number.
// A tap opens a keypad below it; a keyboard needs none. A full date or time goes
// on by itself. In a date "?" stands for an unknown day or month, "a" says that
// it is an estimate, and a year alone may be typed followed by Enter.
type Digits struct {
	fw.BaseWidget
	// Changed hears every change.
	Changed func()
	// Next is called when the officer goes on.
	Next func()
	// Leave is called when the keyboard goes elsewhere.
	Leave func()
	// Reading turns the value into words shown in the field; may be nil.
	Reading func(value string) string

	hands   *Hands
	kind    DigitKind
	partial bool
	date    slots
	typed   string // of every other kind

	focused, open bool
	box           *canvas.Rectangle
	signs         []*canvas.Text
	caret         *canvas.Rectangle
	words         *canvas.Text
	pad           *keypad
}

// NewDigits makes the field; partial lets a date be a month, a year or an
// estimate.
func NewDigits(h *Hands, kind DigitKind, partial bool) *Digits {
	d := &Digits{hands: h, kind: kind, partial: partial, box: canvas.NewRectangle(nil),
		caret: canvas.NewRectangle(nil), words: canvas.NewText("", nil)}
	d.pad = newKeypad(d)
	d.ExtendBaseWidget(d)
	return d
}

// Value is the form's writing of what was typed; ok is false while digits are
// missing, and then value is what was typed.
func (d *Digits) Value() (value string, ok bool) {
	switch d.kind {
	case DateDigits:
		return d.date.value()
	case TimeDigits:
		if len(d.typed) == 4 {
			return d.typed[:2] + ":" + d.typed[2:], true
		}
		return d.typed, d.typed == ""
	}
	return d.typed, true
}

// SetValue shows a value in the form's writing.
func (d *Digits) SetValue(v string) {
	switch d.kind {
	case DateDigits:
		d.date.set(v)
	case TimeDigits:
		d.typed = strings.ReplaceAll(v, ":", "")
		d.typed = d.typed[:min(len(d.typed), 4)]
	default:
		d.typed = v
	}
	d.Refresh()
}

// Estimated tells whether a date is marked as an estimate.
func (d *Digits) Estimated() bool { return d.date.about }

// SetEstimated marks it.
func (d *Digits) SetEstimated(about bool) {
	d.date.about = about
	d.changed()
}

func (d *Digits) changed() {
	d.Refresh()
	if d.Changed != nil {
		d.Changed()
	}
}

func (d *Digits) full() bool {
	switch d.kind {
	case DateDigits:
		return len(d.date.r) == 8
	case TimeDigits:
		return len(d.typed) == 4
	}
	return false
}

// add takes one sign from the keyboard or the keypad.
func (d *Digits) add(r rune) {
	before := d.full()
	if !d.take(r) {
		return
	}
	d.changed()
	if !before && d.full() && r != 'a' && d.Next != nil {
		d.Next()
	}
}

func (d *Digits) take(r rune) bool {
	switch d.kind {
	case DateDigits:
		return d.date.add(r, d.partial)
	case TimeDigits:
		if r < '0' || r > '9' || len(d.typed) >= 4 {
			return false
		}
	case WholeDigits, PINDigits:
		if r < '0' || r > '9' {
			if r != '-' || d.typed != "" || d.kind == PINDigits {
				return false
			}
		}
	case DecimalDigits:
		if r == ',' {
			r = '.'
		}
		if (r < '0' || r > '9') && (r != '.' || strings.Contains(d.typed, ".")) && (r != '-' || d.typed != "") {
			return false
		}
	}
	if len(d.typed) >= 18 {
		return false
	}
	d.typed += string(r)
	return true
}

func (d *Digits) back() {
	if d.kind == DateDigits {
		d.date.back()
	} else if d.typed != "" {
		d.typed = d.typed[:len(d.typed)-1]
	}
	d.changed()
}

func (d *Digits) goOn() {
	if d.kind == DateDigits {
		d.date.settle(d.partial)
		d.changed()
	}
	if d.Next != nil {
		d.Next()
	}
}

// Tapped implements fyne.Tappable.
func (d *Digits) Tapped(e *fyne.PointEvent) {
	d.hands.count(Pressed)
	if !d.focused {
		ask(d)
	}
	if !d.open {
		d.open = true
		d.Refresh()
		d.hands.grown()
		d.hands.focus(d)
		return
	}
	d.pad.tapped(e.Position)
}

// Open shows the keypad from the beginning.
func (d *Digits) Open() { d.open = true }

// Fold closes the keypad.
func (d *Digits) Fold() {
	if d.open {
		d.open = false
		d.Refresh()
		d.hands.grown()
	}
}

// FocusGained implements fyne.Focusable.
func (d *Digits) FocusGained() { d.focused = true; d.Refresh(); d.hands.focus(d) }

// FocusLost implements fyne.Focusable.
func (d *Digits) FocusLost() {
	d.focused = false
	if d.kind == DateDigits {
		d.date.settle(d.partial)
	}
	d.Refresh()
	if d.Leave != nil {
		d.Leave()
	}
}

// TypedRune implements fyne.Focusable.
func (d *Digits) TypedRune(r rune) {
	d.hands.count(Typed)
	d.add(r)
}

// TypedKey implements fyne.Focusable.
func (d *Digits) TypedKey(e *fyne.KeyEvent) {
	if !typesRune(e) && e.Name != fyne.KeySpace {
		d.hands.count(Typed)
	}
	switch {
	case e.Name == fyne.KeyBackspace || e.Name == fyne.KeyDelete:
		d.back()
	case isEnter(e):
		d.goOn()
	case !typesRune(e):
		d.hands.key(e)
	}
}

// TypedShortcut implements fyne.Shortcutable.
func (d *Digits) TypedShortcut(s fyne.Shortcut) {
	if p, ok := s.(*fyne.ShortcutPaste); ok && p.Clipboard != nil {
		for _, r := range p.Clipboard.Content() {
			d.add(r)
		}
		return
	}
	d.hands.shortcut(s)
}

// CreateRenderer implements fyne.Widget.
func (d *Digits) CreateRenderer() fyne.WidgetRenderer {
	r := &digitsRenderer{d: d}
	r.Refresh()
	return r
}
