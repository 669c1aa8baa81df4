package screen

import (
	"time"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
)

// How long the hands may rest before the screen shuts by itself.
const restsAtMost = 10 * time.Minute

// pinPage opens the screen again while the keys are still in memory.
type pinPage struct{ err error }

func (p *pinPage) name() string { return "pin" }

func (p *pinPage) build(s *Shell) view {
	say := s.c.Words.Say
	d := widget.NewDigits(s.hands, widget.PINDigits, false)
	d.Open()
	open := func() {
		pin, _ := d.Value()
		s.work(say("unlock.working"), func() error { return s.c.Kit.UnlockScreen(s.ctx, pin) }, func(err error) {
			if p.err = err; err != nil && s.c.Kit.ScreenLocked() {
				s.rebuild()
				return
			}
			s.home()
			if err != nil {
				s.fail(err)
			}
			s.nudge()
		})
	}
	d.Next = open
	s.mark("pin.digits", d)
	body := column(widget.NewText(say("pin.intro")), labelled(say("pin.label"), d))
	if p.err != nil {
		body.Add(s.problemOf(p.err))
	}
	return view{title: say("pin.title"), body: body, focus: d, fixed: true,
		main: &action{name: "pin.go", icon: theme.IconLock, words: say("unlock.go"), do: open},
		side: []action{{name: "lock", icon: theme.IconLock, words: say("pin.passphrase"), key: fyne.KeyF9, do: func() {
			s.work(say("working"), func() error { return s.c.Kit.Lock(s.ctx) }, func(err error) {
				s.home()
				if err != nil {
					s.fail(err)
				}
			})
		}}}}
}

// lock shuts the screen, or the kit where no PIN was set; what waits is packed
// so that it can travel meanwhile.
func (s *Shell) lock() {
	s.work(s.c.Words.Say("working"), func() error { return s.c.Kit.LockScreen(s.ctx) }, func(err error) {
		s.home()
		if err != nil {
			s.fail(err)
		}
		s.nudge()
	})
}

// watchRest shuts the screen when the hands have rested too long: a tablet left
// on a table must not stay open. An interview is kept as a draft.
func (s *Shell) watchRest() {
	s.c.Later(time.Minute, func() {
		if s.ctx.Err() != nil {
			return
		}
		if !s.busy && s.c.Kit.State() == unlockedState && !s.c.Kit.ScreenLocked() && s.c.Clock().Sub(s.stirred) > restsAtMost {
			if p, ok := s.current().(*interviewPage); ok {
				p.leaveAll()
			}
			s.lock()
		}
		s.watchRest()
	})
}
