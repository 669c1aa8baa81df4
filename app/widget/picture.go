package widget

import (
	"bytes"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	base "fyne.io/fyne/v2/theme"
	fw "fyne.io/fyne/v2/widget"

	"github.com/askonce/fieldkit/app/theme"
)

// NewCode shows a QR code drawn as PNG, crisp at any size, on white paper in
// every palette: a camera must read it off the screen.
func NewCode(png []byte, side float32) fyne.CanvasObject {
	img := canvas.NewImageFromReader(bytes.NewReader(png), "code.png")
	img.FillMode, img.ScaleMode = canvas.ImageFillContain, canvas.ImageScalePixels
	img.SetMinSize(fyne.NewSize(side, side))
	paper := canvas.NewRectangle(color.White)
	return container.NewStack(paper, container.New(&padded{8}, img))
}

// NewPicture shows a photo at a size that is looked at, not studied.
func NewPicture(content []byte, side float32) fyne.CanvasObject {
	img := canvas.NewImageFromReader(bytes.NewReader(content), "picture")
	img.FillMode = canvas.ImageFillContain
	img.SetMinSize(fyne.NewSize(side, side))
	return img
}

// Meter shows how much of something long is done.
type Meter struct {
	fw.BaseWidget
	track, fill *canvas.Rectangle
	part        float32
}

// NewMeter makes a meter at nothing.
func NewMeter() *Meter {
	m := &Meter{track: canvas.NewRectangle(nil), fill: canvas.NewRectangle(nil)}
	m.ExtendBaseWidget(m)
	return m
}

// Set shows a part of the whole, 0 to 1.
func (m *Meter) Set(part float64) {
	m.part = float32(min(max(part, 0), 1))
	m.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (m *Meter) CreateRenderer() fyne.WidgetRenderer {
	r := &meterRenderer{m}
	r.Refresh()
	return r
}

type meterRenderer struct{ m *Meter }

func (r *meterRenderer) Destroy()           {}
func (r *meterRenderer) MinSize() fyne.Size { return fyne.NewSize(120, 20) }
func (r *meterRenderer) Layout(s fyne.Size) {
	r.m.track.Resize(s)
	r.m.fill.Resize(fyne.NewSize(s.Width*r.m.part, s.Height))
}

func (r *meterRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.m.track, r.m.fill}
}

func (r *meterRenderer) Refresh() {
	m := r.m
	m.track.FillColor, m.track.StrokeColor, m.track.StrokeWidth = colour(m, theme.ColorCard), colour(m, base.ColorNameInputBorder), 1
	m.fill.FillColor = colour(m, base.ColorNamePrimary)
	m.track.CornerRadius, m.fill.CornerRadius = 6, 6
	r.Layout(m.Size())
	m.track.Refresh()
	m.fill.Refresh()
}

// NewStripes is the striped border of practice, which nobody can miss.
func NewStripes(high float32) fyne.CanvasObject {
	r := canvas.NewRasterWithPixels(func(x, y, _, _ int) color.Color {
		if (x+y)/14%2 == 0 {
			return color.NRGBA{R: 0xf2, G: 0xb8, B: 0x00, A: 0xff}
		}
		return color.NRGBA{A: 0xff}
	})
	r.SetMinSize(fyne.NewSize(high, high))
	return r
}
