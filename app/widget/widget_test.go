package widget

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/askonce/fieldkit/app/text"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/sync/civic"
)

// bench is a window with one widget under a test's hands.
type bench struct {
	t     *testing.T
	win   fyne.Window
	hands *Hands
	keys  []fyne.KeyName // what reached the page
	short []string
	count map[Stroke]int
}

func newBench(t *testing.T, scale float32) *bench {
	t.Helper()
	a := test.NewTempApp(t)
	a.Settings().SetTheme(theme.New(theme.Look{Scale: scale}))
	book, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, win: a.NewWindow("bench"), count: map[Stroke]int{}}
	b.win.SetPadded(false)
	b.hands = &Hands{Words: text.NewTeller(book, "en"),
		Key:      func(e *fyne.KeyEvent) bool { b.keys = append(b.keys, e.Name); return true },
		Shortcut: func(s fyne.Shortcut) bool { b.short = append(b.short, s.ShortcutName()); return true },
		Count:    func(s Stroke) { b.count[s]++ }}
	return b
}

func (b *bench) show(o fyne.CanvasObject, f fyne.Focusable) {
	b.win.SetContent(o)
	b.win.Resize(fyne.NewSize(600, 400))
	if f != nil {
		b.win.Canvas().Focus(f)
	}
}

// write types as the window's driver does: the key, then the rune.
func (b *bench) write(f fyne.Focusable, s string) {
	for _, r := range s {
		f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyName(r)})
		f.TypedRune(r)
	}
}

func press(f fyne.Focusable, names ...fyne.KeyName) {
	for _, n := range names {
		f.TypedKey(&fyne.KeyEvent{Name: n})
	}
}

var sexes = []Option{{"f", "Mujer"}, {"m", "Hombre"}, {"x", "Otro"}}

func TestChoicePicksByLetterDigitAndTap(t *testing.T) {
	b := newBench(t, 1)
	next := 0
	c := NewChoice(b.hands, sexes, "")
	c.Next = func() { next++ }
	b.show(c, c)
	b.write(c, "h")
	if got := c.Picked(); !slices.Equal(got, []string{"m"}) || next != 1 {
		t.Errorf("h picked %v and went on %d times", got, next)
	}
	b.write(c, "3")
	if got := c.Picked(); !slices.Equal(got, []string{"x"}) || next != 2 {
		t.Errorf("3 picked %v and went on %d times", got, next)
	}
	p, s, ok := c.OptionAt("f")
	if !ok || s.Height < theme.Target || s.Width < theme.Target {
		t.Fatalf("the first option stands at %v %v", p, s)
	}
	c.Tapped(&fyne.PointEvent{Position: p.AddXY(s.Width/2, s.Height/2)})
	if got := c.Picked(); !slices.Equal(got, []string{"f"}) {
		t.Errorf("the tap picked %v", got)
	}
	if b.count[Typed] != 2 || b.count[Pressed] != 1 {
		t.Errorf("counted %d keys and %d presses, want 2 and 1", b.count[Typed], b.count[Pressed])
	}
	b.write(c, "z")
	if got := c.Picked(); !slices.Equal(got, []string{"f"}) {
		t.Errorf("a letter of no option picked %v", got)
	}
}

func TestChoiceByArrows(t *testing.T) {
	b := newBench(t, 1)
	next := 0
	c := NewChoice(b.hands, sexes, "")
	c.Next = func() { next++ }
	b.show(c, c)
	press(c, fyne.KeyReturn)
	if next != 1 || len(c.Picked()) != 0 {
		t.Errorf("Enter without a pick went on %d times with %v", next, c.Picked())
	}
	press(c, fyne.KeyRight, fyne.KeyRight, fyne.KeyReturn)
	if got := c.Picked(); !slices.Equal(got, []string{"m"}) || next != 2 {
		t.Errorf("two arrows and Enter picked %v and went on %d times", got, next)
	}
	press(c, fyne.KeyEscape, fyne.KeyF6)
	if !slices.Equal(b.keys, []fyne.KeyName{fyne.KeyEscape, fyne.KeyF6}) {
		t.Errorf("the page got %v", b.keys)
	}
}

