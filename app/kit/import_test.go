package kit

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

func TestImportSealsRowsAndKeepsReasons(t *testing.T) {
	w := enrolled(t)
	file := w.list(" rec_id , given_name,surname, sex,birth_date,visit,rooms,water,shoe size\r\n" +
		"r1, Ana , Paz ,female,19900203,2026-01-05,3,well tap,38\r\n" +
		"r2,,Luz,male,1956,,2,,40\r\n" + // the name is required
		"r3,Eva,Mar,female,19450231,,1,,39\r\n" + // no such day: kept as stated
		"r4,Leo,Sol,male,,,400,,41\r\n" + // more rooms than the rule allows
		"r5,Rey,Sol,neither,,,4,,41\r\n") // no such choice
	r, err := w.Import(t.Context(), testForm, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Sealed != 2 || r.Rejected != 3 || r.Repeated != 0 {
		t.Fatalf("%+v", r)
	}
	if len(r.Warnings) != 1 || r.Warnings[0].Column != "birth_date" || r.Warnings[0].Row != 4 {
		t.Errorf("warnings %+v", r.Warnings)
	}
	if len(r.Ignored) != 1 || r.Ignored[0] != "shoe size" {
		t.Errorf("ignored %q", r.Ignored)
	}
	rejected := readCSV(t, r.RejectedFile)
	if len(rejected) != 4 || rejected[0][len(rejected[0])-1] != "reason" || !strings.HasSuffix(r.RejectedFile, "people.rejected.csv") {
		t.Fatalf("%s holds %q", r.RejectedFile, rejected)
	}
	for i, part := range []string{"given_name", "rooms", "sex"} {
		if reason := rejected[i+1][len(rejected[i+1])-1]; !strings.Contains(reason, part) {
			t.Errorf("row %d is refused because %q, which does not name %s", i+1, reason, part)
		}
	}

	st, err := w.open()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := st.Registrations(t.Context(), store.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]civic.Answer{}
	for _, e := range entries {
		for _, a := range e.Registration.Answers {
			answers[e.Registration.SourceRow+" "+a.Path] = a
		}
	}
	for key, want := range map[string]civic.Answer{
		"r1 who/given_name": {Path: "who/given_name", Value: "Ana"},
		"r1 who/birth_date": {Path: "who/birth_date", Value: "1990-02-03"},
		"r1 home/water":     {Path: "home/water", Value: "well tap"},
		"r3 who/birth_date": {Path: "who/birth_date", Stated: "19450231", Absent: civic.Unknown},
	} {
		if answers[key] != want {
			t.Errorf("%s = %+v, want %+v", key, answers[key], want)
		}
	}
}

func TestImportAgainDoublesNothing(t *testing.T) {
	w := enrolled(t)
	var b strings.Builder
	b.WriteString("id,given_name,surname\n")
	for i := range 450 {
		fmt.Fprintf(&b, "%d,Ana,Paz%d\n", i, i%7)
	}
	b.WriteString("same,Eva,Luz\nsame,Eva,Luz\n") // a list may say a row twice
	file := w.list(b.String())

	// Stopped in the middle: what was sealed stays sealed.
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	first, err := w.Import(ctx, testForm, file, func(Progress) {
		if told++; told == 3 {
			cancel()
		}
	})
	wantCode(t, err, civic.Stopped)
	if first.Sealed == 0 || first.Sealed >= 452 {
		t.Fatalf("stopped after %d rows", first.Sealed)
	}
	second, err := w.Import(t.Context(), testForm, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if first.Sealed+second.Sealed != 452 || second.Repeated != first.Sealed {
		t.Fatalf("first %+v, second %+v", first, second)
	}
	third, err := w.Import(t.Context(), testForm, file, nil)
	if err != nil || third.Sealed != 0 || third.Repeated != 452 {
		t.Fatalf("third %+v, %v", third, err)
	}
	st, err := w.open()
	if err != nil {
		t.Fatal(err)
	}
	if tags, err := keptTags(t.Context(), st, testForm); err != nil || len(tags) != 452 {
		t.Fatalf("%d rows are remembered, %v", len(tags), err)
	}
	counts, err := w.Status(t.Context())
	if err != nil || counts.Sealed != 452 {
		t.Fatalf("%+v, %v", counts, err)
	}
}

func TestImportOfAWorkbookKeepsTheForm(t *testing.T) {
	w := newWorld(t)
	if err := w.Enrol(t.Context(), w.input()); err != nil {
		t.Fatal(err)
	}
	path := w.list("") + ".xlsx"
	writeFile(t, path, testWorkbook(t))
	if _, err := w.Import(t.Context(), path, w.list("given_name\nAna\n"), nil); err != nil {
		t.Fatal(err)
	}
	w.reopen()
	if err := w.Unlock(t.Context(), testPassphrase); err != nil {
		t.Fatal(err)
	}
	rows, err := w.Registrations(t.Context(), Filter{})
	if err != nil || len(rows) != 1 || rows[0].Name != "Ana" {
		t.Fatalf("%+v, %v", rows, err)
	}
	_, err = w.Import(t.Context(), "nothing-like-it", w.list("given_name\nAna\n"), nil)
	wantCode(t, err, civic.FormUnknown)
}
