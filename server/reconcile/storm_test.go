package reconcile_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// stormed is what became of a storm of namesakes.
type stormed struct {
	registered, joined, held, told int
	wrong                          []string // distinct people joined without a look
	person                         map[civic.PersonID]int
}

// storm settles people of one office in batches; who tells which human being a
// visit is of.
func (c *centre) storm(t testing.TB, s *stormed, who func(counter uint64) int, in []reconcile.Incoming, batch int) {
	t.Helper()
	if s.person == nil {
		s.person = map[civic.PersonID]int{}
	}
	for len(in) > 0 {
		n := min(batch, len(in))
		for i, o := range c.settle(t, in[:n]...) {
			is, p := who(o.Counter), o.Persons[0].Person
			switch o.Status {
			case civic.Registered:
				s.registered++
			case civic.Held:
				s.held++
			case civic.Merged:
				s.joined++
				if was, ok := s.person[p]; !ok || was != is {
					s.wrong = append(s.wrong, fmt.Sprintf("%d with %d: %v", is, was, in[i].Registration.Answers))
				}
			default:
				t.Errorf("%d: %v", o.Counter, o.Status)
			}
			if o.Status != civic.Merged {
				s.person[p] = is
			}
			for _, r := range o.Reasons {
				if r.Code == match.ReasonTooCommon {
					s.told++
				}
			}
		}
		in = in[n:]
	}
}

var stormSecond = strings.Fields("García Martínez López González Pérez Rodríguez Sánchez Ramírez Cruz Flores Gómez Morales Vázquez Jiménez Reyes Díaz Torres Gutiérrez Ruiz Mendoza Aguilar Ortiz Moreno Castillo Romero")

var stormQuarters = strings.Fields("Centro Loma Llano Potrero Joya Pinos Palmas Huerta Molino Calvario Carmen Rosario Merced Tepeyac Analco Jalatlaco Trinidad Cascajal Arenal Barranca Cantera Encinal Floresta Higuera Laguna")

// namesake is the n-th of those who share given names, first surname, year and
// municipality; no two share the second surname, the day and the quarter.
func namesake(kind string, n int, more ...string) []string {
	second, day, quarter := stormSecond[n%25], n/25*7%336, stormQuarters[(n+n/25)%25]
	switch kind {
	case "one day":
		day = 0
	case "one second surname":
		second, day = "Cruz", n
	case "one second surname, one quarter":
		second, day, quarter = "Cruz", n, "Centro"
	}
	return append([]string{
		"given_name", "María Guadalupe", "surname", "Hernández", "second_surname", second, "birth_date", fmt.Sprintf("1990-%02d-%02d", 1+day/28, 1+day%28),
		"sex", "F", "locality", quarter, "municipality", "San Juan", "state", "Oaxaca",
	}, more...)
}

// People whom one name, one year and one town are all they share are not joined
// without a look, whichever of the rest they share too.
func TestStormJoinsNobody(t *testing.T) {
	for _, kind := range []string{"one day", "one second surname", "one second surname, one quarter", "each their own"} {
		c := newCentre(t)
		var s stormed
		var in []reconcile.Incoming
		for n := range 150 {
			in = append(in, visit(uint64(n+1), namesake(kind, n)...))
		}
		c.storm(t, &s, func(counter uint64) int { return int(counter) }, in, 40)
		t.Logf("%s: %d registered, %d held", kind, s.registered, s.held)
		if s.joined > 0 || s.registered+s.held != len(in) {
			t.Errorf("%s: %d joined, %d registered, %d held; the first: %v", kind, s.joined, s.registered, s.held, s.wrong)
		}
	}
}

// More people than are compared share a name and a day: the search is cut short,
// and somebody as like may not have been seen. Nobody is joined but by a number
// that is one person's alone, each is told why, and the office counts them.
func TestCutSearchJoinsByNumberOnly(t *testing.T) {
	c := newCentre(t)
	var s stormed
	const people = registry.MaxNamesakes + 30
	var in []reconcile.Incoming
	id := func(n int) string { return fmt.Sprintf("HEXG900101MOC%05d", n*7919%100_000) }
	who := func(counter uint64) int { return int(counter) % 1000 }
	for n := range people {
		in = append(in, visit(uint64(n), namesake("one day", n, "national_id", id(n))...))
	}
	c.storm(t, &s, who, in, 100)
	if s.joined > 0 {
		t.Fatalf("%d joined: %v", s.joined, s.wrong)
	}
	numbered := c.settle(t, visit(1000+28, namesake("one day", 28, "national_id", id(28))...))[0]
	if numbered.Status != civic.Merged {
		t.Errorf("with the number: %v %v", numbered.Status, numbered.Reasons)
	}
	bare := c.settle(t, visit(2000+28, namesake("one day", 28)...))[0]
	if bare.Status == civic.Merged || !slices.ContainsFunc(bare.Reasons, func(r civic.Reason) bool { return r.Code == match.ReasonTooCommon }) {
		t.Errorf("without: %v %v", bare.Status, bare.Reasons)
	}
	c.view(t, func(ctx context.Context, tx ledger.Tx) error {
		n, err := reconcile.Cut(ctx, tx, area, time.Time{})
		if n == 0 {
			t.Error("no search is counted as cut short")
		}
		return err
	})
}

// Who differs from their namesakes in more than a digit is known when they come
// again, also in a storm.
func TestStormKnowsWhoComesAgain(t *testing.T) {
	c := newCentre(t)
	var s stormed
	var in []reconcile.Incoming
	for n := range 150 {
		in = append(in, visit(uint64(n+1), namesake("each their own", n)...))
	}
	c.storm(t, &s, func(counter uint64) int { return int(counter) % 1000 }, in, 75)
	in = nil
	for n := 0; n < 150; n += 10 {
		in = append(in, visit(uint64(1000+n+1), namesake("each their own", n)...))
	}
	known, before := s.joined, s.held
	c.storm(t, &s, func(counter uint64) int { return int(counter) % 1000 }, in, 75)
	if len(s.wrong) > 0 || s.joined-known+s.held-before != len(in) || s.joined-known < len(in)*2/3 {
		t.Errorf("of %d who came again %d are known and %d held; wrong: %v", len(in), s.joined-known, s.held-before, s.wrong)
	}
}
