package capture

import (
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// lines says of every question that is relevant now how it is dealt with. put
// holds the questions the citizen was asked all the same: what was cleared or changed
// is not filled in again.
func (p *Planner) lines(s *form.Session, lang string, v Visit, put map[string]Why) []Line {
	var out []Line
	for _, sec := range s.Sections(lang) {
		for _, it := range sec.Items {
			if !it.Kind.Asked() || it.ReadOnly {
				continue
			}
			l := Line{Path: it.Path, Label: it.Label, Subject: subjectAt(it.Subject, it.Path), Attribute: it.Attribute}
			if l.Way, l.Why, l.Held = p.Look(v, l.Subject, it.Attribute); it.Drawn() {
				l.Way, l.Held = Ask, Held{} // whatever its attribute: a hand's mark stands for one act only
				if l.Why != WhyOwn && l.Why != WhyNew && l.Why != WhyUnlisted {
					l.Why = WhyNever
				}
			}
			if l.Way != Ask && it.FreshDays > 0 && l.Held.Days > it.FreshDays {
				l.Way, l.Why = Ask, WhyStale // older than this form wants it
			}
			if l.Way != Ask && !fits(it, l.Held.Answer) {
				l.Way, l.Why, l.Held = Ask, WhyForm, Held{}
			}
			if l.Way != Ask && answered(it.Answer) {
				if l.Taken = same(it.Kind, it.Answer, l.Held.Answer); !l.Taken {
					l.Way, l.Why = Ask, WhyChanged
				}
			}
			if why, asked := put[it.Path]; asked && l.Way != Ask && !l.Taken {
				l.Way, l.Why = Ask, why
			}
			out = append(out, l)
		}
	}
	return out
}

func answered(a civic.Answer) bool {
	return a.Value != "" || a.Stated != "" || a.Absent != civic.Present
}

func same(kind form.Kind, a, b civic.Answer) bool {
	if kind == form.SelectMany { // each form orders its choices its own way
		x, y := strings.Fields(a.Value), strings.Fields(b.Value)
		slices.Sort(x)
		slices.Sort(y)
		a.Value, b.Value = strings.Join(x, " "), strings.Join(y, " ")
	}
	return a.Value == b.Value && a.Absent == b.Absent && a.Stated == b.Stated
}

// fits tells whether a held answer can stand in a question: a choice the form
// offers, a date as exact as it wants, an absence it takes.
func fits(it form.Item, a civic.Answer) bool {
	if a.Absent != civic.Present {
		for _, ok := range it.Absences {
			if ok == a.Absent {
				return true
			}
		}
		return false
	}
	offered := func(name string) bool { _, ok := it.Choice(name); return ok }
	switch it.Kind {
	case form.SelectOne:
		return offered(a.Value)
	case form.SelectMany:
		for _, name := range strings.Fields(a.Value) {
			if !offered(name) {
				return false
			}
		}
	case form.Date:
		d, err := civic.ParseDate(a.Value)
		return err == nil && (it.Partial || d.Precision() == civic.Exact)
	case form.Integer:
		_, err := strconv.ParseInt(a.Value, 10, 64)
		return err == nil
	case form.Decimal, form.Range:
		_, err := strconv.ParseFloat(a.Value, 64)
		return err == nil
	case form.Image, form.Audio, form.Video, form.File:
		return false // a picture is taken anew
	}
	return true
}

// subjectAt gives a subject that lies in a repeat the number its path has:
// "members" at "members[2]/sex" is "members[2]".
func subjectAt(subject, path string) string {
	if subject == "" || !strings.Contains(path, "[") {
		return subject
	}
	var names, steps []string
	for _, step := range strings.Split(path, "/") {
		if name, _, ok := strings.Cut(step, "["); ok {
			names, steps = append(names, name), append(steps, step)
		}
	}
	if strings.Join(names, "/") != subject {
		return subject
	}
	return strings.Join(steps, "/")
}

// numbered takes "members[2]" apart; n is 0 without a number.
func numbered(subject string) (name string, n int) {
	name, rest, ok := strings.Cut(subject, "[")
	if !ok {
		return subject, 0
	}
	n, err := strconv.Atoi(strings.TrimSuffix(rest, "]"))
	if err != nil || n < 1 || n > form.MaxInstances {
		return subject, 0
	}
	return name, n
}
