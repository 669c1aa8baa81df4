package reconcile_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
)

const area = civic.Area("mx-20-067")

// plain is a form whose questions are named like the attributes they ask for.
type plain struct{}

func (plain) Claims(r *civic.Registration) []civic.Claim {
	var out []civic.Claim
	for _, a := range r.Answers {
		subject, attribute := "", a.Path
		if i := bytes.IndexByte([]byte(a.Path), '/'); i >= 0 {
			subject, attribute = a.Path[:i], a.Path[i+1:]
		}
		out = append(out, civic.Claim{
			Subject: subject, Attribute: civic.Attribute(attribute), Value: a.Value, Absent: a.Absent,
			Registration: r.ID, Area: r.Area, At: r.Sealed,
		})
	}
	return out
}

type centre struct {
	db       ledger.DB
	registry *registry.Embedded
	r        *reconcile.Reconciler
}

func newCentre(t testing.TB) *centre {
	t.Helper()
	db, err := ledger.Open(t.Context(), ledgertest.Place(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	e, err := registry.NewEmbedded([32]byte{1}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_790_000_000, 0)
	return &centre{db, e, reconcile.New(reconcile.Config{Registry: e, Clock: func() time.Time { return at }})}
}

func (c *centre) settle(t testing.TB, in ...reconcile.Incoming) []civic.Outcome {
	t.Helper()
	var out []civic.Outcome
	err := c.db.Update(t.Context(), func(tx ledger.Tx) (err error) {
		out, err = c.r.Settle(t.Context(), tx, area, in)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (c *centre) view(t testing.TB, do func(ctx context.Context, tx ledger.Tx) error) {
	t.Helper()
	if err := c.db.View(t.Context(), func(tx ledger.Tx) error { return do(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// visit makes a registration; answers are name, value, name, value …
func visit(counter uint64, answers ...string) reconcile.Incoming {
	device := []byte("a device's public key")
	r := &civic.Registration{
		Device: civic.NewDeviceID(device), ID: civic.NewRegistrationID(device, counter), Counter: counter, Area: area,
		Form: civic.FormRef{ID: "birth", Version: "1"}, Sealed: civic.Stamp{Wall: 1_780_000_000 + int64(counter)},
		SourceRow: fmt.Sprintf("row-%d", counter),
	}
	for i := 0; i+1 < len(answers); i += 2 {
		r.Answers = append(r.Answers, civic.Answer{Path: answers[i], Value: answers[i+1]})
	}
	return reconcile.Incoming{Registration: r, Digest: civic.Digest{byte(counter), byte(counter >> 8)}, Form: plain{}}
}

func juana(counter uint64, more ...string) reconcile.Incoming {
	return visit(counter, append([]string{
		"given_name", "Juana", "surname", "Ixtlahuaca", "second_surname", "Cruz", "birth_date", "1990-05-17", "sex", "F",
		"municipality", "Tlacolula", "phone", "951 123 4567",
	}, more...)...)
}
