package rehearsal

import (
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// TestJourneyKeptBack: a look under investigation is not told to the kit, and
// is told when its date has come, though the log went on long before.
func TestJourneyKeptBack(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 1)
	k.synced()
	id := registrationIDs(t, k)[0]
	slip := slipOf(t, k, id)
	o.stop()

	registration, err := civic.ParseRegistrationID(id)
	if err != nil {
		t.Fatal(err)
	}
	centre := openOffice(t, o)
	ctx := t.Context()
	update := func(do func(tx ledger.Tx) error) {
		t.Helper()
		if err := centre.DB.Update(ctx, do); err != nil {
			t.Fatal(err)
		}
	}
	now := centre.Clock()
	date := now.Add(30 * 24 * time.Hour)
	update(func(tx ledger.Tx) error {
		links, err := centre.Registry.Linked(ctx, tx, rehearsalArea, []civic.RegistrationID{registration})
		if err != nil {
			return err
		}
		var who registry.Ref
		for _, l := range links[registration] {
			who = l.To
		}
		row := translog.Entry{Area: who.Home, Person: who.Person, Kind: translog.Staff, Actor: "ana", Action: translog.Look}
		secret, open := row, row
		secret.Reason, secret.HiddenUntil = "under investigation", date.Unix()
		open.Reason = "in the open"
		return translog.Append(ctx, tx, now, []translog.Entry{secret, open})
	})
	if _, err := centre.Log.Sequence(ctx); err != nil {
		t.Fatal(err)
	}
	counted := func(query string, args ...any) (n int) {
		t.Helper()
		update(func(tx ledger.Tx) error { return tx.QueryRow(ctx, query, args...).Scan(&n) })
		return n
	}
	told := func() int {
		t.Helper()
		for {
			looked, err := centre.Citizens.Tell(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if looked == 0 {
				return counted("SELECT count(*) FROM ingest_down WHERE kind = ?1", int(protocol.DownLooks))
			}
		}
	}
	before := told()
	if before == 0 || counted("SELECT count(*) FROM citizen_kept_back") != 1 {
		t.Fatalf("%d rows are told, %d kept back", before, counted("SELECT count(*) FROM citizen_kept_back"))
	}
	centre.Citizens.Clock = func() time.Time { return date.Add(-time.Second) }
	if n := told(); n != before {
		t.Fatalf("a row under investigation was told a second early: %d, %d before", n, before)
	}
	centre.Citizens.Clock = func() time.Time { return date }
	if n := told(); n != before+1 || counted("SELECT count(*) FROM citizen_kept_back") != 0 {
		t.Fatalf("%d rows are told on the day, %d before", n, before)
	}
	if n := told(); n != before+1 {
		t.Fatal("the row is told twice")
	}
	if err := centre.Close(); err != nil {
		t.Fatal(err)
	}

	o.serve()
	k.must("sync", "--wait", "5s")
	o.stop()
	s := k.must("looks", "--receipt", receiptTextOf(t, k.must("receipt", id)), "--code", slip)
	if s.json["offline"] != true || strings.Count(s.line(t), "under investigation") != 1 || !strings.Contains(s.line(t), "in the open") {
		t.Fatalf("%v", s.json)
	}
}
