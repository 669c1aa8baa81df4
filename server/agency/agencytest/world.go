// Package agencytest is a centre with people and agencies for tests: the real
// handler over a real ledger. Make a [World] with [New], people with
// [World.Visit], agencies with [World.Agency]; a [Client] signs and asks as an
// agency's program would, and every exchange can be held to an OpenAPI
// description with [Description].
package agencytest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/civic/civictest"
)

// World is a centre under test.
type World struct {
	TB     testing.TB
	Centre *serve.Centre

	clock    *civictest.Clock
	mu       sync.Mutex // guards what follows
	counter  uint64
	device   ed25519.PublicKey
	messages int
}

// Start is when a world begins.
func Start() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// New opens a centre in a folder of its own; outward sends what goes to
// agencies and may be nil.
func New(t testing.TB, outward *http.Client) *World {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := &World{TB: t, clock: civictest.At(Start()), device: public}
	c := serve.Config{
		Data: t.TempDir(), Ledger: ledgertest.Place(t), Clock: w.Now, Rand: rand.Reader, Logger: slog.New(slog.DiscardHandler), Outward: outward,
		PasswordCost: access.PasswordCost{Time: 1, MemoryKiB: 64, Threads: 1},
	}
	if err := serve.Init(t.Context(), c, "Test registry"); err != nil {
		t.Fatal(err)
	}
	if w.Centre, err = serve.Open(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Centre.Close() })
	return w
}

// Now is the world's clock.
func (w *World) Now() time.Time { return w.clock.Now() }

// Later moves the clock on.
func (w *World) Later(d time.Duration) { w.clock.Add(d) }

// Update runs do on the ledger.
func (w *World) Update(do func(ctx context.Context, tx ledger.Tx) error) {
	w.TB.Helper()
	ctx := context.Background()
	if err := w.Centre.DB.Update(ctx, func(tx ledger.Tx) error { return do(ctx, tx) }); err != nil {
		w.TB.Fatal(err)
	}
}

// Visit is one registration as a test tells it.
type Visit struct {
	Area     civic.Area
	Services []civic.ServiceID
	Claims   map[civic.Attribute]string
	Consents []civic.Consent
}

// said is a form that means what the test says.
type said []civic.Claim

func (s said) Claims(*civic.Registration) []civic.Claim { return s }

// Visits settles registrations as the worker does, and gives their ids.
func (w *World) Visits(all ...Visit) []civic.RegistrationID {
	w.TB.Helper()
	w.Later(time.Millisecond)
	now := w.Now()
	byArea := map[civic.Area][]reconcile.Incoming{}
	ids := make([]civic.RegistrationID, len(all))
	for i, v := range all {
		w.counter++
		r := &civic.Registration{
			Device: civic.NewDeviceID(w.device), ID: civic.NewRegistrationID(w.device, w.counter), Counter: w.counter, Area: v.Area,
			Services: v.Services, Consents: v.Consents, Form: civic.FormRef{ID: "test", Version: "1"}, Sealed: civic.Stamp{Wall: now.Unix()},
		}
		var claims said
		for name, value := range v.Claims {
			claims = append(claims, civic.Claim{Attribute: name, Value: value, Evidence: civic.Document, Registration: r.ID, Area: v.Area, At: r.Sealed})
		}
		ids[i] = r.ID
		byArea[v.Area] = append(byArea[v.Area], reconcile.Incoming{Registration: r, Digest: sha256.Sum256(r.ID[:]), Form: claims})
	}
	settler := w.Centre.Share.Settler(w.Centre.Reconciler, w.Centre.SPDCI.Settled)
	for area, regs := range byArea {
		for len(regs) > 0 {
			n := min(len(regs), 200)
			w.Update(func(ctx context.Context, tx ledger.Tx) error {
				_, err := settler.Settle(ctx, tx, area, regs[:n])
				return err
			})
			regs = regs[n:]
		}
	}
	return ids
}

