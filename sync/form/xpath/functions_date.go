package xpath

import (
	"math"
	"strings"
	"time"
)

func dateFunctions() map[string]*function {
	now := func(c *Call) (time.Time, bool) {
		if c.at.run.env.Now == nil {
			return time.Time{}, false
		}
		return c.at.run.env.Now().In(c.at.run.zone), true
	}
	format := &function{2, 2, func(c *Call) (Value, error) {
		v, err := c.Arg(0)
		if err != nil {
			return v, err
		}
		layout, err := c.Text(1)
		t, ok := c.moment(v)
		if !ok {
			return Str(""), err
		}
		return Str(formatMoment(t, layout)), err
	}}
	convert := &function{1, 1, func(c *Call) (Value, error) {
		v, err := c.Arg(0)
		if err != nil || v.date {
			return v, err
		}
		if t, ok := c.moment(v); ok {
			return Moment(t), nil
		}
		return Str(""), nil
	}}
	return map[string]*function{
		"today": {0, 0, func(c *Call) (Value, error) {
			t, ok := now(c)
			if !ok {
				return Str(""), nil
			}
			return Moment(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, c.at.run.zone)), nil
		}},
		"now": {0, 0, func(c *Call) (Value, error) {
			t, ok := now(c)
			if !ok {
				return Str(""), nil
			}
			return Moment(t), nil
		}},
		"date": convert, "date-time": convert,
		"format-date": format, "format-date-time": format,
		"decimal-date-time": {1, 1, func(c *Call) (Value, error) {
			v, err := c.Arg(0)
			if err != nil {
				return v, err
			}
			if t, ok := c.moment(v); ok {
				return Num(days(t)), nil
			}
			return Num(math.NaN()), nil
		}},
		"decimal-time": {1, 1, func(c *Call) (Value, error) {
			s, err := c.Text(0)
			if err != nil {
				return Value{}, err
			}
			if _, clock, ok := strings.Cut(s, "T"); ok {
				s = clock
			}
			since, at, ok := parseClock(s, c.at.run.zone)
			if !ok {
				return Num(math.NaN()), nil
			}
			t := time.Date(2000, 1, 1, 0, 0, 0, 0, at).Add(since).In(c.at.run.zone)
			midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, c.at.run.zone)
			return Num(float64(t.Sub(midnight)) / float64(day)), nil
		}},
	}
}

// moment reads a value as a date: a date, a number of days, or text.
func (c *Call) moment(v Value) (time.Time, bool) {
	zone := c.at.run.zone
	if v.date {
		return v.when, true
	}
	switch v.kind {
	case Number:
		return fromDays(v.num, zone)
	case Boolean:
		return time.Time{}, false
	}
	s := strings.TrimSpace(v.Text())
	if t, ok := ParseMoment(s, zone); ok {
		return t, true
	}
	return fromDays(textNumber(s, zone), zone)
}
