package widget

import (
	"slices"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	base "fyne.io/fyne/v2/theme"
	fw "fyne.io/fyne/v2/widget"

	"github.com/askonce/fieldkit/app/theme"
)

// Option is one of the things to choose from.
type Option struct{ Name, Label string }

// Choice offers options in a row, or in several where one is full: one tap or
// one key picks. The letter to strike is underlined in each option; digits pick
// by place. It is one stop for the Tab key. With many, picking toggles and
// Enter goes on; with one, picking goes on by itself.
type Choice struct {
	fw.BaseWidget
	// Changed hears the names picked, in the order of the options.
	Changed func(names []string)
	// Next is called when the officer goes on.
	Next func()
	// Leave is called when the keyboard goes elsewhere.
	Leave func()
	// Loose lets the one picked be taken back by picking it again.
	Loose bool

	hands   *Hands
	many    bool
	options []Option
	keys    []rune
	picked  map[string]bool
	faces   []*face
	at      int // the option that arrows have reached, -1 before
	focused bool
}

// NewChoice makes a choice of one.
func NewChoice(h *Hands, options []Option, picked string) *Choice {
	return newChoice(h, options, []string{picked}, false)
}

// NewChips makes a choice of several.
func NewChips(h *Hands, options []Option, picked []string) *Choice {
	return newChoice(h, options, picked, true)
}

func newChoice(h *Hands, options []Option, picked []string, many bool) *Choice {
	c := &Choice{hands: h, many: many, at: -1}
	c.set(options, picked)
	c.ExtendBaseWidget(c)
	return c
}

func (c *Choice) set(options []Option, picked []string) {
	c.options, c.keys, c.picked = slices.Clone(options), letters(options), map[string]bool{}
	for _, p := range picked {
		c.picked[p] = true
	}
	c.faces = nil
	for i, o := range options {
		f := newFace()
		f.words = o.Label
		f.letter = letterAt(o.Label, c.keys[i])
		c.faces = append(c.faces, f)
	}
}

// SetOptions changes what there is to choose from, and what is picked.
func (c *Choice) SetOptions(options []Option, picked []string) {
	if slices.Equal(options, c.options) && slices.Equal(picked, c.Picked()) {
		return
	}
	c.set(options, picked)
	c.Refresh()
}

// Picked lists the names picked, in the order of the options.
func (c *Choice) Picked() []string {
	var names []string
	for _, o := range c.options {
		if c.picked[o.Name] {
			names = append(names, o.Name)
		}
	}
	return names
}

// Pick picks an option, or takes it back where several may be picked.
func (c *Choice) Pick(i int) {
	if i < 0 || i >= len(c.options) {
		return
	}
	c.at = i
	name := c.options[i].Name
	back := c.Loose && c.picked[name]
	if c.many || back {
		c.picked[name] = !c.picked[name]
	} else {
		c.picked = map[string]bool{name: true}
	}
	c.Refresh()
	if c.Changed != nil {
		c.Changed(c.Picked())
	}
	if !c.many && !back && c.Next != nil {
		c.Next()
	}
}

// Options lists what there is to choose from.
func (c *Choice) Options() []Option { return slices.Clone(c.options) }

// OptionAt gives the rectangle of an option within the widget.
func (c *Choice) OptionAt(name string) (fyne.Position, fyne.Size, bool) {
	for i, o := range c.options {
		if o.Name == name {
			return c.faces[i].paper.Position(), c.faces[i].paper.Size(), true
		}
	}
	return fyne.Position{}, fyne.Size{}, false
}

// letters finds the key of each option: its first letter, or when an option
// before has it, the next of its letters that is free; else the zero rune.
func letters(options []Option) []rune {
	taken := map[rune]bool{}
	keys := make([]rune, len(options))
	for i, o := range options {
		for _, r := range o.Label {
			r = plainLetter(r)
			if unicode.IsLetter(r) && !taken[r] {
				keys[i], taken[r] = r, true
				break
			}
		}
	}
	return keys
}

// plainLetter takes case and the common accents away, so that "Ú" is struck by u.
func plainLetter(r rune) rune {
	r = unicode.ToLower(r)
	if i := strings.IndexRune("áéíóúüàèìòùâêîôûñç", r); i >= 0 {
		return []rune("aeiouuaeiouaeiounc")[slices.Index([]rune("áéíóúüàèìòùâêîôûñç"), r)]
	}
	return r
}

func letterAt(label string, key rune) int {
	if key == 0 {
		return -1
	}
	return slices.IndexFunc([]rune(label), func(r rune) bool { return plainLetter(r) == key })
}

// Tapped implements fyne.Tappable.
func (c *Choice) Tapped(e *fyne.PointEvent) {
	c.hands.count(Pressed)
	if !c.focused {
		ask(c)
	}
	for i, f := range c.faces {
		p, s := f.paper.Position(), f.paper.Size()
		if e.Position.X >= p.X && e.Position.X < p.X+s.Width && e.Position.Y >= p.Y && e.Position.Y < p.Y+s.Height {
			c.Pick(i)
			return
		}
	}
}

