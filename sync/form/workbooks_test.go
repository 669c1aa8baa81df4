package form_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/askonce/fieldkit/assets"
)

// The workbooks in assets/forms are made by the code in this folder, so that
// every change of a form can be read as text. After a change:
//
//	go test ./sync/form -run TestWorkbooks -args -write
var write = flag.Bool("write", false, "write the workbooks in assets/forms anew")

// sheet is one sheet as rows of cells, the first row its headers.
type sheet struct {
	name string
	rows [][]string
}

var workbooks = map[string][]sheet{
	"birth.xlsx":    birthForm(),
	"cash.xlsx":     cashForm(),
	"febrl.xlsx":    febrlForm(),
	"health.xlsx":   healthForm(),
	"identity.xlsx": identityForm(),
	"school.xlsx":   schoolForm(),
}

func makeWorkbook(sheets []sheet) (*excelize.File, error) {
	f := excelize.NewFile()
	for i, s := range sheets {
		if i == 0 {
			if err := f.SetSheetName("Sheet1", s.name); err != nil {
				return nil, err
			}
		} else if _, err := f.NewSheet(s.name); err != nil {
			return nil, err
		}
		for r, cells := range s.rows {
			for c, v := range cells {
				if v == "" {
					continue
				}
				at, err := excelize.CoordinatesToCellName(c+1, r+1)
				if err != nil {
					return nil, err
				}
				if err := f.SetCellStr(s.name, at, v); err != nil {
					return nil, err
				}
			}
		}
	}
	return f, nil
}

// TestWorkbooks proves that the workbooks committed are what the code makes.
func TestWorkbooks(t *testing.T) {
	for name, sheets := range workbooks {
		t.Run(name, func(t *testing.T) {
			f, err := makeWorkbook(sheets)
			if err != nil {
				t.Fatal(err)
			}
			if *write {
				if err := f.SaveAs(filepath.Join("..", "..", "assets", "forms", name)); err != nil {
					t.Fatal(err)
				}
			}
			b, err := os.ReadFile(filepath.Join("..", "..", "assets", "forms", name))
			if err != nil {
				t.Fatal(err)
			}
			embedded, err := assets.Forms.ReadFile("forms/" + name)
			if err != nil || !bytes.Equal(b, embedded) {
				t.Errorf("the embedded %s is another file: %v", name, err)
			}
			have, err := excelize.OpenReader(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if got := have.GetSheetList(); len(got) != len(sheets) {
				t.Fatalf("sheets %v", got)
			}
			for _, s := range sheets {
				rows, err := have.GetRows(s.name)
				if err != nil {
					t.Fatal(err)
				}
				if len(rows) != len(s.rows) {
					t.Fatalf("%s has %d rows, the code makes %d", s.name, len(rows), len(s.rows))
				}
				for r := range rows {
					for c := range max(len(rows[r]), len(s.rows[r])) {
						if cell(rows[r], c) != cell(s.rows[r], c) {
							t.Errorf("%s row %d column %d: %q, the code makes %q", s.name, r+1, c+1, cell(rows[r], c), cell(s.rows[r], c))
						}
					}
				}
			}
		})
	}
}

func cell(row []string, i int) string {
	if i < len(row) {
		return row[i]
	}
	return ""
}
