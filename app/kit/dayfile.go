package kit

import (
	"bytes"
	"context"
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/receipt"
)

// figure is one line of a day's report: how the translations name it, and of
// which service or reason where it is of one.
type figure struct {
	key     string
	service civic.ServiceID
	reason  ReasonCount
	n       int
}

// figures lists what a report says of one officer, or of all.
func (o *OfficerDay) figures() []figure {
	var out []figure
	for _, s := range o.Services {
		for _, f := range []figure{
			{key: "day.sealed", n: s.Sealed()}, {key: "day.waiting", n: s.Waiting}, {key: "day.centre", n: s.Centre},
			{key: "day.settled", n: s.Settled}, {key: "day.needs", n: s.Needs},
		} {
			f.service = s.Service
			out = append(out, f)
		}
	}
	for _, r := range o.Reasons {
		out = append(out, figure{key: "day." + r.Status.String(), reason: r, n: r.Count})
	}
	return append(out,
		figure{key: "day.imported", n: o.Imported}, figure{key: "day.corrections", n: o.Corrections},
		figure{key: "day.asked", n: o.Meter.Asked}, figure{key: "day.confirmed", n: o.Meter.Confirmed}, figure{key: "day.saved", n: o.Meter.Saved()},
		figure{key: "day.paper", n: o.OnPaper}, figure{key: "day.shown", n: o.Shown}, figure{key: "day.noreceipt", n: o.NoReceipt},
		figure{key: "day.nophoto", n: o.NoPhoto}, figure{key: "day.unseen", n: o.Unseen}, figure{key: "day.givenback", n: o.GivenBack})
}

// who names an officer in a file: by the first signs of his number, and by name
// only where that was asked for.
func (o *OfficerDay) who(names bool) string {
	if names && o.Name != "" {
		return o.Name
	}
	return o.Officer.String()[:8]
}

// DayCSV is a day's report as a table: office, kit, day, officer, service, what,
// reason, count. Officers are named only if names is set; nobody else is named
// anywhere.
func (k *Kit) DayCSV(ctx context.Context, day time.Time, names bool) ([]byte, error) {
	d, err := k.Day(ctx, day)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	date := d.From.Format(time.DateOnly)
	rows := [][]string{{"office", "kit", "day", "officer", "service", "what", "reason", "count"}}
	add := func(officer string, service civic.ServiceID, key string, reason civic.Code, n int) {
		rows = append(rows, []string{string(d.Office), d.Device.String()[:8], date, harmless(officer), string(service), strings.TrimPrefix(key, "day."), string(reason), strconv.Itoa(n)})
	}
	add("all", "", "registrations", "", d.All.Sealed)
	for _, f := range d.All.figures() {
		add("all", f.service, f.key, f.reason.Code, f.n)
	}
	for i := range d.Officers {
		o := &d.Officers[i]
		add(o.who(names), "", "registrations", "", o.Sealed)
		for _, f := range o.figures() {
			add(o.who(names), f.service, f.key, f.reason.Code, f.n)
		}
	}
	add("all", "", "drafts_open", "", len(d.Drafts))
	add("all", "", "oldest_draft_hours", "", int(d.OldestDraft()/time.Hour))
	add("all", "", "approved", "", d.Approved)
	add("all", "", "went_unseen", "", d.WentUnseen)
	if err := w.WriteAll(rows); err != nil {
		return nil, problem(err)
	}
	return b.Bytes(), nil
}

// harmless keeps a spreadsheet from reading a name as a formula.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// OldestDraft is how long ago the oldest of the open drafts was touched last.
func (d *Day) OldestDraft() time.Duration {
	if len(d.Drafts) == 0 {
		return 0
	}
	return max(0, d.Made.Sub(d.Drafts[len(d.Drafts)-1].Updated))
}

// DayPDF is a day's report to print, in a language; names as in DayCSV.
func (k *Kit) DayPDF(ctx context.Context, day time.Time, lang string, names bool) ([]byte, error) {
	d, err := k.Day(ctx, day)
	if err != nil {
		return nil, err
	}
	regular, err := assets.Fonts.ReadFile("fonts/NotoSans-Regular.ttf")
	if err != nil {
		return nil, problem(err)
	}
	bold, err := assets.Fonts.ReadFile("fonts/NotoSans-Bold.ttf")
	if err != nil {
		return nil, problem(err)
	}
	say := func(key string) string { return k.o.Words(lang, key) }
	moment := func(t time.Time) string {
		if t.IsZero() {
			return say("day.never")
		}
		return t.In(k.o.Zone).Format("2006-01-02 15:04")
	}
	lines := func(o *OfficerDay) []receipt.Line {
		out := []receipt.Line{{Label: say("day.registrations"), Value: strconv.Itoa(o.Sealed)}}
		for _, f := range o.figures() {
			label := say(f.key)
			switch {
			case f.service != "":
				label = k.serviceTitles([]civic.ServiceID{f.service}, lang) + ": " + label
			case f.reason.Code != "":
				label += ": " + k.reasonIn(lang, f.reason.Code)
			}
			out = append(out, receipt.Line{Label: label, Value: strconv.Itoa(f.n)})
		}
		return out
	}
	page := receipt.Report{
		Title: say("day.title") + " " + d.From.Format(time.DateOnly), Footer: say("day.footer"), Regular: regular, Bold: bold, Made: d.Made,
		Lines: []receipt.Line{
			{Label: say("receipt.office"), Value: string(d.Office)}, {Label: say("day.kit"), Value: d.Device.String()[:8]},
			{Label: say("day.made"), Value: moment(d.Made)}, {Label: say("day.contact"), Value: moment(d.LastContact)},
			{Label: say("day.backup"), Value: moment(d.LastBackup)}, {Label: say("day.drafts"), Value: strconv.Itoa(len(d.Drafts))},
			{Label: say("day.oldest"), Value: strconv.Itoa(int(d.OldestDraft() / time.Hour))},
			{Label: say("day.approved"), Value: strconv.Itoa(d.Approved)}, {Label: say("day.wentunseen"), Value: strconv.Itoa(d.WentUnseen)},
		},
		Sections: []receipt.Section{{Title: say("day.all"), Lines: lines(&d.All)}},
	}
	for i := range d.Officers {
		page.Sections = append(page.Sections, receipt.Section{Title: say("day.officer") + " " + d.Officers[i].who(names), Lines: lines(&d.Officers[i])})
	}
	b, err := receipt.ReportPDF(page)
	return b, problem(err)
}

// reasonIn words a reason without what fills it: a report counts them.
func (k *Kit) reasonIn(lang string, code civic.Code) string {
	key := "reason." + string(code)
	words := k.o.Words(lang, key)
	if words == key || strings.Contains(words, "{") {
		return strings.ReplaceAll(string(code), "_", " ")
	}
	return words
}
