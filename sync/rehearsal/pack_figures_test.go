package rehearsal

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/match/people"
)

var packPeople = flag.Int("pack.people", 1000, "how many people the measured district pack has")

// crowd is the people of a district at a centre, put there as a worker would.
type crowd struct {
	t      testing.TB
	centre *serve.Centre
	known  []match.Record
	kit    [32]byte
}

func word(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return ""
}

// claimsOf is what an identity form says of somebody: sixteen attributes, the
// rare ones with values of their own.
func claimsOf(i int, r match.Record) []civic.Claim {
	var given string
	for j, g := range r.Given {
		if j > 0 {
			given += " "
		}
		given += g
	}
	jobs := []string{"campesino", "hogar", "comercio", "albañil", "artesana", "estudiante", "maestra", "teje petates"}
	schools := []string{"none", "primary", "lower_secondary", "upper_secondary"}
	marital := []string{"single", "married", "living_together", "widowed"}
	var out []civic.Claim
	for _, c := range [][2]string{
		{"given_name", given}, {"surname", word(r.Surnames, 0)}, {"second_surname", word(r.Surnames, 1)}, {"sex", map[string]string{"M": "male", "F": "female"}[r.Sex]},
		{"birth_date", r.Birth.String()}, {"birth_place", word(r.Places, 1)}, {"nationality", "mex"}, {"marital_status", marital[i%4]}, {"occupation", jobs[i%7]},
		{"education", schools[i%4]}, {"address", "Calle " + schools[i%3] + " " + strconv.Itoa(1+i*7919%300)},
		{"locality", word(r.Places, 0)}, {"municipality", word(r.Places, 1)}, {"state", word(r.Places, 2)}, {"phone", word(r.Phones, 0)},
		{"national_id", fmt.Sprintf("XXXX%02d%02d%02dHOCLLR%02d", r.Birth.Year%100, r.Birth.Month, r.Birth.Day, i*31%100)},
	} {
		if c[1] != "" {
			out = append(out, civic.Claim{Attribute: civic.Attribute(c[0]), Value: c[1]})
		}
	}
	return out
}

// visit is the n-th registration of the i-th person.
func (c *crowd) visit(i, n int) *civic.Registration {
	r := &civic.Registration{
		Area: rehearsalArea, Counter: uint64(i*8 + n + 1), Services: []civic.ServiceID{"identity"}, Form: civic.FormRef{ID: "identity", Version: "1"},
		Sealed: civic.Stamp{Wall: time.Now().Unix() - 86400*int64(3-n)}, Consents: []civic.Consent{{Service: "identity", Purpose: "reuse", Given: true}},
	}
	binary.BigEndian.PutUint64(r.ID[:], r.Counter)
	r.ID[15] = 9
	return r
}

// come has people speak: everybody at first, then some with one new answer.
func (c *crowd) come(from, to, n int, say func(i int) []civic.Claim) {
	c.t.Helper()
	const atOnce = 2000
	for ; from < to; from += atOnce {
		err := c.centre.DB.Update(context.Background(), func(tx ledger.Tx) error {
			var changes []registry.Change
			var regs []*civic.Registration
			for i := from; i < min(from+atOnce, to); i++ {
				r := c.visit(i, n)
				claims := say(i)
				for j := range claims {
					claims[j].Registration, claims[j].Area, claims[j].At = r.ID, r.Area, r.Sealed
				}
				changes = append(changes, registry.Change{
					Said: registry.Said{Registration: r.ID, Office: r.Area, At: r.Sealed.Wall, Claims: claims},
					To:   registry.Ref{Home: r.Area, Person: registry.NewPersonID(c.visit(i, 0).ID, "")}, State: registry.Standing, Fresh: n == 0, Actor: "match", At: r.Sealed.Wall,
				})
				regs = append(regs, r)
			}
			if err := c.centre.Registry.Apply(context.Background(), tx, changes); err != nil {
				return err
			}
			return c.centre.District.Settled(context.Background(), tx, c.kit[:], regs)
		})
		if err != nil {
			c.t.Fatal(err)
		}
	}
}

