// Package tabular reads tables that agencies write: CSV whose delimiter and
// encoding are found out, row by row, within limits. [Open] finds out how a file
// is written and reads its first line, [Table.Next] gives the rows.
package tabular

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"

	"github.com/askonce/fieldkit/sync/civic"
)

// Limits of a table.
const (
	MaxBytes   = 4 << 30 // of a file
	MaxRows    = 20_000_000
	MaxColumns = 1024
	MaxCell    = 4 << 10 // bytes
	maxRecord  = 1 << 20 // bytes of a row
)

// Table is a CSV read row by row. [Open] finds out how it is written.
type Table struct {
	file   *os.File
	csv    *csv.Reader
	limit  *limited
	head   []string
	at     map[string]int
	Comma  rune
	Latin  bool // Windows-1252, what spreadsheets call ANSI or Latin-1
	Number int  // of the row read last, from 1
}

// Done is the part of the file that was read, from 0 to 1.
func (t *Table) Done() float64 {
	info, err := t.file.Stat()
	at, atErr := t.file.Seek(0, io.SeekCurrent)
	if err != nil || atErr != nil || info.Size() == 0 {
		return 0
	}
	return min(1, max(0, float64(at-int64(t.limit.from.Buffered()))/float64(info.Size())))
}

// Open opens a file and reads its first line. Text is UTF-8, or Latin-1
// where it cannot be that; cells are parted by comma, semicolon, tab or bar,
// whichever the first line has most of.
func Open(name string) (*Table, error) {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, civic.NewProblem(civic.FileAbsent, err, name)
	}
	if err != nil {
		return nil, civic.NewProblem(civic.FileUnreadable, err, name)
	}
	t, err := readHead(f)
	if err != nil {
		_ = f.Close() // the first error is the one to tell
		if civic.CodeOf(err) == "" {
			err = civic.NewProblem(civic.FileUnreadable, err, name)
		}
		return nil, err
	}
	return t, nil
}

func readHead(f *os.File) (*Table, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > MaxBytes {
		return nil, errors.New("no ordinary file, or too large")
	}
	latin, err := isLatin(f)
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	t, err := newTable(f, latin)
	if err != nil {
		return nil, err
	}
	t.file = f
	return t, nil
}

// newTable reads the first line of a table.
func newTable(from io.Reader, latin bool) (*Table, error) {
	if latin {
		from = transform.NewReader(from, charmap.Windows1252.NewDecoder())
	}
	t := &Table{Latin: latin, at: map[string]int{}}
	t.limit = &limited{from: bufio.NewReaderSize(from, 256<<10)}
	if mark, err := t.limit.from.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = t.limit.from.Discard(3) // what was peeked at is there
	}
	peek, err := t.limit.from.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	line, _, _ := bytes.Cut(peek, []byte("\n"))
	t.Comma = delimiter(string(line))
	t.csv = csv.NewReader(t.limit)
	t.csv.Comma = t.Comma
	t.csv.FieldsPerRecord = -1
	t.csv.LazyQuotes = true
	t.csv.TrimLeadingSpace = true
	t.csv.ReuseRecord = true
	t.limit.left = maxRecord
	head, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, civic.NewProblem(civic.ImportEmpty, err)
	}
	if err != nil {
		return nil, err
	}
	if len(head) > MaxColumns {
		return nil, errors.New("too many columns")
	}
	for i, h := range head {
		h = strings.TrimSpace(h)
		t.head = append(t.head, h)
		if _, twice := t.at[h]; !twice {
			t.at[h] = i
		}
	}
	return t, nil
}

// delimiter is the sign the first line has most of outside quotes.
func delimiter(line string) rune {
	counts := map[rune]int{}
	quoted := false
	for _, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case !quoted:
			counts[r]++
		}
	}
	found := ','
	for _, r := range ";\t|" {
		if counts[r] > counts[found] {
			found = r
		}
	}
	return found
}

// isLatin tells whether a file is not UTF-8; a sign that is cut by the window is
// looked at with the next one. Zero bytes are no text at all.
func isLatin(r io.Reader) (bool, error) {
	buf := make([]byte, 256<<10)
	held := 0
	for {
		n, err := r.Read(buf[held:])
		b := buf[:held+n]
		if bytes.IndexByte(b, 0) >= 0 {
			return false, errors.New("not a text file")
		}
		for len(b) > 0 {
			if b[0] < utf8.RuneSelf {
				b = b[1:]
				continue
			}
			if !utf8.FullRune(b) && err == nil {
				break
			}
			if c, size := utf8.DecodeRune(b); c == utf8.RuneError && size <= 1 {
				return true, nil
			} else {
				b = b[size:]
			}
		}
		held = copy(buf, b)
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
}

// Has tells whether there is a column of that name.
func (t *Table) Has(column string) bool { _, ok := t.at[column]; return ok }

// Cell gives a row's cell by the column's name, with single spaces; empty where
// the row is too short or has no such column.
func (t *Table) Cell(row []string, column string) string {
	i, ok := t.at[column]
	if !ok || i >= len(row) {
		return ""
	}
	return strings.Join(strings.Fields(row[i]), " ")
}

// ErrRow refuses one row; the next can be read.
var ErrRow = errors.New("a cell is too long or the row cannot be read")

// Next reads a row; io.EOF at the end. The row is only valid until the next
// call. An error that wraps ErrRow is about this row only.
func (t *Table) Next() ([]string, error) {
	t.limit.left = maxRecord
	row, err := t.csv.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(err, errRecord):
		return nil, civic.NewProblem(civic.FileUnreadable, err, "a row that does not end")
	}
	t.Number++
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return row, ErrRow
	}
	if err != nil {
		return nil, err
	}
	if t.Number > MaxRows {
		return nil, errors.New("too many rows")
	}
	for _, cell := range row {
		if len(cell) > MaxCell {
			return row, ErrRow
		}
	}
	return row, nil
}

// Close closes the file.
func (t *Table) Close() error { return t.file.Close() }

// limited bounds what one row may take.
type limited struct {
	from *bufio.Reader
	left int
}

var errRecord = errors.New("a row is too long")

func (l *limited) Read(b []byte) (int, error) {
	if l.left <= 0 {
		return 0, errRecord
	}
	// The reader above takes 4 KB ahead; that much is allowed beside the row.
	n, err := l.from.Read(b)
	l.left -= n
	return n, err
}

// Head gives the names of the columns.
func (t *Table) Head() []string { return append([]string(nil), t.head...) }
