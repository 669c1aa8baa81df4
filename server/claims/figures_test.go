package claims_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"
)

// rows is how large a table TestImportFigures takes in:
//
//	go test -v -run TestImportFigures ./server/claims -claims.rows 100000
var rows = flag.Int("claims.rows", 2000, "rows of the table of TestImportFigures")

// register writes a table of people as a country has them: some thousand given
// names and surnames, dates over eighty years, five hundred villages, and one in
// twenty of them twice with another spelling.
func register(n int) string {
	syllables := strings.Fields("ma ri jo se lu is an to ni car los pe dro ra fa el gua da lu pe ra mon te re sa cruz vi cen te be ni ta xo chi tl ix el ma za hua ca")
	word := func(n, parts int) string {
		var b strings.Builder
		for range parts {
			b.WriteString(syllables[n%len(syllables)])
			n /= 7
		}
		return strings.ToUpper(b.String()[:1]) + b.String()[1:]
	}
	var b strings.Builder
	b.WriteString("folio,nombre,ap1,ap2,nacio,sexo,municipio,localidad,agua,fecha\n")
	for i := range n {
		k := i
		given := word(k*7919, 3)
		if i%20 == 19 {
			k = i - 10
			given = word(k*7919, 3) + "h"
		}
		fmt.Fprintf(&b, "F%d,%s,%s,%s,%s,%s,%s,%s,%s,2025-03-01\n", i, given, word(k*104729+3, 3), word(k*1299709+5, 3),
			time.Date(1935, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, k*6151%29000).Format(time.DateOnly), []string{"M", "H"}[k%2],
			word(k%40*31, 3), word(k%500*17+9, 4), []string{"tubo", "pozo"}[k%2])
	}
	return b.String()
}

// TestImportFigures takes a table in, again, and prints how long each took.
func TestImportFigures(t *testing.T) {
	c := newCentre(t)
	c.im.Chunk = 0
	csv := register(*rows)
	for _, pass := range []string{"first", "again"} {
		begun := time.Now()
		r, _ := c.take(csv, mapping)
		took := time.Since(begun)
		t.Logf("%s: %d rows in %v, %.0f a second: %d taken, %d known, %d new, %d linked, %d held", pass, r.Rows, took.Round(time.Millisecond),
			float64(r.Rows)/took.Seconds(), r.Taken, r.Known, r.Fresh, r.Linked, r.Held)
		if r.Taken+r.Known != *rows || (pass == "again") != (r.Taken == 0) {
			t.Fatalf("%+v", r)
		}
	}
}
