package forms_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/xuri/excelize/v2"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/forms"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/protocol"
)

// world is one ledger with any number of processes on it.
type world struct {
	t     *testing.T
	place string
	keys  *access.Keys
}

func newWorld(t *testing.T, place string) *world {
	t.Helper()
	keys, err := access.MakeKeys(filepath.Join(t.TempDir(), "keys"), "Registry of Test", now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, place, keys}
}

func now() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

// process is one program on the ledger.
type process struct {
	*forms.Forms
	db     ledger.DB
	access *access.Access
}

func (w *world) process(change func(ledger.DB) ledger.DB) *process {
	w.t.Helper()
	db, err := ledger.Open(w.t.Context(), w.place)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { db.Close() })
	if change != nil {
		db = change(db)
	}
	a := access.New(db, w.keys, access.Options{Clock: now, Rand: rand.Reader, PasswordCost: access.PasswordCost{Time: 1, MemoryKiB: 64, Threads: 1}})
	f := forms.New(forms.Config{DB: db, Access: a, Catalogue: form.NewCatalogue(), Clock: now, Rand: rand.Reader, Logger: slog.New(slog.DiscardHandler)})
	return &process{f, db, a}
}

// kit enrols a new device of an office.
type kit struct {
	id     civic.DeviceID
	area   civic.Area
	secret []byte
	server ed25519.PublicKey
	cursor int64
	parts  map[civic.Digest][]protocol.FormPart
}

func (p *process) kit(t *testing.T, area civic.Area, keys *access.Keys) *kit {
	t.Helper()
	code, _, err := p.access.Invite(t.Context(), area, time.Hour, "test")
	if err != nil {
		t.Fatal(err)
	}
	_, sign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	transport, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k := &kit{area: area, secret: bytes.Repeat([]byte{7}, 32), server: keys.Statements(), parts: map[civic.Digest][]protocol.FormPart{}}
	recipient, err := age.ParseHybridRecipient(keys.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, recipient)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(k.secret); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ask := protocol.EnrolRequest{Secret: code.Secret[:], Device: sign.Public().(ed25519.PublicKey), Transport: transport, Name: "kit", KitSecret: sealed.Bytes()}
	if err := ask.Prove(sign); err != nil {
		t.Fatal(err)
	}
	if _, err := p.access.Enrol(t.Context(), ask, transport); err != nil {
		t.Fatal(err)
	}
	k.id = civic.NewDeviceID(ask.Device)
	return k
}

// hears takes in what lies down for the kit since the last time.
func (p *process) hears(t *testing.T, k *kit) (notices []protocol.FormNotice, size int) {
	t.Helper()
	err := p.db.View(t.Context(), func(tx ledger.Tx) error {
		return ledger.All(t.Context(), tx, func(r ledger.Row) error {
			var seq int64
			var body []byte
			if err := r.Scan(&seq, &body); err != nil {
				return err
			}
			plain, err := protocol.OpenDown(k.secret, uint64(seq), protocol.DownForm, body)
			if err != nil {
				return err
			}
			part, err := protocol.ReadFormPart(plain)
			if err != nil {
				return err
			}
			k.cursor, size = seq, size+len(body)
			k.parts[part.Notice] = append(k.parts[part.Notice], part)
			if list := k.parts[part.Notice]; len(list) == int(part.Count) {
				n, err := protocol.JoinForm(list, k.server)
				if err != nil {
					return err
				}
				notices = append(notices, n)
				delete(k.parts, part.Notice)
			}
			return nil
		}, "SELECT seq, body FROM ingest_down WHERE area = ?1 AND device = ?2 AND seq > ?3 ORDER BY seq", string(k.area), k.id[:], k.cursor)
	})
	if err != nil {
		t.Fatal(err)
	}
	return notices, size
}

