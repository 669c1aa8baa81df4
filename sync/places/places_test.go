package places_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/places"
)

func sample() []places.Place {
	return []places.Place{
		{Code: "20", Name: "Oaxaca", Kind: "state", Other: []string{"Wajaka", "Ndua"}},
		{Code: "20043", Name: "Juchitán de Zaragoza", Parent: "20", Kind: "municipality", Other: []string{"Guidxiguié'"}},
		{Code: "200430001", Name: "Juchitán de Zaragoza", Parent: "20043", Kind: "locality", Lat: 16.43361, Lon: -95.01944, Located: true},
		{Code: "200430019", Name: "Álvaro Obregón", Parent: "20043", Kind: "locality"},
		{Code: "31", Name: "Yucatán", Kind: "state"},
		{Code: "31019", Name: "Chankom", Parent: "31", Kind: "municipality"},
		{Code: "310190001", Name: "Dzitás", Parent: "31019", Kind: "locality", Other: []string{"Ts'iitas"}},
		{Code: "310190002", Name: "K'antunil", Parent: "31019", Kind: "locality"},
		{Code: "310190003", Name: "Xocchel", Parent: "31019", Kind: "locality"},
		{Code: "110101001", Name: "东华门街道", Kind: "street"},
	}
}

func catalogue(t testing.TB, list []places.Place) *places.Catalogue {
	t.Helper()
	c, err := places.New(list)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFindByTyping(t *testing.T) {
	f := places.NewFinder(catalogue(t, sample()))
	for _, c := range []struct{ typed, want, why string }{
		{"juchi", "20043", "the beginning, the larger place first"},
		{"JUCHITAN", "20043", "without marks"},
		{"zaragoza", "20043", "a later word"},
		{"oaxaca", "20", "the name"},
		{"oajaca", "20", "as it sounds"},
		{"wajaka", "20", "in another language"},
		{"obregon juchi", "200430019", "with what lies around"},
		{"obergon", "200430019", "two letters swapped"},
		{"alvaro obrgon", "200430019", "a letter left out"},
		{"tsiitas", "310190001", "an indigenous spelling without its stops"},
		{"ts’íitás", "310190001", "with them, and marks"},
		{"cantunil", "310190002", "c for k'"},
		{"jocchel", "310190003", "j for x"},
		{"guidxiguie", "20043", "another name"},
		{"东华", "110101001", "the beginning in Han"},
		{"华门", "110101001", "within, in Han"},
	} {
		found := f.Find(places.Query{Text: c.typed})
		if len(found) == 0 || found[0].Code != c.want {
			t.Errorf("%q (%s): %v", c.typed, c.why, found)
		}
	}
	for _, nobody := range []string{"quetzal", "zzzz", "oaxaca yucatan", "juchitan 99"} {
		if found := f.Find(places.Query{Text: nobody}); len(found) != 0 {
			t.Errorf("%q found %v", nobody, found)
		}
	}
}

func TestFindByHierarchy(t *testing.T) {
	f := places.NewFinder(catalogue(t, sample()))
	if found := f.Find(places.Query{Kind: "state"}); len(found) != 2 {
		t.Errorf("states: %v", found)
	}
	found := f.Find(places.Query{Text: "juchi", Kind: "locality", Within: "20"})
	if len(found) != 1 || found[0].Path() != "Juchitán de Zaragoza, Juchitán de Zaragoza, Oaxaca" {
		t.Errorf("localities of Oaxaca: %v", found)
	}
	if found := f.Find(places.Query{Text: "juchi", Within: "31"}); len(found) != 0 {
		t.Errorf("in Yucatán: %v", found)
	}
	if found := f.Find(places.Query{Text: "juchi", Within: "99"}); len(found) != 0 {
		t.Errorf("in no place: %v", found)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, list := range map[string][]places.Place{
		"twice":          {{Code: "1", Name: "A"}, {Code: "1", Name: "B"}},
		"no name":        {{Code: "1"}},
		"no such parent": {{Code: "1", Name: "A", Parent: "2"}},
		"in itself":      {{Code: "1", Name: "A", Parent: "1"}},
		"in a ring":      {{Code: "1", Name: "A", Parent: "2"}, {Code: "2", Name: "B", Parent: "1"}},
		"off the earth":  {{Code: "1", Name: "A", Lat: 91, Located: true}},
		"too long":       {{Code: "1", Name: strings.Repeat("x", places.MaxText+1)}},
		"a line break":   {{Code: "1", Name: "A\nB"}},
	} {
		if _, err := places.New(list); civic.CodeOf(err) != civic.PlacesRefused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// drawn is any small catalogue.
func drawn(t *rapid.T) []places.Place {
	n := rapid.IntRange(0, 40).Draw(t, "places")
	list := make([]places.Place, n)
	for i := range list {
		p := places.Place{Code: fmt.Sprintf("%03d", i*7), Name: rapid.StringMatching(`[A-Za-zÀ-ÿ' ]{1,20}x`).Draw(t, "name"),
			Kind: rapid.SampledFrom([]string{"", "state", "town"}).Draw(t, "kind")}
		if i > 0 && rapid.Bool().Draw(t, "inside") && i < 6 {
			p.Parent = list[i-1].Code
		}
		if rapid.Bool().Draw(t, "located") {
			p.Located, p.Lat, p.Lon = true, float64(rapid.IntRange(-900000, 900000).Draw(t, "lat"))/10000, float64(rapid.IntRange(-1800000, 1800000).Draw(t, "lon"))/10000
		}
		if rapid.Bool().Draw(t, "other") {
			p.Other = []string{"o" + p.Name}
		}
		list[i] = p
	}
	return list
}

func TestPackedIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, err := places.New(drawn(t))
		if err != nil {
			t.Fatal(err)
		}
		b, err := c.Pack()
		if err != nil {
			t.Fatal(err)
		}
		back, err := places.Open(b)
		if err != nil || back.Digest() != c.Digest() || back.Len() != c.Len() {
			t.Fatalf("%v", err)
		}
		other, err := places.New(drawn(t))
		if err != nil {
			t.Fatal(err)
		}
		delta, err := places.Diff(c, other)
		if err != nil {
			t.Fatal(err)
		}
		now, err := places.Apply(c, delta)
		if err != nil || now.Digest() != other.Digest() {
			t.Fatalf("a delta gave another catalogue: %v", err)
		}
		if _, err := places.Apply(now, delta); civic.CodeOf(err) != civic.PlacesUnreadable && c.Digest() != other.Digest() {
			t.Fatalf("a delta was applied to what it is not for: %v", err)
		}
	})
}

func TestDamageIsFound(t *testing.T) {
	c := catalogue(t, sample())
	b, _ := c.Pack()
	for i := range b { // what travels is signed; here it must only not break
		bent := slices.Clone(b)
		bent[i] ^= 0x41
		if got, err := places.Open(bent); err == nil {
			places.NewFinder(got).Find(places.Query{Text: "a"})
		}
	}
	if _, err := places.Open(b[:len(b)-3]); civic.CodeOf(err) != civic.PlacesUnreadable {
		t.Errorf("cut off: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	c, err := places.New(sample())
	if err != nil {
		f.Fatal(err)
	}
	b, _ := c.Pack()
	d, _ := places.Diff(c, c)
	f.Add(b)
	f.Add(d)
	f.Add([]byte{})
	f.Fuzz(func(_ *testing.T, b []byte) {
		if got, err := places.Open(b); err == nil {
			places.NewFinder(got).Find(places.Query{Text: "a b"})
		}
		_, _ = places.Apply(c, b)
	})
}

func FuzzFind(f *testing.F) {
	c, err := places.New(sample())
	if err != nil {
		f.Fatal(err)
	}
	finder := places.NewFinder(c)
	f.Add("juchitán oax", "", "20")
	f.Add("\xff\xfe'", "state", "")
	f.Fuzz(func(t *testing.T, text, kind, within string) {
		for _, found := range finder.Find(places.Query{Text: text, Kind: kind, Within: within, Limit: 3}) {
			if found.Code == "" {
				t.Fatal("a place without a code")
			}
		}
	})
}

// BenchmarkFind types into 41,000 invented places.
func BenchmarkFind(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var list []places.Place
	syllables := strings.Fields("ma na ta ca ju chi tlan pe co xa po te san lo ri go hue de ma zu mi te pec")
	name := func() string {
		var s strings.Builder
		for range 3 + r.IntN(3) {
			s.WriteString(syllables[r.IntN(len(syllables))])
		}
		return s.String()
	}
	for s := range 32 {
		state := fmt.Sprintf("%02d", s)
		list = append(list, places.Place{Code: state, Name: name(), Kind: "state"})
		for m := range 80 {
			mun := fmt.Sprintf("%s%03d", state, m)
			list = append(list, places.Place{Code: mun, Name: name(), Parent: state, Kind: "municipality"})
			for l := range 15 {
				list = append(list, places.Place{Code: fmt.Sprintf("%s%04d", mun, l), Name: name() + " " + name(), Parent: mun, Kind: "locality"})
			}
		}
	}
	c, err := places.New(list)
	if err != nil {
		b.Fatal(err)
	}
	f := places.NewFinder(c)
	for _, typed := range []string{"m", "juchi", "juchitlanpe", "tepechi sanlo"} {
		b.Run(typed, func(b *testing.B) {
			for b.Loop() {
				f.Find(places.Query{Text: typed})
			}
		})
	}
}
