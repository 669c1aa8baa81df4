package form_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/places"
)

// drawnPlaces are some places in places, and the same as the CSV a form might
// have brought along.
func drawnPlaces(t *rapid.T) (*form.List, string) {
	var all []places.Place
	n := rapid.IntRange(1, 40).Draw(t, "places")
	for i := range n {
		p := places.Place{Code: fmt.Sprintf("c%02d", i), Name: rapid.SampledFrom([]string{"Luz", "Río", "Mesa", "Agua"}).Draw(t, "name"), Kind: "town"}
		if up := rapid.IntRange(-1, min(i-1, 4)).Draw(t, "parent"); up >= 0 && all[up].Kind == "state" {
			p.Parent = all[up].Code
		} else if i < 5 {
			p.Kind = "state"
		}
		all = append(all, p)
	}
	c, err := places.New(all)
	if err != nil {
		t.Fatal(err)
	}
	table := places.NewTable(places.NewFinder(c))
	var csv strings.Builder
	csv.WriteString(strings.Join(table.Columns(), ",") + "\n")
	for i := range table.Len() {
		var cells []string
		for _, column := range table.Columns() {
			cells = append(cells, `"`+table.Cell(i, column)+`"`)
		}
		csv.WriteString(strings.Join(cells, ",") + "\n")
	}
	return form.NewList(table), csv.String()
}

// TestListedLikeAFile: a list that the kit lends offers, refuses and looks up what
// the same rows do as a file of the form's own, whatever the filter.
func TestListedLikeAFile(t *testing.T) {
	filters := []string{"", "kind = 'town'", "parent = ${s}", "kind = 'town' and parent = ${s}", "kind = 'town' and state = ${s} and starts-with(label, ${b})",
		"starts-with(label, ${b})", "kind != 'state' and parent = ${s}", "contains(label, ${b}) or name = ${s}", "position() < 5", "label = 'Luz' and position() = 1"}
	rapid.Check(t, func(t *rapid.T) {
		list, csv := drawnPlaces(t)
		filter := rapid.SampledFrom(filters).Draw(t, "filter")
		f, err := form.Compile(table("| survey |\n| | type | name | label | choice_filter | calculation |\n| | text | s | S | | |\n| | text | b | B | | |\n" +
			"| | select_one_from_file places.csv | p | P | " + filter + " | |\n" +
			"| | calculate | looked | | | pulldata('places', 'state_label', 'name', ${p}) |\n" +
			"| | calculate | pointed | | | instance('places')/root/item[name = ${p}]/path |\n" +
			"| | calculate | counted | | | count(instance('places')/root/item[kind = 'town' and label != ${b}]) |"))
		if err != nil {
			t.Fatal(err)
		}
		now := func() time.Time { return time.Unix(1_790_000_000, 0) }
		lent := form.Start(f, form.Env{Now: now, Lists: func(string) *form.List { return list }})
		brought := form.Start(f, form.Env{Now: now, Files: func(name string) ([]byte, bool) { return []byte(csv), name == "places.csv" }})
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			path := rapid.SampledFrom([]string{"s", "b", "p"}).Draw(t, "path")
			value := rapid.SampledFrom([]string{"", "c00", "c01", "c03", "c07", "c20", "L", "Mesa", "zz"}).Draw(t, "value")
			for _, s := range []*form.Session{lent, brought} {
				if err := s.Set(path, civic.Answer{Value: value}); err != nil {
					t.Fatal(err)
				}
			}
			a, b := question(t, lent, "p"), question(t, brought, "p")
			var have, want []string
			for _, c := range a.Listed.Find("", 99) {
				have = append(have, c.Name)
			}
			for _, c := range b.Choices {
				want = append(want, c.Name)
				if _, ok := a.Listed.Choice(c.Name); !ok {
					t.Fatalf("%s is not offered", c.Name)
				}
			}
			if !slices.Equal(have, want) {
				t.Fatalf("%q offers %v, as a file %v", filter, have, want)
			}
			for _, path := range []string{"p", "looked", "pointed", "counted"} {
				if x, y := lent.State(path), brought.State(path); x.Answer != y.Answer || x.Valid != y.Valid {
					t.Fatalf("%s: %+v, as a file %+v", path, x, y)
				}
			}
		}
	})
}

func question(t *rapid.T, s *form.Session, path string) form.Item {
	for _, section := range s.Sections("") {
		for _, item := range section.Items {
			if item.Path == path {
				return item
			}
		}
	}
	t.Fatalf("no question %s", path)
	return form.Item{}
}
