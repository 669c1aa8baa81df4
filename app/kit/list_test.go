package kit

import (
	"errors"
	"io"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

func TestReadDate(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"1956-04-09", "1956-04-09"}, {"19560409", "1956-04-09"}, {"1956/04/09", "1956-04-09"}, {"09/04/1956", "1956-04-09"},
		{"9/4/1956", "1956-04-09"}, {"09.04.1956", "1956-04-09"}, {"1956-04-09 00:00:00", "1956-04-09"}, {"1956-04-09T10:20:30Z", "1956-04-09"},
		{"1956-04", "1956-04"}, {"1956", "1956"}, {"1956~", "1956~"}, {"2000-02-29", "2000-02-29"},
		{"1945-02-31", ""}, {"19450231", ""}, {"31/02/1945", ""}, {"1900-02-29", ""}, {"0", ""}, {"00000000", ""}, {"the flood", ""}, {"2000-13-01", ""}, {"", ""},
	} {
		d, ok := readDate(c.text)
		if ok != (c.want != "") || d.String() != c.want {
			t.Errorf("readDate(%q) = %q, %v, want %q", c.text, d, ok, c.want)
		}
	}
}

func FuzzReadDate(f *testing.F) {
	for _, s := range []string{"1956-04-09", "19560409", "31/02/1945", "1956~", "\x00", "9999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := readDate(s)
		if !ok {
			return
		}
		again, err := civic.ParseDate(d.String())
		if err != nil || again != d {
			t.Fatalf("readDate(%q) gives %q, which does not read back: %v", s, d, err)
		}
	})
}

func TestAnswerOf(t *testing.T) {
	sex := &form.Question{Path: "sex", Kind: form.SelectOne, Choices: []form.Choice{{Name: "female", Label: "Female"}, {Name: "male", Label: "Male"}}}
	water := &form.Question{Path: "water", Kind: form.SelectMany, Choices: []form.Choice{{Name: "well", Label: "Well"}, {Name: "tap", Label: "Tap"}}}
	whole := &form.Question{Path: "visit", Kind: form.Date}
	partial := &form.Question{Path: "born", Kind: form.Date, Partial: true}
	for _, c := range []struct {
		q    *form.Question
		text string
		want civic.Answer
	}{
		{sex, "FEMALE", civic.Answer{Path: "sex", Value: "female"}},
		{sex, "Male", civic.Answer{Path: "sex", Value: "male"}},
		{sex, "neither", civic.Answer{Path: "sex", Value: "neither"}},
		{water, "well tap", civic.Answer{Path: "water", Value: "well tap"}},
		{water, "Well; Tap", civic.Answer{Path: "water", Value: "well tap"}},
		{whole, "1956", civic.Answer{Path: "visit", Stated: "1956", Absent: civic.Unknown}},
		{whole, "19450231", civic.Answer{Path: "visit", Stated: "19450231", Absent: civic.Unknown}},
		{partial, "1956", civic.Answer{Path: "born", Value: "1956"}},
		{partial, "about 1956", civic.Answer{Path: "born", Stated: "about 1956", Absent: civic.Unknown}},
	} {
		if got := answerOf(c.q, c.text); got != c.want {
			t.Errorf("answerOf(%s, %q) = %+v, want %+v", c.q.Path, c.text, got, c.want)
		}
	}
}

func TestListHeadersAndRows(t *testing.T) {
	f, err := form.Load(testWorkbook(t))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t}
	for _, c := range []struct {
		name, text string
		source     bool
		columns    map[int]string // column to question
		rows       [][]string
	}{
		{"names with spaces and another case", " rec_id, Given_Name ,SURNAME\nr1, Ana ,Paz\n", true, map[int]string{1: "who/given_name", 2: "who/surname"}, [][]string{{"r1", "Ana ", "Paz"}}},
		{"CRLF and a byte-order mark", "\xef\xbb\xbfgiven_name,surname\r\nAna,Paz\r\n\r\nEva,Luz\r\n", false, map[int]string{0: "who/given_name"}, [][]string{{"Ana", "Paz"}, {"Eva", "Luz"}}},
		{"semicolons", "given_name;surname\nAna;Paz, Luz\n", false, map[int]string{0: "who/given_name", 1: "who/surname"}, [][]string{{"Ana", "Paz, Luz"}}},
		{"labels in another language", "id,Nombre,Apellido\n1,Ana,Paz\n", true, map[int]string{1: "who/given_name", 2: "who/surname"}, [][]string{{"1", "Ana", "Paz"}}},
		{"a short and a long row", "id,given_name\n1\n2,Eva,more\n", true, map[int]string{1: "who/given_name"}, [][]string{{"1"}, {"2", "Eva", "more"}}},
	} {
		l, err := readList(w.list(c.text), f)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if l.sourceRow != c.source {
			t.Errorf("%s: sourceRow = %v", c.name, l.sourceRow)
		}
		for i, path := range c.columns {
			if l.columns[i].question == nil || l.columns[i].question.Path != path {
				t.Errorf("%s: column %d is not %s", c.name, i, path)
			}
		}
		for _, want := range c.rows {
			r, err := l.next()
			got := r.cells
			if err != nil || len(got) != len(want) || got[0] != want[0] {
				t.Errorf("%s: row %q, %v, want %q", c.name, got, err, want)
			}
		}
		if _, err := l.next(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: no end: %v", c.name, err)
		}
	}
	_, err = readList(w.list("id,colour\n1,red\n"), f)
	wantCode(t, err, civic.ColumnsUnknown)
	_, err = readList(w.list(""), f)
	wantCode(t, err, civic.ImportEmpty)
	_, err = readList("there/is/none.csv", f)
	wantCode(t, err, civic.FileUnreadable)
}
