package translog_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/frozen"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/witness"
)

var update = flag.Bool("update", false, "make golden bytes that do not exist yet")

// own is what a person sees of its rows.
func (b *bench) own(home civic.Area, person civic.PersonID, page translog.Page) (p translog.Personal) {
	b.t.Helper()
	b.view(func(ctx context.Context, tx ledger.Tx) (err error) {
		p, err = b.log.ForPerson(ctx, tx, registry.Ref{Home: home, Person: person}, b.clock.Now().Unix(), page)
		return err
	})
	return p
}

// A person sees every row about it and no row about anybody else; a row under
// investigation is counted, and appears after its date.
func TestRowsForOnePerson(t *testing.T) {
	b := newBench(t)
	mine, other := personOf(1), personOf(2)
	e := disclosure(1)
	e.Area, e.Person = "mx-20-067", mine
	for range 150 {
		b.append(e)
		b.clock.Add(time.Second)
	}
	theirs := e
	theirs.Person = other
	b.append(theirs)
	far := e
	far.Area = "mx-20-068" // the same id under another home is another person
	b.append(far)
	hidden := e
	hidden.HiddenUntil = b.clock.Now().Add(time.Hour).Unix()
	b.append(hidden)
	b.clock.Add(time.Second)
	b.append(translog.Entry{Everyone: true, Kind: translog.Program, Actor: "command", Action: translog.Export})
	b.append(translog.Entry{Area: "mx-20-068", Everyone: true, Kind: translog.Program, Actor: "command", Action: translog.Export})

	p := b.own("mx-20-067", mine, translog.Page{})
	if len(p.Rows) != 100 || !p.More || p.Hidden != 1 {
		t.Fatalf("%d rows, more %t, %d hidden", len(p.Rows), p.More, p.Hidden)
	}
	rest := b.own("mx-20-067", mine, translog.Page{Before: p.Rows[99].ID})
	all := append(p.Rows, rest.Rows...)
	if len(all) != 151 || rest.More {
		t.Fatalf("%d rows", len(all))
	}
	if !all[0].Everyone {
		t.Error("what concerned everyone is not shown")
	}
	for i, r := range all {
		if !r.Everyone && (r.Person != mine || r.Area != "mx-20-067") {
			t.Errorf("row %d is about somebody else", i)
		}
		if i > 0 && bytes.Compare(all[i-1].ID[:], r.ID[:]) <= 0 {
			t.Errorf("row %d is newer than the one before", i)
		}
	}
	b.clock.Add(2 * time.Hour)
	if p := b.own("mx-20-067", mine, translog.Page{Limit: 3}); p.Hidden != 0 || p.Rows[1].HiddenUntil == 0 {
		t.Errorf("%d hidden, %d rows", p.Hidden, len(p.Rows))
	}
}

// Rows about a person that mine was joined to are mine for that time only.
func TestRowsFollowWhoIsWho(t *testing.T) {
	b := newBench(t)
	mine, other := personOf(1), personOf(2)
	at := func() int64 { return b.clock.Now().Unix() }
	look := func(p civic.PersonID, home civic.Area, actor string) {
		b.append(translog.Entry{Area: home, Person: p, Kind: translog.Staff, Actor: actor, Action: translog.Look})
		b.clock.Add(time.Minute)
	}
	start := at()
	look(mine, "a", "before")
	look(other, "b", "theirs before")
	joined := at()
	look(other, "b", "joined")
	parted := at() - 1
	look(other, "b", "theirs after")
	look(mine, "a", "after")
	b.log.Spans = func(context.Context, ledger.Tx, registry.Ref) ([]registry.Span, error) {
		own, was := registry.Ref{Home: "a", Person: mine}, registry.Ref{Home: "b", Person: other}
		return []registry.Span{{Ref: own, From: start, To: joined - 1}, {Ref: was, From: joined, To: parted}, {Ref: own, From: parted, To: 1 << 60}}, nil
	}
	var who []string
	for _, r := range b.own("a", mine, translog.Page{}).Rows {
		who = append(who, r.Actor)
	}
	if got := strings.Join(who, ", "); got != "after, joined, before" {
		t.Errorf("the person sees %s", got)
	}
}

// Rows lie under their salt: the same row twice has nothing in common.
func TestLeavesTellNothing(t *testing.T) {
	b := newBench(t)
	b.append(disclosure(1), disclosure(1))
	b.sequence()
	e := b.blob("SELECT entries FROM log_bundle WHERE n = 0")
	leaves, err := translog.ReadEntries(e)
	if err != nil || len(leaves) != 2 || leaves[0].Commit == leaves[1].Commit {
		t.Fatalf("%+v, %v", leaves, err)
	}
	r := b.rowAt(0)
	if bytes.Contains(e, r.Person[:8]) || witness.Commit([16]byte{}, r.Text()) == leaves[0].Commit {
		t.Error("a leaf tells of its row")
	}
}

// fullEntry has every field filled.
func fullEntry() translog.Entry {
	return translog.Entry{
		Area: "mx-20-067", Person: personOf(7), Kind: translog.Agency, Actor: "health", Action: translog.Denial, Purpose: "dpv:PublicBenefit",
		Basis: "public_task", Agreement: "health-reuse", Revision: 3, Consent: "c-1", Fields: []civic.Attribute{"given_name", "birth_date"}, Code: "rjct.consent",
		Reason: "why", Request: "r-17", OnBehalf: "unit 5", Issue: "case 9", Procedure: "newborn", Explicit: true, Preview: true, Policy: "p1",
		Object: []byte{1, 2}, Records: []civic.RegistrationID{{3}}, Count: 1, HiddenUntil: 1_795_600_000,
	}
}

