package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	base "fyne.io/fyne/v2/theme"

	"github.com/askonce/fieldkit/app/theme"
)

type digitsRenderer struct{ d *Digits }

func (r *digitsRenderer) Destroy() {}

func (r *digitsRenderer) MinSize() fyne.Size {
	d := r.d
	one := fyne.MeasureText("0", measure(d, theme.SizeHeading), fyne.TextStyle{})
	s := fyne.NewSize(12*one.Width+2*facePadX, max(theme.Target, one.Height+2*facePadY))
	if d.open {
		p := d.pad.size(d)
		s = fyne.NewSize(max(s.Width, p.Width), s.Height+theme.Gap+p.Height)
	}
	return s
}

func (r *digitsRenderer) Objects() []fyne.CanvasObject {
	all := []fyne.CanvasObject{r.d.box}
	for _, s := range r.d.signs {
		all = append(all, s)
	}
	all = append(all, r.d.words, r.d.caret)
	if r.d.open {
		all = append(all, r.d.pad.objects()...)
	}
	return all
}

func (r *digitsRenderer) Layout(s fyne.Size) {
	d := r.d
	size := measure(d, theme.SizeHeading)
	one := fyne.MeasureText("0", size, fyne.TextStyle{})
	high := max(theme.Target, one.Height+2*facePadY)
	d.box.Resize(fyne.NewSize(s.Width, high))
	x, y := float32(facePadX), (high-one.Height)/2
	caret := x
	for i, t := range d.signs {
		w := max(one.Width, t.MinSize().Width) + 1
		if t.Text == "/" || t.Text == ":" {
			w = t.MinSize().Width + 4
			t.Move(fyne.NewPos(x+2, y))
			t.Resize(fyne.NewSize(w, one.Height))
			x += w
			continue
		}
		t.Move(fyne.NewPos(x, y))
		t.Resize(fyne.NewSize(w, one.Height))
		if i == r.caretAt() {
			caret = x
		}
		x += w
	}
	if r.caretAt() >= len(d.signs) {
		caret = x
	}
	d.caret.Move(fyne.NewPos(caret, y+one.Height-2))
	d.caret.Resize(fyne.NewSize(one.Width, 2.5))
	w := d.words.MinSize()
	d.words.Resize(w)
	d.words.Move(fyne.NewPos(s.Width-facePadX-w.Width, (high-w.Height)/2))
	if s.Width-facePadX-w.Width < x+iconGap {
		d.words.Hide()
	} else {
		d.words.Show()
	}
	if d.open {
		d.pad.layout(d, fyne.NewPos(0, high+theme.Gap), s.Width)
	}
}

// caretAt is the sign that is typed next.
func (r *digitsRenderer) caretAt() int {
	d := r.d
	switch d.kind {
	case DateDigits:
		n := len(d.date.r)
		return n + min(n/2, 2)
	case TimeDigits:
		return len(d.typed) + len(d.typed)/2
	}
	return len([]rune(d.typed))
}

// signs are what stands in the field; quiet ones are the mask.
func (r *digitsRenderer) shown() (signs []string, quiet []bool) {
	d := r.d
	put := func(s string, q bool) { signs, quiet = append(signs, s), append(quiet, q) }
	mask := func(mask string, typed []rune, breaks ...int) {
		for i, m := range []rune(mask) {
			for _, b := range breaks {
				if b == i {
					put(map[DigitKind]string{DateDigits: "/", TimeDigits: ":"}[d.kind], i >= len(typed))
				}
			}
			if i < len(typed) {
				put(string(typed[i]), false)
			} else {
				put(string(m), true)
			}
		}
	}
	switch d.kind {
	case DateDigits:
		if d.date.about {
			defer put("~", false)
		}
		mask(maskOf(d.hands), d.date.r, 2, 4)
	case TimeDigits:
		mask("hhmm", []rune(d.typed), 2)
	case PINDigits:
		for range d.typed {
			put("•", false)
		}
	default:
		for _, c := range d.typed {
			put(string(c), false)
		}
	}
	return signs, quiet
}

// maskOf is the language's eight letters for day, month and year.
func maskOf(h *Hands) string {
	if m := h.say("date.mask"); len([]rune(m)) == 8 {
		return m
	}
	return "ddmmyyyy"
}

func (r *digitsRenderer) Refresh() {
	d := r.d
	d.box.FillColor = colour(d, base.ColorNameInputBackground)
	d.box.StrokeColor, d.box.StrokeWidth = colour(d, base.ColorNameInputBorder), measure(d, base.SizeNameInputBorder)
	d.box.CornerRadius = measure(d, base.SizeNameInputRadius)
	d.caret.FillColor = colour(d, theme.ColorFocusLine)
	d.caret.Hidden = !d.focused || d.full()
	if d.focused {
		d.box.StrokeColor, d.box.StrokeWidth = colour(d, theme.ColorFocusLine), 3
	}
	signs, quiet := r.shown()
	d.signs = d.signs[:0:0]
	for i, s := range signs {
		t := canvas.NewText(s, colour(d, base.ColorNameForeground))
		t.TextSize = measure(d, theme.SizeHeading)
		if quiet[i] {
			t.Color = colour(d, base.ColorNameInputBorder)
		}
		d.signs = append(d.signs, t)
	}
	d.words.Text = ""
	if v, ok := d.Value(); ok && v != "" && d.Reading != nil {
		d.words.Text = d.Reading(v)
	}
	d.words.TextSize, d.words.Color = measure(d, theme.SizeText), colour(d, theme.ColorQuiet)
	d.pad.refresh(d)
	r.Layout(d.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}
