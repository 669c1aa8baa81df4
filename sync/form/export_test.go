package form

import "github.com/askonce/fieldkit/sync/form/workbook"

// Compile and Wanted are for tests that write their workbooks as tables.
var (
	Compile = compile
	Wanted  = wanted
)

// PlainCells gives what a packed form holds, without the compression.
func PlainCells(b []byte) ([]byte, error) {
	w, err := workbook.Read(b, wanted)
	if err != nil {
		return nil, err
	}
	return plainCells(w, nil), nil
}

// LoadCells loads what PlainCells gave.
func LoadCells(plain []byte) (*Form, error) {
	w, files, err := readCells(plain)
	if err != nil {
		return nil, err
	}
	f, err := compile(w)
	if err != nil {
		return nil, err
	}
	f.brought = files
	return f, nil
}
