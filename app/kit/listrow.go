package kit

import (
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSpan is how many lines a quoted cell may go over before its quote counts as
// one that somebody forgot to close.
const maxSpan = 100

// row is one row of a list.
type row struct {
	line  int      // where it begins; the header is 1
	cells []string // nil when the line is no row
	text  string   // the line as it stands, where it is no row
	wrong string   // why it is refused before any question is looked at
}

// next gives one row; io.EOF ends the list, and any other error means that the
// rest of it could not be read.
//
// A list is read line by line, so that whatever is wrong with one line stays
// there: a quote that is never closed costs its own row and no other.
func (l *list) next() (row, error) {
	for {
		first, err := l.lines.next()
		if err != nil {
			_ = l.file.Close() // only read from
			return row{}, err
		}
		if !first.cut && strings.TrimSpace(string(first.text)) == "" {
			continue
		}
		l.rows++
		r := row{line: first.number, text: string(first.text)}
		switch {
		case first.cut:
			r.wrong = "the line is longer than a row may be; its beginning is kept"
		case !utf8.ValidString(r.text):
			r.wrong = "the line is not UTF-8: save the list as \"CSV UTF-8\", or type the letters with accents again"
		default:
			err = l.cells(&r)
		}
		return r, err
	}
}

// cells splits a line into its cells, or says why it is none.
func (l *list) cells(r *row) error {
	cells, err := l.parse(r.text)
	if err != nil {
		r.wrong = "a quotation mark is not closed, or stands inside a cell: close it, or write it twice"
		if quotes(r.text, l.comma, outside) == inside {
			return l.span(r)
		}
		return nil
	}
	r.cells = cells
	switch {
	case len(cells) > len(l.header):
		r.wrong = "the row has more cells than the list has columns: put cells that hold a comma in quotation marks"
	default:
		for i, cell := range cells {
			if len(cell) > maxCell {
				r.wrong = "a cell is larger than a registration may hold"
			}
			cells[i] = strings.ReplaceAll(cell, "\t", " ")
			if strings.ContainsFunc(cells[i], unicode.IsControl) {
				r.wrong = "a cell holds a character that cannot be seen: type it again"
			}
		}
	}
	return nil
}

// span looks whether a quoted cell ends on a later line. Such a row is refused
// whole, since no question takes more than one line; where the quote is never
// properly closed, only its own line is, and the next ones are rows.
func (l *list) span(r *row) error {
	text, state := r.text, inside
	for n := range maxSpan {
		more, err := l.lines.peek(n)
		if errors.Is(err, io.EOF) || more.cut {
			return nil
		}
		if err != nil {
			return err
		}
		text += "\n" + string(more.text)
		if state = quotes(string(more.text), l.comma, state); state == broken || len(text) > maxLine {
			return nil
		}
		if state == outside {
			l.lines.drop(n + 1)
			r.text, r.wrong = text, "a cell goes over several lines: write it on one"
			return nil
		}
	}
	return nil
}

func (l *list) parse(text string) ([]string, error) {
	l.one.Reset(text)
	cells, err := l.csv.Read()
	if err != nil {
		// Nothing of this line may be left for the next one.
		for !errors.Is(err, io.EOF) {
			_, err = l.csv.Read()
		}
		return nil, errors.New("the line is no row of a list")
	}
	return cells, nil
}

// Where a line ends, as far as quotation marks go.
type quoting uint8

const (
	outside quoting = iota // properly
	inside                 // within a quoted cell
	broken                 // after something that no list may hold
)

// quotes follows the quotation marks of a line that begins in a state.
func quotes(line string, comma rune, state quoting) quoting {
	begins, closed := state == outside, false
	for _, c := range line {
		switch {
		case closed && c == '"': // a doubled one
			closed, state = false, inside
		case c == '"' && state == inside:
			closed, state = true, outside
		case c == comma && state == outside:
			begins, closed = true, false
		case closed:
			return broken
		case c == '"' && begins:
			state, begins = inside, false
		case c == '"' && state == outside:
			return broken
		case begins && unicode.IsSpace(c):
		default:
			begins = false
		}
	}
	return state
}

// read is how many bytes of the file were taken so far.
func (l *list) read() int64 { return l.lines.taken }
