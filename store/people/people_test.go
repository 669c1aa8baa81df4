package people

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// town makes n invented people: names of syllables, some far more common than
// others, as names are.
func town(n int, seed uint64) []Person {
	r := rand.New(rand.NewPCG(seed, 7))
	onsets := []string{"b", "c", "ch", "d", "f", "g", "j", "l", "ll", "m", "n", "p", "qu", "r", "s", "t", "v", "x", "y", "z", "tl", "br", "gr"}
	vowels := []string{"a", "e", "i", "o", "u", "ia", "ue", "á", "é", "ó"}
	ends := []string{"", "n", "s", "l", "r", "z", "tzin"}
	words := make([]string, 12000)
	for i := range words {
		var w strings.Builder
		for range 2 + r.IntN(3) {
			w.WriteString(onsets[r.IntN(len(onsets))] + vowels[r.IntN(len(vowels))])
		}
		w.WriteString(ends[r.IntN(len(ends))])
		words[i] = strings.ToUpper(w.String()[:1]) + w.String()[1:]
	}
	pick := func() string { // few names serve many people
		return words[int(float64(len(words))*r.Float64()*r.Float64()*r.Float64())]
	}
	people := make([]Person, n)
	for i := range people {
		people[i] = Person{
			Ref: uint32(i), Name: pick() + " " + pick() + " " + pick() + " " + pick(),
			Year: 1930 + r.IntN(95), Place: fmt.Sprint("San ", words[r.IntN(400)]),
		}
	}
	return people
}

func index(people []Person) *Index {
	x := New()
	for _, p := range people {
		x.Add(p)
	}
	x.Settle()
	return x
}

// typo makes one error: a letter changed, added, dropped or swapped.
func typo(r *rand.Rand, w string) string {
	s := []rune(w)
	i := r.IntN(len(s))
	letter := rune('a' + r.IntN(26))
	switch r.IntN(4) {
	case 0:
		s[i] = letter
	case 1:
		s = slices.Insert(s, i, letter)
	case 2:
		s = slices.Delete(s, i, i+1)
	default:
		if i+1 < len(s) {
			s[i], s[i+1] = s[i+1], s[i]
		}
	}
	return string(s)
}

// misspelt takes three words of a name and makes two errors in them.
func misspelt(r *rand.Rand, name string) string {
	words := strings.Fields(name)[:3]
	for range 2 {
		i := r.IntN(len(words))
		if len(words[i]) > 2 {
			words[i] = typo(r, words[i])
		}
	}
	r.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	return strings.ToLower(strings.Join(words, " "))
}

func TestTwoTyposAreForgiven(t *testing.T) {
	people := town(20000, 1)
	x := index(people)
	r := rand.New(rand.NewPCG(3, 3))
	found, asked := 0, 400
	for range asked {
		p := people[r.IntN(len(people))]
		for _, got := range x.Search(misspelt(r, p.Name), 20) {
			if got.Ref == p.Ref {
				found++
				break
			}
		}
	}
	if recall := float64(found) / float64(asked); recall < 0.95 {
		t.Fatalf("recall %.3f, want at least 0.95", recall)
	}
}

func TestAPersonTakesFewBytes(t *testing.T) {
	people := town(50000, 2)
	bytes := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := bytes()
	x := index(people)
	each := float64(bytes()-before) / float64(len(people))
	runtime.KeepAlive(people)
	t.Logf("%.1f bytes a person", each)
	if runtime.KeepAlive(x); each > 60 {
		t.Fatalf("%.1f bytes a person, want at most 60", each)
	}
}

