package civic

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Precision says how exactly a date or a number is known.
type Precision uint8

// How exactly something is known.
const (
	Exact Precision = iota
	ToMonth
	ToYear
	Circa
)

// Date is a day, a month or a year, perhaps estimated: much of the world was
// not born on a known day. The zero Date is no date. Written in the way of
// ISO 8601-2: 1956-04-09, 1956-04, 1956, and with "~" behind it when estimated.
type Date struct {
	Year, Month, Day int // Month and Day are 0 when not known
	Estimated        bool
}

// ParseDate reads what Date.String writes. A day that the calendar does not
// have, such as 1945-02-31, is an error.
func ParseDate(s string) (Date, error) {
	var d Date
	body, estimated := strings.CutSuffix(s, "~")
	d.Estimated = estimated
	parts := strings.Split(body, "-")
	if len(parts) > 3 {
		return Date{}, fmt.Errorf("a date has at most a year, a month and a day")
	}
	widths := [...]int{4, 2, 2}
	into := [...]*int{&d.Year, &d.Month, &d.Day}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || len(p) != widths[i] || strings.ContainsAny(p, "+-") {
			return Date{}, fmt.Errorf("a date is written 1956-04-09, 1956-04 or 1956")
		}
		*into[i] = n
	}
	if !d.valid(len(parts)) {
		return Date{}, fmt.Errorf("the calendar has no such day")
	}
	return d, nil
}

// ParseDigits reads eight digits as they are typed, day first (09041956), with
// 00 for an unknown day or month; four digits are a year, six a month and year.
func ParseDigits(s string) (Date, error) {
	for _, r := range s {
		if r < '0' || r > '9' {
			return Date{}, fmt.Errorf("type digits only")
		}
	}
	n := func(a, b int) int { v, _ := strconv.Atoi(s[a:b]); return v }
	var d Date
	switch len(s) {
	case 4:
		d = Date{Year: n(0, 4)}
	case 6:
		d = Date{Month: n(0, 2), Year: n(2, 6)}
	case 8:
		d = Date{Day: n(0, 2), Month: n(2, 4), Year: n(4, 8)}
	default:
		return Date{}, fmt.Errorf("a date has eight digits, day first: 09041956")
	}
	if d.Month == 0 && d.Day != 0 {
		return Date{}, fmt.Errorf("a day needs its month")
	}
	parts := 1
	if d.Month != 0 {
		parts++
	}
	if d.Day != 0 {
		parts++
	}
	if !d.valid(parts) {
		return Date{}, fmt.Errorf("the calendar has no such day")
	}
	return d, nil
}

func (d Date) valid(parts int) bool {
	if d.Year < 1 || (parts >= 2 && (d.Month < 1 || d.Month > 12)) {
		return false
	}
	if parts < 3 {
		return true
	}
	t := time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC)
	return d.Day >= 1 && t.Day() == d.Day
}

// IsZero tells whether there is no date.
func (d Date) IsZero() bool { return d.Year == 0 }

// Precision says how exactly the date is known.
func (d Date) Precision() Precision {
	switch {
	case d.Estimated:
		return Circa
	case d.Month == 0:
		return ToYear
	case d.Day == 0:
		return ToMonth
	}
	return Exact
}

func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	s := fmt.Sprintf("%04d", d.Year)
	if d.Month != 0 {
		s += fmt.Sprintf("-%02d", d.Month)
		if d.Day != 0 {
			s += fmt.Sprintf("-%02d", d.Day)
		}
	}
	if d.Estimated {
		s += "~"
	}
	return s
}

// Bounds gives the first and the last day the date can mean; an estimated year
// reaches two years to either side.
func (d Date) Bounds() (first, last time.Time) {
	year := func(y int, m time.Month, day int) time.Time { return time.Date(y, m, day, 0, 0, 0, 0, time.UTC) }
	switch {
	case d.Month == 0:
		first, last = year(d.Year, 1, 1), year(d.Year, 12, 31)
	case d.Day == 0:
		first = year(d.Year, time.Month(d.Month), 1)
		last = first.AddDate(0, 1, -1)
	default:
		first = year(d.Year, time.Month(d.Month), d.Day)
		last = first
	}
	if d.Estimated {
		first, last = first.AddDate(-2, 0, 0), last.AddDate(2, 0, 0)
	}
	return first, last
}
