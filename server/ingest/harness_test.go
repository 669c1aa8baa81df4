package ingest_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/xuri/excelize/v2"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ingest"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/civic/civictest"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/protocol"
)

// workbook is a small form: a name that must be there, an age with a limit.
func workbook(t testing.TB, version string) []byte {
	t.Helper()
	f := excelize.NewFile()
	for sheet, rows := range map[string][][]any{
		"survey": {
			{"type", "name", "label", "required", "constraint", "x_attr"},
			{"text", "given_name", "Name", "yes", "", "given_name"},
			{"text", "surname", "Surname", "", "", "surname"},
			{"integer", "age", "Age", "", ". < 130", ""},
			{"image", "photo", "Photo", "", "", "photo"},
		},
		"settings": {{"form_title", "form_id", "version"}, {"Test", "test", version}},
	} {
		if _, err := f.NewSheet(sheet); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if err := f.SetSheetRow(sheet, "A"+strconv.Itoa(i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = f.DeleteSheet("Sheet1")
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// settler decides as a table would: it registers everything, returns what has
// findings, and counts how often it was asked for each registration.
type settler struct {
	now func() time.Time

	mu    sync.Mutex
	times map[civic.RegistrationID]int
	fail  func(attempt int) error
	calls int
}

func (s *settler) Settle(ctx context.Context, tx ledger.Tx, area civic.Area, regs []reconcile.Incoming) ([]civic.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fail != nil {
		if err := s.fail(s.calls); err != nil {
			return nil, err
		}
	}
	var out []civic.Outcome
	for _, in := range regs {
		s.times[in.Registration.ID]++
		o := civic.Outcome{Registration: in.Registration.ID, Counter: in.Registration.Counter, Status: civic.Registered, At: s.now()}
		if len(in.Findings) > 0 {
			o.Status, o.Reasons = civic.Returned, []civic.Reason{{Code: in.Findings[0].Code, Words: []string{in.Findings[0].Path}}}
		}
		_, err := tx.Exec(ctx, "INSERT INTO access_setting (name, value) VALUES (?1, ?2)", "settled "+in.Registration.ID.String(), string(area))
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// centre is an ingest over a real ledger, with a settler that only counts.
type centre struct {
	*ingest.Ingest
	t       testing.TB
	db      ledger.DB
	access  *access.Access
	forms   *form.Catalogue
	settler *settler
	dir     string
	place   string // of the ledger, where it is not in dir
	clock   *civictest.Clock
}

func newCentre(t testing.TB) *centre {
	t.Helper()
	c := &centre{t: t, clock: civictest.At(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), dir: t.TempDir(), forms: form.NewCatalogue()}
	c.settler = &settler{now: c.clock.Now, times: map[civic.RegistrationID]int{}}
	keys, err := access.MakeKeys(filepath.Join(c.dir, "keys"), "Test", c.clock.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.forms.Add(workbook(t, "1")); err != nil {
		t.Fatal(err)
	}
	c.open(keys)
	t.Cleanup(func() { c.db.Close() })
	return c
}

// open opens the centre's folder, at first and again after a crash.
func (c *centre) open(keys *access.Keys) {
	c.t.Helper()
	var err error
	if c.place == "" {
		c.place = ledgertest.Place(c.t)
	}
	if c.db, err = ledger.Open(context.Background(), c.place); err != nil {
		c.t.Fatal(err)
	}
	c.access = access.New(c.db, keys, access.Options{Clock: c.clock.Now, Rand: rand.Reader})
	c.Ingest, err = ingest.New(ingest.Config{
		DB: c.db, Access: c.access, Forms: c.forms, Settler: c.settler, Dir: c.dir, Clock: c.clock.Now, Rand: rand.Reader,
		Logger: slog.New(slog.DiscardHandler),
		Identify: func(r *http.Request) (ed25519.PublicKey, bool) {
			if key, err := hex.DecodeString(r.Header.Get(shownHeader)); err == nil && len(key) > 0 {
				return key, true
			}
			key, ok := r.Context().Value(shownKey{}).(ed25519.PublicKey)
			return key, ok
		},
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// reopen is what follows a crash: everything in memory is gone.
func (c *centre) reopen() {
	c.t.Helper()
	keys := c.access.Keys()
	c.db.Close()
	c.open(keys)
}

// shownKey carries a request's transport key where a test has no TLS, and
// shownHeader where it has a plain connection.
type shownKey struct{}

const shownHeader = "Test-Transport"

// work lets the worker run until nothing waits that can go on.
func (c *centre) work() {
	c.t.Helper()
	for {
		n, err := c.Work(context.Background())
		if err != nil {
			c.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// kit is an enrolled kit that seals registrations.
type kit struct {
	c         *centre
	t         testing.TB
	id        civic.DeviceID
	area      civic.Area
	sign      ed25519.PrivateKey
	transport ed25519.PublicKey
	secret    []byte
	day       batch.DayKey
	forms     *form.Catalogue // the kit may hold versions that the centre has not
	counter   uint64
	previous  civic.Digest
	seq       uint64
	cursor    uint64
}

// tryAgainAtMost is longer than any file rests.
const tryAgainAtMost = 5 * time.Minute

// kit makes a kit and enrols it.
func (c *centre) kit(area civic.Area) *kit {
	c.t.Helper()
	k := c.newKit(area)
	k.enrol()
	return k
}

// newKit makes a kit that the centre does not know.
func (c *centre) newKit(area civic.Area) *kit {
	c.t.Helper()
	k := &kit{c: c, t: c.t, area: area, secret: make([]byte, 32), forms: form.NewCatalogue()}
	for _, version := range []string{"1", "2"} {
		if _, err := k.forms.Add(workbook(c.t, version)); err != nil {
			c.t.Fatal(err)
		}
	}
	_, k.sign, _ = ed25519.GenerateKey(rand.Reader)
	k.transport, _, _ = ed25519.GenerateKey(rand.Reader)
	_, _ = rand.Read(k.secret)
	k.id = civic.NewDeviceID(k.public())
	var err error
	if k.day, err = batch.NewDayKey(nil); err != nil {
		c.t.Fatal(err)
	}
	return k
}

func (k *kit) enrol() {
	c := k.c
	c.t.Helper()
	code, _, err := c.access.Invite(context.Background(), k.area, 0, "test")
	if err != nil {
		c.t.Fatal(err)
	}
	r := protocol.EnrolRequest{Secret: code.Secret[:], Device: k.public(), Transport: k.transport, Name: "kit"}
	to, err := age.ParseHybridRecipient(c.access.Keys().Recipient())
	if err != nil {
		c.t.Fatal(err)
	}
	var b bytes.Buffer
	w, _ := age.Encrypt(&b, to)
	_, _ = w.Write(k.secret)
	_ = w.Close()
	r.KitSecret = b.Bytes()
	if err := r.Prove(k.sign); err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.access.Enrol(context.Background(), r, k.transport); err != nil {
		c.t.Fatal(err)
	}
}

// came counts what the centre has of a kit.
func (k *kit) came() (s ingest.DeviceStatus) {
	k.t.Helper()
	err := k.c.db.View(context.Background(), func(tx ledger.Tx) error {
		d, err := k.c.access.ByID(context.Background(), tx, k.id)
		if err == nil {
			s, err = k.c.DeviceStatus(context.Background(), tx, d)
		}
		return err
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return s
}

func (k *kit) public() ed25519.PublicKey { return k.sign.Public().(ed25519.PublicKey) }

// seal makes the kit's next registration.
func (k *kit) seal(answers ...civic.Answer) civic.Registration {
	k.t.Helper()
	k.counter++
	if len(answers) == 0 {
		answers = []civic.Answer{{Path: "given_name", Value: fmt.Sprintf("Ana %d", k.counter)}, {Path: "age", Value: "30"}}
	}
	at := civic.Stamp{Wall: k.c.clock.Now().Unix() - 60, Boot: 1, Mono: int64(k.counter)}
	r := civic.Registration{
		Device: k.id, Counter: k.counter, ID: civic.NewRegistrationID(k.public(), k.counter), Previous: k.previous, Area: k.area,
		Form: civic.FormRef{ID: "test", Version: "1"}, Services: []civic.ServiceID{"test"}, Language: "en", Started: at, Sealed: at, Answers: answers,
	}
	k.previous = k.digest(&r)
	return r
}

func (k *kit) digest(r *civic.Registration) civic.Digest {
	k.t.Helper()
	b, err := batch.Canonical(r)
	if err != nil {
		k.t.Fatal(err)
	}
	return batch.DigestOf(k.salt(r.Counter), b)
}

func (k *kit) salt(counter uint64) [32]byte { return protocol.SaltOf(k.secret, counter) }

// pack makes a batch of registrations.
func (k *kit) pack(regs ...civic.Registration) []byte {
	k.t.Helper()
	k.seq++
	file, err := batch.Pack(batch.Packing{
		Device: k.id, Area: k.area, Seq: k.seq, Key: k.day, Sign: k.sign, Forms: k.forms, Now: k.c.clock.Now, SaltOf: k.salt,
	}, regs)
	if err != nil {
		k.t.Fatal(err)
	}
	return file
}

func (k *kit) header() []byte {
	k.t.Helper()
	file, err := batch.WrapDayKey(k.day, k.id, []string{k.c.access.Keys().Recipient()}, k.sign)
	if err != nil {
		k.t.Fatal(err)
	}
	return file
}

// take hands a file over as if it had been uploaded.
func (k *kit) take(kind protocol.UploadKind, file []byte) protocol.BatchAck {
	k.t.Helper()
	ack, _, err := k.c.Take(context.Background(), kind, file, k.id)
	if err != nil {
		k.t.Fatal(err)
	}
	return ack
}

// sync asks the centre and takes in what is down, checking every signature.
func (k *kit) sync(ask protocol.SyncRequest) (protocol.SyncAnswer, []protocol.BatchAck, []civic.Outcome) {
	k.t.Helper()
	ask.Cursor, ask.Clock = k.cursor, protocol.Stamp{Wall: k.c.clock.Now().Unix()}
	body, err := protocol.Marshal(ask)
	if err != nil {
		k.t.Fatal(err)
	}
	w := k.call(http.HandlerFunc(k.c.Sync), httptest.NewRequest(http.MethodPost, protocol.PathSync, bytes.NewReader(body)))
	if w.Code != http.StatusOK {
		k.t.Fatalf("sync: %d %s", w.Code, w.Header().Get(protocol.HeaderProblem))
	}
	var a protocol.SyncAnswer
	if err := protocol.Unmarshal(w.Body.Bytes(), &a); err != nil {
		k.t.Fatal(err)
	}
	var acks []protocol.BatchAck
	if a.Acks != nil {
		if err := protocol.Open(protocol.StatementAck, a.Acks, k.c.access.Keys().Statements(), &acks); err != nil {
			k.t.Fatal(err)
		}
	}
	var outcomes []civic.Outcome
	for _, d := range a.Down {
		if d.Seq <= k.cursor {
			k.t.Fatalf("message %d after %d", d.Seq, k.cursor)
		}
		k.cursor = d.Seq
		plain, err := protocol.OpenDown(k.secret, d.Seq, d.Kind, d.Body)
		if err != nil {
			k.t.Fatal(err)
		}
		more, err := protocol.OpenOutcomes(k.public(), plain)
		if err != nil {
			k.t.Fatal(err)
		}
		outcomes = append(outcomes, more...)
	}
	return a, acks, outcomes
}

func (k *kit) call(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), shownKey{}, k.transport)))
	return w
}

// photo seals an attachment.
func (k *kit) photo(plain []byte) []byte {
	k.t.Helper()
	file, err := batch.SealAttachment(k.day, k.id, plain, k.sign, nil)
	if err != nil {
		k.t.Fatal(err)
	}
	return file
}
