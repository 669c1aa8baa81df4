package screen

import (
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/voice"
	"github.com/askonce/fieldkit/sync/form"
)

// reading of a question: its label, its hint and what can be chosen, a form's
// own recordings before the words. Never an answer, typed or held.
func (r *row) reading() reading {
	out := reading{language: r.p.iv.Form().Language(r.p.language())}
	add := func(text, recording string) {
		text = plain(text)
		var sound []byte
		if recording != "" {
			sound, _ = r.p.iv.Form().File(form.MediaName(recording))
		}
		if text != "" || sound != nil {
			out.pieces, out.shown = append(out.pieces, voice.Piece{Text: text, Recorded: sound}), append(out.shown, nil)
		}
	}
	add(r.item.Label, r.item.Media["audio"])
	add(r.item.Hint, "")
	if len(r.item.Choices) <= mostCells {
		for _, c := range r.item.Choices {
			add(c.Label, c.Audio)
		}
	}
	return out
}

// reading is of the question at hand. A page without questions has its notes
// read.
func (p *interviewPage) reading() reading {
	first := p.first()
	all := reading{language: p.iv.Form().Language(p.language())}
	for _, r := range p.rows {
		if r.item.Path == p.atHand {
			return r.reading()
		}
	}
	for _, r := range p.rows {
		switch {
		case r.focus != nil && r.focus == first:
			return r.reading()
		case first == nil && r.row == nil && r.words != nil:
			one := r.reading()
			all.pieces, all.shown = append(all.pieces, one.pieces...), append(all.shown, one.shown...)
		}
	}
	return all
}

// reached hears what has the keyboard now. Who goes on to another question has
// heard enough of the one before, and hears the next where the officer has
// switched that on.
func (p *interviewPage) reached(o fyne.CanvasObject) {
	for _, r := range p.rows {
		if at, ok := r.focus.(fyne.CanvasObject); !ok || at != o || r.item.Path == p.atHand {
			continue
		}
		p.atHand = r.item.Path
		p.s.silence()
		if p.s.c.Voice == nil || p.s.mute || !p.s.look().Aloud {
			return
		}
		if words := r.reading(); len(words.pieces) > 0 && !p.quoted(words) {
			p.s.readOut(words, func(err error) {
				p.s.mute = true // told once, not at each question
				p.s.fail(err)
			})
		}
		return
	}
}

// quoted tells whether words repeat an answer, as a label may that is made of
// others: such are read when somebody asks for it, never by themselves.
func (p *interviewPage) quoted(words reading) bool {
	for _, a := range p.iv.Answers() {
		if utf8.RuneCountInString(a.Value) < 3 {
			continue
		}
		for _, piece := range words.pieces {
			if strings.Contains(piece.Text, a.Value) {
				return true
			}
		}
	}
	return false
}
