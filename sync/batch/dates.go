package batch

import (
	"math/bits"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

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