// The bytes of version 1 stay for ever: every leaf commits to them.
func TestGoldenRow(t *testing.T) {
	text, err := translog.MarshalRow(fullEntry(), translog.RowID([]byte("0123456789abcdef")), 1_795_000_000)
	if err != nil {
		t.Fatal(err)
	}
	frozen.Check(t, "row.hex", text, *update)
	want := frozen.Read(t, "version1", "row.hex")
	r, err := translog.ReadBody(want)
	if err != nil {
		t.Fatal(err)
	}
	again, err := translog.MarshalRow(r.Entry, r.ID, r.At)
	if err != nil || !bytes.Equal(again, want) {
		t.Errorf("read and written again it is %x", again)
	}
}

// An evidence bundle is checked without the centre; a changed one is refused.
func TestEvidence(t *testing.T) {
	b := newBench(t)
	b.fill(600)
	var zip bytes.Buffer
	b.view(func(ctx context.Context, tx ledger.Tx) error {
		rows, err := b.log.Sample(ctx, tx, 20, func(n int64) (int64, error) { return n / 3, nil })
		if err != nil || len(rows) != 1 {
			t.Fatal(len(rows), err)
		}
		more, err := b.log.List(ctx, tx, translog.Filter{Action: translog.Empty}, translog.Cursor{}, 10)
		if err != nil {
			return err
		}
		n, err := b.log.Evidence(ctx, tx, &zip, append(rows, more.Rows...), "ana", func(translog.EvidenceNote) ([]byte, error) { return []byte("signed"), nil })
		if n != 11 {
			t.Errorf("%d rows", n)
		}
		return err
	})
	got, err := translog.CheckEvidence(zip.Bytes(), b.log.Name())
	if err != nil || got.Rows != 11 || got.Size != 600 {
		t.Fatalf("%+v, %v", got, err)
	}
	other := newBench(t)
	other.fill(40)
	if _, err := translog.CheckEvidence(zip.Bytes()[:len(zip.Bytes())/2], b.log.Name()); civic.CodeOf(err) != civic.LogMalformed {
		t.Error(err)
	}
	p := proofOf(t, b)
	p.Text = bytes.Replace(p.Text, []byte("agency"), []byte("nobody"), 1)
	if err := p.Check(b.log.Name()); civic.CodeOf(err) != civic.LogAltered {
		t.Errorf("an altered row is proven: %v", err)
	}
	p = proofOf(t, b)
	p.Place++
	if err := p.Check(b.log.Name()); err == nil {
		t.Error("a row is proven at another place")
	}
}

func proofOf(t testing.TB, b *bench) (p translog.Proof) {
	t.Helper()
	b.view(func(ctx context.Context, tx ledger.Tx) error {
		r, err := b.log.At(ctx, tx, 3)
		if err == nil {
			p, err = b.log.Prove(ctx, tx, r)
		}
		return err
	})
	return p
}

func FuzzReadBody(f *testing.F) {
	text, err := translog.MarshalRow(fullEntry(), translog.RowID{}, 5)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := translog.ReadBody(b)
		if err != nil {
			return
		}
		if _, err := translog.MarshalRow(r.Entry, r.ID, r.At); err != nil {
			t.Error(err)
		}
	})
}

func FuzzReadEntries(f *testing.F) {
	leaf := witness.Leaf{At: 5}.Bytes()
	f.Add(append([]byte{0, byte(len(leaf))}, leaf...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if leaves, err := translog.ReadEntries(b); err == nil && len(leaves) > 256 {
			t.Error("too many leaves")
		}
	})
}

func FuzzReadKeys(f *testing.F) {
	f.Add(append(bytes.Repeat([]byte{1}, 16), 1, 'a'))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := translog.ReadKeys(b); err == nil && n > 256 {
			t.Error("too many rows")
		}
	})
}

func FuzzReadPath(f *testing.F) {
	for _, s := range []string{"0/000", "entries/x001/234.p/7", "0/x999/x999/000.p/255"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, s string) { translog.ReadPath(s) })
}

func FuzzReadProof(f *testing.F) {
	b := newBench(f)
	b.fill(20)
	log := b.log.Name()
	f.Add(proofOf(f, b).File(log))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := translog.ReadProof(log, b)
		if err == nil && log.Check(p.Head) != nil {
			t.Error("a head was read that the log did not sign")
		}
	})
}

func FuzzCheckEvidence(f *testing.F) {
	b := newBench(f)
	b.fill(20)
	var zip bytes.Buffer
	b.view(func(ctx context.Context, tx ledger.Tx) error {
		rows, err := b.log.List(ctx, tx, translog.Filter{}, translog.Cursor{}, 2)
		if err == nil {
			_, err = b.log.Evidence(ctx, tx, &zip, rows.Rows, "ana", func(translog.EvidenceNote) ([]byte, error) { return nil, nil })
		}
		return err
	})
	f.Add(zip.Bytes())
	log := b.log.Name()
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = translog.CheckEvidence(b, log) })
}

// What an evidence bundle signs, and how a gap is told.
func TestGoldenEvidence(t *testing.T) {
	b, err := protocol.Marshal(translog.EvidenceNote{At: 1_795_000_000, Staff: "ana", Size: 1234, Files: map[string]civic.Digest{"rows/0.cbor": {1}, "checkpoint": {2}}})
	if err != nil {
		t.Fatal(err)
	}
	frozen.Check(t, "evidence-note.hex", b, *update)
	signed, err := protocol.SignStatement(translog.StatementEvidence, b, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	frozen.Check(t, "evidence-signed.hex", signed, *update)
}
