package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	base "fyne.io/fyne/v2/theme"
	fw "fyne.io/fyne/v2/widget"

	"github.com/askonce/fieldkit/app/theme"
)

// Panel is a piece of paper in a tone, with a drawing before its content when
// it wants to be noticed: an alert, a verdict, a notice.
type Panel struct {
	fw.BaseWidget
	tone    theme.Tone
	paper   *canvas.Rectangle
	icon    *canvas.Image
	content fyne.CanvasObject
	inner   *fyne.Container
}

// NewPanel makes a panel; icon may be empty.
func NewPanel(tone theme.Tone, icon theme.IconName, content ...fyne.CanvasObject) *Panel {
	p := &Panel{tone: tone, paper: canvas.NewRectangle(nil), content: container.New(&Column{Gap: 4}, content...)}
	if icon == "" {
		p.inner = container.New(&padded{12}, p.content)
	} else {
		p.icon = canvas.NewImageFromResource(theme.Icon(icon, tone.Ink()))
		p.icon.FillMode = canvas.ImageFillContain
		p.icon.SetMinSize(fyne.NewSize(28, 28))
		p.inner = container.New(&padded{12}, container.New(&led{gap: 12}, p.icon, p.content))
	}
	p.ExtendBaseWidget(p)
	return p
}

// CreateRenderer implements fyne.Widget.
func (p *Panel) CreateRenderer() fyne.WidgetRenderer {
	p.dress()
	return fw.NewSimpleRenderer(container.NewStack(p.paper, p.inner))
}

func (p *Panel) dress() {
	p.paper.FillColor, p.paper.CornerRadius = colour(p, p.tone.Paper()), measure(p, base.SizeNameInputRadius)
	p.paper.StrokeWidth, p.paper.StrokeColor = 1, colour(p, base.ColorNameSeparator)
	if p.icon != nil {
		p.paper.StrokeColor = colour(p, p.tone.Ink())
	}
}

// Refresh implements fyne.CanvasObject.
func (p *Panel) Refresh() {
	p.dress()
	p.paper.Refresh()
	p.inner.Refresh()
	p.BaseWidget.Refresh()
}

// padded leaves the same room on every side.
type padded struct{ by float32 }

func (p *padded) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(p.by, p.by))
		o.Resize(fyne.NewSize(s.Width-2*p.by, s.Height-2*p.by))
	}
}

func (p *padded) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for _, o := range objects {
		s = s.Max(o.MinSize())
	}
	return s.AddWidthHeight(2*p.by, 2*p.by)
}

// led puts the first thing at its least size before the second.
type led struct{ gap float32 }

func (l *led) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	first := objects[0].MinSize()
	objects[0].Move(fyne.NewPos(0, 0))
	objects[0].Resize(first)
	objects[1].Move(fyne.NewPos(first.Width+l.gap, 0))
	objects[1].Resize(fyne.NewSize(s.Width-first.Width-l.gap, s.Height))
}

func (l *led) MinSize(objects []fyne.CanvasObject) fyne.Size {
	a, b := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(a.Width+l.gap+b.Width, max(a.Height, b.Height))
}

// Toast tells what was just done and offers to take it back. It stands in the
// page, above the bar, and covers nothing.
type Toast struct {
	fw.BaseWidget
	hands *Hands
	words *Words
	undo  *Button
	whole *Panel
}

// NewToast makes a toast without words, which is hidden.
func NewToast(h *Hands) *Toast {
	t := &Toast{hands: h, words: NewText("")}
	t.words.ink = theme.Known.Ink()
	t.undo = NewButton(h, Ordinary, theme.IconUndo, "", "Ctrl+Z", nil)
	t.whole = NewPanel(theme.Known, "", NewEnds(t.words, t.undo))
	t.Hidden = true
	t.ExtendBaseWidget(t)
	return t
}

// Tell shows words; undo may be nil, then nothing is offered.
func (t *Toast) Tell(words, label string, undo func()) {
	t.words.SetText(words)
	t.undo.SetWords(label)
	t.undo.Do = undo
	t.undo.Hidden = undo == nil
	t.Show()
	t.Refresh()
}

// Words are what it says, "" while it is hidden.
func (t *Toast) Words() string {
	if t.Hidden {
		return ""
	}
	return t.words.text
}

// Undo takes back what it tells of; false when there is nothing.
func (t *Toast) Undo() bool {
	if t.Hidden || t.undo.Do == nil {
		return false
	}
	do := t.undo.Do
	t.Hide()
	do()
	return true
}

// CreateRenderer implements fyne.Widget.
func (t *Toast) CreateRenderer() fyne.WidgetRenderer { return fw.NewSimpleRenderer(t.whole) }
