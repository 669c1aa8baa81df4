package form_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/workbook"
)

// table reads a workbook written as a table in Markdown: a row whose first cell
// holds something begins a sheet.
func table(md string) *workbook.Workbook {
	w := &workbook.Workbook{}
	var s *workbook.Sheet
	for _, line := range strings.Split(md, "\n") {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.Trim(line, "|-: ") == "" && strings.Contains(line, "-") {
			continue
		}
		line = strings.ReplaceAll(line, `\|`, "\x00")
		cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|"), "|")
		for i := range cells {
			cells[i] = workbook.Normal(strings.ReplaceAll(cells[i], "\x00", "|"))
		}
		if cells[0] != "" {
			s = &workbook.Sheet{Name: cells[0]}
			w.Names = append(w.Names, cells[0])
			if form.Wanted(cells[0]) {
				w.Sheets = append(w.Sheets, s)
			}
		}
		if s == nil {
			continue
		}
		row := workbook.Row{Number: len(s.Rows) + 1, Cells: cells[1:]}
		if strings.Join(row.Cells, "") != "" {
			s.Rows = append(s.Rows, row)
		}
	}
	return w
}

// workbookOf writes the tables as the bytes of a workbook.
func workbookOf(t testing.TB, md string) []byte {
	t.Helper()
	var sheets []sheet
	for _, s := range table(md).Sheets {
		out := sheet{name: s.Name}
		for _, r := range s.Rows {
			out.rows = append(out.rows, r.Cells)
		}
		sheets = append(sheets, out)
	}
	f, err := makeWorkbook(sheets)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