func TestChipsToggle(t *testing.T) {
	b := newBench(t, 1)
	next := 0
	var heard []string
	c := NewChips(b.hands, []Option{{"es", "Español"}, {"nah", "Náhuatl"}, {"maya", "Maya"}}, []string{"maya"})
	c.Changed = func(names []string) { heard = names }
	c.Next = func() { next++ }
	b.show(c, c)
	b.write(c, "en")
	if !slices.Equal(heard, []string{"es", "nah", "maya"}) || next != 0 {
		t.Errorf("picked %v, went on %d times", heard, next)
	}
	b.write(c, "m")
	press(c, fyne.KeyReturn)
	if !slices.Equal(c.Picked(), []string{"es", "nah"}) || next != 1 {
		t.Errorf("picked %v, went on %d times", c.Picked(), next)
	}
}

// Accents and letters taken already do not keep an option from having a key.
func TestLettersAreUnlike(t *testing.T) {
	got := string(letters([]Option{{"a", "Ávila"}, {"b", "Álamo"}, {"c", "Aval"}, {"d", "¿?"}, {"e", "Ñame"}}))
	if got != "alv\x00n" {
		t.Errorf("the letters are %q", got)
	}
}

func TestSlots(t *testing.T) {
	for _, c := range []struct {
		typed   string
		partial bool
		value   string
		ok      bool
	}{
		{"09041956", false, "1956-04-09", true},
		{"09041956", true, "1956-04-09", true},
		{"9/4/1956", true, "1956-04-09", true},
		{"?041956", true, "1956-04", true},
		{"xx1956", true, "1956", true},
		{"??1956a", true, "1956~", true},
		{"a00001956", true, "1956~", true},
		{"1956", true, "1956", true},
		{"041956", true, "1956-04", true},
		{"1956", false, "1956", false},
		{"?1", false, "1", false},
		{"31021945", false, "1945-02-31", true}, // kept as typed; the form says what is wrong
		{"", true, "", true},
		{"090419561", true, "1956-04-09", true},
	} {
		var s slots
		for _, r := range c.typed {
			s.add(r, c.partial)
		}
		s.settle(c.partial)
		if value, ok := s.value(); value != c.value || ok != c.ok {
			t.Errorf("%q (partial %v) reads %q %v, want %q %v", c.typed, c.partial, value, ok, c.value, c.ok)
		}
	}
}

func TestSlotsShowWhatTheyRead(t *testing.T) {
	for _, v := range []string{"1956-04-09", "1956-04", "1956", "1956~", "1956-04~", "", "1945-02-31"} {
		var s slots
		s.set(v)
		if got, ok := s.value(); got != v || !ok {
			t.Errorf("%q is shown as %q (%v)", v, got, ok)
		}
	}
	var s slots
	s.set("the year of the flood")
	if v, _ := s.value(); v != "" {
		t.Errorf("no date is shown as %q", v)
	}
	for _, typed := range []string{"?0", "??", "12"} {
		var s slots
		for _, r := range typed {
			s.add(r, true)
		}
		for range 4 {
			s.back()
		}
		if len(s.r) != 0 {
			t.Errorf("%q is not taken back whole: %q", typed, string(s.r))
		}
	}
}

func TestDigitsGoOnWhenFull(t *testing.T) {
	b := newBench(t, 1)
	next := 0
	d := NewDigits(b.hands, DateDigits, true)
	d.Next = func() { next++ }
	b.show(d, d)
	b.write(d, "0904195")
	if next != 0 {
		t.Fatal("went on before the date was full")
	}
	b.write(d, "6")
	if v, ok := d.Value(); next != 1 || v != "1956-04-09" || !ok {
		t.Errorf("the date reads %q %v, went on %d times", v, ok, next)
	}
	press(d, fyne.KeyBackspace)
	b.write(d, "7")
	if v, _ := d.Value(); v != "1957-04-09" || next != 2 {
		t.Errorf("corrected, the date reads %q, went on %d times", v, next)
	}
	if b.count[Typed] != 10 {
		t.Errorf("counted %d keys, want 10", b.count[Typed])
	}
}

func TestNumbersAndTimes(t *testing.T) {
	b := newBench(t, 1)
	for _, c := range []struct {
		kind        DigitKind
		typed, want string
		ok          bool
	}{
		{WholeDigits, "4a2", "42", true}, {WholeDigits, "-3-", "-3", true}, {WholeDigits, "1.5", "15", true},
		{DecimalDigits, "1,5.2", "1.52", true}, {TimeDigits, "0610", "06:10", true}, {TimeDigits, "061", "061", false},
		{PINDigits, "12-34", "1234", true},
	} {
		d := NewDigits(b.hands, c.kind, false)
		b.show(d, d)
		b.write(d, c.typed)
		if v, ok := d.Value(); v != c.want || ok != c.ok {
			t.Errorf("%q of kind %d reads %q %v, want %q %v", c.typed, c.kind, v, ok, c.want, c.ok)
		}
	}
}