func TestWhatAnOfficerTypes(t *testing.T) {
	x := index([]Person{
		{Ref: 1, Name: "María del Carmen Xochitl Ñandú", Year: 1987, Place: "San Juan Teozacoalco"},
		{Ref: 2, Name: "Maria Carmona", Year: 1988, Place: "Oaxaca"},
		{Ref: 3, Name: "O'Brien Conor", Year: 1950},
		{Ref: 4, Name: "प्रिया शर्मा", Year: 2001, Place: "Jaipur"},
		{Ref: 5, Name: "Li"},
		{Ref: 6, Subject: "mother", Name: "Juana Xochitl", Year: 1960, Place: "Oaxaca"},
	})
	for query, want := range map[string]uint32{
		"maria del carmen": 1, "XOCHITL maria": 1, "nandu": 1, "maria xoch": 1, "mria xohcitl": 1, "maria teozacoalco": 1,
		"maria 1988": 2, "carmona oaxaca": 2, "obrien": 3, "o'brien": 3, "शर्मा": 4, "li": 5, "juana": 6, "1950": 3, "jaipur": 4,
	} {
		got := x.Search(query, 3)
		if len(got) == 0 || got[0].Ref != want {
			t.Errorf("%q found %+v, want %d", query, got, want)
		}
	}
	for _, query := range []string{"", "  ", "zzzzzz", "1987 nobody", "-", "\x00"} {
		if got := x.Search(query, 3); len(got) != 0 {
			t.Errorf("%q found %+v", query, got)
		}
	}
	y := index([]Person{{Ref: 1, Name: "Ana García-López, viuda"}})
	if got := y.Search("lopez garcia ana", 1); len(got) != 1 || got[0].Name != "Ana García-López, viuda" {
		t.Errorf("came back as %+v", got)
	}
	if got := x.Search("juana", 1); got[0].Subject != "mother" || got[0].Place != "Oaxaca" || got[0].Name != "Juana Xochitl" {
		t.Errorf("came back as %+v", got[0])
	}
}

func TestAddingLaterIsTheSame(t *testing.T) {
	people := town(3000, 4)
	one := index(people)
	bit := New()
	for i, p := range people {
		bit.Add(p)
		if i%97 == 0 {
			bit.Settle()
		}
	}
	bit.Settle()
	if one.Len() != bit.Len() {
		t.Fatal(one.Len(), bit.Len())
	}
	r := rand.New(rand.NewPCG(5, 5))
	for range 100 {
		q := people[r.IntN(len(people))].Name
		a, b := one.Search(q, 1), bit.Search(q, 1)
		if len(a) != 1 || len(b) != 1 || a[0].Name != b[0].Name {
			t.Fatalf("%q: %+v and %+v", q, a, b)
		}
	}
}

func TestDistance(t *testing.T) {
	slow := func(a, b []rune) int { // the textbook's whole table
		d := make([][]int, len(a)+1)
		for i := range d {
			d[i] = make([]int, len(b)+1)
			for j := range d[i] {
				switch {
				case i == 0 || j == 0:
					d[i][j] = i + j
				default:
					cost := 1
					if a[i-1] == b[j-1] {
						cost = 0
					}
					d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
					if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
						d[i][j] = min(d[i][j], d[i-2][j-2]+1)
					}
				}
			}
		}
		return d[len(a)][len(b)]
	}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("abcñश")), 0, 8, -1)
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		want := slow([]rune(a), []rune(b))
		if got := distance([]rune(a), []byte(b), 2); min(got, 3) != min(want, 3) {
			t.Fatalf("%q to %q: %d, want %d", a, b, got, want)
		}
		if want <= 2 && !within(mask(a), mask(b), want) {
			t.Fatalf("%q to %q would be ruled out", a, b)
		}
	})
}

func FuzzSearch(f *testing.F) {
	x := index(town(200, 9))
	f.Add("maria 1987")
	f.Add("\xff\xfe 0000 ''")
	f.Add(strings.Repeat("x", 500))
	f.Fuzz(func(t *testing.T, query string) {
		for _, p := range x.Search(query, 5) {
			if p.Name == "" {
				t.Fatal("nobody was found")
			}
		}
		one := index([]Person{{Name: query, Place: query}})
		one.Search(query, 5)
	})
}

// BenchmarkSearch looks for 500 misspelt names among 100,000 people.
func BenchmarkSearch(b *testing.B) {
	people := town(100000, 1)
	start := time.Now()
	x := index(people)
	build := time.Since(start)
	r := rand.New(rand.NewPCG(3, 3))
	queries := make([]string, 500)
	for i := range queries {
		queries[i] = misspelt(r, people[r.IntN(len(people))].Name)
	}
	var took []time.Duration
	for b.Loop() {
		for _, q := range queries {
			start := time.Now()
			x.Search(q, 20)
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(build.Milliseconds()), "build-ms")
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds()), "p95-µs")
}
