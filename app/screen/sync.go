package screen

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/background"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// How long a pass that the officer began stays for the centre's decisions.
const syncWaits = 30 * time.Second

// syncPage sends what waits and takes in what the centre decided. It shows how
// much, how fast and how long still, and can be stopped without loss.
type syncPage struct {
	running  bool
	cancel   context.CancelFunc
	progress kit.Progress
	result   *kit.SyncResult
	err      error

	meter *widget.Meter
	words *widget.Words
}

func (p *syncPage) name() string { return "sync" }

func (p *syncPage) build(s *Shell) view {
	say := s.c.Words.Say
	v := view{title: say("sync.title"), wide: true}
	body := column()
	home, err := s.c.Kit.Home(s.ctx)
	if err != nil {
		v.body = s.problemOf(err)
		return v
	}
	waiting := home.Counts.Waiting()
	body.Add(widget.NewHeading(s.c.Words.Count("sync.waiting", waiting)))
	body.Add(widget.NewText(say("home.contact", s.c.Words.Moment(home.LastContact, s.c.Clock()))))
	if home.Unseen > 0 {
		body.Add(widget.NewText(s.c.Words.Count("home.unseen", home.Unseen) + ". " + say("home.unseen.hint", s.c.Words.Moment(home.UnseenGoes, s.c.Clock()))))
	}
	if by := home.Carried; by.Files > 0 {
		key := "home.courier"
		if by.Hub {
			key = "home.hub"
		}
		body.Add(widget.NewQuiet(say(key, s.c.Words.Moment(by.Since, s.c.Clock()))))
	}
	p.meter, p.words = widget.NewMeter(), widget.NewText("")
	switch {
	case p.running:
		body.Add(part(p.words, p.meter))
		p.draw(s)
	case p.err != nil && civic.CodeOf(p.err) == civic.Stopped:
		body.Add(widget.NewPanel(theme.Waiting, theme.IconStop, widget.NewText(p.errorWords(s))))
	case p.err != nil:
		body.Add(s.problemOf(p.err))
	case p.result != nil:
		body.Add(p.outcome(s))
	}
	body.Add(s.tiles(home.Counts))
	body.Add(widget.NewQuiet(say("sync.byitself")))
	v.body = body
	v.side = []action{{name: "media", icon: theme.IconSave, words: say("media.title"), key: fyne.KeyF6, do: func() { s.open(&mediaPage{}) }}}
	if s.c.Kit.State() == unlockedState {
		v.side = append(v.side, action{name: "sending", icon: theme.IconSettings, words: say("sending.title"), key: fyne.KeyF7, do: func() { s.open(&sendingPage{}) }})
	}
	if p.running {
		v.main = &action{name: "sync.stop", icon: theme.IconStop, words: say("sync.stop"), do: p.stop}
		v.keys = map[fyne.KeyName]func(){}
	} else {
		v.main = &action{name: "sync.go", icon: theme.IconSync, words: say("sync.go"), do: func() { p.start(s) }}
	}
	return v
}

func (p *syncPage) errorWords(s *Shell) string {
	message, hint := s.c.Words.Error(p.err)
	return message + " " + hint
}

func (p *syncPage) start(s *Shell) {
	if p.running {
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	p.running, p.cancel, p.err, p.result, p.progress = true, cancel, nil, nil, kit.Progress{}
	s.rebuild()
	s.c.Work(func() {
		result, err := s.c.Kit.Sync(ctx, syncWaits, func(g kit.Progress) { s.c.Do(func() { p.progressed(s, g) }) })
		s.c.Do(func() {
			cancel()
			p.running, p.err, p.result = false, err, &result
			if s.isCurrent(p) {
				s.rebuild()
				return
			}
			s.tell(s.c.Words.Count("sync.sent", result.Sent), nil)
		})
	})
}

// stop ends the pass; what was sent stays sent.
func (p *syncPage) stop() {
	if p.cancel != nil {
		p.cancel()
	}
}

func (p *syncPage) progressed(s *Shell, g kit.Progress) {
	p.progress = g
	if p.running && s.isCurrent(p) {
		p.draw(s)
	}
}

// draw shows how far it is, how fast and how long still.
func (p *syncPage) draw(s *Shell) {
	g := p.progress
	key := "sync.phase." + g.Phase
	if !s.c.Words.Has(key) {
		key = "sync.phase.begin"
	}
	words := s.c.Words.Say(key)
	if g.Total > 0 {
		words += " " + s.c.Words.Say("sync.progress", s.c.Words.Bytes(g.Done), s.c.Words.Bytes(g.Total), s.c.Words.Bytes(int64(g.Rate)), s.c.Words.Left(g.Left))
		p.meter.Set(float64(g.Done) / float64(g.Total))
	}
	p.words.SetText(words)
}

// outcome says in words what a pass has done.
func (p *syncPage) outcome(s *Shell) fyne.CanvasObject {
	r := p.result
	lines := []fyne.CanvasObject{widget.NewStrong(s.c.Words.Count("sync.sent", r.Sent))}
	if r.Sent == 0 {
		lines[0] = widget.NewStrong(s.c.Words.Say("sync.nothing"))
	}
	if r.Settled > 0 {
		lines = append(lines, widget.NewText(s.c.Words.Count("sync.settled", r.Settled)))
	}
	if n := r.Held + r.Returned; n > 0 {
		lines = append(lines, widget.NewText(s.c.Words.Count("home.needs", n)))
	}
	if r.Pending > 0 {
		lines = append(lines, widget.NewText(s.c.Words.Count("sync.pending", r.Pending)))
	}
	if r.Locked {
		lines = append(lines, widget.NewText(s.c.Words.Say("sync.locked")))
	}
	lines = append(lines, widget.NewQuiet(s.c.Words.Say("sync.bytes", s.c.Words.Bytes(r.BytesUp), s.c.Words.Bytes(r.BytesDown))))
	return widget.NewPanel(theme.Settled, theme.IconSettled, lines...)
}

func (p *syncPage) heard(s *Shell, e background.Event) {
	if !p.running {
		s.rebuild()
	}
}
