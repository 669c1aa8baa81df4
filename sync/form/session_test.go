package form_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// compiled makes a form from a table in Markdown.
func compiled(t testing.TB, md string) *form.Form {
	t.Helper()
	f, err := form.Compile(table(md))
	var r *form.Refusal
	if errors.As(err, &r) {
		for _, x := range r.Findings {
			t.Log(x.At(), x.Message)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// play does steps "path = value", "+ repeat", "- instance" and checks steps
// "path ? value" and "path ! " (not relevant).
func play(t *testing.T, s *form.Session, steps ...string) {
	t.Helper()
	for _, step := range steps {
		if path, ok := strings.CutPrefix(step, "+ "); ok {
			if _, err := s.AddInstance(path); err != nil {
				t.Errorf("%s: %v", step, err)
			}
			continue
		}
		if path, ok := strings.CutPrefix(step, "- "); ok {
			if err := s.RemoveInstance(path); err != nil {
				t.Errorf("%s: %v", step, err)
			}
			continue
		}
		if path, ok := strings.CutSuffix(step, " !"); ok {
			if s.State(path).Relevant {
				t.Errorf("%s is relevant", path)
			}
			continue
		}
		if path, want, ok := strings.Cut(step, " ? "); ok {
			if st := s.State(path); !st.Relevant || st.Answer.Value != want {
				t.Errorf("%s: %q (relevant %v), want %q", path, st.Answer.Value, st.Relevant, want)
			}
			continue
		}
		path, value, _ := strings.Cut(step, " = ")
		if err := s.Set(path, civic.Answer{Value: value}); err != nil {
			t.Errorf("%s: %v", step, err)
		}
	}
}

func TestRepeats(t *testing.T) {
	f := compiled(t, `
| survey |
| | type         | name    | label   | calculation                                | relevant | repeat_count |
| | integer      | houses  | Houses  |                                            |          |              |
| | begin repeat | house   | House   |                                            |          | ${houses}    |
| | text         | street  | Street  |                                            |          |              |
| | calculate    | number  |         | position(..)                               |          |              |
| | begin repeat | person  | Person  |                                            |          |              |
| | text         | name    | Name    |                                            |          |              |
| | integer      | age     | Age     |                                            |          |              |
| | calculate    | where   |         | concat(${name}, ' of ', ${street}, ' ', ${number}) |  |              |
| | text         | school  | School  |                                            | ${age} < 18 |           |
| | end repeat   |         |         |                                            |          |              |
| | calculate    | people  |         | count(${person})                           |          |              |
| | end repeat   |         |         |                                            |          |              |
| | calculate    | ages    |         | sum(${age})                                |          |              |
| | calculate    | second  |         | indexed-repeat(${name}, ${house}, 2, ${person}, 1) |  |              |`)
	s := form.Start(f, env())
	play(t, s,
		"houses = 2", "house[1]/street = A", "house[2]/street = B",
		"house[1]/person[1]/name = Ana", "house[1]/person[1]/age = 40", "house[1]/person[1]/school !",
		"+ house[1]/person", "house[1]/person[2]/name = Eva", "house[1]/person[2]/age = 7", "house[1]/person[2]/school ? ",
		"house[2]/person[1]/name = Luz", "house[2]/person[1]/age = 3",
		"house[1]/person[2]/where ? Eva of A 1", "house[2]/person[1]/where ? Luz of B 2",
		"ages ? 50", "house[1]/people ? 2", "second ? Luz",
		"- house[1]/person[1]", "house[1]/person[1]/where ? Eva of A 1", "ages ? 10", "house[1]/people ? 1",
		"houses = 1", "ages ? 7", "second ? ",
		"houses = 3", "house[3]/number ? 3", "house[2]/street ? ",
	)
	if _, err := s.AddInstance("house"); err == nil {
		t.Error("a counted repeat grows by hand")
	}
	if n := len(s.Sections("")); n != 2 {
		t.Errorf("%d sections", n)
	}
	play(t, s, "houses = 99999")
	if n := len(s.Sections("")[1].Items); n > 8*form.MaxInstances {
		t.Errorf("%d items: no limit", n)
	}
}

func TestChoices(t *testing.T) {
	f := compiled(t, `
| survey |
| | type                        | name    | label      | choice_filter        | parameters | calculation |
| | select_one state            | state   | State      |                      |            | |
| | select_one town             | town    | Town       | state = ${state}     |            | |
| | select_multiple town        | visited | Visited    | state = ${state}     |            | |
| | select_one_from_file zones.csv | zone | Zone       | town = ${town}       | value=code label=title | |
| | select_one yn or_other      | water   | Water      |                      |            | |
| | begin repeat                | person  | Person     |                      |            | |
| | text                        | name    | Name       |                      |            | |
| | end repeat                  |         |            |                      |            | |
| | select_one ${name}          | head    | Head       |                      |            | |
| | calculate                   | said    |            |                      |            | jr:choice-name(${town}, '${town}') |
| | calculate                   | looked  |            |                      |            | pulldata('zones', 'title', 'code', ${zone}) |
| choices |
| | list_name | name | label  | state |
| | state     | n    | North  |       |
| | state     | s    | South  |       |
| | town      | a    | Alta   | n     |
| | town      | b    | Baja   | n     |
| | town      | c    | Costa  | s     |
| | yn        | yes  | Yes    |       |`)
	e := env()
	e.Files = func(name string) ([]byte, bool) {
		return []byte("\ufeffcode,title,town\nz1,Old town,a\nz2,\"Harbour, new\",c\n"), name == "zones.csv"
	}
	s := form.Start(f, e)
	choices := func(path string) string {
		var out []string
		for _, sec := range s.Sections("") {
			for _, it := range sec.Items {
				if it.Path == path {
					for _, c := range it.Choices {
						out = append(out, c.Name+":"+c.Label)
					}
				}
			}
		}
		return strings.Join(out, " ")
	}
	play(t, s, "state = n", "town = b", "visited = b a", "visited ? a b", "said ? Baja")
	if got := choices("town"); got != "a:Alta b:Baja" {
		t.Error(got)
	}
	play(t, s, "state = s", "town ? ", "visited ? ", "said ? ", "state = n", "town ? b", "visited ? a b")
	play(t, s, "state = s", "town = c", "zone = z2", "looked ? Harbour, new")
	if got := choices("zone"); got != "z2:Harbour, new" {
		t.Error(got)
	}
	play(t, s, "water = other", "water_other = Well")
	play(t, s, "person[1]/name = Ana", "+ person", "person[2]/name = Eva", "head = Eva")
	if got := choices("head"); got != "Ana:Ana Eva:Eva" {
		t.Error(got)
	}
	if found := s.CheckAll(); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	play(t, s, "zone = z1")
	if found := s.CheckAll(); len(found) != 1 || found[0].Code != civic.AnswerChoice {
		t.Errorf("%+v", found)
	}
}

func TestValues(t *testing.T) {
	f := compiled(t, `
| survey |
| | type      | name   | label | calculation             | trigger | default      | read_only | required | constraint | x_partial | x_absent |
| | today     | day    |       |                         |         |              |           |          |            |           |          |
| | text      | name   | Name  |                         |         | Ana          |           |          |            |           |          |
| | date      | when   | When  |                         |         | today()      |           |          |            |           |          |
| | date      | born   | Born  |                         |         |              |           | yes      | . < today() and . > date('1900-01-01') | yes | |
| | integer   | n      | N     |                         |         |              |           |          | . >= 0     |           |          |
| | calculate | age    |       | int((${day} - ${born}) div 365.25) |   |        |           |          |            |           |          |
| | dateTime  | asked  |       | now()                   | ${n}    |              |           |          |            |           |          |
| | text      | fixed  | Fixed | concat(${name}, '!')    |         |              | yes       |          |            |           |          |
| | calculate | first  |       | once(${n})              |         |              |           |          |            |           |          |
| | acknowledge | ok   | Ok    |                         |         |              |           | yes      |            |           |          |
| | text      | must   | Must  |                         |         |              |           | yes      |            |           | no       |`)
	e := env()
	s := form.Start(f, e)
	play(t, s, "name ? Ana", "when ? 2026-11-22", "fixed ? Ana!", "asked ? ",
		"n = 4", "first ? 4", "asked ? 2026-11-22T10:00:00.000+00:00", "n = 5", "first ? 4",
		"born = 1980", "age ? 46", "born = 1980-12", "age ? 45", "born = 1980~", "age ? 46", "born = 1980-01-05", "age ? 46")
	codes := func() (out []civic.Code) {
		for _, x := range s.CheckAll() {
			out = append(out, x.Code)
		}
		return out
	}
	for value, want := range map[string]civic.Code{
		"2026": "", "2027": civic.AnswerConstraint, "1980-13": civic.AnswerDate, "1980-02-31": civic.AnswerDate, "abc": civic.AnswerDate, "1899~": "",
	} {
		play(t, s, "born = "+value)
		if got := codes(); want != "" && got[0] != want || want == "" && slices.Contains(got, civic.AnswerConstraint) {
			t.Errorf("born %s: %v, want %q", value, got, want)
		}
	}
	play(t, s, "born = 1980", "n = -1")
	if got := codes(); !slices.Equal(got, []civic.Code{civic.AnswerConstraint, civic.AnswerRequired, civic.AnswerRequired}) {
		t.Error(got)
	}
	if err := s.Set("born", civic.Answer{Absent: civic.Unknown}); err != nil {
		t.Fatal(err)
	}
	if err := s.Set("must", civic.Answer{Absent: civic.Refused}); err != nil {
		t.Fatal(err)
	}
	play(t, s, "age ? ", "n = 1", "ok = OK")
	if got := s.CheckAll(); len(got) != 1 || got[0].Path != "must" {
		t.Errorf("%+v", got)
	}
	for _, path := range []string{"fixed", "age", "nowhere"} {
		if err := s.Set(path, civic.Answer{Value: "x"}); civic.CodeOf(err) != civic.AnswersInvalid {
			t.Errorf("%s can be answered: %v", path, err)
		}
	}
	answers := s.Answers()
	if i := slices.IndexFunc(answers, func(a civic.Answer) bool { return a.Path == "born" }); i < 0 || answers[i].Absent != civic.Unknown {
		t.Errorf("%+v", answers)
	}
}

func TestLanguages(t *testing.T) {
	f := compiled(t, `
| survey |
| | type       | name | label::English (en) | label::Español (es) | hint | constraint | constraint_message::English (en) | constraint_message::Español (es) | calculation |
| | text       | who  | Who?                | ¿Quién?             | x    | . != 'no'  | Not so.                          | Así no.                          |             |
| | select_one c | col | Colour of ${who}   |                     |      |            |                                  |                                  |             |
| | calculate  | said |                     |                     |      |            |                                  |                                  | jr:choice-name(${col}, '${col}') |
| choices |
| | list_name | name | label::English (en) | label::Español (es) |
| | c         | r    | Red                 | Rojo                |
| settings |
| | default_language | form_title | version |
| | Español (es)     | Prueba     | 7       |`)
	if got := f.Languages(); !slices.Equal(got, []string{"es", "en"}) {
		t.Error(got)
	}
	s := form.Start(f, env())
	play(t, s, "who = no", "col = r", "said ? Rojo")
	for lang, want := range map[string][3]string{"es-MX": {"¿Quién?", "Rojo", "Así no."}, "en": {"Who?", "Red", "Not so."}, "zh": {"¿Quién?", "Rojo", "Así no."}} {
		items := s.Sections(lang)[0].Items
		if items[0].Label != want[0] || items[1].Choices[0].Label != want[1] || s.CheckAll()[0].Message != want[2] {
			t.Errorf("%s: %q %q %q", lang, items[0].Label, items[1].Choices[0].Label, s.CheckAll()[0].Message)
		}
		play(t, s, "said ? "+want[1])
	}
	if got := s.Sections("es")[0].Items[1].Label; got != "Colour of no" {
		t.Errorf("a missing translation: %q", got)
	}
}

// TestCircle shows that expressions that chase each other come to rest.
func TestCircle(t *testing.T) {
	f := compiled(t, `
| survey |
| | type      | name | label | calculation  | relevant  |
| | text      | q    | Q     |              |           |
| | calculate | a    |       | ${b} + 1     |           |
| | calculate | b    |       | coalesce(${a}, 0) + 1 | |
| | text      | x    | X     |              | ${y} = '' |
| | text      | y    | Y     |              | ${x} = '' |`)
	done := make(chan bool)
	go func() {
		s := form.Start(f, env())
		play(t, s, "q = 1")
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it does not come to rest")
	}
}

func TestFiles(t *testing.T) {
	f := compiled(t, `
| survey |
| | type                            | name  | label | appearance | image |
| | text                            | start | Start |            |       |
| | select_one fruit                | fruit | Fruit | minimal search('fruits', 'startswith', 'title', ${start}) | |
| | select_one_from_file wells.geojson | well | Well |          | w.png |
| | select_one_from_file posts.xml  | post  | Post  |            |       |
| choices |
| | list_name | name | label | image |
| | fruit     | key  | title | f.png |`)
	e := env()
	files := map[string]string{
		"fruits.csv":    "key,title\n1,Apple\n2,Apricot\n3,Banana\n",
		"wells.geojson": `{"type":"FeatureCollection","features":[{"type":"Feature","id":"w1","properties":{"title":"Old well"},"geometry":{"type":"Point","coordinates":[-96.7,17.1]}}]}`,
		"posts.xml":     `<root><item><name>p1</name><label>Post one</label></item></root>`,
	}
	e.Files = func(name string) ([]byte, bool) { b, ok := files[name]; return []byte(b), ok }
	s := form.Start(f, e)
	play(t, s, "start = Ap", "fruit = 2", "well = w1", "post = p1")
	items := s.Sections("")[0].Items
	for i, want := range map[int]string{1: "Apple Apricot", 2: "Old well", 3: "Post one"} {
		var labels []string
		for _, c := range items[i].Choices {
			labels = append(labels, c.Label)
		}
		if got := strings.Join(labels, " "); got != want {
			t.Errorf("%s: %q", items[i].Path, got)
		}
	}
	if items[2].Media["image"] != "w.png" {
		t.Errorf("%+v", items[2].Media)
	}
	if found := s.CheckAll(); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	files = nil
	bare := form.Start(f, e)
	if c := bare.Sections("")[0].Items[1].Choices; len(c) != 1 || c[0].Name != "key" || c[0].Image != "f.png" {
		t.Errorf("without the file: %+v", c)
	}
}

// TestHeavy runs a form that means ill: every answer in a repeat looks at all
// others. It must come to an end and keep taking answers.
func TestHeavy(t *testing.T) {
	f := compiled(t, `
| survey |
| | type         | name | label | calculation                                           | repeat_count |
| | integer      | n    | N     |                                                       |              |
| | begin repeat | r    | R     |                                                       | ${n}         |
| | text         | a    | A     |                                                       |              |
| | calculate    | b    |       | count(/data/r[count(/data/r[a = current()/a]) > 0])   |              |
| | end repeat   |      |       |                                                       |              |
| | text         | last | Last  |                                                       |              |`)
	s := form.Start(f, env())
	play(t, s, "n = 400", "r[7]/a = x", "last = z", "last ? z")
}

// TestLongList narrows a long list by an index and gives what the filter alone
// would give.
func TestLongList(t *testing.T) {
	var csv strings.Builder
	csv.WriteString("name,label,district,size\n")
	for i := range 3000 {
		fmt.Fprintf(&csv, "p%d,Place %d,d%d,%d\n", i, i, i%50, i%7)
	}
	f := compiled(t, `
| survey |
| | type                            | name | label | choice_filter                               | calculation |
| | text                            | d    | D     |                                             |             |
| | integer                         | s    | S     |                                             |             |
| | select_one_from_file places.csv | p    | P     | district = ${d} and size > ${s}             |             |
| | select_one_from_file places.csv | q    | Q     | (district = ${d} and size > ${s}) or 1 = 2  |             |
| | calculate                       | of   |       |                                             | instance('places')/root/item[name = ${p}]/district |
| | calculate                       | word |       |                                             | jr:itext('/data/p:label') |`)
	e := env()
	e.Files = func(name string) ([]byte, bool) { return []byte(csv.String()), name == "places.csv" }
	s := form.Start(f, e)
	for _, step := range [][2]string{{"d7", "3"}, {"d49", "0"}, {"none", "1"}, {"d7", "6"}} {
		play(t, s, "d = "+step[0], "s = "+step[1])
		items := s.Sections("")[0].Items
		if !slices.Equal(items[2].Choices, items[3].Choices) {
			t.Errorf("%v: %d choices by the index, %d without", step, len(items[2].Choices), len(items[3].Choices))
		}
	}
	play(t, s, "d = d7", "s = 0", "p = p57", "of ? d7", "word ? P")
}

// TestSealedRepeat judges a sealed registration by the instances it has: none,
// where all were taken away.
func TestSealedRepeat(t *testing.T) {
	f := compiled(t, `
| survey |
| | type         | name | label | required |
| | begin repeat | r    | R     |          |
| | text         | a    | A     | yes      |
| | text         | b    | B     |          |
| | end repeat   |      |       |          |
| | text         | c    | C     |          |`)
	s := form.Start(f, env())
	if len(s.CheckAll()) != 1 {
		t.Error("the first instance wants its answer")
	}
	play(t, s, "- r[1]", "c = x")
	judge := func() int {
		return len(f.Validate(&civic.Registration{Answers: s.Answers()}, form.Env{}))
	}
	if len(s.CheckAll()) != 0 || judge() != 0 {
		t.Errorf("%v", f.Validate(&civic.Registration{Answers: s.Answers()}, form.Env{}))
	}
	play(t, s, "+ r", "r[1]/b = y")
	if judge() != 1 {
		t.Error("an instance that is there wants its answer")
	}
}
