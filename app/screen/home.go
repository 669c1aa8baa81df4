package screen

import (
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/background"
	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// homePage is where each visit begins.
type homePage struct{}

func (p *homePage) name() string { return "home" }

func (p *homePage) build(s *Shell) view {
	say := s.c.Words.Say
	s.c.Kit.LeadEnd() // a supervisor who had stepped up has gone
	v := view{title: say("home.title"), fixed: true, wide: true}
	home, err := s.c.Kit.Home(s.ctx)
	if err != nil {
		v.body = s.problemOf(err)
		return v
	}
	register := func() { s.register() }
	large := widget.NewButton(s.hands, widget.Main, theme.IconRegister, say("home.register"), "F2", register).Large()
	s.mark("home.register", large)

	greeting := part(widget.NewHeading(say("home.greeting", orDash(home.Officer))),
		widget.NewText(say("home.office", string(home.Office), s.kitName(home.KitName))),
		widget.NewQuiet(say("home.contact", s.c.Words.Moment(home.LastContact, s.c.Clock()))+" "+s.c.Words.Count("home.today", home.Today)))

	if by := home.Carried; by.Files > 0 {
		key := "home.courier"
		if by.Hub {
			key = "home.hub"
		}
		greeting.Add(widget.NewQuiet(say(key, s.c.Words.Moment(by.Since, s.c.Clock()))))
	}
	saved, around := widget.NewQuiet(""), widget.NewQuiet("")
	saved.Hide()
	around.Hide()
	greeting.Add(saved)
	greeting.Add(around)
	v.body = column(greeting, large, s.tiles(home.Counts), p.alerts(s, home), p.drafts(s, home.Drafts))
	if s.c.Kit.Practice() {
		v.body = column(greeting, s.practice(), large, s.tiles(home.Counts), p.drafts(s, home.Drafts))
	}
	v.shown = func() {
		p.meter(s, saved)
		p.district(s, around)
	}
	v.focus = large
	v.side = []action{
		{name: "list", icon: theme.IconSearch, words: say("list.title"), key: fyne.KeyF3, do: func() { s.open(&listPage{}) }},
		{name: "sync", icon: theme.IconSync, words: say("sync.title"), key: fyne.KeyF4, do: func() { s.open(&syncPage{}) }},
		{name: "check", icon: theme.IconReceipt, words: say("check.title"), key: fyne.KeyF5, do: func() { s.open(&checkPage{}) }},
		{name: "settings", icon: theme.IconSettings, words: say("settings.title"), key: fyne.KeyF8, do: func() { s.open(&settingsPage{}) }},
		{name: "lock", icon: theme.IconLock, words: say("home.lock"), key: fyne.KeyF9, do: s.lock},
	}
	v.keys = map[fyne.KeyName]func(){fyne.KeyF2: register}
	return v
}

// meter says how many questions need not be asked today; it is counted beside
// the window, since each registration is counted anew.
func (p *homePage) meter(s *Shell, words *widget.Words) {
	now := s.c.Clock()
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	s.c.Work(func() {
		meters, err := s.c.Kit.Meters(s.ctx, today)
		saved, total := 0, 0
		for _, m := range meters {
			saved += m.Meter.Saved()
			total += m.Meter.Total()
		}
		if err != nil || saved == 0 {
			return
		}
		s.c.Do(func() {
			if s.isCurrent(p) {
				words.SetText(s.c.Words.Count("home.saved", saved, s.c.Words.Number(total)))
				words.Show()
				s.layout()
			}
		})
	})
}

// district tells how the people of the district stand on this kit: how many, of
// when, and what is still on its way. It is read beside the window.
func (p *homePage) district(s *Shell, words *widget.Words) {
	s.c.Work(func() {
		d, err := s.c.Kit.District(s.ctx)
		if err != nil || !d.Present {
			return
		}
		say := s.c.Words.Count("home.district", d.People) + " " + s.c.Words.Say("home.district.made", s.c.Words.Moment(d.Made, s.c.Clock()))
		if d.Coming {
			say += " " + s.c.Words.Say("home.district.coming", s.c.Words.Bytes(d.Left))
		} else if !d.Next.IsZero() {
			say += " " + s.c.Words.Say("home.district.next", s.c.Words.Moment(d.Next, s.c.Clock()))
		}
		if d.LeftOut > 0 {
			say += " " + s.c.Words.Count("home.district.left", d.LeftOut)
		}
		s.c.Do(func() {
			if s.isCurrent(p) {
				words.SetText(say)
				words.Show()
				s.layout()
			}
		})
	})
}

// tiles are the four counts, each leading to its list.
func (s *Shell) tiles(c kit.Counts) fyne.CanvasObject {
	open := func(f listFilter) func() { return func() { s.open(&listPage{filter: f}) } }
	tile := func(name string, tone theme.Tone, icon theme.IconName, n int, do func()) fyne.CanvasObject {
		t := widget.NewTile(s.hands, tone, icon, strconv.Itoa(n), s.c.Words.Count("count."+name, n), "", do)
		s.mark("home."+name, t)
		return t
	}
	return container.New(&widget.Cells{Least: 165 * s.theme().Look().Scale, Most: 4, Gap: theme.Gap},
		tile("draft", theme.Draft, theme.IconDraft, c.Drafts, open(filterDrafts)),
		tile("waiting", theme.Waiting, theme.IconWaiting, c.Waiting(), open(filterWaiting)),
		tile("centre", theme.Centre, theme.IconCentre, c.Received, open(filterCentre)),
		tile("settled", theme.Settled, theme.IconSettled, c.Settled, open(filterSettled)),
	)
}

// alerts are what needs a person: returned and held registrations first.
func (p *homePage) alerts(s *Shell, h kit.Home) fyne.CanvasObject {
	all := part()
	if n := h.Counts.Returned + h.Counts.Held + h.Counts.Quarantined; n > 0 {
		l := widget.NewLine(s.hands, s.c.Words.Count("home.needs", n), s.c.Words.Say("home.needs.hint"),
			widget.NewBadge(theme.Attention, theme.IconAttention, s.c.Words.Say("list.needs")),
			func() { s.open(&listPage{filter: filterNeeds}) })
		s.mark("home.needs", l)
		all.Add(l)
	}
	if h.Unseen > 0 {
		l := widget.NewLine(s.hands, s.c.Words.Count("home.unseen", h.Unseen), s.c.Words.Say("home.unseen.hint", s.c.Words.Moment(h.UnseenGoes, s.c.Clock())),
			widget.NewBadge(theme.Waiting, theme.IconWaiting, s.c.Words.Say("list.waiting")), func() { s.open(&overseePage{}) })
		s.mark("home.unseen", l)
		all.Add(l)
	}
	for _, a := range h.Alerts {
		all.Add(s.problem(a.Code, a.Words...))
	}
	all.Hidden = len(all.Objects) == 0
	return all
}

// drafts are the interviews not finished, offered again.
func (p *homePage) drafts(s *Shell, drafts []kit.DraftInfo) fyne.CanvasObject {
	all := part()
	all.Hidden = len(drafts) == 0
	if len(drafts) > 0 {
		all.Add(widget.NewHeading(s.c.Words.Say("home.drafts")))
	}
	for i, d := range drafts[:min(len(drafts), 5)] {
		l := s.draftLine(d)
		s.mark("home.draft."+strconv.Itoa(i), l)
		all.Add(l)
	}
	return all
}

func (s *Shell) draftLine(d kit.DraftInfo) *widget.Line {
	title := titleIn(d.Title, s.c.Words.Language(), string(d.Form.ID))
	name := d.Name
	if name == "" {
		name = s.c.Words.Say("draft.nameless")
	}
	if d.Note != "" {
		title = s.c.Words.Say("draft.givenback") + " · " + title
	}
	words := title + " · " + s.c.Words.Count("draft.answered", d.Answered) + " · " + s.c.Words.Moment(d.Updated, s.c.Clock())
	return widget.NewLine(s.hands, name, words, widget.NewStatus(civic.Draft, s.c.Words.Status(civic.Draft)), func() { s.resume(d.ID) })
}

func titleIn(titles map[string]string, lang, otherwise string) string {
	for _, l := range []string{lang, "", "en", "es"} {
		if titles[l] != "" {
			return titles[l]
		}
	}
	return otherwise
}

func (s *Shell) resume(id capture.DraftID) {
	iv, err := s.c.Kit.Resume(s.ctx, id)
	if err != nil {
		s.fail(err)
		return
	}
	s.interview(iv)
}

// register begins a visit.
func (s *Shell) register() { s.open(&findPage{}) }

// heard shows new counts after a sync in the background.
func (p *homePage) heard(s *Shell, e background.Event) {
	if e.Synced && !s.busy {
		s.rebuild()
	}
}
