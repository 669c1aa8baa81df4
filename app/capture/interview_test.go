package capture_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// memory keeps drafts; it can be told to fail.
type memory struct {
	kept []capture.Draft
	err  error
}

func (m *memory) Keep(_ context.Context, d capture.Draft) error {
	if m.err != nil {
		return m.err
	}
	m.kept = append(m.kept, d)
	return nil
}

func (m *memory) last(t *testing.T) capture.Draft {
	t.Helper()
	if len(m.kept) == 0 {
		t.Fatal("nothing was kept")
	}
	return m.kept[len(m.kept)-1]
}

func household(t *testing.T) *form.Form {
	t.Helper()
	x := excelize.NewFile()
	defer func() { _ = x.Close() }()
	for sheet, rows := range map[string][][]any{
		"survey": {
			{"type", "name", "label::English (en)", "label::Español (es)", "required", "relevant"},
			{"begin_group", "home", "Home", "Casa"},
			{"text", "address", "Address", "Dirección", "yes"},
			{"select_multiple water", "water", "Water", "Agua"},
			{"image", "photo", "Photo", "Foto"},
			{"end_group"},
			{"begin_repeat", "members", "Members", "Miembros"},
			{"text", "name", "Name", "Nombre", "yes"},
			{"select_one yes_no", "works", "Works?", "¿Trabaja?"},
			{"text", "job", "Job", "Trabajo", "", "${works} = 'yes'"},
			{"end_repeat"},
		},
		"choices": {
			{"list_name", "name", "label::English (en)", "label::Español (es)"},
			{"water", "well", "Well", "Pozo"}, {"water", "tap", "Tap", "Llave"},
			{"yes_no", "yes", "Yes", "Sí"}, {"yes_no", "no", "No", "No"},
		},
		"settings": {{"form_title", "form_id", "version", "default_language"}, {"Household", "household", "1", "English (en)"}},
	} {
		if _, err := x.NewSheet(sheet); err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			cell, err := excelize.CoordinatesToCellName(1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			if err := x.SetSheetRow(sheet, cell, &rows[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	var b bytes.Buffer
	if err := x.Write(&b); err != nil {
		t.Fatal(err)
	}
	f, err := form.Load(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func start(t *testing.T, f *form.Form, d capture.Draft, m *memory) *capture.Interview {
	t.Helper()
	d.ID, d.Form, d.Services = capture.DraftID{1}, f.Ref(), []civic.ServiceID{f.Service()}
	return capture.New(f, form.Env{Now: func() time.Time { return time.Unix(1_700_000_000, 0) }}, d, m, func() civic.Stamp { return civic.Stamp{Wall: 7} })
}

func set(t *testing.T, iv *capture.Interview, path, value string) {
	t.Helper()
	if err := iv.Set(t.Context(), path, civic.Answer{Value: value}); err != nil {
		t.Fatal(err)
	}
}

func TestEachAnswerIsKept(t *testing.T) {
	m := &memory{}
	iv := start(t, household(t), capture.Draft{}, m)
	set(t, iv, "home/address", "Calle 5")
	if d := m.last(t); len(d.Answers) != 1 || d.Answers[0].Value != "Calle 5" || d.Updated.Wall != 7 || d.Language != "en" {
		t.Fatalf("%+v", d)
	}
	before := len(m.kept)
	if err := iv.GoTo(t.Context(), "members"); err != nil {
		t.Fatal(err)
	}
	if err := iv.SetLanguage(t.Context(), "es"); err != nil {
		t.Fatal(err)
	}
	if d := m.last(t); len(m.kept) != before+2 || d.Section != "members" || d.Language != "es" {
		t.Fatalf("%+v", d)
	}
	if err := iv.Clear(t.Context(), "home/address"); err != nil {
		t.Fatal(err)
	}
	if d := m.last(t); len(d.Answers) != 0 {
		t.Fatalf("%+v", d.Answers)
	}
	m.err = errors.New("no room")
	if err := iv.Set(t.Context(), "home/address", civic.Answer{Value: "Calle 6"}); !errors.Is(err, m.err) {
		t.Fatalf("an answer that is not on disk was called saved: %v", err)
	}
}

func TestResumeIsTheSameInterview(t *testing.T) {
	f, m := household(t), &memory{}
	iv := start(t, f, capture.Draft{}, m)
	set(t, iv, "home/address", "Calle 5")
	set(t, iv, "home/water", "well tap")
	set(t, iv, "members[1]/name", "Ana") // a repeat begins with one
	path, err := iv.AddInstance(t.Context(), "members")
	if err != nil || path != "members[2]" {
		t.Fatal(path, err)
	}
	set(t, iv, path+"/name", "Eva")
	if err := iv.Set(t.Context(), "members[1]/works", civic.Answer{Absent: civic.Refused}); err != nil {
		t.Fatal(err)
	}
	again := start(t, f, m.last(t), &memory{})
	if a, b := iv.Answers(), again.Answers(); len(a) != len(b) {
		t.Fatalf("%+v\n%+v", a, b)
	} else {
		for i := range a {
			if a[i] != b[i] {
				t.Errorf("%+v became %+v", a[i], b[i])
			}
		}
	}
	if err := again.RemoveInstance(t.Context(), "members[1]"); err != nil {
		t.Fatal(err)
	}
	if s := again.State("members[1]/name"); s.Answer.Value != "Eva" {
		t.Errorf("%+v", s)
	}
}

func TestReviewSaysAnswersInWords(t *testing.T) {
	m := &memory{}
	iv := start(t, household(t), capture.Draft{}, m)
	set(t, iv, "home/water", "well tap")
	set(t, iv, "members[1]/works", "yes")
	lines := map[string]capture.ReviewLine{}
	for _, s := range iv.Review("es") {
		for _, l := range s.Lines {
			lines[l.Path] = l
		}
	}
	if l := lines["home/water"]; l.Value != "Pozo, Llave" || l.Label != "Agua" || !l.Answered {
		t.Errorf("%+v", l)
	}
	if l := lines["home/address"]; l.Finding == nil || l.Answered {
		t.Errorf("a required answer is missing and the review is silent: %+v", l)
	}
	if l := lines["members[1]/works"]; l.Value != "Sí" {
		t.Errorf("%+v", l)
	}
	if _, asked := lines["members[1]/job"]; !asked {
		t.Error("a question that became relevant is not in the review")
	}
	if wrong := iv.CheckAll(); len(wrong) != 2 {
		t.Errorf("%+v", wrong)
	}
}

func TestConsentsAndPictures(t *testing.T) {
	m := &memory{}
	iv := start(t, household(t), capture.Draft{}, m)
	asks := iv.Consents()
	if len(asks) != 1 || asks[0].Asked || asks[0].Service != "household" {
		t.Fatalf("%+v", asks)
	}
	for _, given := range []bool{true, false} {
		if err := errors.Join(iv.SetConsent(t.Context(), civic.Consent{Service: "household", Given: given}), iv.SetReadAloud(t.Context(), true)); err != nil {
			t.Fatal(err)
		}
	}
	if d := m.last(t); len(d.Consents) != 1 || d.Consents[0].Given || !d.Consents[0].ReadAloud || d.Consents[0].Language != "en" {
		t.Fatalf("%+v", d.Consents)
	}
	for _, name := range []string{"photo-1.jpg", "photo-2.jpg"} {
		if err := iv.Attach(t.Context(), "home/photo", civic.Attachment{Name: name, Media: "image/jpeg"}); err != nil {
			t.Fatal(err)
		}
	}
	if a := iv.Attachments(); len(a) != 1 || a[0].Name != "photo-2.jpg" {
		t.Fatalf("a picture that no answer names is kept: %+v", a)
	}
}
