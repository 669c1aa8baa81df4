package screen

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// dayPage is the report of a day's work: counts that lead to the registrations,
// to print or to save. Files name nobody unless the officer chooses.
type dayPage struct {
	day   time.Time // zero for today
	names bool      // of officers, in files
}

func (p *dayPage) name() string { return "day" }

func (p *dayPage) build(s *Shell) view {
	say := s.c.Words.Say
	v := view{title: say("day.title"), wide: true}
	if p.day.IsZero() {
		p.day = s.c.Clock()
	}
	d, err := s.c.Kit.Day(s.ctx, p.day)
	if err != nil {
		v.body = s.problemOf(err)
		return v
	}
	step := func(name string, icon theme.IconName, days int) fyne.CanvasObject {
		b := widget.NewButton(s.hands, widget.Quiet, icon, say(name), "", func() { p.day = d.From.AddDate(0, 0, days).Add(12 * time.Hour); s.rebuild() })
		s.mark(name, b)
		return b
	}
	around := container.New(&widget.Flow{Gap: theme.Gap}, step("day.before", theme.IconBack, -1))
	if d.Until.Before(s.c.Clock()) {
		around.Add(step("day.after", theme.IconForward, 1))
	}
	head := part(widget.NewHeading(s.c.Words.DateValue(d.From.Format(time.DateOnly))), around,
		widget.NewText(s.c.Words.Count("day.total", d.All.Sealed)),
		widget.NewQuiet(say("home.contact", s.c.Words.Moment(d.LastContact, s.c.Clock()))),
		widget.NewQuiet(say("day.backup.was", s.c.Words.Moment(d.LastBackup, s.c.Clock()))))
	if n := len(d.Drafts); n > 0 {
		head.Add(widget.NewQuiet(s.c.Words.Count("day.drafts.open", n, s.c.Words.Moment(d.Drafts[n-1].Updated, s.c.Clock()))))
	}
	if d.Approved > 0 {
		head.Add(widget.NewQuiet(s.c.Words.Count("oversee.approved", d.Approved)))
	}
	if d.WentUnseen > 0 {
		head.Add(widget.NewQuiet(s.c.Words.Count("day.went", d.WentUnseen)))
	}
	body := column(head)
	for i, o := range d.Officers {
		body.Add(p.officer(s, i, o))
	}
	names := widget.NewChoice(s.hands, []widget.Option{{Name: "no", Label: say("day.names.no")}, {Name: "yes", Label: say("day.names.yes")}},
		map[bool]string{false: "no", true: "yes"}[p.names])
	names.Changed = func(picked []string) { p.names = len(picked) > 0 && picked[0] == "yes" }
	s.mark("day.names", names)
	body.Add(labelled(say("day.names"), names))
	v.body = body
	v.main = &action{name: "day.pdf", icon: theme.IconPrint, words: say("day.print"), do: func() { p.print(s, d) }}
	v.side = []action{{name: "day.csv", icon: theme.IconSave, words: say("day.table"), key: fyne.KeyF6, do: func() { p.table(s, d) }}}
	return v
}

// officer is one officer's day, in words and figures, with the way to the list.
func (p *dayPage) officer(s *Shell, i int, o kit.OfficerDay) fyne.CanvasObject {
	words := s.c.Words
	name := orDash(o.Name)
	var lines []string
	for _, d := range o.Services {
		var states []string
		for _, x := range []struct {
			key string
			n   int
		}{{"count.waiting", d.Waiting}, {"count.centre", d.Centre}, {"count.settled", d.Settled}, {"day.needs.n", d.Needs}} {
			if x.n > 0 {
				states = append(states, strconv.Itoa(x.n)+" "+words.Count(x.key, x.n))
			}
		}
		lines = append(lines, s.serviceTitle(d.Service)+": "+strings.Join(states, ", "))
	}
	for _, r := range o.Reasons {
		lines = append(lines, words.Say("day.reason", words.Status(r.Status), strconv.Itoa(r.Count), s.reason(civic.Reason{Code: r.Code})))
	}
	add := func(key string, n int, args ...string) {
		if n > 0 {
			lines = append(lines, words.Count(key, n, args...))
		}
	}
	if o.Metered > 0 {
		add("day.meter", o.Meter.Asked, words.Number(o.Meter.Confirmed), words.Number(o.Meter.Saved()))
	}
	add("day.imported.n", o.Imported)
	add("day.corrections.n", o.Corrections)
	if o.Sealed > o.Imported {
		lines = append(lines, words.Say("day.receipts", strconv.Itoa(o.OnPaper), strconv.Itoa(o.Shown), strconv.Itoa(o.NoReceipt)))
	}
	add("day.nophoto.n", o.NoPhoto)
	add("home.unseen", o.Unseen)
	l := widget.NewLine(s.hands, name, words.Count("day.total", o.Sealed), nil, func() { s.open(&dayRowsPage{title: name, rows: o.Registrations}) })
	s.mark("day.officer."+strconv.Itoa(i), l)
	all := part(l)
	for _, line := range lines {
		all.Add(widget.NewText(line))
	}
	return all
}

// print prints the report, or saves it where there is no printer.
func (p *dayPage) print(s *Shell, d kit.Day) {
	pdf, err := s.c.Kit.DayPDF(s.ctx, p.day, s.c.Words.Language(), p.names)
	if err != nil {
		s.fail(err)
		return
	}
	if s.c.Print != nil && s.c.Print(pdf) == nil {
		s.tell(s.c.Words.Say("receipt.printed"), nil)
		return
	}
	p.save(s, d, ".pdf", pdf)
}

func (p *dayPage) table(s *Shell, d kit.Day) {
	table, err := s.c.Kit.DayCSV(s.ctx, p.day, p.names)
	if err != nil {
		s.fail(err)
		return
	}
	p.save(s, d, ".csv", table)
}

func (p *dayPage) save(s *Shell, d kit.Day, ext string, content []byte) {
	dir := s.c.Exports
	if dir == "" && len(s.c.Pictures) > 0 {
		dir = s.c.Pictures[0]
	}
	path := filepath.Join(dir, s.c.Words.Say("day.file")+"-"+d.From.Format(time.DateOnly)+ext)
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		s.fail(civic.NewProblem(civic.FileUnwritable, err, path))
		return
	}
	s.tell(s.c.Words.Say("receipt.saved", path), func() {
		if err := os.Remove(path); err != nil {
			s.fail(civic.NewProblem(civic.FileUnreadable, err, path))
			return
		}
		s.tell(s.c.Words.Say("undone"), nil)
	})
}

// dayRowsPage lists the registrations behind a figure.
type dayRowsPage struct {
	title string
	rows  []kit.Row
}

func (p *dayRowsPage) name() string { return "day-rows" }

func (p *dayRowsPage) build(s *Shell) view {
	lines := part()
	s.rows("day.row.", p.rows, lines)
	return view{title: p.title, body: column(lines), wide: true}
}
