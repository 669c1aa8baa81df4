package widget

import (
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// slots hold a date as it is typed: day, month and year, eight digits, an
// unknown day or month as two question marks.
type slots struct {
	r     []rune // up to 8
	about bool
}

const unknownPart = '?'

// date reads what is complete; ok is false while digits are missing.
func (s *slots) value() (value string, ok bool) {
	if len(s.r) == 0 {
		return "", true
	}
	if len(s.r) < 8 {
		return string(s.r), false
	}
	day, month, year := string(s.r[:2]), string(s.r[2:4]), string(s.r[4:])
	value = year
	if month != "??" && month != "00" {
		value += "-" + month
		if day != "??" && day != "00" {
			value += "-" + day
		}
	}
	if s.about {
		value += "~"
	}
	return value, true
}

// set shows a form's value again. One that is no date is left out.
func (s *slots) set(value string) {
	d, err := civic.ParseDate(value)
	if err != nil {
		body, about := strings.CutSuffix(value, "~")
		if p := strings.Split(body, "-"); len(p) == 3 && len(p[0]) == 4 && len(p[1]) == 2 && len(p[2]) == 2 {
			s.r, s.about = []rune(p[2]+p[1]+p[0]), about // a day the calendar does not have stays as typed
			return
		}
		s.r, s.about = nil, false
		return
	}
	two := func(n int) string {
		if n == 0 {
			return "??"
		}
		return string([]byte{byte('0' + n/10), byte('0' + n%10)})
	}
	year := string([]byte{byte('0' + d.Year/1000%10), byte('0' + d.Year/100%10), byte('0' + d.Year/10%10), byte('0' + d.Year%10)})
	s.r, s.about = []rune(two(d.Day)+two(d.Month)+year), d.Estimated
}

// add takes one typed sign; it tells whether the sign meant anything. partial
// allows unknown parts and estimates.
func (s *slots) add(r rune, partial bool) bool {
	switch {
	case partial && (r == 'a' || r == 'A' || r == '~' || r == 'c' || r == 'C'):
		s.about = !s.about
		return true
	case len(s.r) >= 8:
		return false
	case r >= '0' && r <= '9':
		s.r = append(s.r, r)
		return true
	case partial && (r == '?' || r == 'x' || r == 'X' || r == 'n' || r == 'N') && len(s.r) < 4:
		part := len(s.r) / 2 * 2
		s.r = append(s.r[:part:part], unknownPart, unknownPart)
		return true
	case (r == '/' || r == '-' || r == '.' || r == ' ') && (len(s.r) == 1 || len(s.r) == 3):
		last := s.r[len(s.r)-1]
		s.r = append(s.r[:len(s.r)-1], '0', last)
		return true
	}
	return false
}

// back takes the last sign away.
func (s *slots) back() {
	n := len(s.r)
	switch {
	case n == 0:
		s.about = false
	case s.r[n-1] == unknownPart:
		s.r = s.r[:n-2]
	default:
		s.r = s.r[:n-1]
	}
}

// settle understands a year alone (four digits) and month with year (six), as
// people say them, when the officer goes on.
func (s *slots) settle(partial bool) {
	if !partial {
		return
	}
	switch len(s.r) {
	case 4:
		if s.r[0] != unknownPart && s.r[2] != unknownPart {
			s.r = append([]rune("????"), s.r...)
		}
	case 6:
		if s.r[0] != unknownPart && s.r[2] != unknownPart {
			s.r = append([]rune("??"), s.r...)
		}
	}
}
