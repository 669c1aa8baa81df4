package kit

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

const (
	maxColumns = 2048
	maxCell    = 64 << 10 // bytes, as much as a registration's text may hold
	maxList    = 1 << 30  // bytes of a whole file
)

// errListEnd tells that a list has no further row.
var errListEnd = errors.New("the list ends here")

// list is a CSV file read row by row against a form.
type list struct {
	form    *form.Form
	file    *os.File
	csv     *csv.Reader
	header  []string // as written
	columns []column
	// sourceRow tells that the first column names the rows and is no question.
	sourceRow bool
	ignored   []string // headers that are no question
	rows      int
	size      int64 // bytes
}

// column is one column with the question it answers, nil for none.
type column struct {
	header   string
	question *form.Question
}

// readList opens a CSV (comma or semicolon, CRLF and byte-order mark taken) and
// finds the question of each column by its header: the question's path, its
// name or its label in any language, spaces and case aside.
func readList(name string, f *form.Form) (*list, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, civic.NewProblem(civic.FileUnreadable, err, name)
	}
	l := &list{form: f, file: file}
	if err := l.open(name); err != nil {
		_ = file.Close() // the first error is the one to tell
		return nil, err
	}
	return l, nil
}

func (l *list) open(name string) error {
	info, err := l.file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxList {
		return civic.NewProblem(civic.FileUnreadable, err, name)
	}
	l.size = info.Size()
	buffered := bufio.NewReaderSize(l.file, 64<<10)
	if mark, _ := buffered.Peek(3); string(mark) == "\xef\xbb\xbf" {
		_, _ = buffered.Discard(3)
	}
	l.csv = csv.NewReader(buffered)
	l.csv.FieldsPerRecord = -1
	l.csv.TrimLeadingSpace = true
	l.csv.LazyQuotes = true
	if first, _ := buffered.Peek(4096); separatedBySemicolon(string(first)) {
		l.csv.Comma = ';'
	}
	l.header, err = l.csv.Read()
	if errors.Is(err, io.EOF) {
		return civic.NewProblem(civic.ImportEmpty, nil)
	}
	if err != nil || len(l.header) > maxColumns {
		return civic.NewProblem(civic.FileUnreadable, err, name)
	}
	return l.match()
}

// separatedBySemicolon looks at the first line only: spreadsheets of countries
// with a decimal comma write lists that way.
func separatedBySemicolon(text string) bool {
	line, _, _ := strings.Cut(text, "\n")
	return strings.Count(line, ";") > strings.Count(line, ",")
}

// match finds the question of each column. A list in which none is found, or
// that lacks a question every registration must answer, is refused whole.
func (l *list) match() error {
	byHeader := map[string]*form.Question{}
	put := func(key string, q *form.Question) {
		if key = headerKey(key); key != "" && byHeader[key] == nil {
			byHeader[key] = q
		}
	}
	var asked []*form.Question
	for _, q := range l.form.Questions() {
		if q.Kind.Asked() && !q.Kind.Attachment() && q.Repeat == "" || q.Kind == form.Hidden {
			asked = append(asked, q)
		}
	}
	for _, q := range asked {
		put(q.Path, q)
	}
	for _, q := range asked {
		put(q.Name, q)
	}
	for _, lang := range l.form.Languages() {
		for _, q := range asked {
			put(q.Label(lang), q)
		}
	}
	found := map[*form.Question]bool{}
	for i, h := range l.header {
		q := byHeader[headerKey(h)]
		if q != nil && found[q] {
			q = nil // a second column of the same name
		}
		l.columns = append(l.columns, column{header: strings.TrimSpace(h), question: q})
		switch {
		case q != nil:
			found[q] = true
		case i == 0:
			l.sourceRow = true
		case strings.TrimSpace(h) != "":
			l.ignored = append(l.ignored, strings.TrimSpace(h))
		}
	}
	if len(found) == 0 && len(asked) > 0 {
		return civic.NewProblem(civic.ColumnsUnknown, nil, asked[0].Name)
	}
	return nil
}

// headerKey makes headers comparable.
func headerKey(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// next gives one row and the line it begins on; a row that cannot be read comes
// with its error.
func (l *list) next() ([]string, int, error) {
	for {
		record, err := l.csv.Read()
		var broken *csv.ParseError
		switch {
		case errors.As(err, &broken):
			l.rows++
			return record, broken.Line, broken.Err
		case err != nil: // the end, or a file that cannot be read any further
			_ = l.file.Close() // only read from
			return nil, 0, errListEnd
		case len(record) == 1 && strings.TrimSpace(record[0]) == "":
			continue
		}
		l.rows++
		line, _ := l.csv.FieldPos(0)
		for _, cell := range record {
			if len(cell) > maxCell {
				return nil, line, errors.New("a cell is larger than a registration may hold")
			}
		}
		return record, line, nil
	}
}

// read is how many bytes of the file were taken so far.
func (l *list) read() int64 { return l.csv.InputOffset() }

// wordsOf says a finding in words for whoever corrects the list.
func (l *list) wordsOf(f form.Finding) string {
	name := f.Path
	if q, ok := l.form.Question(f.Path); ok {
		name = q.Name
	}
	switch {
	case f.Message != "":
		return name + ": " + f.Message
	default:
		return name + ": " + civic.NewProblem(f.Code, nil, f.Words...).Error()
	}
}
