package screen

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/voice"
	"github.com/askonce/fieldkit/app/widget"
)

// Voice reads aloud; *voice.Voice is one. Say returns nil only when the last
// piece was heard to its end; after Stop it is silent.
type Voice interface {
	Say(ctx context.Context, language string, pace voice.Pace, pieces []voice.Piece, at func(piece int)) error
	Stop()
}

// reading is what a page has read out: the very words it shows, in their order.
type reading struct {
	language string // "" for the language of the moment
	pieces   []voice.Piece
	shown    []fyne.CanvasObject // what shows each piece
	heard    func()              // after the last was heard to its end; may be nil
}

// words adds words of the page.
func (r *reading) words(all ...*widget.Words) {
	for _, w := range all {
		r.add(w.Text(), w)
	}
}

// add adds a text and what shows it, which may be nil.
func (r *reading) add(text string, shown fyne.CanvasObject) {
	if text != "" {
		r.pieces, r.shown = append(r.pieces, voice.Piece{Text: text}), append(r.shown, shown)
	}
}

// spoken is a reading under way.
type spoken struct {
	cancel context.CancelFunc
	lit    *widget.Words
}

// readable puts the action that reads aloud beside others of a page. Its key is
// the same everywhere. what is asked when it is pressed.
func (s *Shell) readable(side []action, what func() reading) []action {
	if s.c.Voice == nil {
		return side
	}
	return append(side, action{name: "aloud", icon: theme.IconAloud, words: s.c.Words.Say("aloud.go"), key: fyne.KeyF10, do: func() {
		if s.spoken != nil {
			s.silence()
			return
		}
		s.readOut(what(), nil)
	}})
}

// readOut reads something out in place of what was read before. What cannot be
// read is told, unless failed takes that on itself.
func (s *Shell) readOut(r reading, failed func(error)) {
	s.silence()
	if len(r.pieces) == 0 {
		s.tell(s.c.Words.Say("aloud.nothing"), nil)
		return
	}
	if r.language == "" {
		r.language = s.c.Words.Language()
	}
	ctx, cancel := context.WithCancel(s.ctx)
	mine := &spoken{cancel: cancel}
	s.spoken = mine
	s.aloudWords("aloud.stop")
	pace := s.look().Pace
	s.c.Work(func() {
		err := s.c.Voice.Say(ctx, r.language, pace, r.pieces, func(i int) {
			s.c.Do(func() {
				if s.spoken == mine {
					s.point(mine, r.shown[i])
				}
			})
		})
		cancel()
		s.c.Do(func() {
			if s.spoken != mine { // broken off; what came back late counts for nothing
				return
			}
			s.spoken = nil
			s.showHushed(mine)
			switch {
			case err == nil && r.heard != nil:
				r.heard()
			case err == nil, errors.Is(err, voice.ErrStopped):
			case failed != nil:
				failed(err)
			default:
				s.fail(err)
			}
		})
	})
}

// silence breaks off what is being read, now.
func (s *Shell) silence() {
	if s.spoken == nil {
		return
	}
	now := s.spoken
	s.breakOff()
	s.showHushed(now)
}

// breakOff makes it silent.
func (s *Shell) breakOff() {
	if s.spoken != nil {
		s.spoken.cancel()
		s.spoken = nil
		s.c.Voice.Stop()
	}
}

// showHushed shows that it is not read any more.
func (s *Shell) showHushed(was *spoken) {
	if was.lit != nil {
		was.lit.Light(false)
	}
	s.aloudWords("aloud.go")
}

// aloudWords says on the button what it would do now.
func (s *Shell) aloudWords(key string) {
	if b, ok := s.names["aloud"].(*widget.Button); ok {
		b.SetWords(s.c.Words.Say(key))
		s.layoutFrame()
	}
}

// point shows which words are being read, and brings them into view.
func (s *Shell) point(now *spoken, o fyne.CanvasObject) {
	if now.lit != nil {
		now.lit.Light(false)
		now.lit = nil
	}
	if o == nil {
		return
	}
	if w, ok := o.(*widget.Words); ok {
		w.Light(true)
		now.lit = w
	}
	s.bring(o)
}
