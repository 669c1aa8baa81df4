package registry_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/registry/fhir"
	"github.com/askonce/fieldkit/server/registry/registrytest"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// outhouse is a centre's registry that a FHIR service follows.
type outhouse struct {
	t    *testing.T
	db   *breaking
	e    *registry.Embedded
	fake *registrytest.FHIR
	now  time.Time
	n    byte
}

// breaking is a ledger whose next updates fail, before or after they are kept.
type breaking struct {
	ledger.DB
	mu    sync.Mutex
	after int // updates that still work
	kept  bool
	armed bool
}

func (b *breaking) Update(ctx context.Context, fn func(ledger.Tx) error, scope ...ledger.Scope) error {
	b.mu.Lock()
	fail := b.armed && b.after == 0
	if b.armed {
		b.after--
	}
	kept := b.kept
	b.mu.Unlock()
	if !fail {
		return b.DB.Update(ctx, fn, scope...)
	}
	b.mu.Lock()
	b.armed = false
	b.mu.Unlock()
	if kept {
		if err := b.DB.Update(ctx, fn, scope...); err != nil {
			return err
		}
	}
	return errors.New("the process was killed")
}

func newOuthouse(t *testing.T, without ...string) *outhouse {
	t.Helper()
	db, err := ledger.Open(t.Context(), ledgertest.Place(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	o := &outhouse{t: t, db: &breaking{DB: db}, fake: registrytest.NewFHIR(without...), now: time.Unix(1_790_000_000, 0)}
	t.Cleanup(o.fake.Close)
	if o.e, err = registry.NewEmbedded([32]byte{3}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	o.e.Follow(func() time.Time { return o.now }, "national")
	return o
}

func (o *outhouse) courier() *registry.Courier {
	o.t.Helper()
	r, err := fhir.New(fhir.Config{Name: "national", URL: o.fake.URL, Clock: func() time.Time { return o.now }})
	if err != nil {
		o.t.Fatal(err)
	}
	return registry.NewCourier(registry.CourierConfig{
		DB: o.db, Registry: o.e, Name: "national", Outside: r, Clock: func() time.Time { return o.now }, Logger: slog.New(slog.DiscardHandler),
	})
}

func (o *outhouse) update(do func(ctx context.Context, tx ledger.Tx) error) {
	o.t.Helper()
	if err := o.db.DB.Update(o.t.Context(), func(tx ledger.Tx) error { return do(o.t.Context(), tx) }); err != nil {
		o.t.Fatal(err)
	}
}

// visit keeps one registration of a person.
func (o *outhouse) visit(ref registry.Ref, state registry.State, fresh bool, pairs ...string) civic.RegistrationID {
	o.t.Helper()
	o.n++
	s := registry.Said{Registration: civic.RegistrationID{o.n}, Office: "mx-20-067", At: 1_780_000_000 + int64(o.n)}
	for _, c := range registrytest.Claims(pairs...) {
		c.At.Wall, c.Registration = s.At, s.Registration
		s.Claims = append(s.Claims, c)
	}
	o.update(func(ctx context.Context, tx ledger.Tx) error {
		return o.e.Apply(ctx, tx, []registry.Change{{
			Said: s, To: ref, State: state, Fresh: fresh, Keys: match.Keys(match.FromClaims(s.Claims)), Actor: "match", At: o.now.Unix(),
		}})
	})
	return s.Registration
}

func (o *outhouse) waits() (w registry.Waits) {
	o.t.Helper()
	err := o.db.View(o.t.Context(), func(tx ledger.Tx) error {
		list, err := registry.Outbox(o.t.Context(), tx)
		if len(list) > 0 {
			w = list[0]
		}
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return w
}

// settle works until nothing waits.
func (o *outhouse) settle(c *registry.Courier) {
	o.t.Helper()
	for range 40 {
		_, _ = c.Work(o.t.Context())
		if o.waits().Depth == 0 {
			return
		}
		o.now = o.now.Add(time.Minute)
	}
	o.t.Fatalf("it still waits: %+v", o.waits())
}

var juana = []string{"given_name", "Juana", "surname", "Ixtlahuaca", "birth_date", "1990-05-17", "sex", "F"}

func ref(n byte) registry.Ref { return registry.Ref{Home: "mx-20-067", Person: civic.PersonID{n}} }

func (o *outhouse) held(r registry.Ref) []string {
	return o.fake.Holders(fhir.System, r.Person.String())
}

// Down for hours, then up: what changed five times meanwhile is told once, as
// it is then.
func TestDownIsHeldAndToldOnce(t *testing.T) {
	o := newOuthouse(t)
	c := o.courier()
	o.fake.Always(registrytest.NoAnswer)
	o.visit(ref(1), registry.Standing, true, juana...)
	began := o.now
	for i := range 5 {
		o.visit(ref(1), registry.Standing, false, append(juana, "phone", "95100000"+string(rune('0'+i)))...)
		if _, err := c.Work(t.Context()); err != nil && civic.CodeOf(err) != civic.RegistryDown {
			t.Fatal(err)
		}
		o.now = o.now.Add(time.Hour)
	}
	if w := o.waits(); w.Depth != 1 || w.Since != began.Unix() || w.Tries == 0 || w.Refused != 0 {
		t.Fatalf("%+v", w)
	}
	o.fake.Always(registrytest.Nothing)
	o.settle(c)
	if held := o.held(ref(1)); len(held) != 1 || !strings.Contains(held[0], "951000004") {
		t.Fatalf("%v", held)
	}
	if w := o.waits(); w.Told != 1 || w.Tries != 0 {
		t.Errorf("%+v", w)
	}
}

// It is not asked all the time while it does not answer.
func TestRestsGrow(t *testing.T) {
	o := newOuthouse(t)
	c := o.courier()
	o.fake.Always(registrytest.Error500)
	o.visit(ref(1), registry.Standing, true, juana...)
	for range 3600 {
		_, _ = c.Work(t.Context())
		o.now = o.now.Add(time.Second)
	}
	if n := len(o.fake.Requests()); n < 5 || n > 20 {
		t.Errorf("asked %d times in an hour", n)
	}
}

// Whatever happens to a request, and wherever the process is killed, the person
// is there once.
func TestNeverDoubleNeverLost(t *testing.T) {
	for name, m := range registrytest.All() {
		if m == registrytest.Hang {
			continue // the suite holds each registry to it
		}
		t.Run(name, func(t *testing.T) {
			o := newOuthouse(t)
			o.fake.Only("POST /Patient")
			o.fake.Next(m, m, m)
			o.visit(ref(1), registry.Standing, true, juana...)
			o.visit(ref(2), registry.Standing, true, "given_name", "Pedro", "surname", "Luna", "birth_date", "1980-01-02")
			o.settle(o.courier())
			if o.fake.Count() != 2 || len(o.held(ref(1))) != 1 || len(o.held(ref(2))) != 1 {
				t.Errorf("%d Patients", o.fake.Count())
			}
		})
	}
	for _, conditional := range []string{"", "conditional"} {
		for after := range 2 {
			for _, kept := range []bool{false, true} {
				o := newOuthouse(t, conditional)
				o.visit(ref(1), registry.Standing, true, juana...)
				o.db.armed, o.db.after, o.db.kept = true, after, kept
				_, _ = o.courier().Work(t.Context())
				o.now = o.now.Add(time.Hour) // what the dead process had in hand is free again
				o.settle(o.courier())
				if o.fake.Count() != 1 || len(o.held(ref(1))) != 1 {
					t.Errorf("killed at update %d, kept %v, without %q: %d Patients", after, kept, conditional, o.fake.Count())
				}
			}
		}
	}
}

// Two processes with one outbox.
func TestTwoCouriers(t *testing.T) {
	o := newOuthouse(t, "conditional") // nothing over there keeps doubles out
	for n := byte(1); n <= 30; n++ {
		o.visit(ref(n), registry.Standing, true, append(juana, "phone", "951"+string(rune('0'+n%10)))...)
	}
	var wait sync.WaitGroup
	for range 3 {
		c := o.courier()
		wait.Add(1)
		go func() {
			defer wait.Done()
			for range 5 {
				_, _ = c.Work(t.Context())
			}
		}()
	}
	wait.Wait()
	if w := o.waits(); w.Depth != 0 || o.fake.Count() != 30 {
		t.Errorf("%+v, %d Patients", w, o.fake.Count())
	}
}

// Who waits for a reviewer is not told; a join, and its undoing, are.
func TestJoinAndUndo(t *testing.T) {
	o := newOuthouse(t)
	c := o.courier()
	o.visit(ref(1), registry.Standing, true, juana...)
	second := o.visit(ref(2), registry.Waiting, true, juana...)
	o.settle(c)
	if o.fake.Count() != 1 {
		t.Fatalf("%d Patients while one waits for a reviewer", o.fake.Count())
	}
	own := registry.Ref{Home: "mx-20-067", Person: registry.NewPersonID(second, "")}
	moving := registry.Moving{Area: "mx-20-067", Registration: second, Actor: "rosa", At: o.now.Unix()}
	o.update(func(ctx context.Context, tx ledger.Tx) error { // not the same
		_, err := o.e.Move(ctx, tx, moving)
		return err
	})
	o.settle(c)
	if o.fake.Count() != 2 || len(o.held(own)) != 1 {
		t.Fatalf("%d Patients", o.fake.Count())
	}
	var n int64
	moving.To = ref(1)
	o.update(func(ctx context.Context, tx ledger.Tx) (err error) { // the same, after all
		n, err = o.e.Move(ctx, tx, moving)
		return err
	})
	o.settle(c)
	if held := o.held(own); len(held) != 1 || !strings.Contains(held[0], `"active":false`) || !strings.Contains(held[0], `"replaced-by"`) {
		t.Fatalf("%v", held)
	}
	o.update(func(ctx context.Context, tx ledger.Tx) error { // no
		_, err := o.e.Undo(ctx, tx, moving, n)
		return err
	})
	o.settle(c)
	if held := o.held(own); len(held) != 1 || !strings.Contains(held[0], `"active":true`) || strings.Contains(held[0], `"replaced-by"`) || o.fake.Count() != 2 {
		t.Errorf("%v", held)
	}
}

// A refusal is kept, shown, and told again when somebody asks for it or the
// person changes.
func TestRefusalIsKept(t *testing.T) {
	o := newOuthouse(t, "create")
	c := o.courier()
	o.visit(ref(1), registry.Standing, true, juana...)
	_, _ = c.Work(t.Context())
	refused := func() (out []registry.Refusal) {
		err := o.db.View(t.Context(), func(tx ledger.Tx) (err error) {
			out, err = registry.Refused(t.Context(), tx, "", 10)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if r := refused(); len(r) != 1 || r[0].Person != ref(1).Person || strings.Contains(r[0].Code, "Juana") {
		t.Fatalf("%+v", r)
	}
	o.fake.Without = nil
	o.update(func(ctx context.Context, tx ledger.Tx) error {
		_, err := registry.Retry(ctx, tx, "national")
		return err
	})
	o.now = o.now.Add(2 * time.Hour) // what it can do is asked anew
	o.settle(c)
	if len(refused()) != 0 || o.fake.Count() != 1 {
		t.Errorf("%+v", o.waits())
	}
}
