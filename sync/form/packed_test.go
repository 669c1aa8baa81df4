package form_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

func modelOf(t *testing.T, f *form.Form) string {
	t.Helper()
	b, err := json.Marshal(f.Model())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestPackedIsTheSameForm holds a packed form to the workbook it was made of.
func TestPackedIsTheSameForm(t *testing.T) {
	names, err := fs.Glob(assets.Forms, "forms/*.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := assets.Forms.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		packed, err := form.Pack(b, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: workbook %d bytes, packed %d", name, len(b), len(packed))
		one, err := form.Load(b)
		if err != nil {
			t.Fatal(err)
		}
		two, err := form.Load(packed)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if modelOf(t, one) != modelOf(t, two) {
			t.Errorf("%s: the packed form says something else", name)
		}
		c := form.NewCatalogue()
		if _, err := c.Add(b); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Add(packed); err != nil {
			t.Errorf("%s: the packed form is not taken for the same: %v", name, err)
		}
		if len(packed) > len(b)/2 {
			t.Errorf("%s: packed %d bytes of %d", name, len(packed), len(b))
		}
	}
}

// TestPackedBringsFiles has a list of choices travel with its form.
func TestPackedBringsFiles(t *testing.T) {
	b := workbookOf(t, "| survey |\n| | type | name | label |\n| | select_one_from_file towns.csv | town | Town |\n| settings |\n| | form_id | version |\n| | f | 1 |\n")
	packed, err := form.Pack(b, map[string][]byte{"towns.csv": []byte("name,label\nt1,Amatlán\nt2,Tequila\n")})
	if err != nil {
		t.Fatal(err)
	}
	f, err := form.Load(packed)
	if err != nil {
		t.Fatal(err)
	}
	s := form.Start(f, env())
	if err := s.Set("town", civic.Answer{Value: "t2"}); err != nil {
		t.Fatal(err)
	}
	if found := s.CheckAll(); len(found) != 0 {
		t.Errorf("a choice of the file that came along: %v", found)
	}
	if err := s.Set("town", civic.Answer{Value: "t9"}); err != nil {
		t.Fatal(err)
	}
	if found := s.CheckAll(); len(found) != 1 {
		t.Errorf("a choice that is not in the file: %v", found)
	}
}

// TestOffers says which version new interviews take.
func TestOffers(t *testing.T) {
	version := func(v string) []byte {
		return workbookOf(t, "| survey |\n| | type | name | label |\n| | text | q | Q |\n| settings |\n| | form_id | version |\n| | f | v"+v+" |\n")
	}
	c := form.NewCatalogue()
	ref := func(v string) civic.FormRef { return civic.FormRef{ID: "f", Version: "v" + v} }
	latest := func() string {
		f, ok := c.Latest("f")
		if !ok {
			return ""
		}
		return f.Version
	}
	for _, v := range []string{"1", "3", "2"} {
		if _, err := c.Add(version(v)); err != nil {
			t.Fatal(err)
		}
	}
	if latest() != "v2" {
		t.Errorf("%s, want the one added last", latest())
	}
	c.Offer(ref("3"), form.Offer{Order: 7})
	if latest() != "v3" {
		t.Errorf("%s, want the one the centre offered last", latest())
	}
	c.Offer(ref("3"), form.Offer{Order: 7, Retired: true})
	c.Remove(ref("2"))
	if latest() != "v1" {
		t.Errorf("%s, want what is left", latest())
	}
	if _, ok := c.Form(ref("3")); !ok {
		t.Error("a retired version must stay for what was made with it")
	}
	c.Offer(ref("1"), form.Offer{Retired: true})
	if latest() != "" {
		t.Errorf("%s, want none", latest())
	}
}

// FuzzPacked gives arbitrary bytes for a packed form: a form or a refusal, and
// never more memory than the limits name.
func FuzzPacked(f *testing.F) {
	b, err := assets.Forms.ReadFile("forms/febrl.xlsx")
	if err != nil {
		f.Fatal(err)
	}
	packed, err := form.Pack(b, map[string][]byte{"a.csv": []byte("name,label\n")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add([]byte("afw0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if !form.Packed(b) {
			b = append([]byte("afw0"), b...)
		}
		loadOrSayWhy(t, b)
	})
}

// FuzzCells gives arbitrary cells without the compression around them, so that
// the reader behind it is reached at every try.
func FuzzCells(f *testing.F) {
	b, err := assets.Forms.ReadFile("forms/febrl.xlsx")
	if err != nil {
		f.Fatal(err)
	}
	plain, err := form.PlainCells(b)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	f.Add(bytes.Repeat([]byte{0xff}, 20))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := form.LoadCells(b)
		if err == nil {
			form.Start(got, env()).Sections("")
		}
	})
}
