//go:build acceptance

package rehearsal

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/places"
	"github.com/askonce/fieldkit/sync/identity"
	list "github.com/askonce/fieldkit/sync/places"
)

// TestAcceptancePlaces takes in whole national lists, sends one to a kit, and
// prints what it costs on the wire, in memory and at each keystroke.
func TestAcceptancePlaces(t *testing.T) {
	dir := filepath.Join(os.Getenv("SHARED"), "places")
	in := func(names ...string) []string {
		for i := range names {
			names[i] = filepath.Join(dir, names[i])
		}
		return names
	}
	for _, c := range []struct {
		name  string
		files []string
		rows  int
		typed []string
		want  map[string]string // typed: a place that has to be among the first five
	}{
		{"China, four levels", in("cn_provinces.csv", "cn_cities.csv", "cn_areas.csv", "cn_streets.csv"), 31 + 342 + 2978 + 41352,
			[]string{"东", "东华", "东华门", "街道", "新华", "人民 河北"}, map[string]string{"东华门": "东华门街道", "华门街": "东华门街道"}},
		{"Mexico, localities", in("mx_localidades_1000hab.csv"), 10635,
			[]string{"s", "sa", "san", "san m", "san miguel", "san miguel oax", "juchitan", "guadalajraa", "oajaca", "xico", "ciudad jua"},
			map[string]string{"juchitan": "Heroica Ciudad de Juchitán de Zaragoza", "guadalajraa": "Guadalajara", "oaxaca de juarez": "Oaxaca de Juárez", "tizimin": "Tizimín"}},
	} {
		all, report, err := places.ReadTables(c.files, places.Columns{})
		if err != nil || report.Rows != c.rows {
			t.Fatalf("%s: %+v %v", c.name, report, err)
		}
		catalogue, err := list.New(all)
		if err != nil {
			t.Fatal(err)
		}
		packed, err := catalogue.Pack()
		if err != nil {
			t.Fatal(err)
		}
		changed := slices.Clone(all)
		for i := range 10 {
			changed[i*97].Other = append(slices.Clone(changed[i*97].Other), "Otro nombre")
		}
		next, err := list.New(changed)
		if err != nil {
			t.Fatal(err)
		}
		delta, err := list.Diff(catalogue, next)
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		begun := time.Now()
		opened, err := list.Open(packed)
		if err != nil {
			t.Fatal(err)
		}
		finder := list.NewFinder(opened)
		ready := time.Since(begun)
		runtime.GC()
		runtime.ReadMemStats(&after)
		var worst time.Duration
		for _, typed := range c.typed {
			for _, within := range []string{"", all[0].Code} {
				begun := time.Now()
				finder.Find(list.Query{Text: typed, Within: within})
				worst = max(worst, time.Since(begun))
			}
		}
		for typed, want := range c.want {
			found := finder.Find(list.Query{Text: typed, Limit: 5})
			if !slices.ContainsFunc(found, func(f list.Found) bool { return identity.Fold(f.Name) == identity.Fold(want) }) {
				t.Errorf("%q does not give %s: %v", typed, want, found)
			}
		}
		t.Logf("%s: %d places, %d bytes packed, %d bytes for ten changes, ready in %v, %.1f MB in memory, slowest keystroke %v (50 ms)",
			c.name, catalogue.Len(), len(packed), len(delta), ready.Round(time.Millisecond), float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/1e6, worst)
		runtime.KeepAlive(finder)
	}

	o := newOffice(t)
	k := o.tablet()
	done := o.must("places", "import", filepath.Join(dir, "cn_streets.csv"))
	if done.number(t, "places") != 41352 {
		t.Fatalf("%v", done.json)
	}
	down := 0
	until(t, "the list of 41,352 streets", func() bool {
		down += k.synced().number(t, "bytes_down")
		found := k.must("places", "--of", "state", "东华门")
		return found.number(t, "of") == 41352 && found.number(t, "list") == 1
	})
	t.Logf("41,352 streets through both programs: %d bytes of list, %d bytes down in all", done.number(t, "bytes_whole"), down)
}
