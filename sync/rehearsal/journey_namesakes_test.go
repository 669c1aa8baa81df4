package rehearsal

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestJourneyNamesakes: a day on which a village registers its many María
// Guadalupe Hernández, born on one feast of one year. Two officers' lists meet at
// the centre; nobody is joined with another there, and whoever comes again and
// says a number of their own is known.
func TestJourneyNamesakes(t *testing.T) {
	o := newOffice(t)
	seconds := strings.Fields("García Martínez López González Pérez Rodríguez Sánchez Ramírez Cruz Flores Gómez Morales Vázquez Velázquez Jiménez Reyes Díaz Torres Ruiz Mendoza")
	quarters := strings.Fields("Centro Loma Llano Potrero Joya")
	list := func(from, to int) string {
		var b strings.Builder
		b.WriteString("rec_id,given_name,surname,date_of_birth,suburb,state,soc_sec_id\n")
		for n := from; n < to; n++ {
			fmt.Fprintf(&b, "%d,María Guadalupe,Hernández %s,1990-12-%02d,%s,Yucatán,HEXG9012%02dMYN%05d\n", n,
				seconds[n%len(seconds)], 12+n/len(seconds), quarters[n%len(quarters)], 12+n/len(seconds), n*1013%100_000)
		}
		f := filepath.Join(t.TempDir(), "village.csv")
		journeyFile(t, f, []byte(b.String()))
		return f
	}
	people := 3 * len(seconds)
	a, b := o.tablet(), o.tablet()
	a.must("import", "--form", "febrl", list(0, people/2))
	a.synced()
	b.must("import", "--form", "febrl", list(people/2, people))
	b.synced()
	s := o.must("status")
	if s.number(t, "merged") != 0 || s.number(t, "persons") != people || s.number(t, "registrations") != people {
		t.Errorf("of %d namesakes: %v", people, s.json)
	}
	// Some of them come again, at the other officer's table.
	b.must("import", "--form", "febrl", list(0, 7))
	b.synced()
	if s = o.must("status"); s.number(t, "merged") != 7 || s.number(t, "persons") != people {
		t.Errorf("seven came again: %v", s.json)
	}
	if s := o.must("doctor"); s.json["ok"] != true {
		t.Errorf("%v", s.json)
	}
}
