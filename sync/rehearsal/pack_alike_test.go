package rehearsal

import (
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/match/people"
)

// measureAlike has known people come again as strangers, and counts how many
// are pointed out and how long each look takes.
func measureAlike(t *testing.T, k *kit.Kit, p people.Population, f *figures) {
	t.Helper()
	ctx := t.Context()
	iv, err := k.Begin(ctx, "identity")
	if err != nil {
		t.Fatal(err)
	}
	looked, same, hit := 0, 0, 0
	var spent time.Duration
	for i := range p.Incoming {
		in := &p.Incoming[i]
		if in.Truth != match.Same || in.Indistinguishable || looked == 60 {
			continue
		}
		given := ""
		for j, g := range in.Given {
			if j > 0 {
				given += " "
			}
			given += g
		}
		for path, v := range map[string]string{
			"who/given_name": given, "who/surname": word(in.Surnames, 0), "who/second_surname": word(in.Surnames, 1), "who/birth_date": in.Birth.String(),
			"home/locality": word(in.Places, 0), "home/municipality": word(in.Places, 1),
		} {
			if err := iv.Set(ctx, path, civic.Answer{Value: v}); err != nil {
				t.Fatal(err)
			}
		}
		begun := time.Now()
		seen, err := k.Alike(ctx, iv)
		took := time.Since(begun)
		if err != nil {
			t.Fatal(err)
		}
		looked++
		spent += took
		f.AlikeWorst = max(f.AlikeWorst, float64(took.Microseconds())/1000)
		same++
		year := p.Known[in.Of].Birth.Year
		for _, r := range seen {
			if d, err := civic.ParseDate(r.Person.BirthDate); err == nil && d.Year == year {
				hit++
				break
			}
		}
	}
	if looked > 0 {
		f.AlikeMillis = float64(spent.Microseconds()) / 1000 / float64(looked)
		f.AlikeFound = float64(hit) / float64(same)
	}
	begun := time.Now()
	for i := range 20 {
		if _, err := k.Search(ctx, word(p.Known[i].Given, 0)+" "+word(p.Known[i].Surnames, 0), 8); err != nil {
			t.Fatal(err)
		}
	}
	f.FindMillis = float64(time.Since(begun).Microseconds()) / 1000 / 20
	if err := k.Discard(ctx, iv.ID()); err != nil {
		t.Fatal(err)
	}
}
