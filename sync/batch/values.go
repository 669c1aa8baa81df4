package batch

import (
	"strconv"
	"strings"

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

func asBit(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
