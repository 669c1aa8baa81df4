package identity

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/askonce/fieldkit/sync/civic"
)

// Limits of a calendar of events.
const (
	MaxEvents      = 2000
	MaxEventsBytes = 1 << 20
	MaxWords       = 200 // bytes of one event's words
	MaxLanguages   = 16
	minYear        = 1850
	maxYear        = 2200
)

// Event is something people remember, with the year or years it stands for.
type Event struct {
	Year int `cbor:"1,keyasint"`
	// Until is the last year when it lasted, or when nobody knows the year better;
	// 0 when Year is the year.
	Until int `cbor:"2,keyasint,omitempty"`
	// Words tell it, by language (BCP 47).
	Words map[string]string `cbor:"3,keyasint"`
}

// Say tells the event in a language, else in any.
func (e Event) Say(lang string) string {
	base, _, _ := strings.Cut(lang, "-")
	for _, l := range []string{lang, base} {
		if e.Words[l] != "" {
			return e.Words[l]
		}
	}
	var all []string
	for l := range e.Words {
		all = append(all, l)
	}
	slices.Sort(all)
	for _, l := range all {
		return e.Words[l]
	}
	return ""
}

// Date is the year as an answer: exact to the year, or estimated in the middle
// of several years.
func (e Event) Date() civic.Date {
	if e.Until == 0 || e.Until == e.Year {
		return civic.Date{Year: e.Year}
	}
	return civic.Date{Year: (e.Year + e.Until) / 2, Estimated: true}
}

// Settings is what a kit is told of an area: its rules and its calendar.
type Settings struct {
	Rules  Rules   `cbor:"1,keyasint"`
	Events []Event `cbor:"2,keyasint,omitempty"`
}

// Valid tells whether settings that came from elsewhere keep the limits.
func (s Settings) Valid() bool {
	return s.Rules.Valid() && len(s.Events) <= MaxEvents &&
		!slices.ContainsFunc(s.Events, func(e Event) bool { return e.fault() != "" })
}

func (e Event) fault() string {
	switch {
	case e.Year < minYear || e.Year > maxYear:
		return "the year is not one that a living person can remember"
	case e.Until != 0 && (e.Until < e.Year || e.Until-e.Year > 20):
		return "until is a year up to twenty later than year"
	case len(e.Words) == 0 || len(e.Words) > MaxLanguages:
		return "it needs words in at least one language"
	}
	for lang, words := range e.Words {
		if lang == "" || len(lang) > 20 || words == "" || len(words) > MaxWords || !utf8.ValidString(words) ||
			strings.ContainsFunc(words, func(r rune) bool { return r < ' ' }) {
			return "its words are too long or hold what cannot be printed"
		}
	}
	return ""
}

// ReadEvents reads a calendar: a CSV whose first line is year, until and one
// column a language, such as es and en. civic.EventsRefused names the line.
func ReadEvents(b []byte) ([]Event, error) {
	refuse := func(line int, fault string) error {
		return civic.NewProblem(civic.EventsRefused, nil, strconv.Itoa(line), fault)
	}
	if len(b) > MaxEventsBytes {
		return nil, refuse(1, "the list is too large")
	}
	if !utf8.Valid(b) {
		return nil, refuse(1, "the list is not text in UTF-8")
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	head, err := r.Read()
	if err != nil || len(head) < 3 || strings.TrimSpace(head[0]) != "year" || strings.TrimSpace(head[1]) != "until" || len(head) > 2+MaxLanguages {
		return nil, refuse(1, "the first line has to be year,until and the languages")
	}
	var out []Event
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line := 0
			if where := new(csv.ParseError); errors.As(err, &where) {
				line = where.Line
			}
			return nil, refuse(line, "it cannot be read")
		}
		line, _ := r.FieldPos(0)
		e := Event{Words: map[string]string{}}
		if e.Year, err = strconv.Atoi(strings.TrimSpace(row[0])); err != nil {
			return nil, refuse(line, "the year is no number")
		}
		if until := strings.TrimSpace(row[1]); until != "" {
			if e.Until, err = strconv.Atoi(until); err != nil {
				return nil, refuse(line, "until is no number")
			}
		}
		for i, words := range row[2:] {
			if words = strings.TrimSpace(words); words != "" {
				e.Words[strings.TrimSpace(head[2+i])] = words
			}
		}
		if fault := e.fault(); fault != "" {
			return nil, refuse(line, fault)
		}
		if out = append(out, e); len(out) > MaxEvents {
			return nil, refuse(line, "there are too many events")
		}
	}
	if len(out) == 0 {
		return nil, refuse(1, "it lists no event")
	}
	slices.SortStableFunc(out, func(a, b Event) int { return cmp.Compare(a.Year, b.Year) })
	return out, nil
}
