package match

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/sync/civic"
)

// storm is a town that holds one name dear. Whoever comes is decided on among
// all who came before; who is joined stands beside whom he is joined with.
type storm struct {
	model  *Model
	around Around
	known  []Person
	who    [][]int // which human beings each known person was made of
	wrong  []string
}

// comes decides on a record of the n-th human being and tells the verdict.
func (s *storm) comes(n int, r Record) Verdict {
	p := Prepare(r)
	d := s.model.DecideAmong(p, s.known, s.around)
	if d.Verdict != Auto {
		s.known, s.who = append(s.known, Person{Records: []*Prepared{p}}), append(s.who, []int{n})
		return d.Verdict
	}
	if !slices.Contains(s.who[d.Person], n) {
		s.wrong = append(s.wrong, fmt.Sprintf("%+v with %v", r, s.who[d.Person]))
	}
	s.known[d.Person].Records = append(s.known[d.Person].Records, p)
	s.who[d.Person] = append(s.who[d.Person], n)
	return d.Verdict
}

// Namesakes of one town and year: the same given names and first surname, and
// of the second surname and the day of birth at least one is another. However
// they are written and in whatever order they come, no two of them are joined
// without a look as long as they have nothing that one person alone has.
func TestStormsJoinNobody(t *testing.T) {
	seconds := []string{"Cruz", "García", "Velázquez", "Vázquez", "Fernández", "Ruiz", "Ixtlahuaca", ""}
	rapid.Check(t, func(t *rapid.T) {
		s := &storm{model: DefaultModel()}
		given := rapid.SampledFrom([]string{"María Guadalupe", "José Luis", "Xóchitl", "Juan"}).Draw(t, "given")
		whole := rapid.SampledFrom([]string{"one second surname", "one day", "any"}).Draw(t, "storm")
		quarters := rapid.IntRange(1, 4).Draw(t, "quarters")
		village := rapid.SampledFrom([]string{"", "9511234567"}).Draw(t, "a phone that the village shares")
		oneField := rapid.Bool().Draw(t, "whole names")
		seen := map[string]bool{}
		for n := range rapid.IntRange(2, 60).Draw(t, "people") {
			second, day := "Cruz", 7
			if whole != "one second surname" {
				second = rapid.SampledFrom(seconds[:7]).Draw(t, "second surname")
			}
			if whole != "one day" {
				day = rapid.IntRange(0, 335).Draw(t, "day")
			}
			// Who agrees in all of that is one person as far as anybody can tell.
			if key := fmt.Sprint(second, day); seen[key] {
				continue
			} else {
				seen[key] = true
			}
			if !strings.HasSuffix(second, "zquez") { // a letter more or less, and one is the other
				second = slip(t, second)
			}
			r := Record{
				Given: []string{slip(t, given)}, Surnames: []string{slip(t, "Hernández"), second}, Sex: "F",
				Birth:  civic.Date{Year: 1990, Month: 1 + day/28, Day: 1 + day%28},
				Places: []string{quarterNames[rapid.IntRange(0, quarters-1).Draw(t, "quarter")], "San Juan", "Oaxaca"},
			}
			if whole == "one day" {
				r.Phones = filled(village)
			}
			if oneField {
				r.Full, r.Given, r.Surnames = strings.Join(append(r.Given, r.Surnames...), " "), nil, nil
			}
			s.comes(n, r)
		}
		if len(s.wrong) > 0 {
			t.Fatalf("%s: %d joined, the first %s", whole, len(s.wrong), s.wrong[0])
		}
	})
}

var quarterNames = strings.Fields(`Centro Loma Llano Potrero Joya Pinos Palmas Huerta Molino Calvario Carmen Rosario Merced Tepeyac Analco
 Jalatlaco Trinidad Cascajal Arenal Barranca Cantera Encinal Floresta Higuera Laguna`)

// slip writes a word wrong now and then: a letter twice, or left out.
func slip(t *rapid.T, word string) string {
	r := []rune(word)
	if len(r) < 5 || rapid.IntRange(0, 4).Draw(t, "slips") > 0 {
		return word
	}
	at := rapid.IntRange(1, len(r)-2).Draw(t, "at")
	if rapid.Bool().Draw(t, "twice") {
		return string(r[:at+1]) + string(r[at:])
	}
	return string(r[:at]) + string(r[at+1:])
}

// A household that shares surnames, home and phone, with names that share
// parts, twins among them: nobody is joined with another.
func TestHouseholdsJoinNobody(t *testing.T) {
	names := []string{"María Guadalupe", "María Fernanda", "María", "Guadalupe", "Fernanda", "Emilio", "Emiliano", "Joel", "Noel", "Mariana", "Marina", "Juan", "Juana"}
	rapid.Check(t, func(t *rapid.T) {
		s := &storm{model: DefaultModel()}
		for n, given := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 2, 8, rapid.ID).Draw(t, "given") {
			r := Record{
				Given: []string{given}, Surnames: []string{"Hernández", "Cruz"}, Sex: rapid.SampledFrom([]string{"F", "M"}).Draw(t, "sex"),
				Birth:  civic.Date{Year: 1990, Month: 3, Day: 1 + rapid.IntRange(0, 3).Draw(t, "day")},
				Places: []string{"Centro", "San Juan", "Oaxaca"}, Phones: []string{"9511234567"},
			}
			s.comes(n, r)
		}
		if len(s.wrong) > 0 {
			t.Fatal(s.wrong[0])
		}
	})
}

// In an office that has long known its people a storm may surprise once; at the
// second of a name the town counts.
func TestSettledOfficesLearnAStorm(t *testing.T) {
	for _, step := range []int{1, 5, 11, 13, 29, 97} {
		for _, quarters := range []int{1, 5, 25} {
			s := &storm{model: DefaultModel(), around: Around{People: 5 * Settled}}
			known := 0
			person := func(n int) Record {
				day := n * step % 336
				return Record{
					Given: []string{"María Guadalupe"}, Surnames: []string{"Hernández", "Cruz"}, Sex: "F", Birth: civic.Date{Year: 1990, Month: 1 + day/28, Day: 1 + day%28},
					Places: []string{quarterNames[n%quarters], "San Juan", "Oaxaca"},
				}
			}
			const people = 300
			n := 0
			for ; n < people && (n == 0 || n*step%336 != 0); n++ {
				s.comes(n, person(n))
			}
			for again := range n {
				if s.comes(again, person(again)) == Auto {
					known++
				}
			}
			t.Logf("step %d, %d quarters: %d people, %d joined with another, %d of them known again", step, quarters, n, len(s.wrong), known)
			if len(s.wrong) > 1 {
				t.Errorf("step %d, %d quarters: %d joined: %s", step, quarters, len(s.wrong), strings.Join(s.wrong, "\n"))
			}
		}
	}
}
