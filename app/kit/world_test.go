package kit

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/civic/civictest"
	"github.com/askonce/fieldkit/sync/client"
	"github.com/askonce/fieldkit/sync/rehearsal/smallcentre"
)

const testPassphrase = "correct horse battery staple"

func newClock() *civictest.Clock { return civictest.At(time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)) }

// world is a kit with the small centre it belongs to.
type world struct {
	*Kit
	t      *testing.T
	centre *smallcentre.Centre
	clock  *civictest.Clock
	o      Options
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: newClock()}
	centre, err := smallcentre.Start(w.clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = centre.Close() })
	w.centre = centre
	w.o = Options{Home: filepath.Join(t.TempDir(), "kit"), Clock: w.clock.Now, Zone: time.UTC, LogN: 10,
		Tuning: client.Tuning{RetryMin: time.Millisecond, RetryMax: 4 * time.Millisecond, Patience: 3}}
	w.reopen()
	t.Cleanup(func() {
		if w.Kit != nil {
			_ = w.Kit.Close()
		}
	})
	return w
}

// reopen closes the kit and opens it again, as after a crash.
func (w *world) reopen() {
	w.t.Helper()
	if w.Kit != nil {
		if err := w.Kit.Close(); err != nil {
			w.t.Fatal(err)
		}
	}
	k, err := Open(w.t.Context(), w.o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Kit = k
}

// sleep closes the kit, lets its clock go on, and unlocks it again.
func (w *world) sleep(d time.Duration) {
	w.t.Helper()
	if err := w.Kit.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.Kit = nil
	w.clock.Add(d)
	w.reopen()
	if err := w.Unlock(w.t.Context(), testPassphrase); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) code() string {
	w.t.Helper()
	code, err := w.centre.Code()
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

func (w *world) input() EnrolInput {
	return EnrolInput{Server: w.centre.URL, Code: w.code(), Officer: "Ana", Passphrase: testPassphrase, KitName: "blue tablet"}
}

// enrolled is a world with an unlocked kit that knows the test form.
func enrolled(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	if err := w.Enrol(t.Context(), w.input()); err != nil {
		t.Fatal(err)
	}
	w.loadForm()
	return w
}

func (w *world) loadForm() {
	w.t.Helper()
	f, err := w.forms.Add(testWorkbook(w.t))
	if err != nil {
		w.t.Fatal(err)
	}
	st, err := w.store()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := st.KeepForm(w.t.Context(), f.Ref(), testWorkbook(w.t)); err != nil {
		w.t.Fatal(err)
	}
}

// testForm is the id of the form of testWorkbook.
const testForm = "people"

// testWorkbook is a form with one question of each kind that lists fill.
func testWorkbook(t *testing.T) []byte {
	t.Helper()
	return workbook(t, map[string][][]any{
		"survey": {
			{"type", "name", "label::English (en)", "label::Español (es)", "required", "x_attr", "x_partial", "constraint", "constraint_message::English (en)"},
			{"begin_group", "who", "Who", "Quién"},
			{"text", "given_name", "Given name", "Nombre", "yes", "given_name"},
			{"text", "surname", "Surname", "Apellido", "", "surname"},
			{"select_one sex", "sex", "Sex", "Sexo", "", "sex"},
			{"date", "birth_date", "Born", "Nacimiento", "", "birth_date", "yes"},
			{"date", "visit", "Day of the visit", "Día de la visita"},
			{"end_group"},
			{"begin_group", "home", "Home", "Casa"},
			{"integer", "rooms", "Rooms", "Cuartos", "", "", "", ". >= 0 and . <= 50", "A house has 0 to 50 rooms"},
			{"select_multiple water", "water", "Water from", "Agua de"},
			{"image", "photo", "Photo", "Foto", "", "photo"},
			{"end_group"},
		},
		"choices": {
			{"list_name", "name", "label::English (en)", "label::Español (es)"},
			{"sex", "female", "Female", "Mujer"}, {"sex", "male", "Male", "Hombre"},
			{"water", "well", "Well", "Pozo"}, {"water", "river", "River", "Río"}, {"water", "tap", "Tap", "Llave"},
		},
		"settings": {
			{"form_title", "form_id", "version", "default_language"},
			{"People", testForm, "1", "English (en)"},
		},
	})
}

func workbook(t *testing.T, sheets map[string][][]any) []byte {
	t.Helper()
	x := excelize.NewFile()
	defer func() { _ = x.Close() }()
	for name, rows := range sheets {
		if _, err := x.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			cell, err := excelize.CoordinatesToCellName(1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			if err := x.SetSheetRow(name, cell, &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := x.DeleteSheet("Sheet1"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := x.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// interview begins one and answers the given questions of the test form.
func (w *world) interview(answers map[string]string) *capture.Interview {
	w.t.Helper()
	iv, err := w.Begin(w.t.Context(), testForm)
	if err != nil {
		w.t.Fatal(err)
	}
	for path, value := range answers {
		if err := iv.Set(w.t.Context(), path, civic.Answer{Value: value}); err != nil {
			w.t.Fatal(err)
		}
	}
	return iv
}

// sealed seals one person.
func (w *world) sealed(given, surname string) civic.RegistrationID {
	w.t.Helper()
	id, err := w.Seal(w.t.Context(), w.interview(map[string]string{"who/given_name": given, "who/surname": surname, "who/birth_date": "1990-02-03"}))
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// list writes a CSV file.
func (w *world) list(text string) string {
	w.t.Helper()
	name := filepath.Join(w.t.TempDir(), "people.csv")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return name
}

func readCSV(t *testing.T, name string) [][]string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func wantCode(t *testing.T, err error, code civic.Code) {
	t.Helper()
	if civic.CodeOf(err) != code {
		t.Fatalf("got %v (%s), want %s", err, civic.CodeOf(err), code)
	}
}
