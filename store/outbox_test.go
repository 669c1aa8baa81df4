package store_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"crypto/sha256"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

func header(store.DayKey) ([]byte, error) { return []byte("a day key's header"), nil }

func ack(k *kit, file []byte, state protocol.BatchState, safe bool) {
	k.t.Helper()
	a := protocol.BatchAck{Batch: sha256.Sum256(file), State: state, Safe: safe}
	if state == protocol.BatchQuarantined {
		a.Reason = civic.BatchSignature
	}
	ok(k.t, k.Acknowledge(k.t.Context(), []byte("statement"), []protocol.BatchAck{a}))
}

func status(k *kit, id civic.RegistrationID) civic.Status {
	k.t.Helper()
	e, err := k.Registration(k.t.Context(), id)
	ok(k.t, err)
	return e.Status
}

func TestTheOutboxTravelsWithoutAPassphrase(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	id := k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
	key, err := k.DayKey(ctx, header)
	ok(t, err)
	again, err := k.DayKey(ctx, func(store.DayKey) ([]byte, error) { return nil, errors.New("made twice") })
	ok(t, err)
	if key != again {
		t.Fatal("one day, two keys")
	}
	batch := bytes.Repeat([]byte("sealed"), 100)
	seq, err := k.NextBatch(ctx)
	ok(t, err)
	ok(t, k.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemBatch, Bytes: batch, Key: key.ID, Covers: []uint64{1}}))
	next, err := k.NextBatch(ctx)
	ok(t, err)
	if seq != 1 || next != 2 {
		t.Fatalf("batches are numbered %d, %d", seq, next)
	}
	if un, err := k.Unpacked(ctx, 10); err != nil || len(un) != 0 {
		t.Fatal("packed twice:", un, err)
	}
	ok(t, k.Close())
	k.openAgain()

	items, err := k.Pending(ctx)
	ok(t, err)
	if len(items) != 2 || items[0].Kind != protocol.ItemKey || items[1].Kind != protocol.ItemBatch || items[1].Key != key.ID || items[1].Size != int64(len(batch)) {
		t.Fatalf("pending %+v", items)
	}
	ok(t, k.Sent(ctx, []civic.Digest{items[1].Digest}))
	if items, err = k.Pending(ctx); err != nil || items[0].Sent || !items[1].Sent {
		t.Fatal(items, err)
	}
	got, err := k.Read(ctx, items[1].Digest)
	ok(t, err)
	if !bytes.Equal(got, batch) {
		t.Fatal("other bytes")
	}
	ack(k, batch, protocol.BatchReceived, false)
	ok(t, k.Unlock(ctx, passphrase))
	if s := status(k, id); s != civic.Received {
		t.Fatal("is", s)
	}
	ack(k, batch, protocol.BatchReceived, true)
	ack(k, []byte("a day key's header"), protocol.BatchReceived, true)
	e, err := k.Registration(ctx, id)
	ok(t, err)
	items, err = k.Pending(ctx)
	ok(t, err)
	if !e.Safe || len(items) != 0 {
		t.Fatalf("safe %v, pending %+v", e.Safe, items)
	}
	if un, err := k.Unpacked(ctx, 10); err != nil || len(un) != 0 {
		t.Fatal("safe but packed again:", un, err)
	}
}

func TestAckTable(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	id := k.seal()
	batch := []byte("sealed batch")
	ok(t, k.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemBatch, Bytes: batch, Covers: []uint64{1}}))
	ack(k, batch, protocol.BatchQuarantined, false)
	if s := status(k, id); s != civic.Quarantined {
		t.Fatal("is", s)
	}
	ack(k, batch, protocol.BatchReceived, false)
	if s := status(k, id); s != civic.Received {
		t.Fatal("taken in after quarantine, is", s)
	}
	ack(k, batch, protocol.BatchAbsent, false)
	items, err := k.Pending(ctx)
	ok(t, err)
	if items[0].Acked != protocol.BatchAbsent || status(k, id) != civic.Received {
		t.Fatalf("a restored centre lost the file: %+v", items[0])
	}
	ack(k, batch, protocol.BatchReceived, true)
	ack(k, batch, protocol.BatchAbsent, false)
	if items, err := k.Pending(ctx); err != nil || len(items) != 0 {
		t.Fatal("safe was taken back", items, err)
	}
	ack(k, []byte("of somebody else"), protocol.BatchReceived, true)
	if err := k.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemBatch, Bytes: []byte("x"), Covers: []uint64{9}}); civic.CodeOf(err) != civic.RegistrationAbsent {
		t.Fatal("a batch of nothing:", err)
	}
}

