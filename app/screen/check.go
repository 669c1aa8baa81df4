package screen

import (
	"bytes"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
)

// checkPage tells whether a receipt is genuine, without a network.
type checkPage struct {
	typed   string
	verdict *kit.Verdict
	err     error
}

func (p *checkPage) name() string { return "check" }

func (p *checkPage) build(s *Shell) view {
	say := s.c.Words.Say
	f := s.field("check.text", &p.typed)
	f.SetPlaceHolder(say("check.hint"))
	picture := func() page {
		return &pickPage{title: say("check.picture"), took: func(_ string, content []byte) error {
			v, err := s.c.Kit.VerifyPicture(s.ctx, bytes.NewReader(content))
			if err == nil {
				p.verdict, p.err = &v, nil
			}
			return err
		}}
	}
	main := s.receiptAction("check.go", say("check.go"), f, &p.typed, picture, func(text string) { p.check(s, text) })
	body := column(widget.NewText(say("check.intro")), labelled(say("check.typed"), f))
	switch {
	case p.err != nil:
		body.Add(s.problemOf(p.err))
	case p.verdict != nil:
		words := p.words(s)
		s.mark(map[bool]string{true: "verdict.genuine", false: "verdict.other"}[p.verdict.Valid], words)
		body.Add(words)
	}
	v := view{title: say("check.title"), body: body, focus: f,
		main: main,
		side: []action{{name: "check.picture", icon: theme.IconFolder, words: say("check.picture"), key: fyne.KeyF6, do: func() { s.open(picture()) }}}}
	if p.verdict != nil && p.verdict.Valid && !p.verdict.Practice {
		text := p.verdict.Text
		v.side = append(v.side, action{name: "looks", icon: theme.IconPerson, words: say("looks.title"), key: fyne.KeyF7, do: func() { s.open(&looksPage{receipt: text}) }})
	}
	return v
}

func (p *checkPage) check(s *Shell, text string) {
	v, err := s.c.Kit.Verify(s.ctx, text)
	p.verdict, p.err, p.typed = &v, err, ""
	s.tried(taskCheck)
	s.rebuild()
}

// words are the verdict: genuine, refused or not known yet.
func (p *checkPage) words(s *Shell) fyne.CanvasObject {
	v := p.verdict
	say := s.c.Words.Say
	if !v.Valid {
		message, hint := s.c.Words.Problem(v.Reason)
		tone, icon, title := theme.Attention, theme.IconAttention, say("check.refused")
		if v.Unknown {
			tone, icon, title = theme.Waiting, theme.IconWaiting, say("check.unknown")
		}
		return widget.NewPanel(tone, icon, widget.NewHeading(title), widget.NewText(message), widget.NewText(hint))
	}
	lines := []fyne.CanvasObject{widget.NewHeading(say("check.genuine"))}
	add := func(label, value string) {
		if value != "" {
			lines = append(lines, part(widget.NewQuiet(label), widget.NewStrong(value)))
		}
	}
	add(say("receipt.name"), v.Name)
	add(say("receipt.birth"), s.c.Words.DateValue(v.BirthDate))
	add(say("receipt.number"), v.Reference)
	add(say("receipt.issued"), s.c.Words.Moment(v.Issued, s.c.Clock())+" · "+string(v.Office))
	if v.Practice {
		lines = append(lines, widget.NewStrong(say("practice.receipt")))
	}
	return widget.NewPanel(theme.Settled, theme.IconSettled, lines...)
}
