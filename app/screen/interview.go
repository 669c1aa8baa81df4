package screen

import (
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// interviewPage asks one section of a form at a time. Each answer is on disk
// when the officer has left it; what is wrong is said on leaving, in words.
type interviewPage struct {
	iv       *capture.Interview
	section  string          // path of the page shown
	left     map[string]bool // questions the officer has left: only these are criticised
	insisted []string        // wrong answers that Enter has stopped at once already
	stopped  []form.Finding  // what "go on" has stopped at once already
	goTo     string          // question to begin at, when review leads here

	whole int // one of unknownYet, bySection, onePage

	s     *Shell
	rows  []*row
	shape []form.Item             // what the rows were built from
	held  map[string]capture.Line // answers that stand in the form because they are held
	why   map[string]capture.Line // why others are asked
	body  *fyne.Container         // of the page
	above int                     // how much stands in it before the rows
	title *widget.Words
	saved *widget.Words
	alike *fyne.Container // known people whom this new one resembles

	doubts []kit.Resemblance // those the review showed

	atHand string // the question that had the keyboard last
}

func newInterviewPage(iv *capture.Interview) *interviewPage {
	return &interviewPage{iv: iv, section: iv.Section(), left: map[string]bool{}}
}

func (p *interviewPage) name() string { return "interview" }

// language is the one the questions are shown in.
func (p *interviewPage) language() string { return p.s.c.Words.Language() }

// Whether the questions stand section by section, or all that is left on one
// page; decided once, when it is known what is held.
const (
	unknownYet = iota
	bySection
	onePage
)

func (p *interviewPage) build(s *Shell) view {
	p.s = s
	for _, r := range p.rows { // of the page as it stood
		if r.settle != nil {
			r.settle()
		}
	}
	say := s.c.Words.Say
	if p.iv.Language() != p.language() {
		if err := p.iv.SetLanguage(s.ctx, p.language()); err != nil {
			s.fail(err)
		}
	}
	sections, i := p.at()
	v := view{title: p.iv.Title(p.language()), practice: p.iv.Draft().Practice}
	if len(sections) == 0 {
		v.body = widget.NewPanel(theme.Plain, theme.IconHelp, widget.NewText(say("interview.empty")))
		v.main = &action{name: "next", icon: theme.IconForward, words: say("review.title"), do: p.review}
		return v
	}
	section := sections[i]
	p.section, p.shape, p.rows = section.Path, section.Items, nil
	p.held, p.why = p.lookHeld(), p.lookWhy()
	p.title = widget.NewHeading(section.Title)
	p.saved = widget.NewQuiet(say("interview.place", strconv.Itoa(i+1), strconv.Itoa(len(sections))) + " · " + say("interview.saved"))
	p.alike = part()
	p.warn()
	body := container.New(&widget.Column{Gap: 20}, part(p.title, p.saved), p.alike)
	if note := p.iv.Draft().Note; note != "" {
		body.Add(widget.NewPanel(theme.Waiting, theme.IconHelp, widget.NewStrong(say("draft.note")), widget.NewText(note)))
	}
	for _, item := range section.Items {
		r := newRow(p, item)
		p.rows = append(p.rows, r)
		body.Add(r.object)
	}
	p.body, p.above = body, len(body.Objects)-len(p.rows)
	if section.Repeat {
		add := widget.NewButton(s.hands, widget.Ordinary, theme.IconAdd, say("interview.add", section.Title), "Ctrl+N", func() { p.add(section.Path) })
		s.mark("add", add)
		if len(p.rows) == 0 {
			body.Add(widget.NewQuiet(say("interview.add.none")))
		}
		body.Add(p.relatives(section.Path))
		body.Add(add)
		v.ctrl = map[fyne.KeyName]func(){fyne.KeyN: func() { p.add(section.Path) }}
	}
	discard := widget.NewButton(s.hands, widget.Quiet, theme.IconRemove, say("interview.discard"), "", p.discard)
	s.mark("discard", discard)
	body.Add(container.New(&widget.Flow{}, discard))
	p.criticise()
	v.body = body
	v.focus = p.first()
	v.main = &action{name: "next", icon: theme.IconForward, words: p.nextWords(sections, i), do: p.next}
	v.side = []action{
		{name: "later", icon: theme.IconDraft, words: say("interview.later"), key: fyne.KeyF7, do: p.later},
		{name: "absent", icon: theme.IconMore, words: say("answer.none"), key: fyne.KeyF6, do: p.absent},
	}
	v.side = s.readable(v.side, p.reading)
	if v.ctrl == nil {
		v.ctrl = map[fyne.KeyName]func(){}
	}
	v.ctrl[fyne.KeyE] = p.eventHere
	if i > 0 {
		v.side = append([]action{{name: "previous", icon: theme.IconBack, words: say("interview.previous"), do: p.previous}}, v.side...)
		v.back = p.previous
	} else {
		v.back = p.later
	}
	return v
}

// first is the question to begin at: the one asked for, else the first without
// an answer, else the first.
func (p *interviewPage) first() fyne.Focusable {
	for _, r := range p.rows {
		if p.goTo != "" && r.item.Path == p.goTo && r.focus != nil {
			p.goTo = ""
			return r.focus
		}
	}
	if p.whole == onePage { // most of it may stay as it is
		for _, r := range p.rows {
			if r.focus != nil && !r.answered() && r.item.Required {
				return r.focus
			}
		}
	}
	for _, r := range p.rows {
		if r.focus != nil && !r.answered() {
			return r.focus
		}
	}
	for _, r := range p.rows {
		if r.focus != nil {
			return r.focus
		}
	}
	return nil
}

// after goes on from a question to the next, or from the last to the next page.
func (p *interviewPage) after(path string) {
	i := slices.IndexFunc(p.rows, func(r *row) bool { return r.item.Path == path })
	for _, r := range p.rows[i+1:] {
		if r.focus != nil {
			p.s.c.Window.Canvas().Focus(r.focus)
			return
		}
	}
	p.next()
}

// absent opens the reasons for having no answer, of the question at hand.
func (p *interviewPage) absent() {
	focused := p.s.c.Window.Canvas().Focused()
	for _, r := range p.rows {
		if r.focus != nil && r.focus == focused && r.row != nil {
			r.row.Unfold()
			return
		}
	}
}

// leaveAll takes in what stands in the fields: a press on a button takes the
// keyboard away first, a key does not.
func (p *interviewPage) leaveAll() {
	for _, r := range p.rows {
		r.take()
	}
}

func (p *interviewPage) review() { p.s.open(&reviewPage{iv: p.iv, interview: p}) }

// later leaves the interview; it is offered again on the home page.
func (p *interviewPage) later() {
	p.leaveAll()
	p.s.home()
	p.s.tell(p.s.c.Words.Say("interview.kept"), nil)
}

// discard throws the interview away, and offers it back.
func (p *interviewPage) discard() {
	s, id := p.s, p.iv.ID()
	if err := s.c.Kit.Discard(s.ctx, id); err != nil {
		s.fail(err)
		return
	}
	s.home()
	s.tell(s.c.Words.Say("interview.discarded"), func() {
		if err := s.c.Kit.Restore(s.ctx, id); err != nil {
			s.fail(err)
			return
		}
		s.resume(id)
	})
}

// set keeps an answer and shows what hangs on it.
func (p *interviewPage) set(r *row, a civic.Answer) {
	if err := p.iv.Set(p.s.ctx, r.item.Path, a); err != nil {
		p.s.fail(err)
		return
	}
	if identifying[r.item.Attribute] && r.item.Subject == "" {
		p.warn()
	}
	p.refresh()
}

// refresh shows the section as it stands after an answer: other questions,
// other words. Rows that stay keep what is typed in them.
func (p *interviewPage) refresh() {
	sections, i := p.at()
	if len(sections) == 0 || sections[i].Path != p.section {
		return
	}
	say := p.s.c.Words.Say
	p.saved.SetText(say("interview.place", strconv.Itoa(i+1), strconv.Itoa(len(sections))) + " · " + say("interview.savedat", p.s.c.Clock().Format("15:04:05")))
	if words := p.nextWords(sections, i); p.s.main != nil && p.s.view.main != nil && words != p.s.view.main.words {
		p.s.view.main.words = words
		p.s.main.SetWords(words)
	}
	items := sections[i].Items
	same := slices.EqualFunc(items, p.shape, func(a, b form.Item) bool {
		return a.Path == b.Path && a.Kind == b.Kind && a.ReadOnly == b.ReadOnly && sameChoices(a, b)
	})
	p.shape = items
	if !same {
		p.reshape(items)
	}
	for j, r := range p.rows {
		r.update(items[j])
	}
	p.criticise()
}

// reshape puts new questions in and takes others out; the rows that stay are
// the same objects, so the keyboard stays where it is.
func (p *interviewPage) reshape(items []form.Item) {
	before := map[string]*row{}
	for _, r := range p.rows {
		before[r.item.Path] = r
	}
	tail := p.body.Objects[p.above+len(p.rows):]
	objects := slices.Clone(p.body.Objects[:p.above])
	p.rows = nil
	for _, item := range items {
		r := before[item.Path]
		if r == nil || r.item.Kind != item.Kind || r.item.ReadOnly != item.ReadOnly || !sameChoices(r.item, item) {
			r = newRow(p, item)
		}
		p.rows = append(p.rows, r)
		objects = append(objects, r.object)
	}
	p.body.Objects = append(objects, tail...)
	p.s.layout()
}

func sameChoices(a, b form.Item) bool {
	return slices.Equal(a.Choices, b.Choices) && a.Listed.Same(b.Listed) && a.Absent == b.Absent
}

// nextWords say where the main button leads.
func (p *interviewPage) nextWords(sections []form.Section, i int) string {
	if i == len(sections)-1 {
		return p.s.c.Words.Say("review.title")
	}
	return p.s.c.Words.Say("next")
}

func (p *interviewPage) focusedPath() string {
	focused := p.s.c.Window.Canvas().Focused()
	for _, r := range p.rows {
		if r.focus != nil && r.focus == focused {
			return r.item.Path
		}
	}
	return ""
}

// criticise says what is wrong with the questions that the officer has left.
func (p *interviewPage) criticise() {
	wrong := map[string]string{}
	for _, f := range p.iv.Check(sectionOf(p.section)) {
		if p.left[f.Path] && wrong[f.Path] == "" {
			wrong[f.Path] = p.s.finding(f)
		}
	}
	for _, r := range p.rows {
		if r.row != nil {
			r.row.SetMessage(wrong[r.item.Path])
		}
	}
}

// finding says what is wrong with an answer: in the form's words where it has
// some, else in ours.
func (s *Shell) finding(f form.Finding) string {
	if f.Message != "" && f.Message != civic.NewProblem(f.Code, nil, f.Words...).Error() {
		return f.Message
	}
	message, hint := s.c.Words.Problem(f.Code, f.Words...)
	return strings.TrimSpace(message + " " + hint)
}