func (p *process) deliver(t *testing.T) {
	t.Helper()
	if _, err := p.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// workbook is a small form; more is the name of its second question.
func workbook(t *testing.T, id, version, more string) []byte {
	t.Helper()
	f := excelize.NewFile()
	for sheet, rows := range map[string][][]any{
		"survey":   {{"type", "name", "label"}, {"text", "given_name", "Name"}, {"integer", more, "More"}},
		"settings": {{"form_title", "form_id", "version"}, {"Test", id, version}},
	} {
		if _, err := f.NewSheet(sheet); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			at, err := excelize.CoordinatesToCellName(1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetSheetRow(sheet, at, &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (p *process) publish(t *testing.T, b []byte, area civic.Area) {
	t.Helper()
	if _, err := p.Publish(t.Context(), b, nil, area, "ana"); err != nil {
		t.Fatal(err)
	}
}

// TestOtherProcessesNotice: what one process publishes, another opens batches
// with, at once when it meets it, else at its next look.
func TestOtherProcessesNotice(t *testing.T) {
	ledgertest.Engines(t, func(t *testing.T, place string) {
		w := newWorld(t, place)
		one, two := w.process(nil), w.process(nil)
		one.publish(t, workbook(t, "a", "1", "q"), "")
		if _, ok := two.Form(civic.FormRef{ID: "a", Version: "1"}); !ok {
			t.Error("the other process does not find it")
		}
		two.publish(t, workbook(t, "a", "2", "q"), "")
		if n, err := one.Refresh(t.Context()); err != nil || n != 1 {
			t.Errorf("%d new, %v", n, err)
		}
		// Both at once under one version: one wins, the other is refused.
		var r *form.Refusal
		if _, err := two.Publish(t.Context(), workbook(t, "a", "2", "other"), nil, "", "ana"); !errors.As(err, &r) {
			t.Errorf("another form under a version that is taken: %v", err)
		}
		if _, err := one.Publish(t.Context(), workbook(t, "a", "2", "q"), nil, "", "ana"); err != nil {
			t.Errorf("the same again: %v", err)
		}
		if _, err := one.Publish(t.Context(), []byte("PK"), nil, "", "ana"); !errors.As(err, &r) {
			t.Errorf("no workbook: %v", err)
		}
		list, err := one.List(t.Context(), "")
		if err != nil || len(list) != 2 || len(list[1].Offers) != 1 || list[1].Offers[0].Actor != "ana" {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// TestKitsAreToldOnce: each kit is told what its office's interviews take, whole
// once, and of the end of what it has.
func TestKitsAreToldOnce(t *testing.T) {
	ledgertest.Engines(t, func(t *testing.T, place string) {
		w := newWorld(t, place)
		p := w.process(nil)
		here, there := p.kit(t, "mx-20-067", w.keys), p.kit(t, "mx-20-068", w.keys)
		versions := func(k *kit) (said string) {
			p.deliver(t)
			notices, _ := p.hears(t, k)
			for _, n := range notices {
				said += n.Version
				switch {
				case n.Retired:
					said += "-"
				case len(n.Packed) > 0:
					said += "!"
				}
				said += " "
			}
			return said
		}
		want := func(k *kit, said string) {
			t.Helper()
			if got := versions(k); got != said {
				t.Errorf("%s heard %q, want %q", k.area, got, said)
			}
		}
		want(here, "")
		p.publish(t, workbook(t, "a", "1", "q"), "")
		want(here, "1! ")
		want(here, "")
		p.publish(t, workbook(t, "a", "2", "q"), "mx-20-067")
		want(here, "2! ")
		want(there, "1! ")
		retire := func(version string, area civic.Area) {
			t.Helper()
			if err := p.Retire(t.Context(), civic.FormRef{ID: "a", Version: version}, area, "ana"); err != nil {
				t.Fatal(err)
			}
		}
		retire("2", "mx-20-067")
		want(here, "1! 2- ") // it may have let go of the first
		want(there, "")
		p.publish(t, workbook(t, "a", "2", "q"), "mx-20-067") // in use again
		want(here, "2! ")
		retire("1", "")
		want(there, "1- ")
		late := p.kit(t, "mx-20-067", w.keys)
		want(late, "2! ")
		if err := p.Retire(t.Context(), civic.FormRef{ID: "b", Version: "1"}, "", "ana"); civic.CodeOf(err) != civic.FormUnknown {
			t.Errorf("the end of what never was: %v", err)
		}
	})
}

// TestLargeFormsComeInParts: a form with a list of its own is cut, and the parts
// make it again.
func TestLargeFormsComeInParts(t *testing.T) {
	w := newWorld(t, ledgertest.Place(t))
	p := w.process(nil)
	k := p.kit(t, "mx-20-067", w.keys)
	noise := make([]byte, 40<<10)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	b := workbook(t, "a", "1", "q")
	if _, err := p.Publish(t.Context(), b, map[string][]byte{"../list.csv": noise}, "", "ana"); civic.CodeOf(err) != civic.FormRefused {
		t.Errorf("a file outside of the form: %v", err)
	}
	if _, err := p.Publish(t.Context(), b, map[string][]byte{"list.csv": noise}, "", "ana"); err != nil {
		t.Fatal(err)
	}
	p.deliver(t)
	notices, size := p.hears(t, k)
	if len(notices) != 1 || size < len(noise) || size > len(noise)+4<<10 {
		t.Fatalf("%d notices in %d bytes", len(notices), size)
	}
	f, err := form.Load(notices[0].Packed)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := f.File("list.csv"); !ok || !bytes.Equal(got, noise) {
		t.Error("the file is not what was given")
	}
}

// broken fails the transaction with the number at, before or after it is kept.
type broken struct {
	ledger.DB
	at, n int
	after bool
}

var errBroken = errors.New("the ledger went away")

func (b *broken) Update(ctx context.Context, fn func(ledger.Tx) error, within ...ledger.Scope) error {
	b.n++
	if b.n != b.at {
		return b.DB.Update(ctx, fn, within...)
	}
	if b.after {
		if err := b.DB.Update(ctx, fn, within...); err != nil {
			return err
		}
	}
	return errBroken
}

// TestFaults breaks each write of publishing and telling, once not kept and once
// kept: after another try the kit has heard of the form exactly once.
func TestFaults(t *testing.T) {
	for _, after := range []bool{false, true} {
		for at := 1; at <= 2; at++ {
			w := newWorld(t, ledgertest.SQLite(t))
			plain := w.process(nil)
			k := plain.kit(t, "mx-20-067", w.keys)
			p := w.process(func(db ledger.DB) ledger.DB { return &broken{DB: db, at: at, after: after} })
			b := workbook(t, "a", "1", "q")
			failed := 0
			try := func(do func() error) {
				if do() != nil {
					failed++
					if err := do(); err != nil {
						t.Fatal(err)
					}
				}
			}
			try(func() error { _, err := p.Publish(t.Context(), b, nil, "", "ana"); return err })
			try(func() error { _, err := p.Deliver(t.Context()); return err })
			if failed != 1 {
				t.Fatalf("write %d: %d failures", at, failed)
			}
			if notices, _ := plain.hears(t, k); len(notices) != 1 {
				t.Errorf("write %d, kept %v: told %d times", at, after, len(notices))
			}
		}
	}
}
