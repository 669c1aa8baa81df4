package match

import (
	"slices"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"  José  MARÍA ": "jose maria", "Ma. de la Luz": "ma de la luz", "D'Angelo": "dangelo", "Xi’im": "xiim", "Peña-Nieto": "pena nieto",
		"Ørsted": "orsted", "Straße": "strasse", "مُحَمَّد": "محمد", "": "",
	} {
		if got := fold(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Names that clerks in Mexico write for each other sound the same.
func TestSoundsThatAreOne(t *testing.T) {
	for _, same := range [][]string{
		{"hernandez", "ernandes", "hernandes"}, {"vazquez", "basques", "vasquez"}, {"jimenez", "ximenes", "gimenez"}, {"yanez", "llanes"},
		{"xochitl", "jochitl"}, {"quetzal", "ketsal"}, {"huerta", "werta"}, {"guadalupe", "wadalupe"}, {"zavala", "sabala"}, {"chavez", "chabes"},
		{"tzintzun", "tsintsun"}, {"cuautle", "kuautle"},
	} {
		for _, s := range same[1:] {
			if sound(s) != sound(same[0]) {
				t.Errorf("%s %s, %s %s", same[0], sound(same[0]), s, sound(s))
			}
		}
	}
	for _, other := range [][2]string{{"perez", "lopez"}, {"garcia", "gomez"}, {"juan", "jose"}} {
		if sound(other[0]) == sound(other[1]) {
			t.Errorf("%v sound the same", other)
		}
	}
}

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"ab", "ba", 1}, {"abc", "abd", 1}, {"abc", "ab", 1}, {"kitten", "sitting", 3}, {"ñu", "nu", 1}, {"abcd", "", 4}} {
		if got := edits(c.a, c.b, 5); got != c.want {
			t.Errorf("%q %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringN(0, 20, 40).Draw(t, "a"), rapid.StringN(0, 20, 40).Draw(t, "b")
		if x, y := edits(a, b, 4), edits(b, a, 4); x != y {
			t.Fatalf("%d one way, %d the other", x, y)
		}
		if x, y := min(edits(a, b, 1), 2), min(edits(a, b, 3), 2); x != y {
			t.Fatalf("%d the short way, %d the long way", x, y)
		}
		if x, y := jaroWinkler(a, b), jaroWinkler(b, a); x-y > 1e-9 || y-x > 1e-9 || x < 0 || x > 1 {
			t.Fatalf("%v one way, %v the other", x, y)
		}
	})
}

