package widget

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fw "fyne.io/fyne/v2/widget"
)

// Live shows what a camera sees, picture after picture, whole and upright on
// dark ground. It keeps the last one only.
type Live struct {
	fw.BaseWidget
	least   fyne.Size
	ground  *canvas.Rectangle
	picture *canvas.Image
}

// NewLive makes one without a picture, of at least a size.
func NewLive(least fyne.Size) *Live {
	l := &Live{least: least, ground: canvas.NewRectangle(color.NRGBA{R: 0x18, G: 0x1c, B: 0x20, A: 0xff}), picture: &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleFastest}}
	l.picture.Hide()
	l.ExtendBaseWidget(l)
	return l
}

// Put shows a picture; nil shows dark ground and forgets the last one.
func (l *Live) Put(m image.Image) {
	if l.picture.Image = m; m == nil {
		l.picture.Hide()
		return
	}
	l.picture.Show()
	l.picture.Refresh()
}

// MinSize implements fyne.CanvasObject.
func (l *Live) MinSize() fyne.Size { return l.least }

// CreateRenderer implements fyne.Widget.
func (l *Live) CreateRenderer() fyne.WidgetRenderer { return &liveRenderer{l} }

type liveRenderer struct{ l *Live }

func (r *liveRenderer) Destroy()           {}
func (r *liveRenderer) MinSize() fyne.Size { return r.l.least }
func (r *liveRenderer) Refresh()           { r.l.ground.Refresh() }
func (r *liveRenderer) Layout(s fyne.Size) {
	r.l.ground.Resize(s)
	r.l.picture.Resize(s)
}

func (r *liveRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.l.ground, r.l.picture}
}