// figures are what make bench prints of the district pack.
type figures struct {
	People         int     `json:"people"`
	Attributes     float64 `json:"attributes_a_person"`
	FirstBytes     int64   `json:"first_bytes_down"`
	FirstEach      float64 `json:"first_bytes_a_person"`
	Changed        int     `json:"changed"`
	ChangedBytes   int64   `json:"changed_bytes_down"`
	ChangedEach    float64 `json:"changed_bytes_a_person"`
	BuildSeconds   float64 `json:"build_seconds"`
	RefreshSeconds float64 `json:"refresh_seconds"`
	FetchSeconds   float64 `json:"fetch_seconds"`
	LoadSeconds    float64 `json:"load_seconds"`
	FindMillis     float64 `json:"find_ms"`
	AlikeMillis    float64 `json:"alike_ms"`
	AlikeWorst     float64 `json:"alike_ms_worst"`
	AlikeFound     float64 `json:"alike_found_share"`
}

// TestPackFigures measures a district pack on the wire, between the two
// programs, with all that HTTP adds: everybody the first time, and one new
// answer of every fiftieth person afterwards, each with a new receipt. The limits
// are those of the issue: 12 MB for 50,000, 60 bytes a changed person.
func TestPackFigures(t *testing.T) {
	n := *packPeople
	o := newOffice(t)
	tab := o.tablet()
	ctx := t.Context()
	c := &crowd{t: t}
	var err error
	c.centre, err = serve.Open(ctx, serve.Config{Data: o.data, Clock: time.Now, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.centre.Close() }()
	population := people.Mexico(11, n, 300)
	c.known = population.Known
	f := figures{People: n, Changed: max(n/50, 20)}
	total := 0
	c.come(0, n, 0, func(i int) []civic.Claim {
		claims := claimsOf(i, c.known[i])
		total += len(claims)
		return claims
	})
	f.Attributes = float64(total) / float64(n)
	took := func(into *float64, do func()) {
		begun := time.Now()
		do()
		*into = time.Since(begun).Seconds()
	}
	took(&f.BuildSeconds, func() { o.must("pack", "build", "--area", rehearsalArea, "--every", "24h") })

	k := tab.opened(t)
	defer func() { _ = k.Close() }()
	took(&f.FetchSeconds, func() {
		for {
			r := synced(t, k, 0)
			f.FirstBytes += r.BytesDown
			if d, err := k.District(ctx); err != nil {
				t.Fatal(err)
			} else if d.Present && !d.Coming {
				break
			}
		}
	})
	took(&f.LoadSeconds, func() {
		if err := k.Lock(ctx); err != nil {
			t.Fatal(err)
		}
		if err := k.Unlock(ctx, journeyPass); err != nil {
			t.Fatal(err)
		}
		if d, err := k.District(ctx); err != nil || d.People != n {
			t.Fatalf("%+v, %v", d, err)
		}
	})
	f.FirstEach = float64(f.FirstBytes) / float64(n)

	quiet := synced(t, k, 0) // what a pass costs that brings nothing
	c.come(0, f.Changed, 1, func(i int) []civic.Claim {
		return []civic.Claim{{Attribute: "phone", Value: fmt.Sprintf("95155%05d", i)}}
	})
	took(&f.RefreshSeconds, func() { o.must("pack", "build") })
	changed := synced(t, k, 0)
	f.ChangedBytes = changed.BytesDown
	f.ChangedEach = float64(f.ChangedBytes) / float64(f.Changed)
	t.Logf("a pass that brings nothing: %d bytes down", quiet.BytesDown)

	measureAlike(t, k, population, &f)
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("district pack:\n%s", b)
	if limit := int64(n) * (12 << 20) / 50_000; n >= 1000 && f.FirstBytes > limit {
		t.Errorf("%d bytes the first time, %d are allowed", f.FirstBytes, limit)
	}
	if f.Changed >= 1000 && f.ChangedEach > 60 {
		t.Errorf("%.1f bytes a changed person", f.ChangedEach)
	}
	if f.AlikeFound < 0.5 {
		t.Errorf("only %.2f of those who come again are pointed out", f.AlikeFound)
	}
}
