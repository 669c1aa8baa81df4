package screen

import (
	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// overseeing is what can be done with a registration besides looking: approve or
// give back for a supervisor, correct for whoever has a returned one.
func (s *Shell) overseeing(r kit.Row) []action {
	say := s.c.Words.Say
	if r.Status == civic.Returned && !r.Forgotten {
		return []action{{name: "correct", icon: theme.IconDraft, words: say("list.correct"), key: fyne.KeyF6, do: func() {
			d, err := s.c.Kit.Correct(s.ctx, r.ID)
			if err != nil {
				s.fail(err)
				return
			}
			s.resume(d.ID)
		}}}
	}
	if !r.Unseen {
		return nil
	}
	o, err := s.c.Kit.Oversight(s.ctx)
	if err != nil || o.By == "" {
		return nil
	}
	return []action{
		{name: "approve", icon: theme.IconCheck, words: say("oversee.approve"), key: fyne.KeyF6, do: func() {
			s.work(say("working"), func() error {
				_, err := s.c.Kit.Approve(s.ctx, r.ID)
				return err
			}, func(err error) {
				if err != nil {
					s.fail(err)
					return
				}
				s.pop()
				s.tell(s.c.Words.Count("oversee.approved", 1), nil)
			})
		}},
		{name: "giveback", icon: theme.IconBack, words: say("giveback.title"), key: fyne.KeyF7, do: func() { s.open(&giveBackPage{row: r}) }},
	}
}

// giveBackPage asks for the note with which a registration goes back.
type giveBackPage struct {
	row  kit.Row
	note string
	err  error
}

func (p *giveBackPage) name() string { return "giveback" }

func (p *giveBackPage) build(s *Shell) view {
	say := s.c.Words.Say
	do := func() {
		s.work(say("working"), func() error { return s.c.Kit.GiveBack(s.ctx, p.row.ID, p.note) }, func(err error) {
			if p.err = err; err != nil {
				s.rebuild()
				return
			}
			s.pop()
			s.pop()
			s.tell(say("giveback.done"), nil)
		})
	}
	note := s.field("giveback.note", &p.note)
	note.SetPlaceHolder(say("giveback.note.hint"))
	note.Next = do
	body := column(widget.NewPanel(theme.Known, theme.IconPerson, widget.NewHeading(s.rowName(p.row)), widget.NewText(s.rowWords(p.row))),
		widget.NewText(say("giveback.intro")), labelled(say("giveback.note"), note))
	if p.err != nil {
		body.Add(s.problemOf(p.err))
	}
	return view{title: say("giveback.title"), body: body, focus: note,
		main: &action{name: "giveback.go", icon: theme.IconBack, words: say("giveback.go"), do: do}}
}

// approvalPage switches whether what is sealed waits for a supervisor.
type approvalPage struct {
	passphrase string
	err        error
}

func (p *approvalPage) name() string { return "approval" }

func (p *approvalPage) build(s *Shell) view {
	say := s.c.Words.Say
	v := view{title: say("oversee.switch")}
	o, err := s.c.Kit.Oversight(s.ctx)
	if err != nil {
		v.body = s.problemOf(err)
		return v
	}
	to, now := "approval.on", "approval.isoff"
	if o.Wanted {
		to, now = "approval.off", "approval.ison"
	}
	do := func() {
		words := p.passphrase
		p.passphrase = ""
		s.work(say("unlock.working"), func() error { return s.c.Kit.WantApproval(s.ctx, !o.Wanted, words) }, func(err error) {
			if p.err = err; err != nil {
				s.rebuild()
				return
			}
			s.pop()
			s.tell(say(to+".done"), nil)
		})
	}
	words := s.field("approval.passphrase", &p.passphrase)
	words.Password = true
	words.Next = do
	body := column(widget.NewStrong(say(now)), widget.NewText(say("approval.means")), labelled(say("supervisor.passphrase"), words))
	if p.err != nil {
		body.Add(s.problemOf(p.err))
	}
	v.body, v.focus = body, words
	v.main = &action{name: "approval.go", icon: theme.IconCheck, words: say(to), do: do}
	return v
}
