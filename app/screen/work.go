package screen

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/background"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// How long a toast stands: long enough to read it and to change one's mind.
const toastStands = 12 * time.Second

// tell says what was done; undo may be nil.
func (s *Shell) tell(words string, undo func()) {
	s.told++
	mine := s.told
	s.toast.Tell(words, s.c.Words.Say("undo"), undo)
	s.mark("toast", s.toast)
	s.layoutFrame()
	s.c.Later(toastStands, func() {
		if s.told == mine {
			s.hush()
		}
	})
}

// hush takes the toast away.
func (s *Shell) hush() {
	if s.toast.Visible() {
		s.toast.Hide()
		s.layoutFrame()
	}
}

func (s *Shell) layoutFrame() {
	c := s.c.Window.Content()
	if c == nil {
		return
	}
	for range 2 { // heights hang on widths that the first round has found
		c.Refresh()
		if b := s.below; b != nil {
			b.Refresh()
		}
	}
	s.layout()
}

// fail says a problem, with what to do about it.
func (s *Shell) fail(err error) {
	message, hint := s.c.Words.Error(err)
	s.tell(message+" "+hint, nil)
}

// work does something long; meanwhile the main button says so and nothing can
// be done twice. done comes back on the window's goroutine.
func (s *Shell) work(words string, do func() error, done func(error)) {
	if s.busy {
		return
	}
	s.silence()
	s.busy = true
	if s.main != nil {
		s.main.SetWords(words)
		s.main.Disable()
	}
	s.c.Work(func() {
		err := do()
		s.c.Do(func() {
			s.busy = false
			if s.main != nil && s.view.main != nil {
				s.main.SetWords(s.view.main.words)
				s.main.Enable()
			}
			done(err)
		})
	})
}

// heard shows what the runner in the background did.
func (s *Shell) heard(e background.Event) {
	s.online, s.sending = e.Online, nil
	if p, ok := s.current().(interface {
		heard(*Shell, background.Event)
	}); ok {
		p.heard(s, e)
	}
}

// progressed shows how far a pass is.
func (s *Shell) progressed(p *kit.Progress) {
	s.sending = p
	if page, ok := s.current().(interface {
		progressed(*Shell, kit.Progress)
	}); ok {
		page.progressed(s, *p)
	}
}

// problem is a panel that tells of a problem in the words of the catalogue.
func (s *Shell) problem(code civic.Code, words ...string) fyne.CanvasObject {
	message, hint := s.c.Words.Problem(code, words...)
	return widget.NewPanel(theme.Attention, theme.IconAttention, widget.NewStrong(message), widget.NewText(hint))
}

// column stacks parts of a page.
func column(parts ...fyne.CanvasObject) *fyne.Container {
	return container.New(&widget.Column{Gap: 14}, parts...)
}

// part stacks what belongs together.
func part(parts ...fyne.CanvasObject) *fyne.Container {
	return container.New(&widget.Column{Gap: 6}, parts...)
}

// labelled puts words over an editor.
func labelled(label string, editor fyne.CanvasObject) *fyne.Container {
	return part(widget.NewStrong(label), editor)
}