func TestOutcomesWaitForTheOfficer(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	id := k.seal()
	other := k.seal()
	ok(t, k.Close())
	k.openAgain()
	down := []protocol.Down{{Seq: 3, Kind: protocol.DownOutcomes, Body: []byte("sealed to us")}, {Seq: 5, Kind: protocol.DownForm, Body: []byte("refused")}}
	ok(t, k.TakeIn(ctx, down, 5))
	ok(t, k.TakeIn(ctx, down, 5))
	ok(t, k.TakeIn(ctx, down[:1], 3))
	if c, err := k.Cursor(ctx); err != nil || c != 5 {
		t.Fatal("cursor", c, err)
	}
	ok(t, k.Unlock(ctx, passphrase))
	at := k.clock.Now().Add(time.Minute)
	asked := 0
	apply := func(d protocol.Down) ([]civic.Outcome, error) {
		asked++
		if d.Kind == protocol.DownForm {
			return nil, civic.NewProblem(civic.FormRefused, nil, "no sheet")
		}
		return []civic.Outcome{
			{Registration: id, Status: civic.Merged, Persons: []civic.PersonOf{{Person: civic.PersonID{7}}}, Reasons: []civic.Reason{{Code: "same_person"}}, At: at},
			{Registration: civic.RegistrationID{1}, Status: civic.Merged, At: at},
			{Registration: other, Status: civic.Held, At: at},
		}, nil
	}
	n, err := k.ApplyInbox(ctx, apply)
	wantCode(t, err, civic.FormRefused)
	if n != 1 || asked != 2 {
		t.Fatalf("%d taken in of %d", n, asked)
	}
	k.reopen()
	e, err := k.Registration(ctx, id)
	ok(t, err)
	if e.Status != civic.Merged || e.Persons[0].Person != (civic.PersonID{7}) || e.Reasons[0].Code != "same_person" || !e.Settled.Equal(at.Truncate(time.Second)) {
		t.Fatalf("%+v", e)
	}
	asked = 0
	_, err = k.ApplyInbox(ctx, apply)
	wantCode(t, err, civic.FormRefused)
	if asked != 1 {
		t.Fatal("the refused message was not kept for another try")
	}
	c, err := k.Counts(ctx)
	ok(t, err)
	if c.Refused != 1 || c.Settled != 1 || c.Held != 1 || c.Waiting != 0 {
		t.Fatalf("%+v", c)
	}
}

func TestContactNeedsNoPassphrase(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	k.Lock()
	ok(t, k.KeepBundle(ctx, []byte("s2"), protocol.KeyBundle{Serial: 2, Recipients: []string{"age1pq1x"}, Registry: "Oaxaca"}))
	ok(t, k.KeepBundle(ctx, []byte("s1"), protocol.KeyBundle{Serial: 1, Recipients: []string{"age1pq1old"}}))
	b, statement, err := k.Bundle(ctx)
	ok(t, err)
	if b.Serial != 2 || string(statement) != "s2" || b.Registry != "Oaxaca" {
		t.Fatalf("%+v", b)
	}
	ok(t, k.KeepLease(ctx, []byte("l"), protocol.Lease{Issued: 10, Expires: 20}))
	ok(t, k.KeepLease(ctx, []byte("older"), protocol.Lease{Issued: 9, Expires: 99}))
	l, _, err := k.Lease(ctx)
	ok(t, err)
	if l.Expires != 20 {
		t.Fatalf("%+v", l)
	}
	ok(t, k.KeepServerTime(ctx, 1234))
	server, at, err := k.ServerTime(ctx)
	ok(t, err)
	if server != 1234 || at.Wall != k.clock.Now().Unix() {
		t.Fatal(server, at)
	}
	ok(t, k.SetSetting(ctx, "language", "es"))
	ok(t, k.Close())
	k.openAgain()
	if v, err := k.Setting(ctx, "language"); err != nil || v != "es" {
		t.Fatal(v, err)
	}
	if v, err := k.Setting(ctx, "never set"); err != nil || v != "" {
		t.Fatal(v, err)
	}
}

func TestFormsAndJournal(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	f := civic.FormRef{ID: "birth", Version: "2026-1"}
	ok(t, k.KeepForm(ctx, f, []byte("a workbook")))
	ok(t, k.KeepForm(ctx, civic.FormRef{ID: "birth", Version: "2"}, []byte("another")))
	ok(t, k.SetSetting(ctx, "language", "en"))
	forms, err := k.Forms(ctx)
	ok(t, err)
	if len(forms) != 2 || string(forms[f]) != "a workbook" {
		t.Fatalf("%v", forms)
	}
	before, err := k.Journal(ctx)
	ok(t, err)
	ok(t, k.Append(ctx, "receipt_printed", "1"))
	after, err := k.Journal(ctx)
	ok(t, err)
	if after.Length != before.Length+1 || after.Hash == before.Hash {
		t.Fatal(before, after)
	}
	events, whole, err := k.Events(ctx)
	ok(t, err)
	last := events[len(events)-1]
	if !whole || last.Event != "receipt_printed" || last.Words[0] != "1" || last.Officer != k.Officer().ID {
		t.Fatalf("%v %+v", whole, last)
	}
}
