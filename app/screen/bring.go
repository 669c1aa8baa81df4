package screen

import (
	"time"

	"fyne.io/fyne/v2"
)

// focused brings what has the keyboard into view, and folds what another
// widget had opened.
func (s *Shell) focused(o fyne.CanvasObject) {
	type folder interface{ Fold() }
	if f, ok := s.last.(folder); ok && s.last != o {
		f.Fold()
	}
	s.last = o
	s.bring(o)
	s.bringDrawn(o, drawnTries)
	if p, ok := s.current().(*interviewPage); ok {
		p.reached(o)
	}
}

// A page that was just set into the window is drawn within drawnAfter, or some
// tries later where the machine is slow.
const (
	drawnAfter = 40 * time.Millisecond
	drawnTries = 25
)

// bringDrawn brings what has the keyboard into view once the window has drawn it:
// before, the window does not know where it stands, and bring can do nothing.
func (s *Shell) bringDrawn(o fyne.CanvasObject, tries int) {
	if tries == 0 {
		return
	}
	s.c.Later(drawnAfter, func() {
		switch {
		case s.last != o: // the keyboard went on meanwhile
		case s.c.App.Driver().CanvasForObject(o) == nil:
			s.bringDrawn(o, tries-1)
		default:
			s.bring(o)
		}
	})
}

// bring scrolls something into view.
func (s *Shell) bring(o fyne.CanvasObject) {
	if s.scroll == nil {
		return
	}
	driver := s.c.App.Driver()
	content := driver.AbsolutePositionForObject(s.scroll.Content)
	at := driver.AbsolutePositionForObject(o)
	if at.IsZero() {
		return
	}
	top := at.Y - content.Y
	bottom := top + o.Size().Height
	const air = 72 // of the question above and the message below
	height := s.scroll.Size().Height
	switch y := s.scroll.Offset.Y; {
	case top-air < y:
		y = max(top-air, 0)
		s.scrollTo(y)
	case bottom+air > y+height:
		s.scrollTo(min(bottom+air-height, top-air))
	}
}

func (s *Shell) scrollTo(y float32) {
	most := max(s.scroll.Content.MinSize().Height-s.scroll.Size().Height, 0)
	s.scroll.ScrollToOffset(fyne.NewPos(0, min(max(y, 0), most)))
}
