package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fw "fyne.io/fyne/v2/widget"

	"github.com/askonce/fieldkit/app/theme"
)

// Row is one question: its words, the editor of its answer, beside it a way to
// say that there is no answer, and below it what is wrong, in plain words.
type Row struct {
	fw.BaseWidget
	// Absent hears which reason was picked for having no answer, "" when it was
	// taken back.
	Absent func(name string)
	// Next is called when the officer goes on from the reasons.
	Next func()

	hands    *Hands
	label    *Words
	hint     *Words
	message  *Words
	mark     *canvas.Image
	note     *fyne.Container
	editor   fyne.CanvasObject
	absences *Choice
	open     *Button
	whole    *fyne.Container
	focus    fyne.Focusable
}

// NewRow makes the row of a question. editor is laid out, focus gets the
// keyboard; absences are the reasons offered for having no answer, none for a
// question that must have one.
func NewRow(h *Hands, label, hint string, editor fyne.CanvasObject, focus fyne.Focusable, absences []Option) *Row {
	r := &Row{hands: h, editor: editor, label: NewStrong(label), hint: NewQuiet(hint), message: NewText(""), focus: focus}
	r.hint.Hidden = hint == ""
	r.message.ink = theme.Attention.Ink()
	r.mark = canvas.NewImageFromResource(theme.Icon(theme.IconAttention, theme.Attention.Ink()))
	r.mark.FillMode = canvas.ImageFillContain
	r.mark.SetMinSize(fyne.NewSize(22, 22))
	r.note = container.New(&led{gap: 8}, r.mark, r.message)
	r.note.Hide()
	line := editor
	r.absences = NewChoice(h, absences, "")
	r.absences.Loose = true
	r.absences.Hide()
	r.absences.Changed = func(names []string) {
		if r.Absent != nil {
			r.Absent(append(names, "")[0])
		}
	}
	r.absences.Next = func() {
		if r.Next != nil {
			r.Next()
		}
	}
	if len(absences) > 0 {
		r.open = NewButton(h, Quiet, "", h.say("answer.none"), "", r.Unfold)
		line = container.New(&beside{gap: theme.Gap}, editor, newOffer(r.open))
	}
	r.whole = container.New(&Column{Gap: 6}, r.label, r.hint, line, r.absences, r.note)
	r.ExtendBaseWidget(r)
	return r
}

// Under gives the editor the whole width, with tools below it and the offer of
// having no answer beside them.
func (r *Row) Under(tools ...fyne.CanvasObject) {
	if r.open != nil {
		tools = append(tools, newOffer(r.open))
	}
	r.whole.Objects[2] = container.New(&Column{Gap: theme.Gap}, r.editor, container.New(&Flow{Gap: theme.Gap}, tools...))
}

// Label is the question's words.
func (r *Row) Label() string { return r.label.text }

// SetLabel changes the question's words: they may mention earlier answers.
func (r *Row) SetLabel(label, hint string) {
	r.label.SetText(label)
	r.hint.SetText(hint)
	r.hint.Hidden = hint == ""
}

// Focusable is what gets the keyboard.
func (r *Row) Focusable() fyne.Focusable { return r.focus }

// Absences is the choice of reasons for having no answer.
func (r *Row) Absences() *Choice { return r.absences }

// AbsenceButton opens it; nil when the question must have an answer.
func (r *Row) AbsenceButton() *Button { return r.open }

// Unfold shows the reasons for having no answer and gives them the keyboard.
func (r *Row) Unfold() {
	if r.open == nil {
		return
	}
	r.absences.Show()
	r.Refresh()
	r.hands.grown()
	ask(r.absences)
}

// SetAbsence shows which reason is picked, "" for none.
func (r *Row) SetAbsence(name string) {
	picked := []string{}
	if name != "" {
		picked = []string{name}
	}
	r.absences.SetOptions(r.absences.options, picked)
	if show := name != "" || r.absences.focused; r.absences.Hidden == show && r.open != nil {
		r.absences.Hidden = !show
		r.Refresh()
		r.hands.grown()
	}
}

// SetMessage says what is wrong, "" for nothing.
func (r *Row) SetMessage(s string) {
	if s == r.message.text {
		return
	}
	r.message.SetText(s)
	r.note.Hidden = s == ""
	r.Refresh()
	r.hands.grown()
}

// Message is what is said to be wrong.
func (r *Row) Message() string { return r.message.text }

// CreateRenderer implements fyne.Widget.
func (r *Row) CreateRenderer() fyne.WidgetRenderer { return fw.NewSimpleRenderer(r.whole) }

// Refresh implements fyne.CanvasObject.
func (r *Row) Refresh() {
	r.whole.Refresh()
	r.BaseWidget.Refresh()
}

// beside puts the second thing at the end of the first's line.
type beside struct {
	gap    float32
	middle bool // both in the middle of the height
}

// NewEnds puts words at the beginning of a line and something to press at its
// end.
func NewEnds(words, press fyne.CanvasObject) *fyne.Container {
	return container.New(&beside{gap: theme.Gap, middle: true}, words, press)
}

func (b *beside) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	side := objects[1].MinSize()
	objects[0].Move(fyne.NewPos(0, 0))
	objects[0].Resize(fyne.NewSize(s.Width-side.Width-b.gap, s.Height))
	objects[1].Move(fyne.NewPos(s.Width-side.Width, 0))
	objects[1].Resize(side)
	if b.middle {
		h := objects[0].MinSize().Height
		objects[0].Resize(fyne.NewSize(s.Width-side.Width-b.gap, h))
		objects[0].Move(fyne.NewPos(0, (s.Height-h)/2))
		objects[1].Move(fyne.NewPos(s.Width-side.Width, (s.Height-side.Height)/2))
	}
}

func (b *beside) MinSize(objects []fyne.CanvasObject) fyne.Size {
	first, side := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(first.Width+side.Width+b.gap, max(first.Height, side.Height))
}
