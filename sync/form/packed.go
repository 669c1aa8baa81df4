package form

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/askonce/fieldkit/sync/form/workbook"
)

// A packed form is a workbook as it travels to kits: the cells that matter and
// the files the form brings along, column after column, under zstd. [Load] reads
// it as it reads the workbook, and both make the same form. What a spreadsheet
// program needs besides (styles, other sheets) stays behind, so a packed form
// cannot become the workbook again.
//
//	"afw1", then one zstd frame of:
//	  sheets: count, then each: name, 1 if columns were cut, rows, columns,
//	    the rows' numbers as steps, then the cells column by column
//	  files: count, then each by name: name, bytes
//
// Numbers are unsigned varints; texts and bytes have their length before them.
// Forms packed before version 1 begin with "afw0" and differ in nothing else:
// kits and centres keep them for as long as registrations refer to them.
const (
	packedMagic  = "afw1"
	packedBefore = "afw0"
)

// Limits of a packed form, in bytes.
const (
	MaxPacked    = 3 << 20          // as it travels
	maxPlain     = workbook.MaxText // unpacked
	MaxFiles     = 64
	maxSheets    = 16
	MaxFileBytes = MaxCSV // of one file
)

// ErrPackedTooLarge tells that a form with its files is larger than what is sent to kits.
var ErrPackedTooLarge = errors.New("the form with its files is larger than what travels to kits")

// Packed tells whether bytes are a packed form.
func Packed(b []byte) bool {
	return bytes.HasPrefix(b, []byte(packedMagic)) || bytes.HasPrefix(b, []byte(packedBefore))
}

// Pack makes a packed form of a workbook and of the files it brings along, by
// their names. A workbook that cannot be read comes back as a *[Refusal]; one
// that is read is not checked further: see [Load].
func Pack(data []byte, files map[string][]byte) ([]byte, error) {
	w, err := workbook.Read(data, wanted)
	if err != nil {
		return nil, unreadable(err)
	}
	plain := plainCells(w, files)
	if len(plain) > maxPlain {
		return nil, ErrPackedTooLarge
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, err
	}
	packed := z.EncodeAll(plain, []byte(packedMagic))
	if len(packed) > MaxPacked {
		return nil, ErrPackedTooLarge
	}
	return packed, nil
}

// contents reads a workbook or a packed form.
func contents(data []byte) (*workbook.Workbook, map[string][]byte, error) {
	if !Packed(data) {
		w, err := workbook.Read(data, wanted)
		return w, nil, err
	}
	return unpack(data)
}

func unpack(data []byte) (*workbook.Workbook, map[string][]byte, error) {
	if len(data) > MaxPacked {
		return nil, nil, workbook.ErrTooLarge
	}
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPlain))
	if err != nil {
		return nil, nil, err
	}
	defer z.Close()
	plain, err := z.DecodeAll(data[len(packedMagic):], nil)
	if err != nil {
		return nil, nil, errors.Join(workbook.ErrNotXLSX, err)
	}
	return readCells(plain)
}

func readCells(plain []byte) (*workbook.Workbook, map[string][]byte, error) {
	r := &cellReader{b: plain}
	w := &workbook.Workbook{}
	for range r.count(maxSheets) {
		s := r.sheet()
		w.Names, w.Sheets = append(w.Names, s.Name), append(w.Sheets, s)
	}
	files := map[string][]byte{}
	for range r.count(MaxFiles) {
		name := r.text()
		files[name] = r.bytes(MaxFileBytes)
	}
	if r.bad || len(r.b) > 0 {
		return nil, nil, workbook.ErrNotXLSX
	}
	return w, files, nil
}

// sumOf tells two forms apart by what they say, whatever wrote the workbook.
func sumOf(w *workbook.Workbook, files map[string][]byte) [sha256.Size]byte {
	return sha256.Sum256(plainCells(w, files))
}

func plainCells(w *workbook.Workbook, files map[string][]byte) []byte {
	var b []byte
	num := func(n int) { b = binary.AppendUvarint(b, uint64(n)) }
	text := func(s string) { num(len(s)); b = append(b, s...) }
	// Which sheet stands first says nothing.
	sheets := slices.SortedStableFunc(slices.Values(w.Sheets), func(a, b *workbook.Sheet) int { return strings.Compare(a.Name, b.Name) })
	num(len(sheets))
	for _, s := range sheets {
		columns := 0
		for _, r := range s.Rows {
			columns = max(columns, filled(r.Cells))
		}
		text(s.Name)
		if s.Cut {
			num(1)
		} else {
			num(0)
		}
		num(len(s.Rows))
		num(columns)
		last := 0
		for _, r := range s.Rows {
			num(r.Number - last)
			last = r.Number
		}
		for c := range columns {
			for _, r := range s.Rows {
				text(r.Cell(c))
			}
		}
	}
	num(len(files))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text(name)
		text(string(files[name]))
	}
	return b
}

// filled counts the cells up to the last that holds something.
func filled(cells []string) int {
	n := len(cells)
	for n > 0 && cells[n-1] == "" {
		n--
	}
	return n
}

// cellReader reads what plainCells wrote; the first fault ends it.
type cellReader struct {
	b   []byte
	bad bool
}

func (r *cellReader) fail() { r.bad, r.b = true, nil }

// count reads a number of things, at most limit.
func (r *cellReader) count(limit int) int {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || n > uint64(limit) {
		r.fail()
		return 0
	}
	r.b = r.b[size:]
	return int(n)
}

func (r *cellReader) bytes(limit int) []byte {
	n := r.count(limit)
	if n > len(r.b) {
		r.fail()
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *cellReader) text() string { return string(r.bytes(workbook.MaxCell)) }

func (r *cellReader) sheet() *workbook.Sheet {
	s := &workbook.Sheet{Name: r.text(), Cut: r.count(1) == 1}
	rows, columns := r.count(workbook.MaxRows), r.count(workbook.MaxColumns)
	// A cell takes at least its length's byte: what cannot be there is not made
	// room for.
	if rows*(columns+1) > len(r.b) {
		r.fail()
		return s
	}
	s.Rows = make([]workbook.Row, rows)
	number := 0
	for i := range s.Rows {
		number += r.count(1 << 21)
		s.Rows[i] = workbook.Row{Number: number, Cells: make([]string, columns)}
	}
	for c := range columns {
		for i := range s.Rows {
			s.Rows[i].Cells[c] = r.text()
		}
	}
	for i := range s.Rows {
		s.Rows[i].Cells = s.Rows[i].Cells[:filled(s.Rows[i].Cells)]
	}
	return s
}

// File gives a file that the form brings along: a list of choices, a picture of
// a label. Where the kit has a file of that name itself, that one counts.
func (f *Form) File(name string) ([]byte, bool) {
	b, ok := f.brought[name]
	return b, ok
}

// MediaName is the name of the file behind a mention of it in a workbook, which
// may be written "jr://images/pump.png".
func MediaName(s string) string { return path.Base(strings.TrimSpace(s)) }

// FileName tells whether a name may be a file of a form: no folder, no mark a
// system could read as one.
func FileName(name string) bool {
	return name != "" && len(name) <= 128 && path.Base(name) == name && !strings.ContainsAny(name, "\\\x00") && name != "." && name != ".."
}
