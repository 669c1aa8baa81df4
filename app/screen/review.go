package screen

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// reviewPage is the last look: every section folded to its answers, each with a
// way back to it, and what is still wrong beside its line.
type reviewPage struct {
	iv        *capture.Interview
	interview *interviewPage
}

func (p *reviewPage) name() string { return "review" }

func (p *reviewPage) build(s *Shell) view {
	say := s.c.Words.Say
	v := view{title: say("review.title"), practice: p.iv.Draft().Practice, keys: map[fyne.KeyName]func(){}}
	body := column()
	sections := p.iv.Review(s.c.Words.Language())
	wrong := 0
	for _, section := range sections {
		for _, line := range section.Lines {
			if line.Finding != nil {
				wrong++
			}
		}
	}
	goOn := func() {
		if len(p.iv.StillSo(s.c.Words.Language())) > 0 { // an answer has brought up something held
			s.open(&stillSoPage{iv: p.iv, interview: p.interview})
			return
		}
		s.open(&consentPage{iv: p.iv, interview: p.interview})
	}
	if wrong > 0 {
		body.Add(widget.NewPanel(theme.Attention, theme.IconAttention, widget.NewStrong(s.c.Words.Count("review.wrong", wrong)), widget.NewText(say("review.wrong.hint"))))
		goOn = func() { p.change(s, firstWrong(sections)) }
	} else {
		body.Add(widget.NewText(say("review.intro")))
	}
	p.interview.doubt(s, body)
	if m := p.iv.Meter(); m.Saved() > 0 {
		body.Add(widget.NewQuiet(s.c.Words.Count("review.saved", m.Saved(), s.c.Words.Number(m.Total()))))
	}
	for i, section := range sections {
		body.Add(p.section(s, i, section))
		if i < 9 {
			v.keys[fyne.KeyName(strconv.Itoa(i+1))] = func() { p.changeSection(s, section.Path) }
		}
	}
	v.body = body
	v.shown = func() { p.doubts(s, body) }
	v.main = &action{name: "next", icon: theme.IconForward, words: say("consent.title"), do: goOn}
	if wrong > 0 {
		v.main.words = say("review.mend")
	}
	v.side = []action{{name: "later", icon: theme.IconDraft, words: say("interview.later"), key: fyne.KeyF7, do: p.interview.later}}
	return v
}

// doubts tells what is doubtful about who vouches for the person; it is looked up
// beside the window and stops nothing.
func (p *reviewPage) doubts(s *Shell, body *fyne.Container) {
	s.c.Work(func() {
		alerts, err := s.c.Kit.Doubts(s.ctx, p.iv)
		if err != nil || len(alerts) == 0 {
			return
		}
		s.c.Do(func() {
			if !s.isCurrent(p) {
				return
			}
			for i, a := range alerts {
				message, hint := s.c.Words.Problem(a.Code, a.Words...)
				panel := widget.NewPanel(theme.Attention, theme.IconAttention, widget.NewStrong(message), widget.NewText(hint))
				s.mark("doubt."+strconv.Itoa(i), panel)
				body.Objects = append([]fyne.CanvasObject{panel}, body.Objects...)
			}
			s.layout()
		})
	})
}

func firstWrong(sections []capture.ReviewSection) string {
	for _, section := range sections {
		for _, line := range section.Lines {
			if line.Finding != nil {
				return line.Path
			}
		}
	}
	return ""
}

func (p *reviewPage) section(s *Shell, i int, section capture.ReviewSection) fyne.CanvasObject {
	title := section.Title
	if title == "" {
		title = p.iv.Title(s.c.Words.Language())
	}
	change := widget.NewButton(s.hands, widget.Quiet, "", s.c.Words.Say("review.change"), strconv.Itoa(i+1), func() { p.changeSection(s, section.Path) })
	s.mark("change:"+section.Path, change)
	lines := part(widget.NewEnds(widget.NewHeading(title), change))
	for _, line := range section.Lines {
		if line.Drawn {
			lines.Add(p.reviewMark(s, line))
			continue
		}
		lines.Add(s.reviewLine(line))
	}
	return widget.NewPanel(theme.Plain, "", lines)
}

// reviewLine is a question with its answer as people read it.
func (s *Shell) reviewLine(line capture.ReviewLine) fyne.CanvasObject {
	value := widget.NewStrong(s.answerWords(line))
	if !line.Answered {
		value = widget.NewQuiet(s.c.Words.Say("review.empty"))
	}
	pair := container.New(&widget.Pair{From: 520, Share: 0.45, Gap: theme.Gap}, widget.NewQuiet(plain(line.Label)), value)
	if line.Finding == nil {
		return pair
	}
	note := widget.NewText(s.finding(*line.Finding)).Ink(theme.Attention.Ink())
	return part(pair, note)
}

func (s *Shell) answerWords(line capture.ReviewLine) string {
	switch {
	case line.Absent != civic.Present:
		return s.absenceWords(line.Absent, line.Signature)
	case line.Picture:
		return s.c.Words.Say("review.picture")
	case line.Value == "":
		return line.Stated
	}
	if d, err := civic.ParseDate(line.Value); err == nil && len(line.Value) >= 10 || err == nil && d.Estimated || err == nil && d.Month != 0 {
		return s.c.Words.Date(d)
	}
	return line.Value
}

// change leads back to one question.
func (p *reviewPage) change(s *Shell, path string) {
	for _, section := range p.iv.Sections(s.c.Words.Language()) {
		for _, item := range section.Items {
			if item.Path == path {
				p.interview.goTo = path
				p.changeSection(s, section.Path)
				return
			}
		}
	}
}

func (p *reviewPage) changeSection(s *Shell, path string) {
	for i, page := range s.pages {
		if page == p.interview {
			s.pages = s.pages[:i+1]
		}
	}
	p.interview.turn(path)
}
