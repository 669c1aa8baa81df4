package kit

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

const (
	maxColumns = 2048
	maxCell    = 64 << 10 // bytes, as much as a registration's text may hold
	maxList    = 1 << 30  // bytes of a whole file
)

// rejectedColumns end the header of a list of refused rows. They are never
// questions, so that the corrected file can be imported as it is.
func rejectedColumns() []string { return []string{"list line", "list text", "reason"} }

// list is a CSV file read row by row against a form.
type list struct {
	form    *form.Form
	name    string
	file    io.Closer
	lines   *lines
	comma   rune
	one     strings.Reader // the record being read
	csv     *csv.Reader    // over it
	header  []string       // as written
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
	l := &list{form: f, name: name, file: file}
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() && info.Size() <= maxList {
		l.size = info.Size()
		err = l.open(file)
	} else {
		err = civic.NewProblem(civic.FileUnreadable, err, name)
	}
	if err != nil {
		_ = file.Close() // the first error is the one to tell
		return nil, err
	}
	return l, nil
}

func (l *list) open(from io.Reader) error {
	l.lines = newLines(from)
	first, err := l.lines.next()
	switch {
	case errors.Is(err, io.EOF):
		return civic.NewProblem(civic.ImportEmpty, nil)
	case err != nil || first.cut:
		return civic.NewProblem(civic.FileUnreadable, err, l.name)
	}
	text := bytes.TrimPrefix(first.text, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return civic.NewProblem(civic.FileEncoding, nil, l.name)
	}
	l.comma = ','
	if separatedBySemicolon(string(text)) {
		l.comma = ';'
	}
	l.csv = csv.NewReader(&l.one)
	l.csv.FieldsPerRecord = -1
	l.csv.TrimLeadingSpace = true
	l.csv.Comma = l.comma
	if len(bytes.TrimSpace(text)) == 0 {
		return civic.NewProblem(civic.ColumnsUnknown, nil, "")
	}
	if l.header, err = l.parse(string(text)); err != nil || len(l.header) > maxColumns {
		return civic.NewProblem(civic.FileUnreadable, err, l.name)
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
	last := len(l.header) - len(rejectedColumns())
	corrected := last >= 0 && slices.Equal(l.header[last:], rejectedColumns())
	found := map[*form.Question]bool{}
	for i, h := range l.header {
		q := byHeader[headerKey(h)]
		if corrected && i >= last || q != nil && found[q] {
			q = nil // the kit's own column, or a second one of the same name
		}
		l.columns = append(l.columns, column{header: strings.TrimSpace(h), question: q})
		switch {
		case q != nil:
			found[q] = true
		case i == 0:
			l.sourceRow = true
		case strings.TrimSpace(h) != "" && (!corrected || i < last):
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
