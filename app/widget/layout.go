package widget

import (
	"strings"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/theme"
)

// Flow lays things out in lines, each as wide as it wants to be, and begins a
// new line where one is full.
type Flow struct {
	Gap   float32
	width float32 // of the last layout, which the height hangs on
}

// Layout implements fyne.Layout.
func (f *Flow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	f.width = size.Width
	f.place(objects, size.Width, func(o fyne.CanvasObject, at fyne.Position, s fyne.Size) {
		o.Move(at)
		o.Resize(s)
	})
}

// MinSize implements fyne.Layout.
func (f *Flow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var widest float32
	for _, o := range objects {
		if o.Visible() {
			widest = max(widest, o.MinSize().Width)
		}
	}
	return fyne.NewSize(min(widest, 240), f.place(objects, max(f.width, min(widest, 240)), nil))
}

// place gives the height of all lines within a width.
func (f *Flow) place(objects []fyne.CanvasObject, width float32, put func(fyne.CanvasObject, fyne.Position, fyne.Size)) float32 {
	var x, y, line float32
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		s := o.MinSize()
		s.Width = min(s.Width, width)
		if x > 0 && x+s.Width > width+0.5 {
			x, y, line = 0, y+line+f.Gap, 0
		}
		if put != nil {
			put(o, fyne.NewPos(x, y), s)
		}
		x += s.Width + f.Gap
		line = max(line, s.Height)
	}
	return y + line
}

// Column stacks things over the whole width, but no wider than Width so that
// lines stay readable, in the middle.
type Column struct {
	Width float32 // 0 for no limit
	Gap   float32
	Edge  float32 // left free on every side
}

// Layout implements fyne.Layout.
func (c *Column) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := size.Width - 2*c.Edge
	if c.Width > 0 {
		width = min(width, c.Width)
	}
	x, y := (size.Width-width)/2, c.Edge
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		o.Resize(fyne.NewSize(width, o.MinSize().Height))
		h := o.MinSize().Height // again: it may hang on the width it has only now
		o.Resize(fyne.NewSize(width, h))
		o.Move(fyne.NewPos(x, y))
		y += h + c.Gap
	}
}

// MinSize implements fyne.Layout.
func (c *Column) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	seen := 0
	for _, o := range objects {
		if o.Visible() {
			m := o.MinSize()
			s.Width = max(s.Width, m.Width)
			s.Height += m.Height
			seen++
		}
	}
	return fyne.NewSize(s.Width+2*c.Edge, s.Height+float32(max(seen-1, 0))*c.Gap+2*c.Edge)
}

// Pair puts two things side by side where there is room for both, else one
// under the other. The first takes Share of the width.
type Pair struct {
	From  float32 // least width to stand side by side
	Share float32
	Gap   float32
	width float32
}

// Layout implements fyne.Layout.
func (p *Pair) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	p.width = size.Width
	if len(objects) != 2 {
		return
	}
	first, second := objects[0], objects[1]
	if size.Width >= p.From && first.Visible() && second.Visible() {
		left := (size.Width - p.Gap) * p.Share
		first.Move(fyne.NewPos(0, 0))
		first.Resize(fyne.NewSize(left, size.Height))
		second.Move(fyne.NewPos(left+p.Gap, 0))
		second.Resize(fyne.NewSize(size.Width-left-p.Gap, size.Height))
		return
	}
	(&Column{Gap: p.Gap}).Layout(objects, size)
}

// MinSize implements fyne.Layout.
func (p *Pair) MinSize(objects []fyne.CanvasObject) fyne.Size {
	if len(objects) == 2 && p.width >= p.From {
		a, b := objects[0].MinSize(), objects[1].MinSize()
		return fyne.NewSize(max(a.Width, b.Width), max(a.Height, b.Height))
	}
	return (&Column{Gap: p.Gap}).MinSize(objects)
}

// Cells shares the width equally among things, in as many columns as there is
// room for.
type Cells struct {
	Least float32 // width of one
	Most  int     // columns
	Gap   float32
	width float32
}

func (c *Cells) columns(n int) int {
	cols := max(1, min(int((c.width+c.Gap)/(c.Least+c.Gap)), c.Most, n))
	for cols > 1 && n%cols != 0 { // no line with a single one left over
		cols--
	}
	return cols
}

// Layout implements fyne.Layout.
func (c *Cells) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	c.width = size.Width
	cols := c.columns(len(objects))
	w := (size.Width - c.Gap*float32(cols-1)) / float32(cols)
	var y float32
	for i := 0; i < len(objects); i += cols {
		line := objects[i:min(i+cols, len(objects))]
		h := tallest(line)
		for j, o := range line {
			o.Move(fyne.NewPos(float32(j)*(w+c.Gap), y))
			o.Resize(fyne.NewSize(w, h))
		}
		y += h + c.Gap
	}
}

// MinSize implements fyne.Layout.
func (c *Cells) MinSize(objects []fyne.CanvasObject) fyne.Size {
	cols := c.columns(len(objects))
	var h float32
	for i := 0; i < len(objects); i += cols {
		if i > 0 {
			h += c.Gap
		}
		h += tallest(objects[i:min(i+cols, len(objects))])
	}
	return fyne.NewSize(c.Least, h)
}

func tallest(objects []fyne.CanvasObject) float32 {
	var h float32
	for _, o := range objects {
		h = max(h, o.MinSize().Height)
	}
	return h
}

// lines breaks words so that none is wider than width where that can be.
func lines(s string, size float32, style fyne.TextStyle, width float32) []string {
	if width <= 0 || fyne.MeasureText(s, size, style).Width <= width {
		return []string{s}
	}
	var out []string
	line := ""
	for _, word := range strings.Fields(s) {
		try := strings.TrimSpace(line + " " + word)
		if line != "" && fyne.MeasureText(try, size, style).Width > width {
			out = append(out, line)
			try = word
		}
		line = try
	}
	return append(out, line)
}

// square is the least size of something to press.
func square() fyne.Size { return fyne.NewSize(theme.Target, theme.Target) }
