package screen

import (
	"strings"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// stillSoPage shows what is held and may have changed: one press says that all
// is still so, one press on a line asks it anew.
type stillSoPage struct {
	iv        *capture.Interview
	interview *interviewPage
}

func (p *stillSoPage) name() string { return "still" }

func (p *stillSoPage) build(s *Shell) view {
	say := s.c.Words.Say
	lang := s.c.Words.Language()
	held := p.iv.StillSo(lang)
	body := column(widget.NewLarge(say("still.intro")))
	for _, line := range held {
		body.Add(p.line(s, line))
	}
	m := p.iv.Meter()
	if m.Reused > 0 {
		body.Add(widget.NewQuiet(s.c.Words.Count("still.shown", m.Reused)))
	}
	goOn := func() {
		if err := p.iv.Confirm(s.ctx); err != nil {
			s.fail(err)
			return
		}
		s.pop()
	}
	return view{title: say("still.title"), body: body, back: s.home, practice: p.iv.Draft().Practice,
		main: &action{name: "still.go", icon: theme.IconCheck, words: say("still.go"), do: goOn},
		side: []action{{name: "still.anew", icon: theme.IconUndo, words: say("still.anew"), key: fyne.KeyF7, do: func() { p.anew(s) }}}}
}

// line is one held answer: what, the answer, from where and when.
func (p *stillSoPage) line(s *Shell, line capture.Line) fyne.CanvasObject {
	change := widget.NewButton(s.hands, widget.Ordinary, "", s.c.Words.Say("review.change"), "", func() {
		if err := p.iv.Anew(s.ctx, line.Path); err != nil {
			s.fail(err)
			return
		}
		p.interview.goTo = line.Path
		if len(p.iv.StillSo(s.c.Words.Language())) == 0 {
			s.pop()
			return
		}
		s.rebuild()
	})
	s.mark("still:"+line.Path, change)
	words := part(widget.NewQuiet(plain(line.Label)), widget.NewStrong(s.heldWords(p.iv, line)), widget.NewQuiet(s.source(line.Held)))
	if line.Held.Disputed {
		words.Add(widget.NewText(s.c.Words.Say("still.disputed")).Ink(theme.Attention.Ink()))
	}
	return widget.NewPanel(theme.Known, "", widget.NewEnds(words, change))
}

// anew asks everything again, as the citizen may want; it costs no service.
func (p *stillSoPage) anew(s *Shell) {
	if err := p.iv.RefuseReuse(s.ctx, true); err != nil {
		s.fail(err)
		return
	}
	s.pop()
	s.tell(s.c.Words.Say("still.refused"), func() {
		if err := p.iv.RefuseReuse(s.ctx, false); err != nil {
			s.fail(err)
			return
		}
		s.open(p)
	})
}

// heldWords are a held answer as people read it.
func (s *Shell) heldWords(iv *capture.Interview, line capture.Line) string {
	a := line.Held.Answer
	if a.Absent != civic.Present {
		return s.c.Words.Say("absence." + absenceName(a.Absent))
	}
	for _, section := range iv.Sections(s.c.Words.Language()) {
		for _, item := range section.Items {
			if item.Path == line.Path {
				return s.valueWords(item, a.Value)
			}
		}
	}
	return a.Value
}

// valueWords turn a form's value into words: labels of choices, dates.
func (s *Shell) valueWords(item form.Item, value string) string {
	if item.Kind == form.Date {
		return s.c.Words.DateValue(value)
	}
	if !item.Offers() {
		return value
	}
	names := []string{value}
	if item.Kind == form.SelectMany {
		names = strings.Fields(value)
	}
	for i, n := range names {
		if c, ok := item.Choice(n); ok && c.Label != "" {
			names[i] = plain(c.Label)
		}
	}
	return strings.Join(names, ", ")
}

// source says who has collected a held answer, and when.
func (s *Shell) source(h capture.Held) string {
	return s.c.Words.Say("still.source", s.serviceTitle(h.Service), s.c.Words.Moment(h.At, s.c.Clock()))
}
