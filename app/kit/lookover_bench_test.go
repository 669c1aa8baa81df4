package kit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/rehearsal/smallcentre"
)

// BenchmarkLookOver looks over the day on a kit that holds 20,000 registrations,
// first after the unlock and then again, and makes the day's report:
//
//	go test -run '^$' -bench LookOver -benchtime 1x ./app/kit
func BenchmarkLookOver(b *testing.B) {
	const rows = 20_000
	ctx, clock := b.Context(), newClock()
	centre, err := smallcentre.Start(clock.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = centre.Close() }()
	code, err := centre.Code()
	if err != nil {
		b.Fatal(err)
	}
	k, err := Open(ctx, Options{Home: b.TempDir(), Clock: clock.Now, Zone: time.UTC, LogN: 10})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = k.Close() }()
	if err := k.Enrol(ctx, EnrolInput{Server: centre.URL, Code: code, Officer: "Ana", Passphrase: testPassphrase}); err != nil {
		b.Fatal(err)
	}
	var list strings.Builder
	list.WriteString("rec_id,given_name,surname,street_number,address_1,suburb,postcode,state,date_of_birth,soc_sec_id\n")
	for i := range rows {
		fmt.Fprintf(&list, "%d,given%d,surname%d,%d,street %d,suburb %d,%d,nsw,%d%02d%02d,%d\n", i, i%777, i%1777, i%200+1, i%97, i%31, 2000+i%500, 1930+i%80, i%12+1, i%28+1, 1_000_000+i)
	}
	name := filepath.Join(b.TempDir(), "people.csv")
	if err := os.WriteFile(name, []byte(list.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	if r, err := k.Import(ctx, "febrl", name, nil); err != nil || r.Sealed != rows {
		b.Fatal(r, err)
	}
	st, err := k.store()
	if err != nil {
		b.Fatal(err)
	}
	look := func(metric string) {
		start := time.Now()
		if _, err := k.oddities(ctx, st, clock.Now()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(start).Milliseconds()), metric)
	}
	for b.Loop() {
		k.gleaned.forget()
		look("first-ms")
		look("again-ms")
		start := time.Now()
		if d, err := k.Day(ctx, time.Time{}); err != nil || d.All.Sealed != rows {
			b.Fatal(d.All.Sealed, err)
		}
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "report-ms")
	}
}