func TestLevels(t *testing.T) {
	given := func(a, b string) string {
		return levelNames[kindGiven][givenLevel(givenNames([]string{a}), givenNames([]string{b}))]
	}
	for _, c := range [][3]string{
		{"María Guadalupe", "Ma. Guadalupe", "equal"}, {"Juan José", "José Juan", "equal"}, {"Agustín", "Agustín Federico", "part"},
		{"María Fernanda", "María Guadalupe", "shared"}, {"J. Luis", "Juan Luis", "alike"}, {"M", "María", "initial"}, {"Rosa", "Pedro", "other"},
		{"Xochitl", "Sochitl", "alike"}, {"伟明", "Wei Ming", "equal"}, {"伟明", "偉明", "equal"}, {"", "Rosa", "missing"}, {"Rob", "Robert", "alike"},
	} {
		if got := given(c[0], c[1]); got != c[2] {
			t.Errorf("given %s, %s: %s, want %s", c[0], c[1], got, c[2])
		}
		if got := given(c[1], c[0]); got != c[2] {
			t.Errorf("given %s, %s: %s, want %s", c[1], c[0], got, c[2])
		}
	}
	surname := func(a, b string) string {
		var x, y [2]name
		surnames(&x, strings.Split(a, "|"))
		surnames(&y, strings.Split(b, "|"))
		return levelNames[kindSurname][surnameLevel(&x, &y)]
	}
	for _, c := range [][3]string{
		{"López|Cruz", "López|Cruz", "equal"}, {"López|Cruz", "Cruz|López", "swapped"}, {"López|Cruz", "López|", "first"}, {"López|", "López|", "single"},
		{"López|Cruz", "Lopes|Crus", "both_alike"}, {"López|Cruz", "López|Díaz", "one"}, {"López|Cruz", "Ruiz|Díaz", "other"},
		{"de la Cruz|Pérez", "Delacruz|Pérez", "one"}, {"|Cruz", "Cruz|", "single"}, {"López Cruz", "López|Cruz", "equal"}, {"单|", "Shan|", "single"},
	} {
		if got := surname(c[0], c[1]); got != c[2] {
			t.Errorf("surname %s, %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
	date := func(a, b string) string {
		x, _ := civic.ParseDate(a)
		y, _ := civic.ParseDate(b)
		p, q := birthOf(x, ""), birthOf(y, "")
		return levelNames[kindBirth][birthLevel(&p, &q)]
	}
	for _, c := range [][3]string{
		{"1990-05-17", "1990-05-17", "equal"}, {"1990-05-17", "1990-05-18", "typo"}, {"1990-05-07", "1990-07-05", "typo"}, {"1990-05-17", "1974-05-17", "two_parts"},
		{"1990-05-17", "1990-08-22", "year"}, {"1990", "1990-08-22", "partial"}, {"1990-07", "1990-08-22", "year"}, {"1988~", "1990-08-22", "near"}, {"1960-01-01", "1990-08-22", "other"},
	} {
		if got := date(c[0], c[1]); got != c[2] {
			t.Errorf("birth %s, %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

// A slip in one part leaves another key in common.
func TestKeysSurviveSlips(t *testing.T) {
	base := Record{Given: []string{"Juana"}, Surnames: []string{"Ixtlahuaca", "Cruz"}, Birth: civic.Date{Year: 1990, Month: 5, Day: 17}, Places: []string{"", "Tlacolula"}, Phones: []string{"9511234567"}}
	change := func(do func(*Record)) Record {
		r := base
		do(&r)
		return r
	}
	for name, r := range map[string]Record{
		"swapped":        change(func(r *Record) { r.Surnames = []string{"Cruz", "Ixtlahuaca"} }),
		"second missing": change(func(r *Record) { r.Surnames = []string{"Ixtlahuaca", ""} }),
		"no date":        change(func(r *Record) { r.Birth = civic.Date{} }),
		"other date":     change(func(r *Record) { r.Birth.Year, r.Birth.Day = 1980, 3 }),
		"given misspelt": change(func(r *Record) { r.Given = []string{"Xuana"} }),
		"other given":    change(func(r *Record) { r.Given = []string{"Petra"} }),
		"moved":          change(func(r *Record) { r.Places, r.Phones = nil, nil }),
		"crossed":        change(func(r *Record) { r.Given, r.Surnames = []string{"Ixtlahuaca"}, []string{"Juana", "Cruz"} }),
	} {
		keys := Keys(r)
		if !slices.ContainsFunc(Keys(base), func(k uint64) bool { return slices.Contains(keys, k) }) {
			t.Errorf("%s: no key in common", name)
		}
		if len(keys) > maxKeys || !slices.IsSorted(keys) {
			t.Errorf("%s: %d keys", name, len(keys))
		}
	}
}

// Keys lie in ledgers: what they are made of must not change by accident.
func TestKeysStayTheSame(t *testing.T) {
	got := Keys(Record{Given: []string{"Juana"}, Surnames: []string{"Cruz"}, Birth: civic.Date{Year: 1990, Month: 5, Day: 17}})
	want := goldenKeys()
	if !slices.Equal(got, want) {
		t.Errorf("%#v", got)
	}
}

func TestDecide(t *testing.T) {
	m := DefaultModel()
	rec := func(given, s1, s2, born, sex, place, phone string) Record {
		d, _ := civic.ParseDate(born)
		return Record{Given: []string{given}, Surnames: []string{s1, s2}, Birth: d, Sex: sex, Places: []string{"", place}, Phones: filled(phone)}
	}
	known := rec("Agustín", "López", "Ruiz", "1990-02-03", "M", "Etla", "9511112222")
	for _, c := range []struct {
		name     string
		in       Record
		verdict  Verdict
		relation Relation
		reason   civic.Code
	}{
		{"the same", known, Auto, Same, ReasonSamePerson},
		{"second surname missing", rec("Agustin", "Lopes", "", "1990-02-03", "M", "Etla", "9511112222"), Auto, Same, ReasonSamePerson},
		{"surnames swapped", rec("Agustín", "Ruiz", "López", "1990-02-03", "M", "Etla", "9511112222"), Auto, Same, ReasonSamePerson},
		{"a digit of the date", rec("Agustín", "López", "Ruiz", "1990-02-08", "M", "Etla", "9511112222"), Auto, Same, ReasonSamePerson},
		{"twin", rec("Federico", "López", "Ruiz", "1990-02-03", "M", "Etla", "9511112222"), New, Sibling, ReasonTwin},
		{"twin sister", rec("Agustina", "López", "Ruiz", "1990-02-03", "F", "Etla", "9511112222"), New, Sibling, ReasonTwin},
		{"twin or longer name", rec("Agustín Federico", "López", "Ruiz", "1990-02-03", "M", "Etla", "9511112222"), Review, Same, ReasonTwin},
		{"a second surname of another family", rec("Agustín", "López", "Díaz", "1990-02-03", "M", "Etla", "9511112222"), Review, Same, ReasonNamesake},
		{"a twin of a like name", rec("Agustina", "López", "Ruiz", "1990-02-03", "M", "Etla", "9511112222"), Review, Same, ReasonTwin},
		{"son", rec("Agustín", "López", "Díaz", "2015-07-09", "M", "Etla", "9511112222"), New, Parent, ReasonParent},
		{"namesake", rec("Agustín", "López", "Ruiz", "1961-11-29", "M", "Tizimín", ""), New, Namesake, ""},
		{"stranger", rec("Petra", "Canul", "Pech", "1955-01-01", "F", "Ticul", ""), New, Stranger, ReasonNoneAlike},
	} {
		d := m.Decide(Prepare(c.in), []Person{{Records: []*Prepared{Prepare(known)}}})
		if d.Verdict != c.verdict || d.Comparison.Relation != c.relation || (c.reason != "" && !slices.Contains(d.Reasons, c.reason)) {
			t.Errorf("%s: %v %v %v %+v", c.name, d.Verdict, d.Comparison.Relation, d.Reasons, d.Comparison)
		}
		if len(d.Comparison.Evidence) == 0 {
			t.Errorf("%s: no evidence", c.name)
		}
	}
	if d := m.Decide(Prepare(known), nil); d.Verdict != New || d.Person != -1 {
		t.Errorf("%+v", d)
	}
	twice := []Person{{Records: []*Prepared{Prepare(known)}}, {Records: []*Prepared{Prepare(known)}}}
	if d := m.Decide(Prepare(known), twice); d.Verdict != Review || d.Reasons[0] != ReasonTwoCandidates {
		t.Errorf("two equal ones: %+v", d)
	}
}

func filled(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// Whoever is asked first, the answer is the same.
func TestCompareIsSymmetric(t *testing.T) {
	m := DefaultModel()
	part := rapid.SampledFrom([]string{"", "Ana", "Anna María", "López", "Lopes", "de la Cruz", "伟", "Wei", "محمد", "x", "María José Luz"})
	date := rapid.SampledFrom([]string{"", "1990", "1990-05", "1990-05-17", "1990-05-18", "1960~"})
	draw := func(t *rapid.T, n string) *Prepared {
		d, _ := civic.ParseDate(date.Draw(t, n+" date"))
		return Prepare(Record{
			Given: []string{part.Draw(t, n+" given")}, Surnames: []string{part.Draw(t, n+" s1"), part.Draw(t, n+" s2")}, Birth: d,
			Sex: rapid.SampledFrom([]string{"", "M", "F"}).Draw(t, n+" sex"), Places: []string{part.Draw(t, n+" place")}, Full: part.Draw(t, n+" full"),
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a"), draw(t, "b")
		x, y := m.Compare(a, b, true), m.Compare(b, a, true)
		if x.Relation != y.Relation || x.Ambiguous != y.Ambiguous || x.Weight-y.Weight > 1e-9 || y.Weight-x.Weight > 1e-9 {
			t.Fatalf("%+v\n%+v", x, y)
		}
	})
}

func TestModelTravels(t *testing.T) {
	b, err := DefaultModel().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	m, err := LoadModel(b)
	if err != nil {
		t.Fatal(err)
	}
	r := Prepare(Record{Given: []string{"Ana"}, Surnames: []string{"Ek"}})
	if x, y := m.Compare(r, r, false), DefaultModel().Compare(r, r, false); x.Weight != y.Weight {
		t.Errorf("%v %v", x, y)
	}
}

func FuzzLoadModel(f *testing.F) {
	b, err := DefaultModel().Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"version":"x","prior":0.5,"auto":1,"review":0,"fields":[]}`))
	r := Prepare(Record{Given: []string{"Ana"}, Birth: civic.Date{Year: 1990}})
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := LoadModel(b); err == nil {
			m.Decide(r, []Person{{Records: []*Prepared{r}}})
		}
	})
}

func FuzzPrepare(f *testing.F) {
	f.Add("Ma. José", "de la Cruz", "19900517", "张伟", "951-123")
	f.Add("\xff", "ʼ", "00000000", "مُ", "١٢٣٤٥٦٧")
	m := DefaultModel()
	f.Fuzz(func(t *testing.T, given, surname, born, full, phone string) {
		p := Prepare(Record{Given: []string{given}, Surnames: []string{surname, full}, BirthStated: born, Full: full, Phones: []string{phone}, Places: []string{full}, Identifiers: []string{phone}})
		if k := p.Keys(); len(k) > maxKeys || !slices.IsSorted(k) {
			t.Errorf("%v", k)
		}
		p.tableKeys()
		m.Compare(p, p, true)
		if l := Likeness(given, full); l < 0 || l > 1.0000001 {
			t.Errorf("%v", l)
		}
	})
}

// goldenKeys are the keys of Juana Cruz, 17 May 1990.
func goldenKeys() []uint64 {
	return []uint64{0x3e86e8e5ebb264b, 0x8fe45caabd76100f, 0xaf87b5dc39ac303e, 0xc1dbbdb9cf1f20bd}
}

// A namesake of the same town, born one digit away, is nobody's to join without
// a look, however common or rare the name; a second thing that only one person
// has makes it a slip of the pen.
func TestNamesakeOneDigitOffIsHeld(t *testing.T) {
	known := Record{
		Given: []string{"Rosalba"}, Surnames: []string{"Xolalpa", "Tecuapetla"}, Birth: civic.Date{Year: 1984, Month: 3, Day: 12}, Sex: "F",
		Places: []string{"San Isidro", "Tlacolula", "Oaxaca"}, Phones: []string{"9511234567"},
	}
	model := DefaultModel()
	for _, tt := range []struct {
		what   string
		change func(r *Record)
		want   Verdict
	}{
		{"a phone of her own", func(r *Record) { r.Places[0] = "Centro"; r.Phones = []string{"9517654321"} }, Review},
		{"another home in the town", func(r *Record) { r.Places[0] = "Centro"; r.Phones = nil }, Review},
		{"the same phone", func(r *Record) { r.Places[0] = "Centro" }, Auto},
		{"the same locality", func(r *Record) { r.Phones = nil }, Auto},
		{"the same locality, in an office that knows few", func(r *Record) { r.Phones = nil }, Review},
	} {
		other := known
		other.Places = append([]string(nil), known.Places...)
		other.Birth.Day = 13
		tt.change(&other)
		around := Around{People: Settled}
		if strings.HasSuffix(tt.what, "knows few") {
			around.People--
		}
		d := model.DecideAmong(Prepare(other), []Person{{Records: []*Prepared{Prepare(known)}}}, around)
		if d.Verdict != tt.want || d.Verdict == Review && d.Reasons[0] != ReasonNamesake {
			t.Errorf("%s: %v %v %+v", tt.what, d.Verdict, d.Reasons, d.Comparison)
		}
	}
}

// A number like another but not the same speaks against joining: those of
// namesakes and twins are made alike.
func TestNumbersThatDifferAreHeld(t *testing.T) {
	known := Record{
		Given: []string{"Rosalba"}, Surnames: []string{"Xolalpa", "Tecuapetla"}, Birth: civic.Date{Year: 1984, Month: 3, Day: 12}, Sex: "F",
		Places: []string{"San Isidro", "Tlacolula", "Oaxaca"}, Phones: []string{"9511234567"}, Identifiers: []string{"XOTR840312MOCLCS01"},
	}
	for _, tt := range []struct {
		number, of string
		phone      bool
		want       Verdict
	}{
		{"XOTR840312MOCLCS01", "XOTR840312MOCLCS01", false, Auto},
		{"XOTR840312MOCLCS01", "", true, Auto},
		{"XOTR840312MOCLCS01", "XOTR840312MOCLCS19", true, Review},
		{"XOTR840312MOCLCS01", "PEGJ700101HDFRRN08", true, Review},
		{"XOTR840312MOCLCS01", "5701396", true, Review},
		{"5701396", "5701386", false, Auto}, // a finger slipped
		{"5701396", "2016958", false, Review},
		{"5701396", "2016958", true, Auto}, // another's number; the day and the house agree
	} {
		a, b := known, known
		a.Identifiers, b.Identifiers = []string{tt.number}, []string{tt.of}
		if !tt.phone {
			a.Phones = nil
		}
		for range 2 {
			if d := DefaultModel().Decide(Prepare(a), []Person{{Records: []*Prepared{Prepare(b)}}}); d.Verdict != tt.want {
				t.Errorf("%q %q: %v %v", tt.number, tt.of, d.Verdict, d.Reasons)
			}
			a, b = b, a
		}
	}
}

// Who was not seen may be as like as the best, unless the best shares with the
// record what everybody was seen by who shares it.
func TestCutSearches(t *testing.T) {
	known := Record{
		Given: []string{"Rosalba"}, Surnames: []string{"Xolalpa", "Tecuapetla"}, Birth: civic.Date{Year: 1984, Month: 3, Day: 12}, Sex: "F",
		Places: []string{"San Isidro", "Tlacolula", "Oaxaca"}, Phones: []string{"9511234567"}, Identifiers: []string{"XOTR840312MOCLCS01"},
	}
	off := known
	off.Birth.Day, off.Phones, off.Identifiers = 13, nil, nil
	r := Prepare(known)
	day, phone := dayKeys(r.keyed()), r.phoneKeys()
	var rest []uint64 // names, places
	for _, k := range r.Keys() {
		if !slices.Contains(day, k) && !slices.Contains(phone, k) && k != hash('i', "0", "xotr840312moclcs01") {
			rest = append(rest, k)
		}
	}
	bare := known
	bare.Phones, bare.Identifiers = nil, nil
	for _, tt := range []struct {
		what string
		in   Record
		cut  []uint64
		want Verdict
	}{
		{"nothing is cut", bare, nil, Auto},
		{"all of the same day were seen", bare, rest, Auto},
		{"the day is cut", bare, append(slices.Clone(rest), day[0]), Review},
		{"all of the same phone were seen", func() Record { x := bare; x.Phones = known.Phones; return x }(), append(slices.Clone(rest), day...), Auto},
		{"the number is the same", known, r.Keys(), Auto},
		{"a slip in the date", off, rest, Review},
	} {
		d := DefaultModel().DecideAmong(Prepare(tt.in), []Person{{Records: []*Prepared{r}}}, Around{People: Settled, Cut: tt.cut})
		if d.Verdict != tt.want || d.Verdict == Review && d.Reasons[0] != ReasonTooCommon {
			t.Errorf("%s: %v %v", tt.what, d.Verdict, d.Reasons)
		}
	}
}

// Forms that ask for the whole name in one field, and records without a name:
// a day of birth and a home join nobody.
func TestWholeNames(t *testing.T) {
	said := func(full string, parts ...string) Record {
		r := Record{Full: full, Birth: civic.Date{Year: 1990, Month: 5, Day: 17}, Sex: "F", Places: []string{"Centro", "Etla", "Oaxaca"}}
		if len(parts) > 0 {
			r.Given, r.Surnames = parts[:1], parts[1:]
		}
		return r
	}
	juana := said("Juana Pérez López")
	for _, tt := range []struct {
		what string
		a, b Record
		want Verdict
	}{
		{"the same", juana, juana, Auto},
		{"misspelt", juana, said("Juana Peres Lopez"), Auto},
		{"in parts", juana, said("", "Juana", "Pérez", "López"), Auto},
		{"without the second surname", juana, said("Juana Pérez"), Auto},
		{"a given name more", juana, said("Juana María Pérez López"), Review},
		{"another family's second surname", juana, said("Juana Pérez Díaz"), New},
		{"well-known names that are alike", said("Juana Pérez Vázquez"), said("Juana Pérez Velázquez"), Review},
		{"a sister", juana, said("Rosa Pérez López"), New},
		{"a stranger", juana, said("Ana Ruiz Díaz"), New},
		{"a stranger in parts", juana, said("", "Ana", "Ruiz", "Díaz"), New},
		{"no name", juana, said(""), Review},
		{"no name at all", said(""), said(""), Review},
		{"surnames only", said("", "", "Pérez", "López"), said("", "Juana", "Pérez", "López"), Review},
	} {
		for range 2 {
			d := DefaultModel().DecideAmong(Prepare(tt.a), []Person{{Records: []*Prepared{Prepare(tt.b)}}}, Around{People: Settled})
			if d.Verdict != tt.want {
				t.Errorf("%s: %v %v %+v", tt.what, d.Verdict, d.Reasons, d.Comparison)
			}
			tt.a, tt.b = tt.b, tt.a
		}
	}
}
