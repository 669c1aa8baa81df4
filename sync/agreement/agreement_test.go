package agreement_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/agreement"
)

const sample = `{"id":"school-reuse","version":2,"name":{"en":"School"},"controller":"Ministry","policy":{"url":"","jurisdiction":"MX","retention_days":100,"storage_location":"MX"},
"purpose":{"code":"education","text":{"en":"Enrol"}},"lawful_basis":"public_task","data_use":"data_using_service","lifecycle":{"state":"active","from":"2026-01-01","until":"2026-12-31"},
"service":"school","sources":["birth"],"attributes":["given_name","phone"]}`

func read(t *testing.T, text string) agreement.Agreement {
	t.Helper()
	a, err := agreement.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestShippedAgreements(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("..", "..", "assets", "agreements", "*.json"))
	if err != nil || len(names) != 5 {
		t.Fatalf("%v, %v", names, err)
	}
	var all []agreement.Agreement
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, read(t, string(b)))
	}
	if _, err := agreement.NewSet(all...); err != nil {
		t.Fatal(err)
	}
}

func TestReadRefuses(t *testing.T) {
	read(t, sample)
	for _, change := range [][2]string{
		{`"id":"school-reuse"`, `"id":""`}, {`"version":2`, `"version":0`}, {`"service":"school"`, `"service":""`}, {`["birth"]`, `[]`},
		{`["given_name","phone"]`, `[]`}, {`"code":"education"`, `"code":""`}, {`"public_task"`, `"because"`}, {`"active"`, `"maybe"`},
		{`"2026-01-01"`, `"soon"`}, {`"2026-12-31"`, `"2026-13-01"`}, {`:100`, `:-1`}, {`"service"`, `"servise"`}, {`["given_name","phone"]}`, `["phone"]} {}`},
		{`"id"`, `id`},
		{`"id"`, `"investigation":{"days":90,"law":"art. 16"},"id"`}, // of nobody's
	} {
		text := strings.Replace(sample, change[0], change[1], 1)
		if text == sample {
			t.Fatalf("%s is not in the sample", change[0])
		}
		if _, err := agreement.Read([]byte(text)); err == nil {
			t.Errorf("%s in place of %s was taken", change[1], change[0])
		}
	}
	if _, err := agreement.Read(make([]byte, agreement.MaxBytes+1)); err == nil {
		t.Error("an agreement beyond the limit was read")
	}
}

// An investigation has an end, a law and an agency, and rests on no consent.
func TestInvestigations(t *testing.T) {
	of := strings.Replace(sample, `"id"`, `"agency":"fiscalia","level":"federal","investigation":{"days":90,"law":"art. 16"},"id"`, 1)
	if a := read(t, of); a.Investigation.Days != 90 {
		t.Errorf("%+v", a.Investigation)
	}
	for _, change := range [][2]string{
		{`"days":90`, `"days":0`}, {`"days":90`, `"days":181`}, {`"art. 16"`, `""`}, {`"public_task"`, `"consent"`},
	} {
		if _, err := agreement.Read([]byte(strings.Replace(of, change[0], change[1], 1))); err == nil {
			t.Errorf("%s in place of %s was taken", change[1], change[0])
		}
	}
}

// A later program's agreement is known by its name, though not read.
func TestNamed(t *testing.T) {
	later := strings.Replace(sample, `"id"`, `"ends_with":"the office","id"`, 1)
	if _, err := agreement.Read([]byte(later)); err == nil {
		t.Fatal("a condition that is not known was passed over")
	}
	if id, version, err := agreement.Named([]byte(later)); err != nil || id != "school-reuse" || version != 2 {
		t.Errorf("%q %d %v", id, version, err)
	}
	for _, bad := range []string{``, `{}`, `{"id":"a"}`, `{"id":"` + strings.Repeat("a", 600) + `","version":1}`, `{"id":"a","version":"2"}`, strings.Repeat(" ", agreement.MaxBytes+1)} {
		if _, _, err := agreement.Named([]byte(bad)); err == nil {
			t.Errorf("%.20q has a name", bad)
		}
	}
}

func TestAllows(t *testing.T) {
	second := strings.Replace(strings.Replace(sample, `"version":2`, `"version":3`, 1), `"phone"`, `"address"`, 1)
	s, err := agreement.NewSet(read(t, second), read(t, sample))
	if err != nil {
		t.Fatal(err)
	}
	in := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	if !s.Allows("school", "birth", "given_name", in).Allowed || !s.Allows("school", "birth", "address", in).Allowed {
		t.Error("what the agreement names is refused")
	}
	if a := s.Allows("school", "birth", "phone", in); a.Allowed || a.Agreement.Version != 3 {
		t.Errorf("an older version still counts: %+v", a)
	}
	for name, got := range map[string]agreement.Answer{
		"another service":    s.Allows("cash", "birth", "given_name", in),
		"another source":     s.Allows("school", "health", "given_name", in),
		"before it begins":   s.Allows("school", "birth", "given_name", time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC)),
		"after it has ended": s.Allows("school", "birth", "given_name", time.Date(2027, 1, 1, 1, 0, 0, 0, time.UTC)),
	} {
		if got.Allowed {
			t.Errorf("%s is allowed", name)
		}
	}
	if !s.Allows("school", "birth", "given_name", time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)).Allowed {
		t.Error("the last day does not count")
	}
	withdrawn, err := agreement.NewSet(read(t, strings.Replace(sample, "active", "withdrawn", 1)))
	if err != nil || withdrawn.Allows("school", "birth", "given_name", in).Allowed {
		t.Errorf("a withdrawn agreement allows, %v", err)
	}
	if _, err := agreement.NewSet(read(t, sample), read(t, strings.Replace(sample, "school-reuse", "other", 1))); err == nil {
		t.Error("two agreements for one purpose stand side by side")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		id, version, unnamed := agreement.Named(b)
		a, err := agreement.Read(b)
		if err != nil {
			return
		}
		if unnamed == nil && (id != a.ID || version != a.Version) {
			t.Fatalf("%q %d is named %q %d", a.ID, a.Version, id, version)
		}
		if _, err := agreement.NewSet(a); err != nil {
			t.Fatal(err)
		}
		a.Holds(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
	})
}
