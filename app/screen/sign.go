package screen

import (
	"bytes"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// signPause is how long the hand rests before what it has drawn is sealed: long
// enough that no stroke waits for a disk, short enough that hands rest as long
// while they sign; a flat battery takes what was drawn since.
const signPause = 600 * time.Millisecond

// sign is a pad to sign or to draw on. What is drawn is kept as a picture, as a
// photo is: after each pause, and when the officer goes on. Instead of a drawing
// a photo may be chosen, such as one of a thumb print.
func (r *row) sign() fyne.CanvasObject {
	s := r.p.s
	words, photo := "sign.draw", "picture.choose"
	if r.item.Signature() {
		words, photo = "sign.here", "sign.thumb"
	}
	pad := widget.NewPad(s.hands, s.c.Words.Say(words))
	var name string // the answer
	var last []byte // what it stands for
	put := func(v string) {
		name, last = v, s.attached(r.p.iv, v) // an answer stays one when its picture cannot be read
		pad.Put(last)
	}
	put(r.item.Answer.Value)
	r.value = func() string { return name }
	r.put = put
	r.settle = func() bool {
		content := pad.Content()
		switch {
		case bytes.Equal(content, last):
			return false
		case content == nil:
			name = ""
		default:
			if err := s.c.Kit.Attach(s.ctx, r.p.iv, r.item.Path, "signature.png", bytes.NewReader(content)); err != nil {
				s.fail(err)
				return false
			}
			name = r.p.answerAt(r.item.Path)
			r.item.Answer = civic.Answer{Path: r.item.Path, Value: name}
		}
		last = content
		return content != nil
	}
	strokes := 0
	pad.Changed = func() {
		strokes++
		if mine := strokes; !pad.Empty() {
			s.c.Later(signPause, func() {
				if mine == strokes && !pad.Drawing() && s.isCurrent(r.p) {
					r.take()
				}
			})
			return
		}
		r.take()
	}
	pad.Next, pad.Leave = r.next, r.leave
	r.focus = pad
	tool := func(key string, icon theme.IconName, do func()) fyne.CanvasObject {
		b := widget.NewButton(s.hands, widget.Ordinary, icon, s.c.Words.Say(key), "", do)
		s.mark(key+":"+r.item.Path, b)
		return b
	}
	r.tools = []fyne.CanvasObject{tool("sign.undo", theme.IconUndo, func() { pad.Undo() }), tool("sign.clear", theme.IconRemove, pad.Clear), tool(photo, theme.IconFolder, r.pick)}
	if s.c.Camera != nil {
		r.tools = append(r.tools, tool("picture.camera", theme.IconPhoto, r.photograph))
	}
	return pad
}

// answerAt is the answer that the interview holds at a path.
func (p *interviewPage) answerAt(path string) string {
	for _, a := range p.iv.Answers() {
		if a.Path == path {
			return a.Value
		}
	}
	return ""
}

// attached is the content of an interview's attachment, nil when there is none
// of that name or it cannot be read any more.
func (s *Shell) attached(iv *capture.Interview, name string) []byte {
	if name == "" {
		return nil
	}
	for _, a := range iv.Attachments() {
		if a.Name == name {
			if content, err := s.c.Kit.Picture(s.ctx, a); err == nil {
				return content
			}
		}
	}
	return nil
}

// absenceWords name a reason for having no answer; of a signature they say why
// there is none.
func (s *Shell) absenceWords(a civic.Absence, signature bool) string {
	if key := "sign.absence." + absenceName(a); signature && s.c.Words.Has(key) {
		return s.c.Words.Say(key)
	}
	return s.c.Words.Say("absence." + absenceName(a))
}

// markHigh is how high a signature is shown on the review.
const markHigh = 88

// reviewMark is the line of something drawn: the officer sees what will be sent.
func (p *reviewPage) reviewMark(s *Shell, line capture.ReviewLine) fyne.CanvasObject {
	content := s.attached(p.iv, line.Value)
	if content == nil {
		return s.reviewLine(line)
	}
	pair := container.New(&widget.Pair{From: 520, Share: 0.45, Gap: theme.Gap}, widget.NewQuiet(plain(line.Label)), widget.NewMark(content, markHigh))
	if line.Finding == nil {
		return pair
	}
	return part(pair, widget.NewText(s.finding(*line.Finding)).Ink(theme.Attention.Ink()))
}
