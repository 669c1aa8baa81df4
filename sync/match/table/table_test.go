package table_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/match/people"
	"github.com/askonce/fieldkit/sync/match/table"
)

const columns = `{"id":"id","given_name":"given","surname":["s1","s2"],"birth_date":"born","sex":"sex","place":["locality","municipality"],"phone":"phone"}`

// list writes made-up people as a CSV with the truth beside.
func list(t *testing.T, p people.Population) (known, incoming []byte) {
	t.Helper()
	write := func(do func(c *csv.Writer)) []byte {
		var b bytes.Buffer
		c := csv.NewWriter(&b)
		_ = c.Write(strings.Split("id,given,s1,s2,born,sex,locality,municipality,phone,who", ","))
		do(c)
		c.Flush()
		return b.Bytes()
	}
	row := func(id string, r match.Record, who int) []string {
		return []string{
			id, r.Given[0], r.Surnames[0], r.Surnames[1], r.Birth.String(), r.Sex, r.Places[0], r.Places[1],
			strings.Join(r.Phones, ""), fmt.Sprint(who),
		}
	}
	known = write(func(c *csv.Writer) {
		for i, r := range p.Known {
			_ = c.Write(row(fmt.Sprintf("k%d", i), r, i))
		}
	})
	incoming = write(func(c *csv.Writer) {
		for i, in := range p.Incoming {
			who := -i - 1
			if in.Truth == match.Same {
				who = in.Of
			}
			_ = c.Write(row(fmt.Sprintf("n%d", i), in.Record, who))
		}
	})
	return known, incoming
}

