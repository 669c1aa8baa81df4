package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	base "fyne.io/fyne/v2/theme"
	fw "fyne.io/fyne/v2/widget"

	"github.com/askonce/fieldkit/app/theme"
)

// Tile is a number with what it counts; pressing it opens the list behind.
type Tile struct {
	fw.BaseWidget
	Do func()

	hands   *Hands
	tone    theme.Tone
	number  *canvas.Text
	word    *Words
	key     *canvas.Text
	icon    *canvas.Image
	paper   *canvas.Rectangle
	focused bool
}

// NewTile makes a tile; key names the key that does the same.
func NewTile(h *Hands, tone theme.Tone, icon theme.IconName, number, word, key string, do func()) *Tile {
	t := &Tile{hands: h, tone: tone, number: canvas.NewText(number, nil), word: NewText(word), key: canvas.NewText(key, nil),
		paper: canvas.NewRectangle(nil), Do: do}
	t.word.ink = tone.Ink()
	t.icon = canvas.NewImageFromResource(theme.Icon(icon, tone.Ink()))
	t.icon.FillMode = canvas.ImageFillContain
	t.ExtendBaseWidget(t)
	return t
}

// Number is what stands on the tile.
func (t *Tile) Number() string { return t.number.Text }

// Tapped implements fyne.Tappable.
func (t *Tile) Tapped(*fyne.PointEvent) { t.hands.count(Pressed); t.press() }

func (t *Tile) press() {
	if t.Do != nil {
		t.Do()
	}
}

// FocusGained implements fyne.Focusable.
func (t *Tile) FocusGained() { t.focused = true; t.Refresh(); t.hands.focus(t) }

// FocusLost implements fyne.Focusable.
func (t *Tile) FocusLost() { t.focused = false; t.Refresh() }

// TypedRune implements fyne.Focusable.
func (t *Tile) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (t *Tile) TypedKey(e *fyne.KeyEvent) {
	t.hands.count(Typed)
	if isEnter(e) || e.Name == fyne.KeySpace {
		t.press()
		return
	}
	t.hands.key(e)
}

// TypedShortcut implements fyne.Shortcutable.
func (t *Tile) TypedShortcut(s fyne.Shortcut) { t.hands.shortcut(s) }

// CreateRenderer implements fyne.Widget.
func (t *Tile) CreateRenderer() fyne.WidgetRenderer {
	r := &tileRenderer{t}
	r.Refresh()
	return r
}

type tileRenderer struct{ t *Tile }

func (r *tileRenderer) Destroy() {}

func (r *tileRenderer) MinSize() fyne.Size {
	n := r.t.number.MinSize()
	return fyne.NewSize(130, n.Height+r.t.word.MinSize().Height+2*facePadY)
}

func (r *tileRenderer) Layout(s fyne.Size) {
	t := r.t
	t.paper.Resize(s)
	n := t.number.MinSize()
	side := n.Height * 0.75
	t.icon.Resize(fyne.NewSize(side, side))
	t.icon.Move(fyne.NewPos(facePadX, facePadY+(n.Height-side)/2))
	t.number.Move(fyne.NewPos(facePadX+side+iconGap, facePadY))
	t.number.Resize(n)
	k := t.key.MinSize()
	t.key.Resize(k)
	t.key.Move(fyne.NewPos(s.Width-facePadX-k.Width, facePadY))
	t.word.Move(fyne.NewPos(facePadX, facePadY+n.Height))
	t.word.Resize(fyne.NewSize(s.Width-2*facePadX, t.word.MinSize().Height))
}

func (r *tileRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.t.paper, r.t.icon, r.t.number, r.t.key, r.t.word}
}

func (r *tileRenderer) Refresh() {
	t := r.t
	ink := colour(t, t.tone.Ink())
	t.paper.FillColor, t.paper.CornerRadius = colour(t, t.tone.Paper()), measure(t, base.SizeNameInputRadius)
	t.paper.StrokeColor, t.paper.StrokeWidth = ink, 1
	if t.focused {
		t.paper.StrokeColor, t.paper.StrokeWidth = colour(t, theme.ColorFocusLine), 3
	}
	t.number.Color, t.number.TextSize, t.number.TextStyle = ink, measure(t, theme.SizeTitle), fyne.TextStyle{Bold: true}
	t.key.Color, t.key.TextSize = ink, measure(t, theme.SizeText)
	r.Layout(t.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}
