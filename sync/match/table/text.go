package table

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/askonce/fieldkit/sync/civic"
)

// maxHead is how much of a list is looked at for the sign that parts its cells.
const maxHead = 64 << 10

// plainText takes the mark off a list, and finds the sign that parts its cells:
// the one its first line has most of outside quotes.
func plainText(r io.Reader) (io.Reader, rune) {
	from := bufio.NewReaderSize(transform.NewReader(r, unicode.BOMOverride(transform.Nop)), maxHead)
	head, _ := from.Peek(maxHead) // what was read stays to be read, an error too
	line, _, _ := bytes.Cut(head, []byte("\n"))
	comma, most, quoted := ',', 0, false
	counts := map[rune]int{}
	for _, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(",;\t|", c) >= 0:
			if counts[rune(c)]++; counts[rune(c)] > most {
				comma, most = rune(c), counts[rune(c)]
			}
		}
	}
	return from, comma
}

// utf8Text is a cell without blanks around it; what is not UTF-8 is read as
// Windows-1252, in which older programs write.
func utf8Text(cell string) string {
	if !utf8.ValidString(cell) {
		if s, err := charmap.Windows1252.NewDecoder().String(cell); err == nil {
			cell = s
		}
	}
	return strings.TrimSpace(cell)
}

// months are the first three letters of the months in Spanish and English.
var months = map[string]int{
	"ene": 1, "jan": 1, "feb": 2, "mar": 3, "abr": 4, "apr": 4, "may": 5, "jun": 6, "jul": 7, "ago": 8, "aug": 8, "sep": 9, "set": 9, "oct": 10, "nov": 11, "dic": 12, "dec": 12,
}

// Date reads a date as lists write it: 1956-04-09, 19560409, 09/04/1956 and
// 9-abr-1956 (day first), 1956-04, 1956. What the calendar does not have comes
// back as stated, year first where the parts can be told.
func Date(s string) (civic.Date, string) {
	s = strings.TrimSpace(s)
	if s == "" {
		return civic.Date{}, ""
	}
	iso, stated := s, s
	if i := strings.IndexAny(s, "T"); i >= 8 {
		iso = s[:i]
	} else if i := strings.IndexByte(s, ' '); i >= 8 && strings.Contains(s[i:], ":") {
		iso = s[:i]
	}
	parts := strings.FieldsFunc(iso, func(r rune) bool { return strings.ContainsRune("-/. ", r) })
	switch {
	case len(parts) == 1 && len(iso) == 8:
		iso = iso[:4] + "-" + iso[4:6] + "-" + iso[6:]
	case len(parts) == 1 && len(iso) == 6:
		iso = iso[:4] + "-" + iso[4:]
	case len(parts) == 3:
		if len(parts[0]) <= 2 && len(parts[2]) == 4 { // the day first
			parts[0], parts[2] = parts[2], parts[0]
		}
		if n := months[strings.ToLower(parts[1][:min(3, len(parts[1]))])]; n != 0 {
			parts[1] = strconv.Itoa(n)
		}
		for i := 1; i < 3; i++ {
			if len(parts[i]) == 1 {
				parts[i] = "0" + parts[i]
			}
		}
		iso, stated = strings.Join(parts, "-"), strings.Join(parts, "")
	default:
		iso = strings.Join(parts, "-")
	}
	iso = strings.TrimSuffix(strings.TrimSuffix(iso, "-00"), "-00")
	d, err := civic.ParseDate(iso)
	if err != nil {
		return civic.Date{}, stated
	}
	return d, ""
}
