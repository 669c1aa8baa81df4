package civic_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/sync/civic"
)

func TestParseDate(t *testing.T) {
	for text, want := range map[string]civic.Date{
		"1956-04-09": {Year: 1956, Month: 4, Day: 9},
		"1956-04":    {Year: 1956, Month: 4},
		"1956":       {Year: 1956},
		"1956~":      {Year: 1956, Estimated: true},
		"2024-02-29": {Year: 2024, Month: 2, Day: 29},
	} {
		if got, err := civic.ParseDate(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: %+v %v", text, got, err)
		}
	}
	for _, text := range []string{"", "~", "1956-4-9", "1945-02-31", "2023-02-29", "1956-13", "1956-00", "0000", "56", "1956-04-09-01", "+956", "1956-04-0a", "09041956"} {
		if got, err := civic.ParseDate(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func TestParseDigits(t *testing.T) {
	for text, want := range map[string]string{
		"09041956": "1956-04-09", "00041956": "1956-04", "00001956": "1956", "041956": "1956-04", "1956": "1956",
	} {
		if got, err := civic.ParseDigits(text); err != nil || got.String() != want {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"", "9", "09001956", "31022000", "0904195", "09/04/1956", "99991956"} {
		if got, err := civic.ParseDigits(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

// TestBounds holds for every date: it is written and read back, and the days it
// can mean begin no later than they end and hold the day it names.
func TestBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 3_600_000).Draw(t, "day"))
		d := civic.Date{Year: day.Year(), Month: int(day.Month()), Day: day.Day(), Estimated: rapid.Bool().Draw(t, "estimated")}
		switch rapid.IntRange(0, 2).Draw(t, "precision") {
		case 1:
			d.Day = 0
		case 2:
			d.Month, d.Day = 0, 0
		}
		if again, err := civic.ParseDate(d.String()); err != nil || again != d {
			t.Fatalf("%+v is written %s and read %+v, %v", d, d, again, err)
		}
		first, last := d.Bounds()
		if last.Before(first) || day.Before(first) || day.After(last) {
			t.Fatalf("%s means %v to %v, which leaves %v out", d, first, last, day)
		}
		want := map[bool]civic.Precision{true: civic.Circa}[d.Estimated]
		if !d.Estimated {
			want = [...]civic.Precision{civic.ToYear, civic.ToMonth, civic.Exact}[min(1, d.Month)+min(1, d.Day)]
		}
		if d.Precision() != want || d.IsZero() {
			t.Fatalf("%s has the precision %d", d, d.Precision())
		}
	})
	if (civic.Date{}).String() != "" || !(civic.Date{}).IsZero() {
		t.Error("no date is written as something")
	}
}

// FuzzDate reads arbitrary text: what is read is written the same.
func FuzzDate(f *testing.F) {
	for _, s := range []string{"1956-04-09", "1956~", "09041956", "--", "2024-02-30"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := civic.ParseDate(s); err == nil && d.String() != s {
			t.Fatalf("%q is written %q", s, d)
		}
		if d, err := civic.ParseDigits(s); err == nil {
			if again, err := civic.ParseDate(d.String()); err != nil || again != d {
				t.Fatalf("%q: %v %v", s, again, err)
			}
		}
	})
}
