package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	base "fyne.io/fyne/v2/theme"

	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
)

// Widths of a page's content: lines of text stay readable, lists may be wider.
const (
	readable = 760
	spacious = 1080
)

// frame puts a page between the two bars.
func (s *Shell) frame(v view) fyne.CanvasObject {
	width := float32(readable)
	if v.wide {
		width = spacious
	}
	width *= s.theme().Look().Scale
	s.scroll = container.NewVScroll(container.New(&widget.Column{Width: width, Edge: 16, Gap: 16}, v.body))
	s.mark("page", s.scroll)
	below := container.NewVBox(s.toastLine(width), s.bar(v))
	s.below = below
	whole := container.NewBorder(s.top(v), below, nil, nil, s.scroll)
	if !v.practice && !s.c.Kit.Practice() {
		return container.New(&settling{s}, whole)
	}
	return container.New(&settling{s}, container.NewBorder(widget.NewStripes(14), widget.NewStripes(14), widget.NewStripes(14), widget.NewStripes(14), whole))
}

// settling lays the page out again after the window has changed its size.
type settling struct{ s *Shell }

func (l *settling) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(size)
	l.s.layout()
}

// MinSize implements fyne.Layout: a window never grows because its content
// wants to; the page scrolls instead.
func (l *settling) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(320, 320) }

// top says where one is and leads back.
func (s *Shell) top(v view) fyne.CanvasObject {
	title := widget.NewTitle(v.title)
	var left fyne.CanvasObject
	if !v.fixed && (v.back != nil || len(s.pages) > 1) {
		back := widget.NewButton(s.hands, widget.Quiet, theme.IconBack, s.c.Words.Say("back"), "Esc", s.back)
		s.mark("back", back)
		left = back
	}
	help := widget.NewButton(s.hands, widget.Quiet, theme.IconHelp, "", "F1", s.help)
	s.mark("help", help)
	line := container.New(&topLine{}, title, help)
	if left != nil {
		line.Add(left)
	}
	rule := canvas.NewRectangle(s.theme().Color(base.ColorNameSeparator, 0))
	rule.SetMinSize(fyne.NewSize(1, 1))
	return container.NewVBox(line, rule)
}

// topLine lays out title, help and, where there is one, back.
type topLine struct{}

func (topLine) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	title, help := objects[0], objects[1]
	left := float32(16)
	if len(objects) > 2 {
		b := objects[2].MinSize()
		objects[2].Resize(b)
		objects[2].Move(fyne.NewPos(4, (s.Height-b.Height)/2))
		left = b.Width + 12
	}
	h := help.MinSize()
	help.Resize(h)
	help.Move(fyne.NewPos(s.Width-h.Width-4, (s.Height-h.Height)/2))
	title.Resize(fyne.NewSize(s.Width-left-h.Width-12, title.MinSize().Height))
	title.Move(fyne.NewPos(left, (s.Height-title.MinSize().Height)/2))
}

func (topLine) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var high float32
	for _, o := range objects {
		high = max(high, o.MinSize().Height)
	}
	return fyne.NewSize(300, high+8)
}

// bar is the bar below: what else can be done at the left, the main action at
// the right end, always in the same place.
func (s *Shell) bar(v view) fyne.CanvasObject {
	s.main = nil
	side := container.New(&widget.Flow{Gap: theme.Gap})
	for _, a := range v.side {
		b := widget.NewButton(s.hands, widget.Ordinary, a.icon, a.words, string(a.key), a.do)
		s.mark(a.name, b)
		side.Add(b)
	}
	objects := []fyne.CanvasObject{side}
	if v.main != nil {
		s.main = widget.NewButton(s.hands, widget.Main, v.main.icon, v.main.words, string(v.main.key), v.main.do)
		s.mark(v.main.name, s.main)
		objects = append(objects, s.main)
	}
	rule := canvas.NewRectangle(s.theme().Color(base.ColorNameSeparator, 0))
	rule.SetMinSize(fyne.NewSize(1, 1))
	return container.NewVBox(rule, container.New(&barLine{}, objects...))
}

// barLine gives the main action a third of the width at the right end.
type barLine struct{ width float32 }

const barEdge = 12

func (b *barLine) split(objects []fyne.CanvasObject, width float32) (side, main float32) {
	width -= 2 * barEdge
	if len(objects) < 2 {
		return width, 0
	}
	main = max(width/3, objects[1].MinSize().Width)
	return width - main - theme.Gap, main
}

func (b *barLine) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	b.width = s.Width
	side, main := b.split(objects, s.Width)
	high := objects[0].MinSize().Height
	objects[0].Resize(fyne.NewSize(side, high))
	objects[0].Move(fyne.NewPos(barEdge, (s.Height-objects[0].MinSize().Height)/2))
	if len(objects) > 1 {
		h := max(objects[1].MinSize().Height, theme.Target+8)
		objects[1].Resize(fyne.NewSize(main, h))
		objects[1].Move(fyne.NewPos(s.Width-barEdge-main, s.Height-barEdge-h))
	}
}

func (b *barLine) MinSize(objects []fyne.CanvasObject) fyne.Size {
	side, _ := b.split(objects, max(b.width, 320))
	objects[0].Resize(fyne.NewSize(side, objects[0].MinSize().Height))
	high := objects[0].MinSize().Height
	if len(objects) > 1 {
		high = max(high, objects[1].MinSize().Height, theme.Target+8)
	}
	if high == 0 {
		return fyne.NewSize(300, 0)
	}
	return fyne.NewSize(300, high+2*barEdge)
}

// theme is the kit's own theme, as it is set now.
func (s *Shell) theme() *theme.Theme { return theme.Of(s.c.App) }

// toastLine keeps the toast as wide as the page's content.
func (s *Shell) toastLine(width float32) fyne.CanvasObject {
	return container.New(&widget.Column{Width: width, Edge: 4}, s.toast)
}
