package protocol

import (
	"strconv"
	"time"
)

// Span writes a stretch of time for people in numbers and the signs d, h, min
// and s, the two largest of them, rounded to minutes above an hour: "2 d 3 h", "40 min".
func Span(d time.Duration) string {
	d = d.Abs()
	if d > time.Hour {
		d = d.Round(time.Minute)
	}
	units := []struct {
		sign string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}}
	for i, u := range units {
		if d < u.size {
			continue
		}
		s := strconv.FormatInt(int64(d/u.size), 10) + " " + u.sign
		if i+1 < len(units) {
			if rest := d % u.size / units[i+1].size; rest > 0 {
				s += " " + strconv.FormatInt(int64(rest), 10) + " " + units[i+1].sign
			}
		}
		return s
	}
	return "0 s"
}
