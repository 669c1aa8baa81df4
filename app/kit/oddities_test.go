package kit

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

const surveyForm = "survey"

// surveyed is a world with a form that has what the rules look at, in which the
// officer at work is taken for a supervisor.
func surveyed(t *testing.T) *world {
	t.Helper()
	w := enrolled(t)
	rows := [][]any{
		{"type", "name", "label::English (en)", "x_attr", "x_partial", "x_allow"},
		{"text", "given_name", "Given name", "given_name"}, {"text", "surname", "Surname", "surname"},
		{"date", "birth_date", "Born", "birth_date", "yes"}, {"text", "phone", "Phone", "phone"}, {"text", "national_id", "Number", "national_id"},
		{"select_one evidence", "evidence", "Evidence", "evidence"}, {"text", "introducer", "Introducer", "introducer"}, {"image", "photo", "Photo", "photo"},
	}
	for i := range 9 {
		rows = append(rows, []any{"text", fmt.Sprintf("q%d", i), fmt.Sprintf("Question %d", i), "", "", "unknown refused"})
	}
	b := workbook(t, map[string][][]any{
		"survey":   rows,
		"choices":  {{"list_name", "name", "label::English (en)"}, {"evidence", "introducer", "Introducer"}, {"evidence", "document", "Document"}},
		"settings": {{"form_title", "form_id", "version", "default_language"}, {"Survey", surveyForm, "1", "English (en)"}},
	})
	if _, err := w.forms.Add(b); err != nil {
		t.Fatal(err)
	}
	w.leads()
	return w
}

// leads takes the officer at work for a supervisor.
func (w *world) leads() {
	st, err := w.store()
	if err != nil {
		w.t.Fatal(err)
	}
	w.leading.begin(st.Officer().ID, w.clock.Now())
}

// survey seals a person after some time; the nth one, who differs from all others
// in everything that is not given.
func (w *world) survey(n int, took time.Duration, said map[string]string) civic.RegistrationID {
	w.t.Helper()
	iv, err := w.Begin(w.t.Context(), surveyForm)
	if err != nil {
		w.t.Fatal(err)
	}
	answers := map[string]string{
		"given_name": "Ana " + letters(n), "surname": "Paz " + letters(n), "birth_date": fmt.Sprintf("%d-%02d-%02d", 1950+n%50, 2+n%11, 2+n%27),
		"phone": fmt.Sprint(9515550000 + n), "national_id": fmt.Sprintf("AB%07d", n), "evidence": "document",
	}
	for i := range 9 {
		answers[fmt.Sprintf("q%d", i)] = fmt.Sprintf("answer %d of %d", i, n)
	}
	for path, v := range said {
		answers[path] = v
	}
	for path, v := range answers {
		a := civic.Answer{Value: v}
		switch v {
		case "":
			continue
		case "refused":
			a = civic.Answer{Absent: civic.Refused}
		}
		if err := iv.Set(w.t.Context(), path, a); err != nil {
			w.t.Fatal(path, err)
		}
	}
	w.clock.Add(took)
	id, err := w.Seal(w.t.Context(), iv)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func letters(n int) string { return strings.Repeat(string(rune('a'+n%26)), 2+n/26) }

func (w *world) oddFound() map[civic.Code][]civic.RegistrationID {
	w.t.Helper()
	w.leads()
	all, err := w.Oddities(w.t.Context(), w.clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[civic.Code][]civic.RegistrationID{}
	for _, o := range all {
		for _, r := range o.Registrations {
			out[o.Code] = append(out[o.Code], r.ID)
		}
		if len(o.Registrations) != o.Count {
			w.t.Errorf("%s leads to %d of %d", o.Code, len(o.Registrations), o.Count)
		}
		if strings.Contains(strings.Join(o.Words, " "), "Ana") {
			w.t.Errorf("%s names somebody: %v", o.Code, o.Words)
		}
	}
	return out
}

// Each rule finds what it is there for, and nothing is found in an ordinary day.
func TestOddities(t *testing.T) {
	const usual = 9 * time.Minute
	for _, c := range []struct {
		name string
		day  func(w *world) []civic.RegistrationID // what is to be found
		want civic.Code
	}{
		{"ordinary", func(w *world) []civic.RegistrationID {
			for n := range 12 {
				w.survey(n, usual, nil)
			}
			w.survey(12, usual, map[string]string{"birth_date": "1990-01-01", "q1": "refused"})
			return nil
		}, ""},
		{"quick", func(w *world) []civic.RegistrationID {
			for n := range 11 {
				w.survey(n, usual, nil)
			}
			w.survey(20, 4*time.Minute, nil)
			return []civic.RegistrationID{w.survey(21, time.Minute, nil)}
		}, OddQuick},
		{"alike", func(w *world) (ids []civic.RegistrationID) {
			same := map[string]string{}
			for i := range 9 {
				same[fmt.Sprintf("q%d", i)] = "the same"
			}
			for n := range 4 {
				ids = append(ids, w.survey(n, usual, same))
			}
			return ids
		}, OddAlike},
		{"a family is alike", func(w *world) []civic.RegistrationID {
			same := map[string]string{"surname": "Paz", "phone": "9515551111"}
			for i := range 9 {
				same[fmt.Sprintf("q%d", i)] = "the same"
			}
			for n := range 6 {
				w.survey(n, usual, same)
			}
			return nil
		}, ""},
		{"paper", func(w *world) []civic.RegistrationID {
			return []civic.RegistrationID{w.survey(1, usual, map[string]string{"national_id": "GOMA-900101"}), w.survey(2, usual, map[string]string{"national_id": "goma 900101"})}
		}, OddPaper},
		{"phone", func(w *world) (ids []civic.RegistrationID) {
			for n := range 4 {
				ids = append(ids, w.survey(n, usual, map[string]string{"phone": []string{"951 555 1111", "+52 9515551111"}[n%2]}))
			}
			return ids
		}, OddPhone},
		{"January", func(w *world) (ids []civic.RegistrationID) {
			for n := range 5 {
				ids = append(ids, w.survey(n, usual, map[string]string{"birth_date": fmt.Sprintf("%d-01-01", 1960+n)}))
			}
			for n := range 5 { // a year alone is an answer
				w.survey(30+n, usual, map[string]string{"birth_date": fmt.Sprint(1960 + n)})
			}
			return ids
		}, OddJanuary},
		{"introducer", func(w *world) (ids []civic.RegistrationID) {
			for n := range 40 {
				ids = append(ids, w.survey(n, 2*time.Minute, map[string]string{"evidence": "introducer", "introducer": "Don Chucho"}))
			}
			return ids
		}, OddIntroducer},
		{"hours", func(w *world) []civic.RegistrationID {
			w.clock.Add(13 * time.Hour) // ten in the morning, eleven at night
			return []civic.RegistrationID{w.survey(1, usual, nil)}
		}, OddHours},
		{"clock", func(w *world) []civic.RegistrationID {
			w.survey(1, usual, nil)
			w.clock.Add(-3 * time.Hour)
			id := w.survey(2, usual, nil)
			w.clock.Add(4 * time.Hour) // put right again
			return []civic.RegistrationID{id}
		}, OddClock},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := surveyed(t)
			want := c.day(w)
			found := w.oddFound()
			for code, ids := range found {
				if code != c.want {
					t.Errorf("%s was found in %d", code, len(ids))
				}
			}
			got := found[c.want]
			sort := func(a, b civic.RegistrationID) int { return strings.Compare(a.String(), b.String()) }
			slices.SortFunc(got, sort)
			slices.SortFunc(want, sort)
			if !slices.Equal(got, want) {
				t.Errorf("%s leads to %d registrations, want %d", c.want, len(got), len(want))
			}
			// Another day has nothing of it, and practice is nobody's work.
			if all, err := w.Oddities(t.Context(), w.clock.Now().AddDate(0, 0, -9)); err != nil || len(all) != 0 {
				t.Errorf("another day: %d, %v", len(all), err)
			}
		})
	}
}

