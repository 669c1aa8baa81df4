package text

import (
	"strconv"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"github.com/askonce/fieldkit/sync/civic"
)

// grouped writes a whole number as the language groups its digits.
func grouped(lang string, n int) string {
	return message.NewPrinter(language.Make(lang)).Sprint(number.Decimal(n))
}

// Number writes a whole number as the language groups its digits.
func (t *Teller) Number(n int) string { return grouped(t.Language(), n) }

// Date writes a date in words: "9 April 1956", "April 1956", "about 1956".
func (t *Teller) Date(d civic.Date) string {
	if d.IsZero() {
		return ""
	}
	year := strconv.Itoa(d.Year)
	s := year
	switch {
	case d.Day != 0:
		s = t.Say("date.day", strconv.Itoa(d.Day), t.month(d.Month), year)
	case d.Month != 0:
		s = t.Say("date.month", t.month(d.Month), year)
	}
	if d.Estimated {
		return t.Say("date.about", s)
	}
	return s
}

// DateValue writes a form's date value ("1956-04~") in words; one that is no
// date comes back as it is.
func (t *Teller) DateValue(value string) string {
	d, err := civic.ParseDate(value)
	if err != nil {
		return value
	}
	return t.Date(d)
}

func (t *Teller) month(m int) string { return t.Say("month." + strconv.Itoa(m)) }

// Moment writes a moment near to now as people say it: "10 minutes ago",
// "today 09:12", "yesterday 18:40", else the date with the time.
func (t *Teller) Moment(at, now time.Time) string {
	if at.IsZero() {
		return t.Say("moment.never")
	}
	at = at.In(now.Location())
	clock := at.Format("15:04")
	day := func(x time.Time) int { return x.Year()*1000 + x.YearDay() }
	switch ago := now.Sub(at); {
	case ago >= 0 && ago < time.Minute:
		return t.Say("moment.now")
	case ago >= 0 && ago < time.Hour:
		return t.Count("moment.minutes", int(ago/time.Minute))
	case day(at) == day(now):
		return t.Say("moment.today", clock)
	case day(at) == day(now.AddDate(0, 0, -1)):
		return t.Say("moment.yesterday", clock)
	}
	return t.Say("moment.date", t.Date(civic.Date{Year: at.Year(), Month: int(at.Month()), Day: at.Day()}), clock)
}

// Bytes writes a size: "640 B", "12 kB", "3.4 MB".
func (t *Teller) Bytes(n int64) string {
	p := message.NewPrinter(language.Make(t.Language()))
	switch {
	case n < 1000:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1_000_000:
		return p.Sprint(number.Decimal(float64(n)/1e3, number.MaxFractionDigits(0))) + " kB"
	}
	return p.Sprint(number.Decimal(float64(n)/1e6, number.MaxFractionDigits(1))) + " MB"
}

// Left writes how long something will still take, in steps a person waits by.
func (t *Teller) Left(d time.Duration) string {
	switch {
	case d <= 0:
		return t.Say("left.unknown")
	case d < 10*time.Second:
		return t.Say("left.moment")
	case d < 90*time.Second:
		return t.Count("left.seconds", int(d.Round(10*time.Second)/time.Second))
	}
	return t.Count("left.minutes", int(d.Round(time.Minute)/time.Minute))
}
