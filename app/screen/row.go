package screen

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// row is one line of an interview's page: a question with its editor, a
// heading, or a note.
type row struct {
	p      *interviewPage
	item   form.Item
	object fyne.CanvasObject
	row    *widget.Row    // nil for what is not answered
	focus  fyne.Focusable // nil for what takes no answer
	// value reads the editor; nil where the editor keeps its answer itself.
	value func() string
	put   func(value string)
	// settle keeps what an editor has not handed over yet; it tells whether the
	// answer is another now. nil for most.
	settle func() bool
	tools  []fyne.CanvasObject // below an editor that wants the whole width
	words  *widget.Words       // of a note or a heading
}

func newRow(p *interviewPage, item form.Item) *row {
	r := &row{p: p, item: item}
	switch {
	case item.Kind == form.Group:
		r.words = widget.NewHeading(item.Label)
		r.object = r.heading()
	case item.Kind == form.Repeat:
		add := widget.NewButton(p.s.hands, widget.Ordinary, theme.IconAdd, p.s.c.Words.Say("interview.add", item.Label), "", func() { p.add(item.Path) })
		p.s.mark("add:"+item.Path, add)
		r.object = add
	case item.Kind == form.Note:
		r.words = widget.NewText(plain(item.Label))
		r.object = widget.NewPanel(theme.Plain, "", r.illustrate(r.words))
	case p.held[item.Path].Taken:
		r.object = r.known(p.held[item.Path])
	case item.ReadOnly:
		r.words = widget.NewText(orDash(p.s.valueWords(item, item.Answer.Value)))
		r.object = part(widget.NewStrong(plain(item.Label)), r.words)
	default:
		r.question()
	}
	return r
}

// known is a question whose answer is held: shown, not asked, with where it
// comes from and one press to say something else.
func (r *row) known(line capture.Line) fyne.CanvasObject {
	s := r.p.s
	change := widget.NewButton(s.hands, widget.Quiet, "", s.c.Words.Say("review.change"), "", func() {
		r.p.leaveAll()
		if err := r.p.iv.Anew(s.ctx, r.item.Path); err != nil {
			s.fail(err)
			return
		}
		r.p.goTo = r.item.Path
		s.show(false)
	})
	s.mark("known:"+r.item.Path, change)
	value := s.valueWords(r.item, r.item.Answer.Value)
	if r.item.Answer.Absent != civic.Present {
		value = s.c.Words.Say("absence." + absenceName(r.item.Answer.Absent))
	}
	words := part(widget.NewQuiet(plain(r.item.Label)), widget.NewStrong(value), widget.NewQuiet(s.source(line.Held)))
	return widget.NewPanel(theme.Known, "", widget.NewEnds(words, change))
}

func (r *row) heading() fyne.CanvasObject {
	if !r.item.Removable {
		return r.words
	}
	remove := widget.NewButton(r.p.s.hands, widget.Quiet, theme.IconRemove, r.p.s.c.Words.Say("interview.remove"), "", func() { r.p.remove(r.item.Path) })
	r.p.s.mark("remove:"+r.item.Path, remove)
	return widget.NewEnds(r.words, remove)
}

// question builds the editor that the question's kind asks for.
func (r *row) question() {
	editor := r.editor()
	var absences []widget.Option
	for _, a := range r.item.Absences {
		absences = append(absences, widget.Option{Name: absenceName(a), Label: r.p.s.absenceWords(a, r.item.Signature())})
	}
	label := plain(r.item.Label)
	if !r.item.Required {
		label += " " + r.p.s.c.Words.Say("answer.optional")
	}
	r.row = widget.NewRow(r.p.s.hands, label, r.hint(), editor, r.focus, absences)
	if r.tools != nil {
		r.row.Under(r.tools...)
	}
	r.row.Absent = r.absent
	r.row.Next = func() { r.p.after(r.item.Path) }
	r.row.SetAbsence(absenceName(r.item.Answer.Absent))
	r.object = r.illustrate(r.row)
	r.p.s.mark("q:"+r.item.Path, r.focus.(fyne.CanvasObject))
	if len(absences) > 0 {
		r.p.s.mark("absent:"+r.item.Path, r.row.Absences())
	}
}

