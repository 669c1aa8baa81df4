package rehearsal

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/formtest"
)

// sheetsFile writes a workbook: sheet, rows, cells parted by "|".
func sheetsFile(t *testing.T, sheets map[string]string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "form.xlsx")
	if err := os.WriteFile(file, formtest.Workbook(t, sheets), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// wellsForm is a ministry's form that chooses from the office's places: any
// village, a municipality of a state, and what can be looked up of it.
func wellsForm(t *testing.T) string {
	t.Helper()
	return sheetsFile(t, map[string]string{
		"survey": `type | name | label | choice_filter | calculation | constraint | constraint_message
text | given_name | Name
select_one_from_file places.csv | village | Village | kind = 'locality'
select_one_from_file places.csv | state | State | kind = 'state'
select_one_from_file places.csv | town | Municipality | kind = 'municipality' and parent = ${state}
select_multiple_from_file places.csv | served | Villages served | municipality = ${town} and kind = 'locality' and starts-with(name, '31')
calculate | looked | | | pulldata('places', 'municipality_label', 'name', ${village})
calculate | pointed | | | instance('places')/root/item[name = ${village}]/path
text | why | Why so far | | | ${looked} != 'Chankom' | Not from Chankom`,
		"settings": `form_id | version | form_title
wells | 1 | Wells`,
	})
}

func itemOf(t *testing.T, iv *capture.Interview, path string) form.Item {
	t.Helper()
	for _, s := range iv.Sections("") {
		for _, item := range s.Items {
			if item.Path == path {
				return item
			}
		}
	}
	t.Fatalf("no question %s", path)
	return form.Item{}
}

func put(t *testing.T, iv *capture.Interview, path, value string) {
	t.Helper()
	if err := iv.Set(context.Background(), path, civic.Answer{Value: value}); err != nil {
		t.Fatal(path, err)
	}
}

// TestJourneyFormPlaces: a ministry's form chooses from places.csv and brings no
// such file. Before the list has come the kit says so and takes what is typed;
// then the choices are the office's list, found by typing, narrowed by what was
// answered, and the centre takes what was sealed.
func TestJourneyFormPlaces(t *testing.T) {
	o := newOffice(t)
	out := o.tablet()
	ctx := context.Background()
	k := out.opened(t)
	defer func() { _ = k.Close() }()
	pass := func() {
		if _, err := k.Sync(ctx, 0, nil); err != nil {
			t.Fatal(err)
		}
	}
	added := o.must("form", "add", wellsForm(t))
	until(t, "the form on the kit", func() bool {
		pass()
		for _, s := range k.Services() {
			if s.Form.ID == "wells" {
				return true
			}
		}
		return false
	})
	if n := added.number(t, "bytes"); n > 2000 {
		t.Errorf("the form takes %d bytes", n)
	}
	begin := func() *capture.Interview {
		iv, err := k.Begin(ctx, "wells")
		if err != nil {
			t.Fatal(err)
		}
		return iv
	}
	early := begin()
	if it := itemOf(t, early, "village"); it.Absent != "places.csv" || it.Listed != nil {
		t.Errorf("without a list: absent %q, listed %v", it.Absent, it.Listed)
	}
	put(t, early, "given_name", "Early")
	put(t, early, "village", "Dzitas, they say")
	if found := early.CheckAll(); len(found) > 0 {
		t.Errorf("what is typed without a list: %v", found)
	}

	o.must("places", "import", write(t, "localidades.csv", "clave;entidad;municipio;localidad\n"+
		"200430019;Oaxaca;Juchitán de Zaragoza;Álvaro Obregón\n310190001;Yucatán;Chankom;Dzitás\n310190002;Yucatán;Chankom;Xcocail\n310230001;Yucatán;Chemax;Dzitox\n"))
	until(t, "the list on the kit", func() bool {
		pass()
		_, serial, err := k.PlacesCount(ctx)
		return err == nil && serial == 1
	})

	iv := begin()
	put(t, iv, "given_name", "Late")
	village := itemOf(t, iv, "village")
	if village.Listed == nil || village.Absent != "" || len(village.Choices) != 0 || village.Listed.Len() != 4 {
		t.Fatalf("with the list: %+v", village)
	}
	for typed, want := range map[string]string{"dzitas": "Dzitás, Chankom, Yucatán", "obergon": "Álvaro Obregón, Juchitán de Zaragoza, Oaxaca"} {
		if found := village.Listed.Find(typed, 5); len(found) == 0 || found[0].Label != want {
			t.Errorf("%q gives %v", typed, found)
		}
	}
	if found := village.Listed.Find("chankom", 5); len(found) != 0 { // a municipality is no village
		t.Errorf("the filter lets %v through", found)
	}
	put(t, iv, "village", "310190001")
	state := itemOf(t, iv, "state").Listed
	if state.Len() != 2 || itemOf(t, iv, "town").Listed.Len() != 0 {
		t.Fatalf("%d states, %d towns of none", state.Len(), itemOf(t, iv, "town").Listed.Len())
	}
	put(t, iv, "state", state.Find("yuc", 1)[0].Name)
	town := itemOf(t, iv, "town").Listed
	if town.Len() != 2 {
		t.Fatalf("%d towns of Yucatán", town.Len())
	}
	put(t, iv, "town", town.Find("chank", 1)[0].Name)
	if served := itemOf(t, iv, "served").Listed; served.Len() != 2 {
		t.Errorf("%d villages of Chankom: %v", served.Len(), served.Find("", 9))
	}
	put(t, iv, "served", "310190002 310190001")
	for path, want := range map[string]string{"looked": "Chankom", "pointed": "Dzitás, Chankom, Yucatán"} {
		if got := iv.State(path).Answer.Value; got != want {
			t.Errorf("%s is %q", path, got)
		}
	}
	// Another state: what was chosen of the one before is no longer offered, and
	// comes back with it.
	put(t, iv, "state", state.Find("oax", 1)[0].Name)
	if got := iv.State("town").Answer.Value; got != "" {
		t.Errorf("the town of another state stands: %q", got)
	}
	put(t, iv, "state", state.Find("yuc", 1)[0].Name)
	put(t, iv, "village", "999")
	if found := iv.Check(""); len(found) != 1 || found[0].Code != civic.AnswerChoice {
		t.Errorf("a code that is not in the list: %v", found)
	}
	put(t, iv, "village", "310190001")
	put(t, iv, "why", "far")
	if found := iv.Check(""); len(found) != 1 || found[0].Code != civic.AnswerConstraint {
		t.Errorf("a rule that looks into the list: %v", found)
	}
	put(t, iv, "village", "310230001")
	if found := iv.CheckAll(); len(found) != 0 {
		t.Errorf("%v", found)
	}
	review := iv.Review("")
	if words := reviewed(review, "village"); words != "Dzitox, Chemax, Yucatán" {
		t.Errorf("the review shows %q", words)
	}
	for _, done := range []*capture.Interview{early, iv} {
		if _, err := k.Seal(ctx, done); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "both taken by the centre, which has no list at hand", func() bool {
		pass()
		s, err := k.Status(ctx)
		return err == nil && s.Waiting() == 0 && s.Settled+s.Held == 2
	})
}

func reviewed(sections []capture.ReviewSection, path string) string {
	for _, s := range sections {
		for _, l := range s.Lines {
			if l.Path == path {
				return l.Value
			}
		}
	}
	return ""
}
