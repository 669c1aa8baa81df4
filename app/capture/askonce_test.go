package capture

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestAskOnce is the arithmetic the project stands for: five services, one
// family of four, visits two months apart, in all 120 orders, each visit a real
// interview over the shipped forms. It prints how many questions were asked.
func TestAskOnce(t *testing.T) {
	w := shipped(t)
	apart := []int{2}
	if testing.Verbose() {
		apart = append(apart, 6, 12) // told for comparison
	}
	for _, months := range apart {
		t.Run(fmt.Sprintf("%d months apart", months), func(t *testing.T) {
			total := tally{}
			last := map[civic.ServiceID]*tally{}
			worst := map[civic.ServiceID]float64{}
			orders := 0
			permute(services, func(order []civic.ServiceID) {
				orders++
				o := newOfficer(t, w)
				told := memory{}
				for i, s := range order {
					lines, m := o.visit(s)
					told.check(t, w.dictionary, o.now, s, lines)
					total.add(m)
					if i == len(order)-1 {
						if last[s] == nil {
							last[s] = &tally{}
						}
						last[s].add(m)
						worst[s] = max(worst[s], share(m))
					}
					o.now = o.now.AddDate(0, months, 0)
				}
			})
			if orders != 120 {
				t.Fatalf("%d orders", orders)
			}
			t.Logf("%-10s %9s %9s %9s %9s %9s", "last", "questions", "asked", "confirmed", "reused", "asked %")
			for _, s := range services {
				t.Logf("%-10s %s  worst %.1f %%", s, last[s].row(), 100*worst[s])
			}
			t.Logf("%-10s %s", "all five", total.per(orders).row())
			keep(t, months, total, last)
			if months > 2 {
				return // the goal is for two months
			}
			if got := total.share(); got > .60 {
				t.Errorf("%.1f %% of the questions were asked, the goal is 60", 100*got)
			}
			for s, got := range worst {
				goal := .40
				if s == "cash" {
					goal = .52
				}
				if got > goal {
					t.Errorf("%s as the last service asks %.1f %% of its form, the goal is %.0f", s, 100*got, 100*goal)
				}
			}
		})
	}
}

// keep puts the figures of a run behind those of the file FORMS_FIGURES, if there
// is one, as a line of JSON.
func keep(t *testing.T, months int, total tally, last map[civic.ServiceID]*tally) {
	t.Helper()
	file := os.Getenv("FORMS_FIGURES")
	if file == "" {
		return
	}
	shares := map[string]float64{"all": total.share()}
	for s, sum := range last {
		shares["last_"+string(s)] = sum.share()
	}
	b, err := json.Marshal(map[string]any{"figures": map[string]any{"asked_share": shares}, "measured": fmt.Sprintf("ask_once_%s_months", map[int]string{2: "two", 6: "six", 12: "twelve"}[months])})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(b, '\n')); err != nil {
		t.Fatal(err)
	}
}

// tally adds meters up.
type tally struct {
	m Meter
	n int
}

func (y *tally) add(m Meter) {
	y.n++
	y.m.Asked += m.Asked
	y.m.Confirmed += m.Confirmed
	y.m.Reused += m.Reused
}

func share(m Meter) float64      { return float64(m.Asked) / float64(m.Total()) }
func (y *tally) share() float64  { return share(y.m) }
func (y tally) per(n int) *tally { y.n = n; return &y }
func (y *tally) row() string {
	n := float64(y.n)
	return fmt.Sprintf("%9.1f %9.1f %9.1f %9.1f %9.1f", float64(y.m.Total())/n, float64(y.m.Asked)/n, float64(y.m.Confirmed)/n, float64(y.m.Reused)/n, 100*y.share())
}

// memory is when each answer was last really given or said to be still so, kept
// apart from claims: filling a value in again must not make it look fresh.
type memory map[string]time.Time

func (told memory) check(t *testing.T, d *attributes.Dictionary, now time.Time, s civic.ServiceID, lines []Line) {
	t.Helper()
	type saying struct{ key string }
	var said []saying
	for _, l := range lines {
		if l.Attribute == "" {
			continue
		}
		a, ok := d.Get(l.Attribute)
		if !ok {
			t.Fatalf("%s %s: the dictionary has no %s", s, l.Path, l.Attribute)
		}
		key := string(subjects[s][l.Subject]) + " " + string(l.Attribute)
		if a.About == attributes.Household {
			key = "home " + string(l.Attribute)
		}
		if l.Way == Ask || l.Way == Confirm {
			said = append(said, saying{key})
		}
		if l.Way == Ask {
			continue
		}
		at, known := told[key]
		switch {
		case !l.Taken:
			t.Errorf("%s %s was neither asked nor taken", s, l.Path)
		case a.Reuse == attributes.Never:
			t.Errorf("%s %s is never to be reused", s, l.Path)
		case !known:
			t.Errorf("%s %s is reused and nobody ever said it", s, l.Path)
		case !a.Lasting && l.Way == Show:
			t.Errorf("%s %s goes stale and was not confirmed", s, l.Path)
		case !a.Lasting && attributes.Age(at, now) > a.FreshDays:
			t.Errorf("%s %s is %d days old, its limit is %d", s, l.Path, attributes.Age(at, now), a.FreshDays)
		case l.Held.At.IsZero() || l.Held.Service == "":
			t.Errorf("%s %s tells no origin", s, l.Path)
		}
	}
	for _, x := range said {
		told[x.key] = now
	}
}

func permute(list []civic.ServiceID, visit func([]civic.ServiceID)) {
	var walk func(done, left []civic.ServiceID)
	walk = func(done, left []civic.ServiceID) {
		if len(left) == 0 {
			visit(done)
			return
		}
		for i := range left {
			rest := append(append([]civic.ServiceID(nil), left[:i]...), left[i+1:]...)
			walk(append(append([]civic.ServiceID(nil), done...), left[i]), rest)
		}
	}
	walk(nil, list)
}
