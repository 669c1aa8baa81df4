package workbook_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/askonce/fieldkit/sync/form/workbook"
)

func all(string) bool { return true }

// book makes a workbook; fill writes its one sheet.
func book(t testing.TB, fill func(f *excelize.File, set func(cell string, v any))) []byte {
	t.Helper()
	f := excelize.NewFile()
	fill(f, func(cell string, v any) {
		if err := f.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	})
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRead(t *testing.T) {
	b := book(t, func(f *excelize.File, set func(string, any)) {
		set("A1", "type")
		set("B1", "\u00a0label ")
		set("A3", 3)
		if err := f.SetCellDefault("Sheet1", "B3", "0.29999999999999999"); err != nil {
			t.Fatal(err)
		}
		set("C3", true)
		set("A1200", "far")
		set("A2500", "too far")
		set("ZZ4", "cut")
	})
	w, err := workbook.Read(b, all)
	if err != nil {
		t.Fatal(err)
	}
	s := w.Sheet("sheet1")
	if s == nil || len(s.Rows) != 2 || s.Rows[0].Cell(1) != "label" || s.Rows[1].Number != 3 {
		t.Fatalf("%+v", s)
	}
	if got := strings.Join(s.Rows[1].Cells, " "); got != "3 0.3 1" {
		t.Errorf("%q", got)
	}
	if !s.Cut || s.Rows[1].Cell(99) != "" || w.Sheet("other") != nil {
		t.Errorf("%+v", s)
	}
}

func TestGapEndsASheet(t *testing.T) {
	b := book(t, func(_ *excelize.File, set func(string, any)) {
		set("A1", "a")
		set("A900", "b")
		set("A2500", "c")
	})
	w, err := workbook.Read(b, all)
	if err != nil || len(w.Sheets[0].Rows) != 2 {
		t.Errorf("%v %+v", err, w)
	}
}

func TestRefused(t *testing.T) {
	old := append([]byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}, make([]byte, 512)...)
	locked := append(bytes.Clone(old), []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")...)
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	part, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range workbook.MaxUnzipped>>20 + 1 {
		if _, err := part.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	long := book(t, func(_ *excelize.File, set func(string, any)) {
		for _, cell := range []string{"A1", "A2"} {
			set(cell, strings.Repeat("ñ", 20_000))
		}
	})
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"old":       {old, workbook.ErrOldXLS},
		"locked":    {locked, workbook.ErrLocked},
		"text":      {[]byte("type,name\n"), workbook.ErrNotXLSX},
		"empty":     {nil, workbook.ErrNotXLSX},
		"broken":    {[]byte("PK\x03\x04 and nothing"), workbook.ErrNotXLSX},
		"bomb":      {bomb.Bytes(), workbook.ErrNotXLSX},
		"long cell": {long, workbook.ErrTooLarge},
		"huge":      {make([]byte, workbook.MaxFile+1), workbook.ErrTooLarge},
	} {
		if _, err := workbook.Read(c.b, all); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	whole := book(t, func(_ *excelize.File, set func(string, any)) { set("A1", "x") })
	for n := 0; n < len(whole); n += 97 {
		if _, err := workbook.Read(whole[:n], all); err == nil {
			t.Errorf("the first %d bytes of a workbook are a workbook", n)
		}
	}
}

func TestApply(t *testing.T) {
	b := book(t, func(_ *excelize.File, set func(string, any)) {
		set("A1", "head")
		set("A2", "two")
		set("A3", "three")
	})
	out, err := workbook.Apply(b, []workbook.Edit{
		{Sheet: "Sheet1", Row: 2, Insert: map[int]string{0: "between", 1: "b"}},
		{Sheet: "Sheet1", Row: 3, Column: 0, Value: "THREE"},
		{Sheet: "Sheet1", Row: 1, Column: 2, Value: "c"},
	})
	if err != nil {
		t.Fatal(err)
	}
	w, err := workbook.Read(out, all)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, r := range w.Sheets[0].Rows {
		rows = append(rows, strings.Join(r.Cells, ","))
	}
	if got := strings.Join(rows, " "); got != "head,,c two between,b THREE" {
		t.Error(got)
	}
	if _, err := workbook.Apply([]byte("PK"), nil); !errors.Is(err, workbook.ErrNotXLSX) {
		t.Error(err)
	}
}

func TestLetter(t *testing.T) {
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 701: "ZZ", 702: "AAA"} {
		if got := workbook.Letter(i); got != want {
			t.Errorf("%d: %s", i, got)
		}
	}
}
