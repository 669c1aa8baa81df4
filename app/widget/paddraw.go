package widget

import (
	"bytes"
	"image"
	"image/color"
	_ "image/jpeg" // a photo may stand on a pad

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	base "fyne.io/fyne/v2/theme"

	"github.com/askonce/fieldkit/app/theme"
)

// film is what the raster shows, kept so that a stroke that grows is not drawn
// from its beginning each time.
type film struct {
	layer   *image.RGBA // all that is smooth already
	frame   *image.RGBA // the layer and the end of the line
	pen     color.RGBA
	strokes int // that lie on the layer
	dots    int // of the line being drawn that lie on it
	last    dot // where the smooth part of it ends
}

// penHalf is half the pen's width on the screen, in eighths of a unit.
const penHalf = 14

// draw makes the raster's picture of w by h pixels.
func (p *Pad) draw(w, h int) image.Image {
	f, r := &p.film, image.Rect(0, 0, w, h)
	pen, _ := color.RGBAModel.Convert(colour(p, base.ColorNameForeground)).(color.RGBA)
	if f.layer == nil || f.layer.Rect != r || f.pen != pen {
		*f = film{layer: image.NewRGBA(r), frame: image.NewRGBA(r), pen: pen}
	}
	scale := float32(w) / max(p.Size().Width, 1)
	half := max(int(penHalf*scale), fine/2)
	at := func(d dot) dot { return dot{int(float32(d.x) * scale), int(float32(d.y) * scale)} }
	on := func(m *image.RGBA, a, b dot) { ink(at(a), at(b), half, r, f.blot(m)) }
	for ; f.strokes < len(p.now.strokes); f.strokes++ {
		line := smooth(p.now.strokes[f.strokes])
		last := line[0]
		for _, d := range line {
			on(f.layer, last, d)
			last = d
		}
	}
	for ; f.dots+1 < len(p.line); f.dots++ {
		if f.dots == 0 {
			f.last = p.line[0]
			continue
		}
		for _, d := range curve(f.last, p.line[f.dots], middle(p.line[f.dots], p.line[f.dots+1])) {
			on(f.layer, f.last, d)
			f.last = d
		}
	}
	copy(f.frame.Pix, f.layer.Pix)
	if n := len(p.line); n > 0 {
		from := p.line[0]
		if f.dots > 0 {
			from = f.last
		}
		on(f.frame, from, p.line[n-1])
	}
	return f.frame
}

// blot puts the pen's colour where more of a pixel is covered than before.
func (f *film) blot(m *image.RGBA) func(x, y, covered int) {
	return func(x, y, covered int) {
		i := m.PixOffset(x, y)
		if a := min(covered*16, 255); a > int(m.Pix[i+3]) {
			m.Pix[i], m.Pix[i+1], m.Pix[i+2] = uint8(int(f.pen.R)*a/255), uint8(int(f.pen.G)*a/255), uint8(int(f.pen.B)*a/255)
			m.Pix[i+3] = uint8(a)
		}
	}
}

type padRenderer struct{ p *Pad }

func (r *padRenderer) Destroy()           {}
func (r *padRenderer) MinSize() fyne.Size { return fyne.NewSize(3*theme.Target, padHigh) }

func (r *padRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.p.paper, r.p.ground, r.p.prompt, r.p.raster, r.p.shown}
}

func (r *padRenderer) Layout(s fyne.Size) {
	p := r.p
	for _, o := range []fyne.CanvasObject{p.paper, p.raster} {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(s)
	}
	p.shown.Move(fyne.NewPos(8, 8))
	p.shown.Resize(fyne.NewSize(s.Width-16, s.Height-16))
	ground := s.Height * 0.74
	p.ground.Move(fyne.NewPos(24, ground))
	p.ground.Resize(fyne.NewSize(s.Width-48, 1.5))
	high := p.prompt.MinSize()
	p.prompt.Resize(high)
	p.prompt.Move(fyne.NewPos(28, ground+4))
}

func (r *padRenderer) Refresh() {
	p := r.p
	p.paper.FillColor, p.paper.CornerRadius = colour(p, theme.ColorCard), measure(p, base.SizeNameInputRadius)
	p.paper.StrokeColor, p.paper.StrokeWidth = colour(p, base.ColorNameInputBorder), 1
	if p.focused {
		p.paper.StrokeColor, p.paper.StrokeWidth = colour(p, theme.ColorFocusLine), 3
	}
	p.ground.FillColor = colour(p, base.ColorNameInputBorder)
	p.prompt.Text, p.prompt.TextSize, p.prompt.Color = p.words, measure(p, theme.SizeText), colour(p, theme.ColorQuiet)
	old := p.now.picture != nil
	p.prompt.Hidden = !p.Empty() || len(p.line) > 0
	p.ground.Hidden, p.raster.Hidden, p.shown.Hidden = old, old, !old
	p.shown.Image = nil
	if old { // black on white in every palette, as it goes to the centre
		p.paper.FillColor = color.White
		if m, _, err := image.Decode(bytes.NewReader(p.now.picture)); err == nil {
			p.shown.Image = m
		}
	}
	r.Layout(p.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

// NewMark shows a signature or a drawing as the centre gets it: on white paper
// in every palette.
func NewMark(content []byte, high float32) fyne.CanvasObject {
	img := canvas.NewImageFromReader(bytes.NewReader(content), "mark")
	img.FillMode = canvas.ImageFillContain
	img.SetMinSize(fyne.NewSize(3*theme.Target, high))
	return container.NewStack(canvas.NewRectangle(color.White), container.New(&padded{8}, img))
}