// One officer hears "not known" far more often than the other: by officer, since
// the same questions were asked.
func TestOddAbsences(t *testing.T) {
	w := surveyed(t)
	for n := range 6 {
		w.survey(n, 9*time.Minute, nil)
	}
	const second = "maize river lantern thursday"
	if _, err := w.AddOfficer(t.Context(), "Eva", second); err != nil {
		t.Fatal(err)
	}
	if err := w.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Unlock(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	var ids []civic.RegistrationID
	for n := range 6 {
		ids = append(ids, w.survey(10+n, 9*time.Minute, map[string]string{"q1": "refused", "q2": "refused", "q3": "refused", "phone": ""}))
	}
	if got := w.oddFound(); len(got) != 1 || len(got[OddAbsent]) != len(ids) {
		t.Fatalf("found %v", got)
	}
}

// Whatever was registered: rules say the same twice, each finding leads
// somewhere, and to the day or to what waits.
func TestRulesHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &looking{entries: map[civic.RegistrationID]store.Entry{}, isNow: map[*gleaning]bool{}, asked: map[uint64]int{}, zone: time.UTC, clock: time.Unix(1_800_000_000, 0), limit: rapid.IntRange(0, 5).Draw(t, "limit")}
		few := func(name string, most uint64) uint64 { return rapid.Uint64Range(0, most).Draw(t, name) }
		for i := range rapid.IntRange(0, 60).Draw(t, "registrations") {
			g := &gleaning{
				id: civic.RegistrationID{byte(i)}, counter: uint64(1000 - i), officer: civic.OfficerID{byte(few("officer", 2))}, form: civic.FormID(fmt.Sprint(few("form", 1))),
				sealed: civic.Stamp{Wall: 1_800_000_000 - int64(few("ago", 400_000)), Boot: 1}, took: time.Duration(few("took", 900)) * time.Second,
				imported: few("imported", 4) == 0, answers: int(few("answers", 20)), absent: 0, person: few("person", 9), surname: few("surname", 5),
				introducer: few("introducer", 3), dated: true, firstOfJa: few("january", 3) == 0, rest: few("rest", 3), restOf: int(few("restOf", 12)),
			}
			g.absent = int(few("absent", uint64(g.answers)))
			g.phones = []numberOf{{value: few("phone", 4), person: g.person, surname: g.surname}}
			g.papers = []numberOf{{value: few("paper", 20), person: g.person, surname: g.surname}}
			l.all = append(l.all, g)
			if few("now", 2) == 0 {
				l.now, l.isNow[g] = append(l.now, g), true
			}
		}
		look := func() (out []oddity) {
			for _, rule := range []func() []oddity{l.quick, l.alike, l.papers, l.phones, l.introducers, l.januaries, l.absences, l.hours, l.clocks} {
				out = append(out, rule()...)
			}
			return out
		}
		found := look()
		for _, o := range found {
			if !slices.ContainsFunc(o.of, func(g *gleaning) bool { return l.isNow[g] }) {
				t.Fatalf("%s leads to nothing of the day", o.code)
			}
		}
		if again := look(); !reflect.DeepEqual(found, again) {
			t.Fatalf("the second look says otherwise: %v, %v", found, again)
		}
	})
}
