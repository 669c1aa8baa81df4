//go:build acceptance

package rehearsal

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestAcceptanceFormPlaces has a ministry's form choose from a national list that
// the kit holds, and prints what the page, each keystroke and each answer take.
func TestAcceptanceFormPlaces(t *testing.T) {
	dir := filepath.Join(os.Getenv("SHARED"), "places")
	o := newOffice(t)
	out := o.tablet()
	k := out.opened(t)
	defer func() { _ = k.Close() }()
	ctx := context.Background()
	added := o.must("form", "add", sheetsFile(t, map[string]string{
		"survey": `type | name | label | choice_filter | calculation
select_one_from_file places.csv | any | Any place
select_one_from_file places.csv | town | Town | kind = 'state'
select_one_from_file places.csv | street | Street | kind = 'street' and area = ${town}
calculate | looked | | | pulldata('places', 'label', 'name', ${any})
calculate | pointed | | | instance('places')/root/item[name = ${any}]/path`,
		"settings": "form_id | version\nstreets | 1",
	}))
	o.must("places", "import", filepath.Join(dir, "cn_streets.csv"))
	until(t, "form and list", func() bool {
		if _, err := k.Sync(ctx, 0, nil); err != nil {
			t.Fatal(err)
		}
		_, serial, err := k.PlacesCount(ctx)
		return err == nil && serial == 1 && slices.ContainsFunc(k.Services(), func(s kit.Service) bool { return s.Form.ID == "streets" })
	})
	iv, err := k.Begin(ctx, "streets")
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begun := time.Now()
	item := itemOf(t, iv, "any")
	opened := time.Since(begun)
	if item.Listed == nil || item.Listed.Len() != 41352 || len(item.Choices) != 0 {
		t.Fatalf("%+v", item)
	}
	var worst time.Duration
	found := 0
	for _, typed := range []string{"东", "东华", "东华门", "街道", "新华", "x", "11"} {
		begun := time.Now()
		found += len(item.Listed.Find(typed, 5))
		worst = max(worst, time.Since(begun))
	}
	code := item.Listed.Find("东华门", 1)[0].Name
	var answered time.Duration
	for i := range 6 { // answered, taken back: the page is worded anew each time
		begun := time.Now()
		value := code
		if i%2 == 1 {
			value = ""
		}
		if err := iv.Set(ctx, "any", civic.Answer{Value: value}); err != nil {
			t.Fatal(err)
		}
		iv.Check("")
		iv.Sections("")
		if i > 1 { // the first makes the order of the codes
			answered = max(answered, time.Since(begun))
		}
	}
	put(t, iv, "any", code)
	if looked, pointed := iv.State("looked").Answer.Value, iv.State("pointed").Answer.Value; looked == "" || pointed == "" {
		t.Errorf("looked up %q and %q", looked, pointed)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	megabytes := float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)) / 1e6
	runtime.KeepAlive(iv)
	fmt.Printf("a form over 41,352 places: %d bytes to the kit, page opens in %v, slowest keystroke %v (50 ms), slowest answer with the page worded anew %v, %.1f MB for the interview\n",
		added.number(t, "bytes"), opened.Round(time.Microsecond), worst.Round(time.Microsecond), answered.Round(time.Microsecond), megabytes)
	if found == 0 {
		t.Error("nothing was found")
	}
	if file := os.Getenv("FORMS_FIGURES"); file != "" {
		b, err := json.Marshal(map[string]any{"measured": "form_places", "figures": map[string]any{"places": 41352, "form_bytes": added.number(t, "bytes"),
			"worst_keystroke_ms": float64(worst.Microseconds()) / 1000, "worst_answer_ms": float64(answered.Microseconds()) / 1000, "interview_mb": megabytes}})
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.Write(append(b, '\n')); err != nil {
			t.Fatal(err)
		}
	}
}
