package xpath

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// days is a moment as a number: days since the first of January 1970 UTC.
func days(t time.Time) float64 {
	return float64(t.Unix())/86400 + float64(t.Nanosecond())/float64(day)
}

// fromDays is the moment that a number of days since 1970 stands for, to the
// millisecond.
func fromDays(f float64, zone *time.Location) (time.Time, bool) {
	if math.IsNaN(f) || math.Abs(f) > 3_000_000 {
		return time.Time{}, false
	}
	ms := math.Round(f * 86_400_000)
	return time.UnixMilli(int64(ms)).In(zone), true
}

// writeMoment leaves the time away at midnight.
func writeMoment(t time.Time) string {
	if t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 && t.Nanosecond() < int(time.Millisecond) {
		return t.Format("2006-01-02")
	}
	return FullMoment(t)
}

// FullMoment writes a moment with its time even at midnight.
func FullMoment(t time.Time) string { return t.Format("2006-01-02T15:04:05.000-07:00") }

// ParseMoment reads a date or a date with a time, in zone unless it names one:
// 2026-11-22, 2026-1-2, 2026-11-22T14:05, 2026-11-22T14:05:00.000-06:00.
func ParseMoment(s string, zone *time.Location) (time.Time, bool) {
	date, clock, timed := strings.Cut(s, "T")
	parts := strings.Split(date, "-")
	if len(parts) != 3 || len(parts[0]) != 4 {
		return time.Time{}, false
	}
	var n [3]int
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || len(p) == 0 || (i > 0 && len(p) > 2) || v < 0 {
			return time.Time{}, false
		}
		n[i] = v
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], 0, 0, 0, 0, zone)
	if t.Day() != n[2] || int(t.Month()) != n[1] {
		return time.Time{}, false
	}
	if !timed {
		return t, true
	}
	since, at, ok := parseClock(clock, zone)
	if !ok {
		return time.Time{}, false
	}
	return time.Date(n[0], time.Month(n[1]), n[2], 0, 0, 0, 0, at).Add(since).In(zone), true
}

// parseClock reads 14:05, 14:05:00, 14:05:00.000, each with Z or an offset
// behind it if any.
func parseClock(s string, zone *time.Location) (time.Duration, *time.Location, bool) {
	if rest, ok := strings.CutSuffix(s, "Z"); ok {
		s, zone = rest, time.UTC
	} else if i := strings.LastIndexAny(s, "+-"); i > 0 {
		offset := strings.ReplaceAll(s[i+1:], ":", "")
		if len(offset) == 2 {
			offset += "00"
		}
		n, err := strconv.Atoi(offset)
		if err != nil || len(offset) != 4 || n%100 > 59 || n > 1500 {
			return 0, nil, false
		}
		seconds := (n/100*60 + n%100) * 60
		if s[i] == '-' {
			seconds = -seconds
		}
		s, zone = s[:i], time.FixedZone("", seconds)
	}
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, nil, false
	}
	limits := [...]float64{24, 60, 60}
	units := [...]time.Duration{time.Hour, time.Minute, time.Second}
	var sum time.Duration
	for i, p := range parts {
		f, err := strconv.ParseFloat(p, 64)
		if err != nil || f < 0 || f >= limits[i] || len(p) < 2 || (i < 2 && len(p) != 2) {
			return 0, nil, false
		}
		sum += time.Duration(f * float64(units[i]))
	}
	return sum, zone, true
}

var (
	monthNames = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
	dayNames   = [...]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
)

// formatMoment writes a moment by the letters of format-date: %Y %y %m %n %b
// %d %e %H %h %M %S %3 %a %W %Z and %%.
func formatMoment(t time.Time, layout string) string {
	var b strings.Builder
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' || i+1 == len(layout) {
			b.WriteByte(layout[i])
			continue
		}
		i++
		switch layout[i] {
		case 'Y':
			fmt.Fprintf(&b, "%04d", t.Year())
		case 'y':
			fmt.Fprintf(&b, "%02d", t.Year()%100)
		case 'm':
			fmt.Fprintf(&b, "%02d", int(t.Month()))
		case 'n':
			fmt.Fprintf(&b, "%d", int(t.Month()))
		case 'b':
			b.WriteString(monthNames[t.Month()-1])
		case 'd':
			fmt.Fprintf(&b, "%02d", t.Day())
		case 'e':
			fmt.Fprintf(&b, "%d", t.Day())
		case 'H':
			fmt.Fprintf(&b, "%02d", t.Hour())
		case 'h':
			fmt.Fprintf(&b, "%d", t.Hour())
		case 'M':
			fmt.Fprintf(&b, "%02d", t.Minute())
		case 'S':
			fmt.Fprintf(&b, "%02d", t.Second())
		case '3':
			fmt.Fprintf(&b, "%03d", t.Nanosecond()/int(time.Millisecond))
		case 'a':
			b.WriteString(dayNames[t.Weekday()])
		case 'W':
			_, week := t.ISOWeek()
			fmt.Fprintf(&b, "%d", week)
		case 'Z':
			b.WriteString(t.Format("-07:00"))
		case '%':
			b.WriteByte('%')
		default:
			b.WriteByte('%')
			b.WriteByte(layout[i])
		}
	}
	return b.String()
}
