package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	base "fyne.io/fyne/v2/theme"

	"github.com/askonce/fieldkit/app/theme"
)

// face is how anything to press is drawn: paper with a frame, an optional
// drawing before the words, words on as many lines as they need, an optional
// underlined letter, and a quiet word behind (the key that does the same).
type face struct {
	paper *canvas.Rectangle
	icon  *canvas.Image
	line  *canvas.Rectangle // under the letter that picks it
	text  []*canvas.Text
	aside *canvas.Text

	words  string
	letter int // index of the underlined rune in words, -1 for none
	style  fyne.TextStyle
	size   fyne.ThemeSizeName
	centre bool
	least  fyne.Size
	width  float32 // the width that the words were broken for

	ink, fill, frame fyne.ThemeColorName
	thick            float32
}

func newFace() *face {
	f := &face{paper: canvas.NewRectangle(nil), line: canvas.NewRectangle(nil), aside: canvas.NewText("", nil),
		letter: -1, size: theme.SizeText, least: square(), centre: true,
		ink: base.ColorNameForeground, fill: theme.ColorCard, frame: base.ColorNameInputBorder, thick: 1}
	f.line.Hide()
	return f
}

const (
	facePadX = 14
	facePadY = 10
	iconGap  = 8
)

func (f *face) objects() []fyne.CanvasObject {
	all := []fyne.CanvasObject{f.paper}
	if f.icon != nil {
		all = append(all, f.icon)
	}
	for _, t := range f.text {
		all = append(all, t)
	}
	return append(all, f.line, f.aside)
}

func (f *face) setIcon(r fyne.Resource) {
	if r == nil {
		f.icon = nil
		return
	}
	if f.icon == nil {
		f.icon = canvas.NewImageFromResource(r)
		f.icon.FillMode = canvas.ImageFillContain
	}
	f.icon.Resource = r
}

// refresh takes colours and sizes from the theme of w.
func (f *face) refresh(w fyne.Widget) {
	f.paper.FillColor = colour(w, f.fill)
	f.paper.StrokeColor = colour(w, f.frame)
	f.paper.StrokeWidth = f.thick
	f.paper.CornerRadius = measure(w, base.SizeNameInputRadius)
	f.breakWords(w)
	f.aside.TextSize = measure(w, theme.SizeText)
	f.aside.Color = colour(w, f.ink)
	if f.icon != nil {
		if t, ok := f.icon.Resource.(*base.ThemedResource); ok && t.ColorName != f.ink {
			tinted := *t
			tinted.ColorName = f.ink
			f.icon.Resource = &tinted
		}
		f.icon.Refresh()
	}
}

func (f *face) breakWords(w fyne.Widget) {
	size := measure(w, f.size)
	room := float32(0)
	if f.width > 0 {
		room = f.width - f.beside(w)
	}
	broken := lines(f.words, size, f.style, room)
	for len(f.text) < len(broken) {
		f.text = append(f.text, canvas.NewText("", nil))
	}
	f.text = f.text[:len(broken)]
	for i, s := range broken {
		f.text[i].Text, f.text[i].TextSize, f.text[i].TextStyle, f.text[i].Color = s, size, f.style, colour(w, f.ink)
	}
	if f.words == "" {
		f.text = nil
	}
}

// beside is the width of everything but the words.
func (f *face) beside(w fyne.Widget) float32 {
	width := float32(2 * facePadX)
	if f.icon != nil {
		width += measure(w, base.SizeNameInlineIcon)
		if f.words != "" {
			width += iconGap
		}
	}
	if f.aside.Text != "" {
		width += fyne.MeasureText(f.aside.Text, measure(w, theme.SizeText), f.aside.TextStyle).Width + 2*iconGap
	}
	return width
}

// minSize is the size with the words on one line, or on those that the width
// given by the last layout makes.
func (f *face) minSize(w fyne.Widget) fyne.Size {
	size := measure(w, f.size)
	whole := fyne.MeasureText(f.words, size, f.style)
	f.breakWords(w)
	return fyne.NewSize(
		max(f.least.Width, whole.Width+f.beside(w)+1),
		max(f.least.Height, whole.Height*float32(max(len(f.text), 1))+2*facePadY))
}

func (f *face) layout(w fyne.Widget, at fyne.Position, s fyne.Size) {
	f.width = s.Width
	f.breakWords(w)
	f.paper.Move(at)
	f.paper.Resize(s)
	content := f.contentWidth(w)
	x := at.X + facePadX
	if f.centre {
		x = at.X + max((s.Width-content)/2, facePadX)
	}
	if f.icon != nil {
		side := measure(w, base.SizeNameInlineIcon)
		f.icon.Resize(fyne.NewSize(side, side))
		f.icon.Move(fyne.NewPos(x, at.Y+(s.Height-side)/2))
		x += side + iconGap
	}
	var high float32
	if len(f.text) > 0 {
		high = f.text[0].MinSize().Height
	}
	y := at.Y + (s.Height-high*float32(len(f.text)))/2
	for i, t := range f.text {
		t.Move(fyne.NewPos(x, y+float32(i)*high))
		t.Resize(t.MinSize())
	}
	f.placeLine(w, x, y, high)
	a := f.aside.MinSize()
	f.aside.Resize(a)
	f.aside.Move(fyne.NewPos(at.X+s.Width-facePadX-a.Width, at.Y+(s.Height-a.Height)/2))
}

func (f *face) contentWidth(w fyne.Widget) float32 {
	var widest float32
	for _, t := range f.text {
		widest = max(widest, t.MinSize().Width)
	}
	return widest + f.beside(w) - 2*facePadX
}

// placeLine underlines the letter that picks the face, on the first line only.
func (f *face) placeLine(w fyne.Widget, x, y, high float32) {
	runes := []rune(f.words)
	if f.letter < 0 || f.letter >= len(runes) || len(f.text) == 0 || f.letter >= len([]rune(f.text[0].Text)) {
		f.line.Hide()
		return
	}
	size := measure(w, f.size)
	before := fyne.MeasureText(string(runes[:f.letter]), size, f.style).Width
	width := fyne.MeasureText(string(runes[f.letter]), size, f.style).Width
	f.line.FillColor = colour(w, f.ink)
	f.line.Move(fyne.NewPos(x+before, y+high-3))
	f.line.Resize(fyne.NewSize(width, 1.5))
	f.line.Show()
}
