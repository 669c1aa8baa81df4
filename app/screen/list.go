package screen

import (
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/background"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// listFilter is one of the lists behind the counts on the home page.
type listFilter string

const (
	filterAll     listFilter = ""
	filterDrafts  listFilter = "draft"
	filterWaiting listFilter = "waiting"
	filterCentre  listFilter = "centre"
	filterSettled listFilter = "settled"
	filterNeeds   listFilter = "needs"
)

var filterStatuses = map[listFilter][]civic.Status{
	filterWaiting: {civic.Sealed, civic.Approved, civic.Sent},
	filterCentre:  {civic.Received},
	filterSettled: {civic.Registered, civic.Merged},
	filterNeeds:   {civic.Held, civic.Returned, civic.Quarantined},
}

// mostLines are listed at a time; a search finds the rest.
const mostLines = 60

// listPage lists registrations and drafts, by where they stand and by name.
type listPage struct {
	filter listFilter
	query  string

	s     *Shell
	lines *fyne.Container
}

func (p *listPage) name() string { return "list" }

func (p *listPage) build(s *Shell) view {
	p.s = s
	say := s.c.Words.Say
	f := s.field("list.search", &p.query)
	f.SetPlaceHolder(say("list.search"))
	f.Changed = func(t string) { p.query = t; p.fill() }
	f.Next = p.openFirst
	var all []widget.Option
	for _, x := range []listFilter{filterAll, filterDrafts, filterWaiting, filterCentre, filterSettled, filterNeeds} {
		all = append(all, widget.Option{Name: string(x), Label: say("list." + map[bool]string{true: "all", false: string(x)}[x == filterAll])})
	}
	c := widget.NewChoice(s.hands, all, string(p.filter))
	c.Changed = func(names []string) { p.filter = listFilter(append(names, "")[0]); p.fill() }
	s.mark("list.filter", c)
	p.lines = container.New(&widget.Column{Gap: theme.Gap})
	p.fill()
	return view{title: say("list.title"), wide: true, focus: f, body: column(f, c, p.lines)}
}

func (p *listPage) openFirst() {
	if len(p.lines.Objects) > 0 {
		if l, ok := p.lines.Objects[0].(*widget.Line); ok {
			l.Do()
		}
	}
}

func (p *listPage) fill() {
	s := p.s
	p.lines.Objects = nil
	if p.filter == filterDrafts || p.filter == filterAll {
		p.drafts()
	}
	if p.filter != filterDrafts {
		p.registrations()
	}
	if len(p.lines.Objects) == 0 {
		key := "list.empty"
		if strings.TrimSpace(p.query) != "" {
			key = "list.notfound"
		}
		p.lines.Add(widget.NewPanel(theme.Plain, theme.IconSearch, widget.NewText(s.c.Words.Say(key))))
	}
	p.lines.Refresh()
	s.layout()
}

func (p *listPage) drafts() {
	home, err := p.s.c.Kit.Home(p.s.ctx)
	if err != nil {
		return
	}
	for i, d := range home.Drafts {
		if !strings.Contains(fold(d.Name), fold(p.query)) {
			continue
		}
		l := p.s.draftLine(d)
		p.s.mark("list.draft."+strconv.Itoa(i), l)
		p.lines.Add(l)
	}
}

func (p *listPage) registrations() {
	s := p.s
	rows, err := s.c.Kit.Registrations(s.ctx, kit.Filter{Query: strings.TrimSpace(p.query), Statuses: filterStatuses[p.filter], Limit: mostLines + 1})
	if err != nil {
		p.lines.Add(s.problemOf(err))
		return
	}
	for i, r := range rows[:min(len(rows), mostLines)] {
		l := widget.NewLine(s.hands, s.rowName(r), s.rowWords(r), s.badge(r), func() { s.open(&registrationPage{id: r.ID}) })
		s.mark("list."+strconv.Itoa(i), l)
		p.lines.Add(l)
	}
	if len(rows) > mostLines {
		p.lines.Add(widget.NewQuiet(s.c.Words.Say("list.more", strconv.Itoa(mostLines))))
	}
}

func (s *Shell) badge(r kit.Row) *widget.Badge {
	return widget.NewStatus(r.Status, s.c.Words.Status(r.Status))
}

func (s *Shell) rowName(r kit.Row) string {
	if r.Name != "" {
		return r.Name
	}
	return s.c.Words.Say("list.nameless")
}

// rowWords are the services, the moment and why it came back, in one line.
func (s *Shell) rowWords(r kit.Row) string {
	var parts []string
	for _, id := range r.Services {
		parts = append(parts, s.serviceTitle(id))
	}
	parts = append(parts, s.c.Words.Moment(r.Sealed, s.c.Clock()))
	if r.Reference != "" {
		parts = append(parts, r.Reference)
	}
	if r.Unseen {
		parts = append(parts, s.c.Words.Say("list.unseen"))
	}
	if r.Unseen || slices.Contains(filterStatuses[filterNeeds], r.Status) {
		for _, reason := range r.Reasons {
			parts = append(parts, s.reason(reason))
		}
	}
	return strings.Join(parts, " · ")
}

// reason says why a registration was held or returned.
func (s *Shell) reason(r civic.Reason) string {
	if key := "reason." + string(r.Code); s.c.Words.Has(key) {
		return s.c.Words.Say(key, r.Words...)
	}
	message, _ := s.c.Words.Problem(r.Code, r.Words...)
	return message
}

func (p *listPage) heard(s *Shell, e background.Event) {
	if e.Synced {
		p.fill()
	}
}

// registrationPage shows one registration whole: where it stands, why, and
// what was said.
type registrationPage struct{ id civic.RegistrationID }

func (p *registrationPage) name() string { return "registration" }

func (p *registrationPage) build(s *Shell) view {
	say := s.c.Words.Say
	e, err := s.c.Kit.Registration(s.ctx, p.id, s.c.Words.Language())
	if err != nil {
		return view{title: say("list.title"), body: s.problemOf(err)}
	}
	v := view{title: s.rowName(e.Row), practice: e.Practice, side: s.overseeing(e.Row)}
	means := "status." + e.Status.String() + ".means"
	if e.Unseen {
		means = "list.unseen.means"
	}
	body := column(container.New(&widget.Flow{Gap: theme.Gap}, s.badge(e.Row)), widget.NewText(say(means)))
	for _, reason := range e.Reasons {
		tone, icon := widget.StatusLook(e.Status)
		body.Add(widget.NewPanel(tone, icon, widget.NewText(s.reason(reason))))
	}
	if e.Forgotten {
		body.Add(widget.NewPanel(theme.Centre, theme.IconCentre, widget.NewText(say("list.forgotten"))))
	}
	body.Add(widget.NewQuiet(s.rowWords(kit.Row{Services: e.Services, Sealed: e.Sealed, Reference: e.Reference})))
	for _, section := range e.Sections {
		lines := part(widget.NewHeading(section.Title))
		for _, line := range section.Lines {
			if line.Answered {
				lines.Add(s.reviewLine(line))
			}
		}
		if len(lines.Objects) > 1 {
			body.Add(widget.NewPanel(theme.Plain, "", lines))
		}
	}
	v.body = body
	if !e.Forgotten {
		v.main = &action{name: "receipt", icon: theme.IconReceipt, words: say("receipt.title"), do: func() { s.open(&receiptPage{id: p.id}) }}
	}
	return v
}

func (p *registrationPage) heard(s *Shell, e background.Event) {
	if e.Synced {
		s.rebuild()
	}
}
