//go:build acceptance

package form_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/form"
)

// meant are the differences that are meant, by form and what differs.
var meant = map[string]string{
	"legend-odk-forms__LEGEND_L1_redo_limites__16ee9f.xlsx.xml constraint": "regex() fits the whole answer, as the ODK documentation has it; the reference takes a part",
	"pyxform__field-list__2f8f8d.xlsx.xml label":                           "a label without a translation falls back to another language; the reference shows a hyphen",
}

// TestAcceptanceTraces replays the recorded interviews.
func TestAcceptanceTraces(t *testing.T) {
	listedForms := map[string]listed{}
	for _, l := range corpus(t) {
		listedForms[l.file+".xml"] = l
	}
	var all, equal int
	aside := map[string]int{}
	var states, same int
	causes, wanted := map[string]int{}, map[string]int{}
	eachLine(t, "traces.jsonl.gz", func(b []byte) {
		var tr trace
		if err := json.Unmarshal(b, &tr); err != nil {
			t.Fatal(err)
		}
		l, ok := listedForms[tr.Form]
		switch {
		case !ok:
			aside["recorded on an XForm without a workbook"]++
			return
		case l.format != "xlsx":
			aside["the workbook is an old .xls"]++
			return
		case tr.Init == nil:
			aside["the reference engine failed to load the form"]++
			return
		}
		wb, err := os.ReadFile(shared(t, "workbooks", l.file))
		if err != nil {
			t.Fatal(err)
		}
		f, err := form.Load(wb)
		if err != nil {
			aside["refused by the kit"]++
			t.Logf("%s is refused: %v", tr.Form, err)
			return
		}
		all++
		bad := slices.DeleteFunc(replayTrace(f, tr, &states, &same), func(x string) bool {
			why := meant[tr.Form+" "+strings.SplitN(x, ":", 2)[0]]
			if why != "" {
				wanted[tr.Form+": "+why]++
			}
			return why != ""
		})
		if len(bad) == 0 {
			equal++
			return
		}
		kinds := map[string]bool{}
		for _, x := range bad {
			kinds[strings.SplitN(x, ":", 2)[0]] = true
		}
		for k := range kinds {
			causes[k]++
		}
		seen := map[string]bool{}
		bad = slices.DeleteFunc(bad, func(x string) bool {
			key := stepped.ReplaceAllString(strings.SplitN(x, ": have", 2)[0], "")
			defer func() { seen[key] = true }()
			return seen[key]
		})
		t.Logf("%s: %d differences\n    %s", tr.Form, len(bad), strings.Join(bad[:min(6, len(bad))], "\n    "))
	})
	set := 0
	for _, n := range aside {
		set += n
	}
	fmt.Printf("traces: %d replayed, %d not, equal %d (%.1f %%); states %d, equal %d (%.2f %%)\n",
		all, set, equal, 100*float64(equal)/float64(all), states, same, 100*float64(same)/float64(states))
	for _, k := range slices.Sorted(maps.Keys(aside)) {
		fmt.Printf("  not replayed, %s: %d\n", k, aside[k])
	}
	for _, k := range slices.Sorted(maps.Keys(wanted)) {
		fmt.Printf("  meant: %s (%d states)\n", k, wanted[k])
	}
	for _, k := range slices.Sorted(maps.Keys(causes)) {
		fmt.Printf("  %3d forms differ in %s\n", causes[k], k)
	}
	figures(t, "traces", map[string]any{"replayed": all, "not_replayed": aside, "equal": equal, "states": states, "states_equal": same})
	if 100*equal < 98*all {
		t.Error("fewer than 98 % are equal")
	}
}