func read(t *testing.T, b []byte, truth string) *table.Table {
	t.Helper()
	m, err := table.ReadMap([]byte(columns))
	if err != nil {
		t.Fatal(err)
	}
	tab, err := table.Read(bytes.NewReader(b), m, truth)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestLinkFindsWhoIsWho(t *testing.T) {
	a, b := list(t, people.Mexico(3, 3000, 1500))
	found, result, err := table.Link(read(t, a, "who"), read(t, b, "who"), table.Options{Seed: 1, Random: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 || result.Pairs != len(found) || *result.Recall < .93 || *result.Precision < .88 || result.Auto.Observed < .9 {
		t.Errorf("%+v precision %v recall %v auto %+v", result, *result.Precision, *result.Recall, *result.Auto)
	}
	var out bytes.Buffer
	if err := table.WritePairs(&out, found); err != nil || !strings.HasPrefix(out.String(), "row_a,row_b,probability,relation\nk") {
		t.Errorf("%v %.80s", err, out.String())
	}
}

func TestClusterAndEvaluate(t *testing.T) {
	a, b := list(t, people.Mexico(4, 1000, 800))
	whole := append(a, b[bytes.IndexByte(b, '\n')+1:]...)
	groups, result, err := table.Cluster(read(t, whole, ""), table.Options{Seed: 1, Random: 100_000})
	if err != nil || len(groups) != 1800 || result.Persons >= 1500 || result.F1 != nil {
		t.Fatalf("%v %d %+v", err, len(groups), result)
	}
	var out bytes.Buffer
	if err := table.WriteClusters(&out, groups); err != nil || !strings.HasPrefix(out.String(), "row,cluster,probability\nk0,0,") {
		t.Errorf("%v %.80s", err, out.String())
	}
	judged, err := table.Evaluate(read(t, whole, "who"), table.Options{Seed: 1, Random: 100_000})
	if err != nil || judged.F1 == nil || *judged.F1 < .85 || len(judged.Calibration) == 0 {
		t.Errorf("%v %+v", err, judged)
	}
}

// A model learnt once decides alike on the same list later.
func TestModelIsKept(t *testing.T) {
	a, b := list(t, people.Mexico(5, 600, 400))
	tab := table.Join(read(t, a, ""), read(t, b, ""))
	m, _, err := table.Train(tab, table.Options{Seed: 1, Random: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := match.LoadModel(kept)
	if err != nil {
		t.Fatal(err)
	}
	x, _, err := table.Score(tab, table.Options{Model: m})
	if err != nil {
		t.Fatal(err)
	}
	y, _, err := table.Score(tab, table.Options{Model: again})
	if err != nil || len(x) == 0 || fmt.Sprint(x) != fmt.Sprint(y) {
		t.Errorf("%v: %d and %d pairs", err, len(x), len(y))
	}
}

// The most likely mistake in training: u learnt together with m, over pairs that
// share a key. On a list that holds nobody twice it finds what is not there, and
// everybody merges with somebody; with u from random pairs nobody does.
func TestFreeUCollapses(t *testing.T) {
	a, _ := list(t, people.Mexico(6, 3000, 0))
	tab := read(t, a, "who")
	blocks := match.Candidates(tab.Records, 0, 150)
	merged := func(free bool) int {
		m, _, err := match.Train(match.Training{Records: tab.Records, Pairs: blocks.Pairs, Fields: tab.Fields, Seed: 1, Random: 200_000, FreeU: free})
		if err != nil {
			t.Fatal(err)
		}
		return match.MeasurePairs(m.Score(tab.Records, blocks.Pairs, 0), tab.Truth, 0, 0).Wrong
	}
	if fixed, free := merged(false), merged(true); fixed > 3 || free < 300 {
		t.Errorf("of 3,000 different people %d pairs merge with u fixed, %d with u free", fixed, free)
	}
}

func TestReadRefuses(t *testing.T) {
	if _, err := table.ReadMap([]byte(`{"given":"x"}`)); civic.CodeOf(err) != civic.MatchMap {
		t.Errorf("%v", err)
	}
	m, err := table.ReadMap([]byte(columns))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := table.Read(strings.NewReader("id,given\n1,Ana\n"), m, ""); civic.CodeOf(err) != civic.ColumnsUnknown {
		t.Errorf("%v", err)
	}
	if _, err := table.Read(strings.NewReader(""), m, ""); civic.CodeOf(err) != civic.ImportEmpty {
		t.Errorf("%v", err)
	}
}

func TestDates(t *testing.T) {
	for in, want := range map[string]string{
		"1956-04-09": "1956-04-09", "19560409": "1956-04-09", "09/04/1956": "1956-04-09", "1956": "1956", "1956-04": "1956-04", "1956-00-00": "1956",
		"1956-04-09T00:00:00Z": "1956-04-09", "1956~": "1956~", "9/4/1956": "1956-04-09", "9-abr-1956": "1956-04-09", "09-Apr-1956": "1956-04-09",
		"1956-4-9": "1956-04-09", "9.4.1956": "1956-04-09", "1956-04-09 00:00:00": "1956-04-09", "9 abril 1956": "1956-04-09",
	} {
		if d, stated := table.Date(in); d.String() != want || stated != "" {
			t.Errorf("%s: %v %q", in, d, stated)
		}
	}
	for _, in := range []string{"19560231", "31/02/1956", "31-2-1956"} {
		if d, stated := table.Date(in); !d.IsZero() || stated != "19560231" {
			t.Errorf("%s: %v %q", in, d, stated)
		}
	}
}

// Lists come out of many programs: the same list in other writings is the same.
func TestListsAsProgramsWriteThem(t *testing.T) {
	const list = "id,given,s1,s2,born,sex,locality,municipality,phone\n" +
		"1,José,Núñez,\"Peña, y Ñuu\",09/04/1956,M,Jalatlaco,Tlacolula,951 123 4567\n" +
		"2,\"Ma. \"\"Lupe\"\"\",Muñoz,,9-abr-1956,F,,Tlacolula\n" + // a cell short
		"\n" +
		"3, Ana ,Ek,,,F,\"two\nlines\",Tlacolula,x,y,z\n"
	latin, err := charmap.Windows1252.NewEncoder().String(list)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(list, ",", "\t"))
	if err != nil {
		t.Fatal(err)
	}
	want := read(t, []byte(list), "")
	if len(want.Rows) != 3 {
		t.Fatalf("%d rows", len(want.Rows))
	}
	for name, in := range map[string]string{
		"with a mark": "\ufeff" + list, "lines of Windows": strings.ReplaceAll(list, "\n", "\r\n"), "Windows-1252": latin, "semicolons": strings.ReplaceAll(list, ",", ";"), "UTF-16, tabs": wide,
	} {
		if got := read(t, []byte(in), ""); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", name, got.Rows)
		}
	}
}

// In a list with two surnames twins, a father and a son of one name, and
// namesakes stay apart, although all their families' evidence agrees.
func TestFamiliesStayApartInLists(t *testing.T) {
	p := people.Mexico(14, 3_000, 1_500)
	known, incoming := list(t, p)
	tab := table.Join(read(t, known, "who"), read(t, incoming, "who"))
	tab.Split = 0
	apart, result, err := table.Cluster(tab, table.Options{Random: 200_000})
	if err != nil {
		t.Fatal(err)
	}
	if *result.Precision < .985 || *result.Recall < .97 {
		t.Errorf("precision %.4f, recall %.4f", *result.Precision, *result.Recall)
	}
	joined, kin := 0, 0
	for i, in := range p.Incoming {
		if in.Truth == match.Sibling || in.Truth == match.Parent || in.Truth == match.Namesake {
			kin++
			if apart[len(p.Known)+i].Cluster == apart[in.Of].Cluster {
				joined++
			}
		}
	}
	if joined*50 > kin {
		t.Errorf("%d of %d relatives and namesakes are joined", joined, kin)
	}
	t.Logf("precision %.4f, recall %.4f, %d of %d relatives and namesakes joined", *result.Precision, *result.Recall, joined, kin)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("id,given,s1\n1,Ana,\"Ek\n"), []byte(`{"id":"id","given_name":["given"],"surname":"s1"}`))
	f.Add([]byte("\xef\xbb\xbfid\n\n"), []byte(`{"id":"id"}`))
	f.Fuzz(func(_ *testing.T, list, columns []byte) {
		if m, err := table.ReadMap(columns); err == nil {
			_, _ = table.Read(bytes.NewReader(list), m, "")
		}
	})
}