// A tap opens the keypad, which fills the field without taking the keyboard
// away; it is folded when another field has it.
func TestKeypad(t *testing.T) {
	b := newBench(t, 1)
	d := NewDigits(b.hands, DateDigits, true)
	left := 0
	d.Leave = func() { left++ }
	b.show(d, nil)
	before := d.MinSize().Height
	d.Tapped(&fyne.PointEvent{Position: fyne.NewPos(5, 5)})
	if d.MinSize().Height < before+4*theme.Target {
		t.Fatalf("the keypad did not open: %v high, before %v", d.MinSize().Height, before)
	}
	d.Resize(d.MinSize())
	for _, k := range []string{"unknown", "0", "4", "1", "9", "5", "6", "about", "back", "7"} {
		at, size, ok := d.KeyAt(k)
		if !ok || size.Width < theme.Target || size.Height < theme.Target {
			t.Fatalf("the keypad has no key %q", k)
		}
		d.Tapped(&fyne.PointEvent{Position: at.AddXY(size.Width/2, size.Height/2)})
	}
	if v, ok := d.Value(); v != "1957-04~" || !ok || left != 0 {
		t.Errorf("the keypad wrote %q %v, left %d times", v, ok, left)
	}
	d.Fold()
	if _, _, open := d.KeyAt("1"); open {
		t.Error("the folded keypad can be pressed")
	}
}

func TestFieldHandsKeysOn(t *testing.T) {
	b := newBench(t, 1)
	next, left := 0, 0
	f := NewField(b.hands)
	f.Capitals = true
	f.Next = func() { next++ }
	f.Leave = func() { left++ }
	b.show(f, f)
	b.write(f, "maría josé")
	press(f, fyne.KeyReturn, fyne.KeyEscape, fyne.KeyF6)
	if f.Text != "María José" || next != 1 {
		t.Errorf("the field holds %q, went on %d times", f.Text, next)
	}
	if !slices.Equal(b.keys, []fyne.KeyName{fyne.KeyEscape, fyne.KeyF6}) {
		t.Errorf("the page got %v", b.keys)
	}
	f.TypedShortcut(&fyne.ShortcutUndo{})
	if len(b.short) != 1 || f.Text != "María José" {
		t.Errorf("the page got the shortcuts %v, the field holds %q", b.short, f.Text)
	}
	b.win.Canvas().Unfocus()
	if left != 1 {
		t.Errorf("left %d times", left)
	}
	if f.MinSize().Height < theme.Target {
		t.Errorf("the field is %v high", f.MinSize().Height)
	}
}

func places(typed string) []Option {
	var out []Option
	for _, name := range []string{"Santa Ana", "Santa María", "San Juan"} {
		if len(typed) <= len(name) && typed == name[:len(typed)] {
			out = append(out, Option{name, name})
		}
	}
	return out
}

func TestTypeAhead(t *testing.T) {
	for _, c := range []struct {
		name   string
		strict bool
		do     func(b *bench, f *TypeAhead)
		want   string
	}{
		{"Enter takes the first after four letters", false, func(b *bench, f *TypeAhead) { b.write(f, "Sant"); press(f.Field, fyne.KeyReturn) }, "Santa Ana"},
		{"Enter keeps a short text", false, func(b *bench, f *TypeAhead) { b.write(f, "San"); press(f.Field, fyne.KeyReturn) }, "San"},
		{"Enter keeps an offer typed in full", false, func(b *bench, f *TypeAhead) { b.write(f, "San Juan"); press(f.Field, fyne.KeyReturn) }, "San Juan"},
		{"Down reaches the second", false, func(b *bench, f *TypeAhead) { b.write(f, "Sant"); press(f.Field, fyne.KeyDown, fyne.KeyReturn) }, "Santa María"},
		{"Escape keeps what was typed", false, func(b *bench, f *TypeAhead) {
			b.write(f, "Sant")
			press(f.Field, fyne.KeyEscape, fyne.KeyReturn)
		}, "Sant"},
		{"strict takes at once", true, func(b *bench, f *TypeAhead) { b.write(f, "San J"); press(f.Field, fyne.KeyReturn) }, "San Juan"},
		{"a tap takes", false, func(b *bench, f *TypeAhead) {
			b.write(f, "Sa")
			f.chips.Objects[2].(fyne.Tappable).Tapped(&fyne.PointEvent{})
		}, "San Juan"},
		{"nothing fits", false, func(b *bench, f *TypeAhead) { b.write(f, "Xoch"); press(f.Field, fyne.KeyReturn) }, "Xoch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, 1)
			next := 0
			f := NewTypeAhead(b.hands, c.strict, places)
			f.Field.Next = func() { next++ }
			b.show(f.Object(), f.Field)
			c.do(b, f)
			if f.Text != c.want || next != 1 {
				t.Errorf("the field holds %q and went on %d times, want %q and 1", f.Text, next, c.want)
			}
			if len(f.chips.Objects) != 0 && f.chips.Visible() && c.name != "Enter keeps a short text" {
				t.Error("the offers still stand")
			}
		})
	}
}

