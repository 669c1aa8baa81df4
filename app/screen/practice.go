package screen

import (
	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
)

// task is one thing to try on the first day, with invented people.
type task string

// The tasks, in the order they are proposed.
const (
	taskRegister task = "register" // seal a registration
	taskAbsent   task = "absent"   // say why there is no answer
	taskKnown    task = "known"    // find a known person
	taskCheck    task = "check"    // check a receipt
	taskUndo     task = "undo"     // take something back
)

var tasks = []task{taskRegister, taskAbsent, taskKnown, taskCheck, taskUndo}

// tried notes that the officer has done a task, and says so once.
func (s *Shell) tried(t task) {
	if !s.c.Kit.Practice() || s.practised[t] {
		return
	}
	if s.practised == nil {
		s.practised = map[task]bool{}
	}
	s.practised[t] = true
}

// practice is the panel of the home page while invented people are registered:
// what to try, what was tried, and the way out.
func (s *Shell) practice() fyne.CanvasObject {
	say := s.c.Words.Say
	all := []fyne.CanvasObject{widget.NewHeading(say("practice.title")), widget.NewText(say("practice.intro"))}
	left := 0
	for _, t := range tasks {
		icon, tone := theme.IconDraft, theme.Draft
		if s.practised[t] {
			icon, tone = theme.IconSettled, theme.Settled
		} else {
			left++
		}
		all = append(all, widget.NewPanel(tone, icon, widget.NewText(say("practice."+string(t)))))
	}
	if left == 0 {
		all = append(all, widget.NewStrong(say("practice.done")))
	}
	end := widget.NewButton(s.hands, widget.Ordinary, theme.IconStop, say("practice.end"), "", func() { s.setPractice(false) })
	s.mark("practice.end", end)
	return widget.NewPanel(theme.Waiting, "", append(all, end)...)
}

// setPractice begins or ends practice.
func (s *Shell) setPractice(on bool) {
	if err := s.c.Kit.SetPractice(s.ctx, on); err != nil {
		s.fail(err)
		return
	}
	s.home()
	s.tell(s.c.Words.Say(map[bool]string{true: "practice.began", false: "practice.ended"}[on]), func() { s.setPractice(!on) })
}