// hint is the form's own, with the reason why something is asked that may have
// been said before.
func (r *row) hint() string {
	s := r.p.s
	hint := strings.TrimSpace(plain(r.item.Hint) + " " + r.kindHint())
	if file := r.item.Absent; file != "" {
		key := "answer.nofile"
		if strings.TrimSuffix(file, ".csv") == kit.FormPlaces {
			key = "answer.noplaces"
		}
		hint = strings.TrimSpace(hint + " " + s.c.Words.Say(key, file))
	}
	line, asked := r.p.why[r.item.Path]
	key := "why." + string(line.Why)
	if !asked || !s.c.Words.Has(key) {
		return hint
	}
	why := s.c.Words.Say(key, s.valueWords(r.item, line.Held.Answer.Value), s.c.Words.Moment(line.Held.At, s.c.Clock()))
	return strings.TrimSpace(hint + " " + why)
}

// absenceName is the word that names an absence in translations, "" for none.
func absenceName(a civic.Absence) string {
	return map[civic.Absence]string{civic.Unknown: "unknown", civic.Refused: "refused", civic.None: "none"}[a]
}

// absent keeps why there is no answer, or takes that back.
func (r *row) absent(name string) {
	a := civic.Answer{Value: ""}
	for _, x := range r.item.Absences {
		if name != "" && absenceName(x) == name {
			a.Absent = x
		}
	}
	if r.put != nil {
		r.put("")
	}
	r.p.left[r.item.Path] = true
	r.item.Answer = a
	r.p.set(r, a)
	if name != "" {
		r.p.s.tried(taskAbsent)
	}
}

// take keeps what stands in the editor, if it differs from what is kept.
func (r *row) take() {
	if r.value == nil {
		return
	}
	if r.settle != nil && r.settle() {
		r.p.refresh()
	}
	r.keep(r.value())
}

func (r *row) keep(value string) {
	value = strings.TrimSpace(value)
	was := r.item.Answer
	if value == was.Value || (value == "" && was.Absent != civic.Present) {
		return
	}
	r.item.Answer = civic.Answer{Path: r.item.Path, Value: value}
	r.p.set(r, r.item.Answer)
}

// leave is called when the keyboard goes elsewhere.
func (r *row) leave() {
	if r.value == nil {
		return
	}
	before := r.item.Answer
	if value := strings.TrimSpace(r.value()); value != "" || before.Value != "" {
		r.p.left[r.item.Path] = true
	}
	r.take()
	if before == r.item.Answer {
		r.p.criticise()
	}
}

// next is called when the officer goes on by Enter.
func (r *row) next() {
	r.p.left[r.item.Path] = true
	r.take()
	if r.row != nil && r.row.Message() == "" {
		r.p.criticise()
	}
	if r.row != nil && r.row.Message() != "" && r.item.Answer.Value != "" && !slices.Contains(r.p.insisted, r.item.Path) {
		// A wrong answer holds the officer once, where it can still be asked.
		r.p.insisted = append(r.p.insisted, r.item.Path)
		return
	}
	r.p.after(r.item.Path)
}

func (r *row) answered() bool {
	return r.item.Answer.Value != "" || r.item.Answer.Absent != civic.Present || r.item.Answer.Stated != ""
}

// update shows the item as it stands after an answer elsewhere.
func (r *row) update(item form.Item) {
	r.item = item
	switch {
	case r.row != nil:
		label := plain(item.Label)
		if !item.Required {
			label += " " + r.p.s.c.Words.Say("answer.optional")
		}
		r.row.SetLabel(label, r.hint())
		r.row.SetAbsence(absenceName(item.Answer.Absent))
		if r.put != nil && r.value != nil && strings.TrimSpace(r.value()) != item.Answer.Value && r.p.s.c.Window.Canvas().Focused() != r.focus {
			r.put(item.Answer.Value)
		}
	case r.words != nil && item.ReadOnly && item.Kind != form.Note:
		r.words.SetText(orDash(r.p.s.valueWords(item, item.Answer.Value)))
	case r.words != nil:
		r.words.SetText(plain(item.Label))
	}
}

// plain takes the marks of Markdown away that forms use for stress.
func plain(s string) string {
	return strings.NewReplacer("**", "", "__", "", "### ", "", "## ", "", "# ", "", "`", "").Replace(s)
}

// within tells whether a question lies in an instance of a repeat.
func within(path, instance string) bool { return strings.HasPrefix(path, instance+"/") }

// repeatOf drops the number at the end of an instance's path.
func repeatOf(path string) string {
	if i := strings.LastIndexByte(path, '['); i >= 0 && strings.HasSuffix(path, "]") {
		return path[:i]
	}
	return path
}