// Every state of a registration has a look of its own where people use another
// word: the shape differs, not only the colour.
func TestStatusLooksDiffer(t *testing.T) {
	shapes := map[theme.IconName]theme.Tone{}
	for _, s := range []civic.Status{civic.Draft, civic.Sealed, civic.Received, civic.Registered, civic.Returned} {
		tone, icon := StatusLook(s)
		if _, twice := shapes[icon]; twice {
			t.Errorf("%v has the shape of another state", s)
		}
		for _, other := range shapes {
			if other == tone {
				t.Errorf("%v has the colour of another state", s)
			}
		}
		shapes[icon] = tone
	}
	if a, _ := StatusLook(civic.Registered); a != theme.Settled {
		t.Errorf("registered is drawn as %v", a)
	}
}

func TestRowSaysWhatIsWrongAndWhyNot(t *testing.T) {
	b := newBench(t, 1)
	f := NewField(b.hands)
	var absent []string
	next := 0
	r := NewRow(b.hands, "Surname", "as in the paper", f, f, []Option{{"unknown", "not known"}, {"refused", "does not say"}})
	r.Absent = func(name string) { absent = append(absent, name) }
	r.Next = func() { next++ }
	b.show(r, f)
	low := r.MinSize().Height
	r.SetMessage("Needs an answer.")
	if r.MinSize().Height <= low || r.Message() != "Needs an answer." {
		t.Errorf("the message takes no room: %v, before %v", r.MinSize().Height, low)
	}
	r.SetMessage("")
	if r.MinSize().Height != low {
		t.Errorf("without the message the row is %v high, before %v", r.MinSize().Height, low)
	}
	r.AbsenceButton().Tapped(nil)
	if b.win.Canvas().Focused() != r.Absences() {
		t.Fatal("the reasons did not get the keyboard")
	}
	b.write(r.Absences(), "n")
	b.write(r.Absences(), "n")
	if !slices.Equal(absent, []string{"unknown", ""}) || next != 1 {
		t.Errorf("heard %q, went on %d times", absent, next)
	}
	if NewRow(b.hands, "Sex", "", f, f, nil).AbsenceButton() != nil {
		t.Error("a question without absences offers them")
	}
}

func TestToastUndoesOnce(t *testing.T) {
	b := newBench(t, 1)
	toast := NewToast(b.hands)
	b.show(toast, nil)
	if toast.Undo() || toast.Words() != "" {
		t.Error("an empty toast undoes")
	}
	undone := 0
	toast.Tell("Taken away.", "Undo", func() { undone++ })
	if toast.Words() != "Taken away." || !toast.Undo() || toast.Undo() || undone != 1 {
		t.Errorf("undone %d times", undone)
	}
}

func TestButton(t *testing.T) {
	b := newBench(t, 1)
	done := 0
	button := NewButton(b.hands, Main, theme.IconCheck, "Seal", "F2", func() { done++ })
	b.show(button, button)
	press(button, fyne.KeyReturn, fyne.KeySpace, fyne.KeyEscape)
	button.Tapped(nil)
	button.Disable()
	button.Tapped(nil)
	press(button, fyne.KeyReturn)
	if done != 3 || !button.Disabled() {
		t.Errorf("done %d times, want 3", done)
	}
	if s := button.MinSize(); s.Width < theme.Target || s.Height < theme.Target {
		t.Errorf("the button is %v", s)
	}
}
