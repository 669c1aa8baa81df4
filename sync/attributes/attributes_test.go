package attributes_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
)

const head = "attribute,type,about,sensitivity,reuse,fresh_days,evidence,spdci,fhir,semic,claim169,meaning\n"

func shipped(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "assets", "attributes", "attributes.csv"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestShippedDictionary(t *testing.T) {
	d, err := attributes.Read(shipped(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []civic.Attribute{"consent", "signature", "fingerprint", "photo", "pregnant", "last_period"} {
		if a, ok := d.Get(name); !ok || a.Reuse != attributes.Never {
			t.Errorf("%s may be reused", name)
		}
	}
	for _, a := range d.All() {
		if a.Meaning == "" || len(a.Evidence) != 5 {
			t.Errorf("%s lacks its meaning or its order of evidence", a.Name)
		}
		if a.Sensitivity == attributes.Special && a.Reuse == attributes.Shown && a.Name != "blood_group" {
			t.Errorf("%s is special and would be shown unasked", a.Name)
		}
	}
	if _, ok := d.Get("shoe_size"); ok {
		t.Error("the dictionary knows what nobody wrote")
	}
}

func TestReadRefuses(t *testing.T) {
	good := "phone,text,person,personal,confirm,365,self_declared document,,,,12,Telephone\n"
	if _, err := attributes.Read([]byte(head + good)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ csv, want string }{
		"nothing":        {"", "first line"},
		"no line":        {head, "no attribute"},
		"another header": {"attribute,type\n", "first line"},
		"a short line":   {head + "phone,text\n", "wrong number of fields"},
		"twice":          {head + good + good, "line 3"},
		"a capital":      {head + strings.Replace(good, "phone", "Phone", 1), "small letters"},
		"type":           {head + strings.Replace(good, "text", "colour", 1), "type"},
		"about":          {head + strings.Replace(good, "person,", "city,", 1), "about"},
		"sensitivity":    {head + strings.Replace(good, "personal", "secret", 1), "sensitivity"},
		"reuse":          {head + strings.Replace(good, "confirm", "perhaps", 1), "reuse"},
		"days":           {head + strings.Replace(good, "365", "-1", 1), "fresh_days"},
		"never fresh":    {head + strings.Replace(good, "365", "0", 1), "never fresh"},
		"stale unasked":  {head + strings.Replace(good, "confirm", "shown", 1), "goes stale"},
		"never, yet":     {head + strings.Replace(good, "confirm", "never", 1), "never reused"},
		"evidence":       {head + strings.Replace(good, "document", "rumour", 1), "evidence"},
		"evidence twice": {head + strings.Replace(good, "document", "self_declared", 1), "evidence"},
	} {
		if _, err := attributes.Read([]byte(c.csv)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := attributes.Read(make([]byte, attributes.MaxBytes+1)); err == nil {
		t.Error("a dictionary beyond the limit was read")
	}
}

func TestFresh(t *testing.T) {
	d, err := attributes.Read(shipped(t))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		attribute civic.Attribute
		days      int
		want      bool
	}{
		{"phone", 0, true}, {"phone", 365, true}, {"phone", 366, false}, {"phone", -1, true}, {"phone", -3, false}, {"birth_date", 30_000, true}, {"pregnant", 0, false},
	} {
		a, _ := d.Get(c.attribute)
		if got := a.Fresh(now.AddDate(0, 0, -c.days), now); got != c.want {
			t.Errorf("%s after %d days: %v", c.attribute, c.days, got)
		}
	}
}

// TestBetterIsAnOrder: whatever claims arrive in whatever order, one and the
// same wins.
func TestBetterIsAnOrder(t *testing.T) {
	d, err := attributes.Read(shipped(t))
	if err != nil {
		t.Fatal(err)
	}
	all := d.All()
	rapid.Check(t, func(t *rapid.T) {
		a := all[rapid.IntRange(0, len(all)-1).Draw(t, "attribute")]
		claim := rapid.Custom(func(t *rapid.T) civic.Claim {
			return civic.Claim{
				Absent: civic.Absence(rapid.IntRange(0, 3).Draw(t, "absent")), Evidence: civic.Evidence(rapid.IntRange(0, 4).Draw(t, "evidence")),
				At:           civic.Stamp{Wall: rapid.Int64Range(0, 3).Draw(t, "at")},
				Registration: civic.RegistrationID{byte(rapid.IntRange(0, 200).Draw(t, "id"))},
			}
		})
		x, y, z := claim.Draw(t, "x"), claim.Draw(t, "y"), claim.Draw(t, "z")
		if a.Better(x, y) && a.Better(y, x) {
			t.Fatal("both are better")
		}
		if a.Better(x, y) && a.Better(y, z) && !a.Better(x, z) {
			t.Fatal("no order")
		}
		if x.Registration != y.Registration && !a.Better(x, y) && !a.Better(y, x) {
			t.Fatal("neither is better")
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(shipped(f))
	f.Add([]byte(head))
	f.Add([]byte("\xef\xbb\xbf" + head + "a,text,person,basic,never,0,,,,,,\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := attributes.Read(b)
		if err == nil && len(d.All()) == 0 {
			t.Fatal("an empty dictionary was taken")
		}
	})
}
