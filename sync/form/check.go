package form

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form/xpath"
)

// MaxText limits one answer, in bytes.
const MaxText = 16 << 10

// Check judges the answers of one section, or of one group or instance within
// it; the empty path means the whole form.
func (s *Session) Check(sectionPath string) []Finding {
	if sectionPath == "" {
		return s.CheckAll()
	}
	for _, sec := range s.pages() {
		if sec.path == sectionPath {
			return s.findings(sec.fields)
		}
	}
	if f := s.at(sectionPath); f != nil {
		return s.findings([]*field{f})
	}
	return nil
}

// CheckAll judges every answer.
func (s *Session) CheckAll() []Finding { return s.findings([]*field{s.root}) }

func (s *Session) findings(in []*field) []Finding {
	s.work = maxWork
	var out []Finding
	for _, f := range in {
		f.each(func(x *field) {
			if x.element.container() {
				return
			}
			if found, bad := s.judge(x); bad {
				out = append(out, found)
			}
		})
	}
	return out
}

// judge says what is wrong with one answer, if anything.
func (s *Session) judge(f *field) (Finding, bool) {
	e := f.element
	if !f.relevant || !e.kind.Asked() || e.beyond {
		return Finding{}, false
	}
	found := func(code civic.Code, own wording) (Finding, bool) {
		label := s.show(e.label, f)
		if label == "" {
			label = e.name
		}
		words := []string{label}
		if code == civic.AnswerRange {
			low, high := e.bounds()
			words = append(words, strconv.FormatFloat(low, 'f', -1, 64), strconv.FormatFloat(high, 'f', -1, 64))
		}
		out := Finding{Path: f.path(), Code: code, Words: words, Message: s.show(own, f)}
		if out.Message == "" {
			out.Message = civic.NewProblem(code, nil, words...).Error()
		}
		return out, true
	}
	if !f.answered() {
		if f.required {
			return found(civic.AnswerRequired, e.requiredMessage)
		}
		return Finding{}, false
	}
	if f.answer.Absent != civic.Present {
		if f.required && !slices.Contains(e.absences, f.answer.Absent) {
			return found(civic.AnswerRequired, e.requiredMessage)
		}
		return Finding{}, false
	}
	if f.answer.Value == "" { // only as stated: "the year of the flood"
		return Finding{}, false
	}
	if len(f.answer.Value) > MaxText {
		return found(civic.AnswerTooLong, nil)
	}
	if code := s.fitsKind(f); code != "" {
		return found(code, nil)
	}
	if !f.fits {
		return found(civic.AnswerConstraint, e.constraintMessage)
	}
	return Finding{}, false
}

// bounds are the ends of a range, the lower first.
func (e *element) bounds() (low, high float64) {
	end := func(key string, otherwise float64) float64 {
		if v, err := strconv.ParseFloat(e.parameters[key], 64); err == nil {
			return v
		}
		return otherwise
	}
	start, stop := end("start", 1), end("end", 10)
	return min(start, stop), max(start, stop)
}

// position tells whether a value is a geopoint: latitude and longitude, with
// altitude and accuracy behind them or not.
func position(v string) bool {
	parts := strings.Fields(v)
	if len(parts) < 2 || len(parts) > 4 {
		return false
	}
	for i, p := range parts {
		n, err := strconv.ParseFloat(p, 64)
		if err != nil || i == 0 && !(n >= -90 && n <= 90) || i == 1 && !(n >= -180 && n <= 180) {
			return false
		}
	}
	return true
}

// fitsKind says what keeps a value from being an answer of the question's
// kind, empty if nothing.
func (s *Session) fitsKind(f *field) civic.Code {
	v := f.answer.Value
	switch f.element.kind {
	case Integer:
		if n, err := strconv.ParseInt(v, 10, 64); err != nil || strconv.FormatInt(n, 10) != v && strings.TrimLeft(v, "0+") != strconv.FormatInt(n, 10) && n != 0 {
			return civic.AnswerInteger
		}
	case Decimal:
		if _, err := strconv.ParseFloat(v, 64); err != nil {
			return civic.AnswerNumber
		}
	case Range:
		n, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return civic.AnswerNumber
		}
		if low, high := f.element.bounds(); n < low || n > high {
			return civic.AnswerRange
		}
	case Geopoint:
		if !position(v) {
			return civic.AnswerPosition
		}
	case Date:
		d, err := civic.ParseDate(v)
		if err != nil || !f.element.partial && d.Precision() != civic.Exact {
			return civic.AnswerDate
		}
	case Time:
		if _, err := time.Parse("15:04", v[:min(5, len(v))]); err != nil {
			return civic.AnswerTime
		}
	case DateTime:
		if _, ok := xpath.ParseMoment(v, s.env.Zone); !ok {
			return civic.AnswerDate
		}
	case SelectOne, SelectMany, Rank:
		if f.element.file != "" && s.csv(f.element.file) == nil {
			return "" // the list is not here; what was chosen elsewhere stands
		}
		offered := s.offered(f)
		chosen := []string{v}
		if f.element.kind != SelectOne {
			chosen = strings.Fields(v)
		}
		for _, c := range chosen {
			if !offered(c) {
				return civic.AnswerChoice
			}
		}
	}
	return ""
}
