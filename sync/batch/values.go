package batch

import (
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// How the value of a question without a type of its own (a calculation, what
// the kit fills in) is written.
const (
	plainText = iota
	plainNumber
	plainDate
	plainMoment
)

// value codes an answer's value in the way of its question; what does not fit
// that way is coded as text.
func (c *codec) value(q *question, s string) string {
	context := q.parent.last
	switch q.kind {
	case form.SelectOne:
		if len(q.choices) > 0 {
			at, ok := q.choiceAt[s]
			if c.flag(&q.fits, ok) {
				return q.choices[c.choice(q.text.key, context, len(q.choices), at)]
			}
		}
	case form.SelectMany:
		if n := len(q.choices); n > 0 && n <= 64 {
			set, ok := q.chosen(s)
			if c.flag(&q.fits, ok) {
				return c.several(q, context, set)
			}
		}
	case form.Integer, form.Range:
		v, ok := parseNumber(s)
		if c.flag(&q.fits, ok) {
			return strconv.FormatInt(c.number(q.text.key, context, v), 10)
		}
	case form.Decimal:
		v, scale, ok := parseDecimal(s)
		if c.flag(&q.fits, ok) {
			return c.decimal(q, context, v, scale)
		}
	case form.Date:
		d, ok := parseDate(s)
		if c.flag(&q.fits, ok) {
			return c.date(q, context, d)
		}
	case form.DateTime:
		m, ok := parseMoment(s)
		if c.flag(&q.fits, ok) {
			return c.moment(q, context, m)
		}
	case form.Calculate, form.Hidden, form.Meta:
		return c.plain(q, context, s)
	}
	return c.text(&q.text, context, s)
}

func (c *codec) plain(q *question, context uint32, s string) string {
	way := plainText
	var (
		v int64
		d civic.Date
		m moment
	)
	if !c.decoding {
		var ok bool
		if v, ok = parseNumber(s); ok {
			way = plainNumber
		} else if d, ok = parseDate(s); ok {
			way = plainDate
		} else if m, ok = parseMoment(s); ok {
			way = plainMoment
		}
	}
	switch c.digit(famChoice, c.at(hash(q.text.key, 30)), hash(hash(q.text.key, 31), q.last), 2, 3, nil, way) {
	case plainNumber:
		return strconv.FormatInt(c.number(q.text.key, context, v), 10)
	case plainDate:
		return c.date(q, context, d)
	case plainMoment:
		return c.moment(q, context, m)
	}
	return c.text(&q.text, context, s)
}

// chosen turns the writing of several choices into a set, when it lists them
// once each in the order of the form.
func (q *question) chosen(s string) (set uint64, ok bool) {
	if q.choiceAt == nil || s == "" {
		return 0, false
	}
	before := -1
	for name := range strings.SplitSeq(s, " ") {
		at, known := q.choiceAt[name]
		if !known || at <= before {
			return 0, false
		}
		set |= 1 << at
		before = at
	}
	return set, true
}

// several codes a set of choices, each in the light of those before it.
func (c *codec) several(q *question, context uint32, set uint64) string {
	var names []string
	near, all := uint32(0), uint32(1)
	for i, name := range q.choices {
		general := c.at(hash(hash(q.text.key, 32+near), uint32(i)))
		particular := hash(hash(q.text.key, 34), hash(uint32(i), all)^context)
		near = uint32(c.digit(famFlag, general, particular, 1, 1, nil, int(set>>i&1)))
		all = all<<1 | near
		if near == 1 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// parseNumber takes only what strconv would write.
func parseNumber(s string) (int64, bool) {
	if s == "" || len(s) > 19 || (s[0] > '9' || s[0] < '0') && s[0] != '-' {
		return 0, false
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, false
	}
	return v, s[0] == '0' && len(s) == 1 || s[0] != '0' && strconv.FormatInt(v, 10) == s
}

// maxScale is how many digits after the point are taken.
const maxScale = 15

// parseDecimal takes a number that writes the same again from its digits and
// how many of them follow the point.
func parseDecimal(s string) (v int64, scale int, ok bool) {
	whole, after, point := strings.Cut(s, ".")
	if point && after == "" || len(after) > maxScale {
		return 0, 0, false
	}
	v, err := strconv.ParseInt(whole+after, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	return v, len(after), writeDecimal(v, len(after)) == s
}

func writeDecimal(v int64, scale int) string {
	digits := strconv.FormatInt(v, 10)
	if scale == 0 {
		return digits
	}
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

func (c *codec) decimal(q *question, context uint32, v int64, scale int) string {
	scale = c.digit(famChoice, c.at(hash(q.text.key, 35)), hash(hash(q.text.key, 36), context), 4, maxScale, nil, scale)
	return writeDecimal(c.number(hash(q.text.key, uint32(scale)), context, v), scale)
}

func parseDate(s string) (civic.Date, bool) {
	if len(s) < 4 || len(s) > 11 {
		return civic.Date{}, false
	}
	d, err := civic.ParseDate(s)
	return d, err == nil && written(d) == s
}

// How a date is written.
const (
	dateNear  = iota // in days before the interview
	dateDay          // year, month and day
	dateMonth        // year and month
	dateYear
)

// nearDays is how many days before the interview still count as near; the day
// after it does too, for the kit's clock counts in UTC.
const nearDays = 253

func (c *codec) date(q *question, context uint32, d civic.Date) string {
	today := c.today
	year, month, _ := today.Date()
	way, days := dateYear, 0
	switch {
	case d.Month != 0 && d.Day != 0:
		way = dateDay
		days = int(today.Sub(day(d.Year, d.Month, d.Day)).Hours() / 24)
		if days >= -2 && days <= nearDays {
			way = dateNear
		}
	case d.Month != 0:
		way = dateMonth
	}
	key := q.text.key
	way = c.digit(famChoice, c.at(hash(key, 40)), hash(hash(key, 41), context), 2, 3, nil, way)
	estimated := c.digit(famFlag, c.at(hash(key, 42)), hash(hash(key, 43), uint32(way)), 1, 1, c.rare, asBit(d.Estimated))
	d.Estimated = estimated == 1
	if way == dateNear {
		days = int(c.number(hash(key, 44), context, int64(days+2))) - 2
		if c.decoding {
			if days < -2 || days > nearDays {
				return c.fail()
			}
			t := today.AddDate(0, 0, -days)
			d.Year, d.Month, d.Day = t.Year(), int(t.Month()), t.Day()
		}
		return written(d)
	}
	d.Year = year - int(c.number(hash(key, 45), context, int64(year-d.Year)))
	// In the year of the interview months are told by how long ago they are.
	late := uint32(0)
	if d.Year == year {
		late = uint32(month)
	}
	if way != dateYear {
		d.Month = c.choice(hash(key, 46), late, 12, d.Month-1) + 1
	}
	if way == dateDay {
		d.Day = c.choice(hash(key, 47), uint32(d.Month), 31, d.Day-1) + 1
	}
	return written(d)
}

// written is d.String for the years of people, quicker.
func written(d civic.Date) string {
	if d.Year < 1000 || d.Year > 9999 || d.Month > 12 || d.Day > 31 || d.Month < 0 || d.Day < 0 {
		return d.String()
	}
	b := make([]byte, 0, 11)
	b = append(b, byte('0'+d.Year/1000), byte('0'+d.Year/100%10), byte('0'+d.Year/10%10), byte('0'+d.Year%10))
	if d.Month != 0 {
		b = append(b, '-', byte('0'+d.Month/10), byte('0'+d.Month%10))
		if d.Day != 0 {
			b = append(b, '-', byte('0'+d.Day/10), byte('0'+d.Day%10))
		}
	}
	if d.Estimated {
		b = append(b, '~')
	}
	return string(b)
}

func day(year, month, day int) time.Time {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

// dayOf is the day of a clock's reading; a reading beyond reason counts as the
// first day.
func dayOf(wall int64) time.Time {
	if wall < 0 || wall > 1<<37 {
		wall = 0
	}
	t := time.Unix(wall, 0).UTC()
	return day(t.Year(), int(t.Month()), t.Day())
}

// moment is a date with a time of day, as forms write it.
type moment struct {
	layout int
	millis int64 // since 1970
	offset int64 // of the zone, in minutes
}

var momentLayouts = [...]string{
	"2006-01-02T15:04:05.000Z07:00", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04:05.000-07:00",
}

func parseMoment(s string) (moment, bool) {
	if len(s) < 19 || len(s) > 32 || s[10] != 'T' {
		return moment{}, false
	}
	for i, layout := range momentLayouts {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		_, offset := t.Zone()
		m := moment{layout: i, millis: t.UnixMilli(), offset: int64(offset / 60)}
		if m.String() == s {
			return m, true
		}
	}
	return moment{}, false
}

func (m moment) String() string {
	return time.UnixMilli(m.millis).In(time.FixedZone("", int(m.offset)*60)).Format(momentLayouts[m.layout])
}

func (c *codec) moment(q *question, context uint32, m moment) string {
	key := q.text.key
	m.layout = c.digit(famChoice, c.at(hash(key, 50)), hash(hash(key, 51), context), 2, len(momentLayouts)-1, nil, m.layout)
	m.offset = c.number(hash(key, 52), 0, m.offset)
	seconds, millis := floor(m.millis, 1000)
	seconds = c.number(hash(key, 53), context, seconds-c.began) + c.began
	millis = int64(c.choice(hash(key, 54), 0, 1000, int(millis)))
	m.millis = seconds*1000 + millis
	if c.decoding && (m.offset < -24*60 || m.offset > 24*60 || bits.Len64(uint64(max(seconds, -seconds))) > 48) {
		return c.fail()
	}
	return m.String()
}

func floor(v, by int64) (int64, int64) {
	q, r := v/by, v%by
	if r < 0 {
		q, r = q-1, r+by
	}
	return q, r
}

func asBit(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