// Person finds whom a registration is about.
func (w *World) Person(area civic.Area, id civic.RegistrationID) registry.Ref {
	w.TB.Helper()
	var ref registry.Ref
	w.Update(func(ctx context.Context, tx ledger.Tx) error {
		links, err := w.Centre.Registry.Linked(ctx, tx, area, []civic.RegistrationID{id})
		for _, l := range links[id] {
			if l.Subject == "" {
				ref = l.To
			}
		}
		return err
	})
	return ref
}

// Given is a yes to reuse of what a service was told, and Refused a no.
func Given(service civic.ServiceID) civic.Consent {
	return civic.Consent{Service: service, Purpose: "reuse", Given: true, Language: "es"}
}

// Refused is a no.
func Refused(service civic.ServiceID) civic.Consent {
	return civic.Consent{Service: service, Purpose: "reuse", Language: "es"}
}

// Agreement is a usual one, for an agency; change makes it another.
func Agreement(agency agreement.AgencyID, level agreement.Level, change func(*agreement.Agreement)) agreement.Agreement {
	a := agreement.Agreement{
		ID: string(agency) + "-agreement", Version: 1, Name: map[string]string{"en": string(agency)}, Controller: string(agency), Agency: agency, Level: level,
		Policy:  agreement.Policy{Jurisdiction: "MX", RetentionDays: 365, Storage: "MX"},
		Purpose: agreement.Purpose{Code: civic.Purpose(agency) + "-purpose", Text: map[string]string{"en": "A purpose"}},
		Basis:   agreement.PublicTask, DataUse: "data_using_service", Lifecycle: agreement.Lifecycle{State: "active", From: "2026-01-01"},
		Service: civic.ServiceID(agency), Sources: []civic.ServiceID{"birth", "cash", "health", "identity", "list"},
		Attributes: []agreement.Covered{{Name: "national_id"}, {Name: "given_name"}, {Name: "surname"}, {Name: "birth_date"}, {Name: "sex"}},
	}
	if change != nil {
		change(&a)
	}
	return a
}

// Agree drafts and approves a revision.
func (w *World) Agree(a agreement.Agreement) share.Revision {
	w.TB.Helper()
	var out share.Revision
	w.Update(func(ctx context.Context, tx ledger.Tx) (err error) {
		if a.Version, a.Previous, err = w.Centre.Share.Next(ctx, tx, a.ID); err != nil {
			return err
		}
		body, err := json.Marshal(a)
		if err != nil {
			return err
		}
		if _, err = w.Centre.Share.Draft(ctx, tx, body, share.By{Name: "ana", Role: "agreement_officer"}); err != nil {
			return err
		}
		out, err = w.Centre.Share.Approve(ctx, tx, a.ID, a.Version, share.By{Name: "luis", Role: "supervisor"})
		return err
	})
	return out
}

// Rows reads the log of an agency's acts, oldest first.
func (w *World) Rows(actor string) []translog.Row {
	w.TB.Helper()
	var out []translog.Row
	w.Update(func(ctx context.Context, tx ledger.Tx) (err error) {
		out, err = rowsOf(ctx, tx, actor)
		return err
	})
	return out
}

// Last counts an agency's rows of the log and reads the newest.
func (w *World) Last(actor string) (n int, last translog.Row) {
	w.TB.Helper()
	w.Update(func(ctx context.Context, tx ledger.Tx) (err error) {
		if err = tx.QueryRow(ctx, "SELECT count(*) FROM log_row WHERE actor = ?1", actor).Scan(&n); err != nil || n == 0 {
			return err
		}
		var text []byte
		if err = tx.QueryRow(ctx, "SELECT body FROM log_row WHERE actor = ?1 ORDER BY at DESC, id DESC LIMIT 1", actor).Scan(&text); err != nil {
			return err
		}
		last, err = translog.ReadBody(text)
		return err
	})
	return n, last
}

// number is a fresh id for a message.
func (w *World) number(what string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.messages++
	return fmt.Sprintf("%s-%d", what, w.messages)
}
