package workbook

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/xuri/excelize/v2"
)

// Edit is one change of a workbook: a cell set to a text, or a row put in.
type Edit struct {
	Sheet  string // as the workbook writes it
	Row    int    // from 1
	Column int    // from 0; for a cell
	Value  string
	// Insert puts a row behind Row that holds these cells by column; Column and
	// Value are not used then.
	Insert map[int]string
}

// Apply makes the changes and gives the workbook's new bytes; everything else
// in it stays as it is. A sheet that is not there is put behind the others.
func Apply(b []byte, edits []Edit) (out []byte, err error) {
	if len(b) > MaxFile {
		return nil, ErrTooLarge
	}
	defer func() {
		if recover() != nil {
			out, err = nil, ErrNotXLSX
		}
	}()
	f, err := excelize.OpenReader(bytes.NewReader(b), excelize.Options{UnzipSizeLimit: MaxUnzipped, UnzipXMLSizeLimit: MaxPart})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotXLSX, err)
	}
	defer func() { _ = f.Close() }()
	// From the bottom up, so that rows put in move nothing that is still to be
	// changed.
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b Edit) int { return b.Row - a.Row })
	for _, e := range edits {
		if i, err := f.GetSheetIndex(e.Sheet); err != nil || i < 0 {
			if _, err := f.NewSheet(e.Sheet); err != nil {
				return nil, fmt.Errorf("adding the sheet %s: %w", e.Sheet, err)
			}
		}
		if e.Insert == nil {
			if err := set(f, e.Sheet, e.Row, e.Column, e.Value); err != nil {
				return nil, err
			}
			continue
		}
		if err := f.InsertRows(e.Sheet, e.Row+1, 1); err != nil {
			return nil, fmt.Errorf("putting a row into %s: %w", e.Sheet, err)
		}
		for column, v := range e.Insert {
			if err := set(f, e.Sheet, e.Row+1, column, v); err != nil {
				return nil, err
			}
		}
	}
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		return nil, fmt.Errorf("writing the workbook: %w", err)
	}
	return buf.Bytes(), nil
}

func set(f *excelize.File, sheet string, row, column int, v string) error {
	cell, err := excelize.CoordinatesToCellName(column+1, row)
	if err != nil {
		return fmt.Errorf("a cell of %s: %w", sheet, err)
	}
	if err := f.SetCellStr(sheet, cell, v); err != nil {
		return fmt.Errorf("setting %s of %s: %w", cell, sheet, err)
	}
	return nil
}
