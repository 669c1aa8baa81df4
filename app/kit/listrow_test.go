package kit

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// A line that is no row costs itself and no other, and is never lost.
func TestImportRefusesALineAndNoOther(t *testing.T) {
	for name, bad := range map[string]string{
		"a quote never closed":         `r2,"Ana,Paz`,
		"a quote within a cell":        `r2,Ana "la Negra",Paz`,
		"a cell over several lines":    "r2,\"Ana\nr8,Not,Aperson\n\",Paz",
		"Latin-1":                      "r2,Jos\xe9,Paz",
		"more cells than columns":      "r2,Ana,Paz,Luz",
		"an escape":                    "r2,An\x1b[2Ja,Paz",
		"a C1 control":                 "r2,An\u009ba,Paz",
		"a NUL":                        "r2,An\x00a,Paz",
		"a cell of the size of a book": "r2," + strings.Repeat("a", maxCell+1) + ",Paz",
		"an endless line":              "r2," + strings.Repeat("a", 2*maxLine) + ",Paz",
		"no answer":                    "r2,,",
	} {
		t.Run(name, func(t *testing.T) {
			w := enrolled(t)
			file := w.list("id,given_name,surname\nr1,Eva,Luz\n" + bad + "\nr3,Leo,Sol\nr4,Rey,\"Mar, Sol\"\n")
			r, err := w.Import(t.Context(), testForm, file, nil)
			if err != nil || r.Sealed != 3 || r.Rejected != 1 {
				t.Fatalf("%+v, %v", r, err)
			}
			rejected := readCSV(t, r.RejectedFile)
			if len(rejected) != 2 {
				t.Fatalf("%d lines", len(rejected))
			}
			got := rejected[1]
			if n := len(got); n != 6 || got[n-3] != "3" || got[n-1] == "" || !strings.HasPrefix(got[0]+got[n-2], "r2,") && got[0] != "r2" {
				t.Errorf("kept as %.200q", got)
			}
			// The list corrected and imported again leaves no refused rows behind.
			writeFile(t, file, []byte("id,given_name,surname\nr1,Eva,Luz\nr2,Ana,Paz\n"))
			if r, err = w.Import(t.Context(), testForm, file, nil); err != nil || r.Sealed != 1 || r.Repeated != 1 {
				t.Fatalf("%+v, %v", r, err)
			}
			if _, err := os.Stat(rejectedName(file)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the stale list of refused rows is still there: %v", err)
			}
		})
	}
}

func TestRejectedRowsCanBeImportedOnceCorrected(t *testing.T) {
	w := enrolled(t)
	file := w.list("id,given_name\nr1,\n")
	r, err := w.Import(t.Context(), testForm, file, nil)
	if err != nil || r.Rejected != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	b, err := os.ReadFile(r.RejectedFile)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, r.RejectedFile, []byte(strings.Replace(string(b), "r1,,", "r1,Ana,", 1)))
	again, err := w.Import(t.Context(), testForm, r.RejectedFile, nil)
	if err != nil || again.Sealed != 1 || len(again.Ignored) != 0 {
		t.Fatalf("%+v, %v", again, err)
	}
	// Somebody's own file of that name is not taken away.
	writeFile(t, rejectedName(file), []byte("mine\n"))
	writeFile(t, file, []byte("id,given_name\nr2,Eva\n"))
	if _, err := w.Import(t.Context(), testForm, file, nil); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(rejectedName(file)); err != nil || string(b) != "mine\n" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestAListInUTF16IsRefused(t *testing.T) {
	w := enrolled(t)
	for _, text := range []string{"\xff\xfei\x00d\x00,\x00", "\xfe\xff\x00i\x00d", "n\x00a\x00m\x00e\x00", "nombre,a\xf1o\n"} {
		_, err := w.Import(t.Context(), testForm, w.list(text), nil)
		wantCode(t, err, civic.FileEncoding)
	}
}

// A list that breaks off, such as one on a stick that was pulled out, is no
// success: what was read is sealed, and running again goes on.
func TestAListThatBreaksOff(t *testing.T) {
	w := enrolled(t)
	st, err := w.open()
	if err != nil {
		t.Fatal(err)
	}
	f, err := form.Load(testWorkbook(t))
	if err != nil {
		t.Fatal(err)
	}
	const text = "id,given_name\n1,Ana\n2,Eva\n"
	l := &list{form: f, name: w.list(text), file: io.NopCloser(nil)}
	if err := l.open(io.MultiReader(strings.NewReader(text+"3,Le"), iotest.ErrReader(errors.New("pulled out")))); err != nil {
		t.Fatal(err)
	}
	r, err := w.importList(t.Context(), st, f, l, nil)
	wantCode(t, err, civic.ListCut)
	if r.Sealed != 2 || r.Rejected != 0 || !strings.Contains(err.Error(), "2 rows") {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err = w.Import(t.Context(), testForm, w.list(text+"3,Leo\n"), nil); err != nil || r.Sealed != 1 || r.Repeated != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestQuotes(t *testing.T) {
	for _, c := range []struct {
		line string
		from quoting
		want quoting
	}{
		{`a,b`, outside, outside}, {`a,"b, c"`, outside, outside}, {`a,"b`, outside, inside}, {`a,"b""`, outside, inside},
		{`a, "b""c"`, outside, outside}, {`a,"b"c`, outside, broken}, {`a"b`, outside, broken}, {`c",d`, inside, outside}, {`c`, inside, inside},
		{`r2,"x"`, inside, broken},
	} {
		if got := quotes(c.line, ',', c.from); got != c.want {
			t.Errorf("quotes(%q, %d) = %d, want %d", c.line, c.from, got, c.want)
		}
	}
}
