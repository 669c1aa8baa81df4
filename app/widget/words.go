package widget

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	base "fyne.io/fyne/v2/theme"
	fw "fyne.io/fyne/v2/widget"

	"github.com/askonce/fieldkit/app/theme"
)

// Words are words to read, on as many lines as their width makes, without the
// margins that Fyne's own label has.
type Words struct {
	fw.BaseWidget

	text   string
	size   fyne.ThemeSizeName
	ink    fyne.ThemeColorName
	style  fyne.TextStyle
	align  fyne.TextAlign
	lines  []*canvas.Text
	narrow float32 // least width it may be squeezed to
	lit    bool
}

func newWords(s string, size fyne.ThemeSizeName, ink fyne.ThemeColorName, bold bool) *Words {
	w := &Words{text: s, size: size, ink: ink, style: fyne.TextStyle{Bold: bold}, narrow: 120}
	w.ExtendBaseWidget(w)
	return w
}

// NewTitle are the words on top of a page.
func NewTitle(s string) *Words { return newWords(s, theme.SizeTitle, base.ColorNameForeground, true) }

// NewHeading are the words on top of a part.
func NewHeading(s string) *Words {
	return newWords(s, theme.SizeHeading, base.ColorNameForeground, true)
}

// NewText are words to read.
func NewText(s string) *Words { return newWords(s, theme.SizeText, base.ColorNameForeground, false) }

// NewStrong are words to read first.
func NewStrong(s string) *Words { return newWords(s, theme.SizeText, base.ColorNameForeground, true) }

// NewQuiet are words that explain.
func NewQuiet(s string) *Words { return newWords(s, theme.SizeText, theme.ColorQuiet, false) }

// NewLarge are words that are turned to the citizen.
func NewLarge(s string) *Words {
	return newWords(s, theme.SizeHeading, base.ColorNameForeground, false)
}

// Centred puts the lines in the middle.
func (w *Words) Centred() *Words { w.align = fyne.TextAlignCenter; return w }

// Ink changes the colour.
func (w *Words) Ink(n fyne.ThemeColorName) *Words { w.ink = n; w.Refresh(); return w }

// Light shows that these words are being read out, or were.
func (w *Words) Light(on bool) {
	w.lit = on
	w.Refresh()
}

// Lit tells whether they are being read out.
func (w *Words) Lit() bool { return w.lit }

// Text is what it says.
func (w *Words) Text() string { return w.text }

// SetText says something else.
func (w *Words) SetText(s string) {
	if s != w.text {
		w.text = s
		w.Refresh()
	}
}

func (w *Words) breakLines(width float32) []string {
	size := measure(w, w.size)
	var out []string
	for _, p := range strings.Split(w.text, "\n") {
		out = append(out, lines(p, size, w.style, width)...)
	}
	return out
}

// CreateRenderer implements fyne.Widget.
func (w *Words) CreateRenderer() fyne.WidgetRenderer {
	r := &wordsRenderer{w}
	r.Refresh()
	return r
}

type wordsRenderer struct{ w *Words }

func (r *wordsRenderer) Destroy() {}

func (r *wordsRenderer) MinSize() fyne.Size {
	w := r.w
	size := measure(w, w.size)
	whole := fyne.MeasureText(w.text, size, w.style)
	broken := w.breakLines(w.Size().Width)
	return fyne.NewSize(min(whole.Width, w.narrow), whole.Height*float32(len(broken)))
}

func (r *wordsRenderer) Layout(s fyne.Size) {
	w := r.w
	broken := w.breakLines(s.Width)
	if len(broken) != len(w.lines) {
		w.lines = nil
		for range broken {
			w.lines = append(w.lines, canvas.NewText("", nil))
		}
	}
	high := fyne.MeasureText("X", measure(w, w.size), w.style).Height
	for i, t := range w.lines {
		t.Text, t.TextSize, t.TextStyle, t.Alignment = broken[i], measure(w, w.size), w.style, w.align
		t.Color = colour(w, w.ink)
		if w.lit {
			t.Color = colour(w, base.ColorNamePrimary)
		}
		t.Move(fyne.NewPos(0, float32(i)*high))
		t.Resize(fyne.NewSize(s.Width, high))
	}
}

func (r *wordsRenderer) Objects() []fyne.CanvasObject {
	all := make([]fyne.CanvasObject, len(r.w.lines))
	for i, t := range r.w.lines {
		all[i] = t
	}
	return all
}

func (r *wordsRenderer) Refresh() {
	r.Layout(r.w.Size())
	for _, t := range r.w.lines {
		t.Refresh()
	}
}
