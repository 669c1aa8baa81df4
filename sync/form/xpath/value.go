package xpath

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Type is what a value is.
type Type uint8

// The types of values, numbered as DOM's XPathResult does; a date reports
// itself as text.
const (
	Number  Type = 1
	String  Type = 2
	Boolean Type = 3
	NodeSet Type = 4
)

// Value is what an expression gives.
type Value struct {
	kind  Type
	num   float64
	str   string
	truth bool
	nodes []*Node
	when  time.Time // of a date
	date  bool
	zone  *time.Location
}

// Num makes a number.
func Num(f float64) Value { return Value{kind: Number, num: f} }

// Str makes a text.
func Str(s string) Value { return Value{kind: String, str: s} }

// Bool makes a truth.
func Bool(b bool) Value { return Value{kind: Boolean, truth: b} }

// Set makes a set of nodes; they stand in document order.
func Set(nodes ...*Node) Value { return Value{kind: NodeSet, nodes: nodes} }

// Moment makes a date, or a date with a time.
func Moment(t time.Time) Value { return Value{kind: String, date: true, when: t, zone: t.Location()} }

// Type tells what the value is.
func (v Value) Type() Type { return v.kind }

// IsDate tells whether the value is a date.
func (v Value) IsDate() bool { return v.date }

// Nodes gives the nodes of a set.
func (v Value) Nodes() []*Node { return v.nodes }

// Text turns the value into text: a set into the text of its first node, a
// date into 2026-11-22 or 2026-11-22T14:05:00.000-06:00.
func (v Value) Text() string {
	switch {
	case v.date:
		return writeMoment(v.when)
	case v.kind == Number:
		return formatNumber(v.num)
	case v.kind == Boolean:
		return strconv.FormatBool(v.truth)
	case v.kind == NodeSet:
		if len(v.nodes) == 0 {
			return ""
		}
		return v.nodes[0].Text()
	}
	return v.str
}

// Bool turns the value into a truth: a number that is not 0, a text or a set
// that is not empty.
func (v Value) Bool() bool {
	switch {
	case v.date:
		return !v.when.IsZero()
	case v.kind == Number:
		return v.num != 0 && !math.IsNaN(v.num)
	case v.kind == Boolean:
		return v.truth
	case v.kind == NodeSet:
		return len(v.nodes) > 0
	}
	return v.str != ""
}

// Number turns the value into a number; text written as a date counts from
// midnight in zone, UTC when nil.
func (v Value) Number(zone *time.Location) float64 {
	if zone == nil {
		zone = time.UTC
	}
	return v.number(zone)
}

// number turns the value into a number; text written as a date becomes days
// since 1970, counted from midnight in zone.
func (v Value) number(zone *time.Location) float64 {
	switch {
	case v.date:
		return days(v.when)
	case v.kind == Number:
		return v.num
	case v.kind == Boolean:
		if v.truth {
			return 1
		}
		return 0
	}
	if v.kind == NodeSet && len(v.nodes) == 0 {
		return math.NaN()
	}
	return textNumber(v.Text(), zone)
}

func textNumber(s string, zone *time.Location) float64 {
	s = strings.TrimSpace(s)
	if s == "" {
		return math.NaN()
	}
	if c := s[0]; !isDigit(rune(c)) && c != '-' && c != '.' {
		return math.NaN()
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && !strings.ContainsAny(s, "xXpP_iInN+") {
		return f
	}
	if t, ok := ParseMoment(s, zone); ok {
		return days(t)
	}
	return math.NaN()
}

func formatNumber(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0:
		return "0"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
