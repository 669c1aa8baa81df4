package screen

import (
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// receiptAction is the main action of a page that a receipt opens: with nothing
// typed it is the camera, so that Enter is all there is to do; with something
// typed, or scanned by a reader that types, it goes on with that.
func (s *Shell) receiptAction(name, words string, f *widget.Field, typed *string, picture func() page, took func(text string)) *action {
	say := s.c.Words.Say
	a := &action{name: name, icon: theme.IconCheck, words: words}
	label := func() string {
		if *typed == "" && s.c.Camera != nil {
			return say("check.camera")
		}
		return words
	}
	a.do = func() {
		switch {
		case *typed != "":
			took(*typed)
		case s.c.Camera != nil:
			s.scan(s.view.title, picture, took)
		}
	}
	f.Next = a.do
	f.Changed = func(t string) {
		*typed = t
		if a.words = label(); s.main != nil && s.main.Words() != a.words {
			s.view.main.words = a.words
			s.main.SetWords(a.words)
		}
	}
	if a.words = label(); a.words != words {
		a.icon = theme.IconPhoto
	}
	return a
}

// scan opens the camera to read a receipt; took gets the text once it is one,
// after the page with the camera has gone. picture is the page that takes a file
// instead.
func (s *Shell) scan(title string, picture func() page, took func(text string)) {
	p := &livePage{title: title, practice: s.view.practice, file: func() { s.replace(picture()) }}
	p.code = func(text string) bool {
		v, err := s.c.Kit.Verify(s.ctx, text)
		if err == nil && !v.Valid && v.Reason == civic.ReceiptUnreadable {
			return false
		}
		p.end()
		if s.isCurrent(p) {
			s.pop()
		}
		took(text)
		return true
	}
	s.open(p)
}
