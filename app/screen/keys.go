package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/askonce/fieldkit/app/widget"
)

// key takes a key that no widget used.
func (s *Shell) key(e *fyne.KeyEvent) bool {
	if do := s.view.keys[e.Name]; do != nil {
		do()
		return true
	}
	for _, a := range s.actions() {
		if a.key == e.Name && a.key != "" {
			s.act(a)
			return true
		}
	}
	switch e.Name {
	case fyne.KeyEscape:
		s.back()
	case fyne.KeyReturn, fyne.KeyEnter:
		if s.view.main == nil {
			return false
		}
		s.act(*s.view.main)
	case fyne.KeyF1:
		s.help()
	case fyne.KeyPageDown:
		s.scrollTo(s.scroll.Offset.Y + s.scroll.Size().Height*0.8)
	case fyne.KeyPageUp:
		s.scrollTo(s.scroll.Offset.Y - s.scroll.Size().Height*0.8)
	case fyne.KeyTab:
		s.c.Window.Canvas().FocusNext()
	default:
		return false
	}
	return true
}

func (s *Shell) actions() []action {
	all := s.view.side
	if s.view.main != nil {
		all = append(all[:len(all):len(all)], *s.view.main)
	}
	return all
}

func (s *Shell) act(a action) {
	if !s.busy && a.do != nil {
		a.do()
	}
}

// Keys with Ctrl, on every page.
var ctrlKeys = []fyne.KeyName{fyne.KeyS, fyne.KeyReturn, fyne.KeyEnter, fyne.KeyP, fyne.KeyG, fyne.KeyN, fyne.KeyL}

func (s *Shell) addShortcuts(c fyne.Canvas) {
	for _, k := range ctrlKeys {
		c.AddShortcut(&desktop.CustomShortcut{KeyName: k, Modifier: fyne.KeyModifierControl}, func(f fyne.Shortcut) { s.shortcut(f) })
	}
	c.AddShortcut(&fyne.ShortcutUndo{}, func(f fyne.Shortcut) { s.shortcut(f) })
}

// shortcut takes a key with Ctrl.
func (s *Shell) shortcut(f fyne.Shortcut) bool {
	s.strokes[widget.Typed]++
	if _, undo := f.(*fyne.ShortcutUndo); undo {
		if !s.toast.Undo() {
			return false
		}
		s.tried(taskUndo)
		return true
	}
	k, ok := f.(*desktop.CustomShortcut)
	if !ok || k.Modifier != fyne.KeyModifierControl {
		return false
	}
	if do := s.view.ctrl[k.KeyName]; do != nil {
		if !s.busy {
			do()
		}
		return true
	}
	switch k.KeyName {
	case fyne.KeyS:
		s.tell(s.c.Words.Say("saved.all"), nil)
	case fyne.KeyReturn, fyne.KeyEnter:
		if s.view.main == nil {
			return false
		}
		s.act(*s.view.main)
	default:
		return false
	}
	return true
}