// FocusGained implements fyne.Focusable.
func (c *Choice) FocusGained() {
	c.focused = true
	if i := slices.IndexFunc(c.options, func(o Option) bool { return c.picked[o.Name] }); i >= 0 {
		c.at = i
	}
	c.Refresh()
	c.hands.focus(c)
}

// FocusLost implements fyne.Focusable.
func (c *Choice) FocusLost() {
	c.focused = false
	c.Refresh()
	if c.Leave != nil {
		c.Leave()
	}
}

// TypedRune implements fyne.Focusable.
func (c *Choice) TypedRune(r rune) {
	if r == ' ' {
		return // TypedKey has it
	}
	c.hands.count(Typed)
	if r >= '1' && r <= '9' {
		c.Pick(int(r - '1'))
		return
	}
	c.Pick(slices.Index(c.keys, plainLetter(r)))
}

// TypedKey implements fyne.Focusable.
func (c *Choice) TypedKey(e *fyne.KeyEvent) {
	switch {
	case e.Name == fyne.KeyLeft || e.Name == fyne.KeyUp:
		c.hands.count(Typed)
		c.move(-1)
	case e.Name == fyne.KeyRight || e.Name == fyne.KeyDown:
		c.hands.count(Typed)
		c.move(1)
	case e.Name == fyne.KeySpace:
		c.hands.count(Typed)
		c.Pick(max(c.at, 0))
	case isEnter(e) && !c.many && c.at >= 0 && len(c.Picked()) == 0:
		c.hands.count(Typed)
		c.Pick(c.at)
	case isEnter(e) && c.Next != nil:
		c.hands.count(Typed)
		c.Next()
	default:
		if !typesRune(e) {
			c.hands.count(Typed)
		}
		c.hands.key(e)
	}
}

func (c *Choice) move(by int) {
	if len(c.options) > 0 {
		c.at = (max(c.at, -by) + by + len(c.options)) % len(c.options)
		if by < 0 && c.at < 0 {
			c.at = 0
		}
		c.Refresh()
	}
}

// typesRune tells whether a key event is the shadow of a rune that is counted
// by itself.
func typesRune(e *fyne.KeyEvent) bool { return len(e.Name) == 1 }

// TypedShortcut implements fyne.Shortcutable.
func (c *Choice) TypedShortcut(s fyne.Shortcut) { c.hands.shortcut(s) }

// CreateRenderer implements fyne.Widget.
func (c *Choice) CreateRenderer() fyne.WidgetRenderer {
	r := &faceRenderer{w: c, faces: func() []*face { return c.faces }, style: c.dress, min: c.size}
	r.place = func(s fyne.Size) {
		c.lay(s.Width, func(f *face, at fyne.Position, s fyne.Size) { f.layout(c, at, s) })
	}
	r.Refresh()
	return r
}

func (c *Choice) dress() {
	for i, f := range c.faces {
		f.ink, f.fill, f.frame, f.thick = base.ColorNameForeground, theme.ColorCard, base.ColorNameInputBorder, 1
		f.style = fyne.TextStyle{}
		if c.picked[c.options[i].Name] {
			f.ink, f.fill, f.frame = base.ColorNameForegroundOnPrimary, base.ColorNamePrimary, base.ColorNamePrimary
			f.style.Bold = true
			f.setIcon(theme.Icon(theme.IconCheck))
		} else {
			f.setIcon(nil)
		}
		if c.focused {
			f.frame, f.thick = theme.ColorFocusLine, 1.5
			if i == c.at || (c.at < 0 && i == 0) {
				f.frame, f.thick = base.ColorNameForeground, 3
			}
		}
	}
}

func (c *Choice) size() fyne.Size {
	width := c.Size().Width
	return fyne.NewSize(3*theme.Target, c.lay(max(width, 3*theme.Target), nil))
}

// lay places the options in lines; each is given the room of its words with the
// tick, so that nothing moves when one is picked.
func (c *Choice) lay(width float32, put func(*face, fyne.Position, fyne.Size)) float32 {
	tick := measure(c, base.SizeNameInlineIcon) + iconGap
	var x, y, high float32
	for _, f := range c.faces {
		f.width = 0
		s := f.minSize(c)
		if f.icon == nil {
			s.Width += tick
		}
		if s.Width > width {
			f.width = width
			s = fyne.NewSize(width, f.minSize(c).Height)
		}
		if x > 0 && x+s.Width > width+0.5 {
			x, y, high = 0, y+high+theme.Gap, 0
		}
		if put != nil {
			put(f, fyne.NewPos(x, y), s)
		}
		x += s.Width + theme.Gap
		high = max(high, s.Height)
	}
	return max(y+high, theme.Target)
}
