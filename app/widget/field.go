package widget

import (
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	fw "fyne.io/fyne/v2/widget"
)

// Field is a line, or several lines, of text. Enter goes on; words of names may
// begin with a capital by themselves.
type Field struct {
	fw.Entry
	// Changed hears every change.
	Changed func(string)
	// Next is called when the officer goes on.
	Next func()
	// Leave is called when the keyboard goes elsewhere.
	Leave func()
	// Capitals makes the first letter of each word a capital.
	Capitals bool

	hands   *Hands
	before  func(*fyne.KeyEvent) bool // of a type-ahead around it
	fold    func()
	focused bool
}

// NewField makes a field of one line.
func NewField(h *Hands) *Field {
	f := &Field{hands: h}
	f.prepare()
	return f
}

// NewPassphrase makes a field whose text can be looked at by its eye.
func NewPassphrase(h *Hands) *Field {
	f := &Field{hands: h}
	f.Password = true
	f.prepare()
	return f
}

// NewArea makes a field of several lines; Ctrl+Enter or Tab goes on.
func NewArea(h *Hands) *Field {
	f := &Field{hands: h}
	f.MultiLine = true
	f.prepare()
	f.SetMinRowsVisible(3)
	return f
}

func (f *Field) prepare() {
	f.Wrapping = fyne.TextWrapOff
	if f.MultiLine {
		f.Wrapping = fyne.TextWrapWord
	}
	f.Scroll = fyne.ScrollNone
	f.Entry.OnChanged = func(s string) {
		if f.Changed != nil {
			f.Changed(s)
		}
	}
	f.ExtendBaseWidget(f)
}

// Put shows a value without telling Changed.
func (f *Field) Put(s string) {
	was := f.Changed
	f.Changed = nil
	f.SetText(s)
	f.CursorColumn = len([]rune(s))
	f.Refresh()
	f.Changed = was
}

// FocusGained implements fyne.Focusable.
func (f *Field) FocusGained() {
	f.focused = true
	f.Entry.FocusGained()
	f.hands.focus(f)
}

// Fold closes what the field has opened below itself.
func (f *Field) Fold() {
	if f.fold != nil {
		f.fold()
	}
}

// FocusLost implements fyne.Focusable.
func (f *Field) FocusLost() {
	f.focused = false
	f.Entry.FocusLost()
	if f.Leave != nil {
		f.Leave()
	}
}

// Tapped implements fyne.Tappable.
func (f *Field) Tapped(e *fyne.PointEvent) {
	f.hands.count(Pressed)
	f.Entry.Tapped(e)
}

// TypedRune implements fyne.Focusable.
func (f *Field) TypedRune(r rune) {
	f.hands.count(Typed)
	if f.Capitals && (f.Text == "" || strings.HasSuffix(f.Text, " ")) && f.CursorColumn == len([]rune(f.Text)) {
		r = unicode.ToUpper(r)
	}
	f.Entry.TypedRune(r)
}

// TypedKey implements fyne.Focusable.
func (f *Field) TypedKey(e *fyne.KeyEvent) {
	if !typesRune(e) && e.Name != fyne.KeySpace {
		f.hands.count(Typed)
	}
	if f.before != nil && f.before(e) {
		return
	}
	if isEnter(e) && !f.MultiLine {
		if f.Next != nil {
			f.Next()
			return
		}
		f.hands.key(e)
		return
	}
	switch e.Name {
	case fyne.KeyEscape, fyne.KeyF1, fyne.KeyF2, fyne.KeyF3, fyne.KeyF4, fyne.KeyF5, fyne.KeyF6, fyne.KeyF7, fyne.KeyF8,
		fyne.KeyF9, fyne.KeyF10, fyne.KeyPageDown, fyne.KeyPageUp:
		if f.hands.key(e) {
			return
		}
	}
	f.Entry.TypedKey(e)
}

// AcceptsTab tells that Tab goes on, in a field of several lines too.
func (f *Field) AcceptsTab() bool { return false }

// TypedShortcut implements fyne.Shortcutable: the page's own first, since a
// focused entry would swallow them.
func (f *Field) TypedShortcut(s fyne.Shortcut) {
	_, undo := s.(*fyne.ShortcutUndo)
	if (custom(s) || undo) && f.hands.shortcut(s) {
		return
	}
	f.Entry.TypedShortcut(s)
}
