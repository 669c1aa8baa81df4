package screen

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// sendingPage says when the kit may send by itself, and how long it keeps what
// is safe at the centre. An officer who presses "send now" is never held back.
type sendingPage struct {
	loaded                  bool
	from, until, most, days string
	noMobile                bool
	err                     error
}

func (p *sendingPage) name() string { return "sending" }

func (p *sendingPage) load(s *Shell) error {
	policy, err := s.c.Kit.SyncPolicy(s.ctx)
	if err != nil {
		return err
	}
	keep, err := s.c.Kit.Retention(s.ctx)
	if err != nil {
		return err
	}
	if policy.From != policy.Until {
		p.from, p.until = clockDigits(policy.From), clockDigits(policy.Until)
	}
	if policy.DailyBytes > 0 {
		p.most = strconv.FormatInt(policy.DailyBytes/1_000_000, 10)
	}
	p.noMobile = policy.NoMobile
	p.days = strconv.Itoa(int(keep / (24 * time.Hour)))
	p.loaded = true
	return nil
}

func (p *sendingPage) build(s *Shell) view {
	say := s.c.Words.Say
	v := view{title: say("sending.title")}
	if !p.loaded {
		if err := p.load(s); err != nil {
			v.body = s.problemOf(err)
			return v
		}
	}
	digits := func(name string, kind widget.DigitKind, into *string) *widget.Digits {
		d := widget.NewDigits(s.hands, kind, false)
		d.SetValue(*into)
		d.Changed = func() { *into, _ = d.Value() }
		d.Next = func() { s.c.Window.Canvas().FocusNext() }
		s.mark("sending."+name, d)
		return d
	}
	from, until := digits("from", widget.TimeDigits, &p.from), digits("until", widget.TimeDigits, &p.until)
	data, days := digits("cap", widget.WholeDigits, &p.most), digits("days", widget.WholeDigits, &p.days)
	mobile := widget.NewChoice(s.hands, []widget.Option{{Name: "yes", Label: say("sending.mobile.yes")}, {Name: "no", Label: say("sending.mobile.no")}},
		map[bool]string{false: "yes", true: "no"}[p.noMobile])
	mobile.Changed = func(names []string) { p.noMobile = names[0] == "no" }
	s.mark("sending.mobile", mobile)
	body := column(widget.NewText(say("sending.intro")))
	if p.err != nil {
		body.Add(s.problemOf(p.err))
	}
	if used, err := s.c.Kit.DataUsed(s.ctx); err == nil {
		body.Add(widget.NewQuiet(say("sending.used", s.c.Words.Bytes(used))))
	}
	for _, o := range []fyne.CanvasObject{
		part(widget.NewStrong(say("sending.from")), widget.NewQuiet(say("sending.from.hint")), from),
		labelled(say("sending.until"), until),
		part(widget.NewStrong(say("sending.cap")), widget.NewQuiet(say("sending.cap.hint")), data),
		labelled(say("sending.mobile"), mobile),
		part(widget.NewStrong(say("sending.days")), widget.NewQuiet(say("sending.days.hint")), days),
	} {
		body.Add(o)
	}
	v.body, v.focus = body, from
	v.main = &action{name: "sending.go", icon: theme.IconCheck, words: say("sending.go"), do: func() { p.save(s) }}
	return v
}

func (p *sendingPage) save(s *Shell) {
	policy, err := s.c.Kit.SyncPolicy(s.ctx)
	if err == nil {
		policy.From, policy.Until = minutes(p.from), minutes(p.until)
		megabytes, _ := strconv.ParseInt(p.most, 10, 32)
		policy.DailyBytes, policy.NoMobile = megabytes*1_000_000, p.noMobile
		if policy.From < 0 || policy.Until < 0 {
			err = civic.NewProblem(civic.AnswerTime, nil, s.c.Words.Say("sending.from"))
		}
	}
	if err == nil {
		err = s.c.Kit.SetSyncPolicy(s.ctx, policy)
	}
	if days, convErr := strconv.Atoi(p.days); err == nil && convErr == nil {
		err = s.c.Kit.SetRetention(s.ctx, time.Duration(days)*24*time.Hour)
	}
	if p.err = err; err != nil {
		s.rebuild()
		s.scrollTo(0)
		return
	}
	s.back()
	s.tell(s.c.Words.Say("sending.kept"), nil)
}

func clockDigits(m int) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }

// minutes reads 20:00 as minutes after midnight; empty is midnight, nonsense -1.
func minutes(clock string) int {
	if clock == "" {
		return 0
	}
	t, err := time.Parse("15:04", strings.TrimSpace(clock))
	if err != nil {
		return -1
	}
	return t.Hour()*60 + t.Minute()
}
