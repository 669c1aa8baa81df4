package rehearsal

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form/workbook"
)

// changedForm gives the shipped form with a version and a further question.
func changedForm(t *testing.T, version, question string) string {
	t.Helper()
	b, err := assets.Forms.ReadFile("forms/febrl.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	w, err := workbook.Read(b, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	settings, survey := w.Sheet("settings"), w.Sheet("survey")
	last := survey.Rows[len(survey.Rows)-1].Number
	column := func(s *workbook.Sheet, name string) int {
		i := slices.Index(s.Rows[0].Cells, name)
		if i < 0 {
			t.Fatalf("the sheet %s has no column %s: %q", s.Name, name, s.Rows[0].Cells)
		}
		return i
	}
	edits := []workbook.Edit{
		{Sheet: "settings", Row: 2, Column: column(settings, "version"), Value: version},
		{Sheet: "survey", Row: last + 1, Column: column(survey, "type"), Value: "text"},
		{Sheet: "survey", Row: last + 1, Column: column(survey, "name"), Value: question},
	}
	for i, h := range survey.Rows[0].Cells {
		if len(h) >= 5 && h[:5] == "label" {
			edits = append(edits, workbook.Edit{Sheet: "survey", Row: last + 1, Column: i, Value: "Further"})
		}
	}
	if b, err = workbook.Apply(b, edits); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "changed.xlsx")
	journeyFile(t, file, b)
	return file
}

// TestJourneyForms: a form changes at the centre while a kit is out. The draft
// under way finishes on its version, the next interview takes the new one, and
// the centre, which was not restarted, takes both. A version taken out of use is
// no longer offered; nothing that was made with it is lost.
func TestJourneyForms(t *testing.T) {
	o := newOffice(t)
	out := o.tablet()
	ctx := context.Background()
	k := out.opened(t)
	defer func() { _ = k.Close() }()
	version := func() string {
		for _, s := range k.Services() {
			if s.Form.ID == "febrl" {
				return s.Form.Version
			}
		}
		return ""
	}
	old := version()
	draft, err := k.Begin(ctx, "febrl")
	if err != nil {
		t.Fatal(err)
	}
	if err := draft.Set(ctx, "person/given_name", civic.Answer{Value: "Before"}); err != nil {
		t.Fatal(err)
	}

	// The workbook with a fault is not published; the changed one is.
	bad := filepath.Join(t.TempDir(), "bad.xlsx")
	journeyFile(t, bad, []byte("no workbook"))
	if s := o.run("form", "add", bad); s.code != 1 || s.problem() != civic.FormRefused {
		t.Fatalf("a broken workbook: %d %v", s.code, s.json)
	}
	o.must("form", "add", changedForm(t, "j2", "further"))
	if s := o.run("form", "add", changedForm(t, "j2", "another")); s.code != 1 || s.problem() != civic.FormRefused {
		t.Fatalf("another form under a version that is taken: %d %v", s.code, s.json)
	}
	until(t, "the new version on the kit", func() bool {
		if _, err := k.Sync(ctx, 0, nil); err != nil {
			t.Fatal(err)
		}
		return version() == "j2"
	})

	// The draft goes on where it was, on its own version.
	drafts, err := k.Drafts(ctx)
	if err != nil || len(drafts) != 1 || drafts[0].Form.Version != old {
		t.Fatalf("%+v, %v", drafts, err)
	}
	iv, err := k.Resume(ctx, drafts[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	first, err := k.Seal(ctx, iv)
	if err != nil {
		t.Fatal(err)
	}
	next, err := k.Begin(ctx, "febrl")
	if err != nil {
		t.Fatal(err)
	}
	for path, value := range map[string]string{"person/given_name": "After", "further": "more"} {
		if err := next.Set(ctx, path, civic.Answer{Value: value}); err != nil {
			t.Fatal(path, err)
		}
	}
	second, err := k.Seal(ctx, next)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[civic.RegistrationID]string{first: old, second: "j2"} {
		e, err := k.Registration(ctx, id, "en")
		if err != nil || e.Form.Version != want || len(e.Sections) == 0 {
			t.Fatalf("made with %s, want %s, %v", e.Form.Version, want, err)
		}
	}
	until(t, "both taken by the centre", func() bool {
		if _, err := k.Sync(ctx, 10*time.Second, nil); err != nil {
			t.Fatal(err)
		}
		c, err := k.Status(ctx)
		return err == nil && c.Waiting() == 0 && c.Settled+c.Held == 2
	})
	if s := o.must("status"); s.number(t, "quarantined") != 0 || s.number(t, "registrations") != 2 {
		t.Fatalf("%v", s.json)
	}

	// A third version and the end of it: the kit falls back to the second, which
	// it is sent again if it let go of it.
	o.must("form", "add", changedForm(t, "j3", "third"))
	until(t, "the third version", func() bool {
		if _, err := k.Sync(ctx, 0, nil); err != nil {
			t.Fatal(err)
		}
		return version() == "j3"
	})
	o.must("form", "retire", "febrl@j3")
	until(t, "the third taken out of use", func() bool {
		if _, err := k.Sync(ctx, 0, nil); err != nil {
			t.Fatal(err)
		}
		return version() == "j2"
	})

	// A second kit, enrolled now, gets what new interviews take and no more; the
	// first knows its forms after a restart.
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	k = out.opened(t)
	if version() != "j2" {
		t.Fatalf("after a restart: %s", version())
	}
	if e, err := k.Registration(ctx, first, "en"); err != nil || len(e.Sections) == 0 {
		t.Fatalf("the first registration cannot be read: %v", err)
	}
	other := o.tablet().opened(t)
	defer func() { _ = other.Close() }()
	until(t, "the new kit has the form", func() bool {
		r, err := other.Sync(ctx, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		latest := slices.ContainsFunc(other.Services(), func(s kit.Service) bool { return s.Form == civic.FormRef{ID: "febrl", Version: "j2"} })
		if latest {
			t.Logf("a pass that brings a form: %d bytes down", r.BytesDown)
		}
		return latest
	})
}

// opened gives the unlocked kit behind the tablet's commands.
func (k *tablet) opened(t *testing.T) *kit.Kit {
	t.Helper()
	opened, err := kit.Open(t.Context(), kit.Options{Home: k.home, LogN: 10})
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Unlock(t.Context(), journeyPass); err != nil {
		t.Fatal(err)
	}
	return opened
}

// until waits for what another program does in its own time: the limit stands for
// never, on the slowest machine too.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for began := time.Now(); time.Since(began) < 2*time.Minute; time.Sleep(50 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited in vain: %s", what)
}
