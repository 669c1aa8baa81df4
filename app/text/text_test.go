package text

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"github.com/askonce/fieldkit/sync/civic"
)

func shipped(t *testing.T) *Book {
	t.Helper()
	b, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var places = regexp.MustCompile(`\{(\d|n)\}`)

func placesOf(e entry) []string {
	var all []string
	for _, s := range []string{e.Say, e.Zero, e.One, e.Two, e.Few, e.Many, e.Other} {
		all = append(all, places.FindAllString(s, -1)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Every language has every key of English, in the plural forms it needs, with
// the same places, and no key besides; every entry has its note.
func TestEveryLanguageIsWhole(t *testing.T) {
	b := shipped(t)
	if len(b.Languages()) < 2 {
		t.Fatalf("there are %d languages, want Spanish and English at least", len(b.Languages()))
	}
	english := b.files[Fallback].Words
	for code, f := range b.files {
		for key, want := range english {
			got, ok := f.Words[key]
			if !ok {
				t.Errorf("%s lacks %q", code, key)
				continue
			}
			if !slices.Equal(placesOf(got), placesOf(want)) {
				t.Errorf("%s: %q has the places %v, English has %v", code, key, placesOf(got), placesOf(want))
			}
			if got.Note == "" {
				t.Errorf("%s: %q has no note for the translator", code, key)
			}
			if (got.Say == "") == (got.Other == "") {
				t.Errorf("%s: %q wants either one wording or plural forms", code, key)
			}
			if got.Say == "" {
				needsForms(t, code, key, got)
			}
		}
		for key := range f.Words {
			if _, ok := english[key]; !ok {
				t.Errorf("%s has %q, which English does not have", code, key)
			}
		}
	}
}

// needsForms asks for the wording of every number up to a hundred.
func needsForms(t *testing.T, code, key string, e entry) {
	for n := range 101 {
		f := plural.Cardinal.MatchPlural(language.Make(code), n, 0, 0, 0, 0)
		if e.form(f) == "" {
			t.Errorf("%s: %q has no wording for %d", code, key, n)
			return
		}
	}
}

// Whatever an officer can be refused with has words in every language: no
// English of the code reaches a Spanish screen.
func TestEveryProblemHasWordsInEveryLanguage(t *testing.T) {
	b := shipped(t)
	for code, f := range b.files {
		for problem, sentence := range civic.Catalogue() {
			if _, ok := f.Words["problem."+string(problem)]; !ok {
				t.Errorf("%s has no words for the problem %q: %s", code, problem, sentence.Message)
			}
			if _, ok := f.Words["problem."+string(problem)+".hint"]; !ok && sentence.Hint != "" {
				t.Errorf("%s does not say what to do about %q: %s", code, problem, sentence.Hint)
			}
		}
	}
}

func TestEveryStatusHasWords(t *testing.T) {
	tell := NewTeller(shipped(t), "es")
	for s := civic.Draft; s <= civic.Quarantined; s++ {
		for _, key := range []string{"status." + s.String(), "status." + s.String() + ".means"} {
			if !tell.Has(key) {
				t.Errorf("there are no words for %q", key)
			}
		}
	}
}

// Words that UX.md rules out: they blame, or speak of the machine.
func TestNoWordOfTheMachine(t *testing.T) {
	never := regexp.MustCompile(`(?i)\b(sync error|payload|submit|invalid|error|failed|null)\b`)
	for code, f := range shipped(t).files {
		for key, e := range f.Words {
			for _, s := range []string{e.Say, e.One, e.Other} {
				if found := never.FindString(s); found != "" {
					t.Errorf("%s: %q says %q: %s", code, key, found, s)
				}
			}
		}
	}
}

func TestNearest(t *testing.T) {
	b := shipped(t)
	for _, c := range []struct {
		wanted []string
		want   string
	}{
		{[]string{"es"}, "es"}, {[]string{"es-MX"}, "es"}, {[]string{"es_MX.UTF-8"}, "es"}, {[]string{"", "C.UTF-8", "es_AR"}, "es"},
		{[]string{"nah"}, "en"}, {nil, "en"}, {[]string{"."}, "en"}, {[]string{"nah", "es"}, "es"},
	} {
		if got := b.Nearest(c.wanted...); got != c.want {
			t.Errorf("Nearest(%q) = %q, want %q", c.wanted, got, c.want)
		}
	}
}

func TestTellerSwitches(t *testing.T) {
	tell := NewTeller(shipped(t), "en")
	told := 0
	tell.OnSwitch(func() { told++ })
	if got := tell.Say("home.register"); got != "Register" {
		t.Errorf("English says %q", got)
	}
	tell.Switch("es")
	if got := tell.Say("home.register"); got != "Registrar" || told != 1 || tell.Language() != "es" {
		t.Errorf("after the switch it says %q in %s, told %d times", got, tell.Language(), told)
	}
	if got := tell.SayIn("en", "back"); got != "Back" {
		t.Errorf("SayIn English says %q", got)
	}
	if got := tell.Say("no.such.key"); got != "[no.such.key]" {
		t.Errorf("a missing key is shown as %q", got)
	}
}

func TestCountAndFigures(t *testing.T) {
	en, es := NewTeller(shipped(t), "en"), NewTeller(shipped(t), "es")
	for _, c := range []struct{ got, want string }{
		{en.Count("sync.sent", 1), "1 registration sent."},
		{en.Count("sync.sent", 1200), "1,200 registrations sent."},
		{es.Count("sync.sent", 1), "1 registro enviado."},
		{es.Count("sync.sent", 0), "0 registros enviados."},
		{en.Date(civic.Date{Year: 1956, Month: 4, Day: 9}), "9 April 1956"},
		{es.Date(civic.Date{Year: 1956, Month: 4, Day: 9}), "9 de abril de 1956"},
		{es.DateValue("1956-04~"), "hacia abril de 1956"},
		{en.DateValue("1956~"), "about 1956"},
		{en.DateValue("the year of the flood"), "the year of the flood"},
		{en.Bytes(640), "640 B"}, {en.Bytes(12_300), "12 kB"}, {en.Bytes(3_440_000), "3.4 MB"}, {es.Bytes(3_440_000), "3,4 MB"},
		{en.Left(0), "time left not known yet"}, {en.Left(3 * time.Second), "a few seconds left"},
		{en.Left(42 * time.Second), "about 40 seconds left"}, {en.Left(61 * time.Second), "about 60 seconds left"},
		{es.Left(5 * time.Minute), "faltan como 5 minutos"},
	} {
		if c.got != c.want {
			t.Errorf("told %q, want %q", c.got, c.want)
		}
	}
}

func TestMoment(t *testing.T) {
	tell := NewTeller(shipped(t), "en")
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Time{}, "never"}, {now.Add(-20 * time.Second), "just now"}, {now.Add(-time.Minute), "1 minute ago"},
		{now.Add(-59 * time.Minute), "59 minutes ago"}, {now.Add(-3 * time.Hour), "today 09:00"}, {now.Add(2 * time.Hour), "today 14:00"},
		{now.Add(-20 * time.Hour), "yesterday 16:00"}, {now.Add(-50 * 24 * time.Hour), "3 October 2026, 12:00"},
	} {
		if got := tell.Moment(c.at, now); got != c.want {
			t.Errorf("Moment(%v) = %q, want %q", c.at, got, c.want)
		}
	}
}

func TestProblemWords(t *testing.T) {
	tell := NewTeller(shipped(t), "es")
	message, hint := tell.Error(civic.NewProblem(civic.DiskFull, nil, "3 MB", "20 MB"))
	if !strings.Contains(message, "3 MB") || !strings.Contains(message, "20 MB") || hint == "" {
		t.Errorf("a full disk is told as %q, %q", message, hint)
	}
	message, _ = tell.Error(errStrange{})
	if strings.Contains(message, "strange") {
		t.Errorf("a foreign error's own text is shown: %q", message)
	}
	if message, _ = tell.Problem("of_tomorrow"); !strings.Contains(message, "of_tomorrow") {
		t.Errorf("an unknown code is told as %q", message)
	}
}

type errStrange struct{}

func (errStrange) Error() string { return "strange" }

func TestLoadRefuses(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"broken JSON":     {"t/en.json": {Data: []byte(`{`)}},
		"wrong name":      {"t/en.json": {Data: []byte(`{"language":{"code":"es"}}`)}},
		"without English": {"t/es.json": {Data: []byte(`{"language":{"code":"es"}}`)}},
	} {
		if _, err := load(files, "t"); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
