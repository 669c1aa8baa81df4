package workbook

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Limits of one workbook. What is larger is refused or, where noted, cut.
const (
	MaxFile      = 24 << 20  // bytes of the .xlsx file
	MaxUnzipped  = 160 << 20 // bytes of all its parts together
	MaxPart      = 24 << 20  // bytes of one part held in memory
	MaxColumns   = 250       // further columns are cut
	MaxRows      = 120_000   // rows of one sheet that hold something
	MaxEmptyRows = 1_000     // so many empty rows end a sheet
	MaxCell      = 32 << 10  // bytes of one cell
	MaxText      = 48 << 20  // bytes of all cells of the sheets read
)

// Workbook is what was read: the sheets asked for, and the names of all.
type Workbook struct {
	Names  []string
	Sheets []*Sheet
}

// Sheet is one sheet: rows that hold something, in order.
type Sheet struct {
	Name string
	Rows []Row
	// Cut tells that columns beyond the limit were left out.
	Cut bool
}

// Row is one row; Number counts from 1 as the spreadsheet shows it.
type Row struct {
	Number int
	Cells  []string
}

// Cell is the text of a column, empty when the row is shorter.
func (r Row) Cell(i int) string {
	if i < 0 || i >= len(r.Cells) {
		return ""
	}
	return r.Cells[i]
}

// Sheet finds a sheet by name, capital letters aside; nil if it was not read.
func (w *Workbook) Sheet(name string) *Sheet {
	for _, s := range w.Sheets {
		if strings.EqualFold(strings.TrimSpace(s.Name), name) {
			return s
		}
	}
	return nil
}

// The ways in which a file is no workbook that can be read.
var (
	ErrNotXLSX  = errors.New("the file is no .xlsx workbook")
	ErrOldXLS   = errors.New("the file is an old .xls workbook; open it in a spreadsheet program and save it as .xlsx")
	ErrLocked   = errors.New("the workbook is protected by a password")
	ErrTooLarge = errors.New("the workbook is larger than a form can be")
)

// Read reads the sheets that want names.
func Read(b []byte, want func(name string) bool) (w *Workbook, err error) {
	if len(b) > MaxFile {
		return nil, ErrTooLarge
	}
	if bytes.HasPrefix(b, []byte{0xD0, 0xCF, 0x11, 0xE0}) {
		if bytes.Contains(b, []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")) {
			return nil, ErrLocked
		}
		return nil, ErrOldXLS
	}
	if !bytes.HasPrefix(b, []byte("PK")) {
		return nil, ErrNotXLSX
	}
	// The library below was written for well-meant files; a panic on a
	// malformed one must not take the program with it.
	defer func() {
		if recover() != nil {
			w, err = nil, ErrNotXLSX
		}
	}()
	f, err := excelize.OpenReader(bytes.NewReader(b), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: MaxUnzipped, UnzipXMLSizeLimit: MaxPart,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotXLSX, err)
	}
	defer func() { _ = f.Close() }()
	w = &Workbook{Names: f.GetSheetList()}
	room := MaxText
	for _, name := range w.Names {
		if !want(name) {
			continue
		}
		s, err := readSheet(f, name, &room)
		if err != nil {
			return nil, err
		}
		w.Sheets = append(w.Sheets, s)
	}
	return w, nil
}

func readSheet(f *excelize.File, name string, room *int) (*Sheet, error) {
	rows, err := f.Rows(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotXLSX, err)
	}
	defer func() { _ = rows.Close() }()
	s := &Sheet{Name: name}
	empty := 0
	for number := 1; rows.Next(); number++ {
		cells, err := rows.Columns()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotXLSX, err)
		}
		if len(cells) > MaxColumns {
			s.Cut = s.Cut || slices.ContainsFunc(cells[MaxColumns:], func(c string) bool { return c != "" })
			cells = cells[:MaxColumns]
		}
		cells = slices.Clone(cells)
		full := false
		for i, c := range cells {
			if len(c) > MaxCell {
				return nil, ErrTooLarge
			}
			if cells[i] = Normal(c); !strings.EqualFold(name, "settings") {
				// A version may be the text 1.0; elsewhere it is the number 1.
				cells[i] = whole(cells[i])
			}
			full = full || cells[i] != ""
			*room -= len(cells[i])
		}
		if *room < 0 {
			return nil, ErrTooLarge
		}
		if !full {
			if empty++; empty > MaxEmptyRows {
				break
			}
			continue
		}
		empty = 0
		if len(s.Rows) >= MaxRows {
			return nil, ErrTooLarge
		}
		s.Rows = append(s.Rows, Row{number, cells})
	}
	if err := rows.Error(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotXLSX, err)
	}
	return s, nil
}

// Normal trims a cell, turns spaces that do not break into plain ones, and
// writes a number as short as it can be written (spreadsheets keep 0.3 as
// 0.29999999999999999).
func Normal(c string) string {
	c = strings.TrimSpace(strings.ReplaceAll(c, "\u00a0", " "))
	if len(c) > 16 && len(c) < 32 && strings.ContainsAny(c, ".E") && strings.Trim(c, "0123456789.E+-") == "" {
		if f, err := strconv.ParseFloat(c, 64); err == nil {
			return strconv.FormatFloat(f, 'f', -1, 64)
		}
	}
	return c
}

// whole writes 3.0, as some programs keep the number 3, without its fraction.
func whole(c string) string {
	digits, ok := strings.CutSuffix(c, ".0")
	if !ok || len(digits) == 0 || len(digits) > 15 || strings.Trim(strings.TrimPrefix(digits, "-"), "0123456789") != "" {
		return c
	}
	return digits
}
