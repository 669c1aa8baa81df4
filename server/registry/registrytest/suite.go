package registrytest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
)

// House is one registry under test, empty.
type House struct {
	Outside registry.Outside
	// Can is what it must say it can do.
	Can registry.Capability
	// Add makes it know somebody, as another system would.
	Add func(t *testing.T, claims []civic.Claim)
	// Holders counts what it holds under a person's number: records of a
	// registry that keeps them, tellings of one that is only notified.
	Holders func(t *testing.T, id civic.PersonID) int
	// Value is what it holds last of a person's attribute.
	Value func(t *testing.T, id civic.PersonID, a civic.Attribute) string
	// Trouble stands before it, nil where nothing lies between; Writes is the
	// beginning of the requests that write, Finds of those that search.
	Trouble       *Trouble
	Writes, Finds string
}

// patience ends when a request hangs, and not by a clock: on a busy machine one
// that was given up before it arrived would be worked off after the next.
type patience struct {
	context.Context
	over chan struct{}
}

func newPatience(t *testing.T, h House) patience {
	p := patience{t.Context(), make(chan struct{})}
	h.Trouble.Hangs(sync.OnceFunc(func() { close(p.over) }))
	return p
}

// Done is closed when a request hangs.
func (p patience) Done() <-chan struct{} { return p.over }

// Err is that of a time that is over.
func (p patience) Err() error {
	select {
	case <-p.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// Suite is the contract of an outside registry. open gives a new, empty one.
// Parts a registry cannot do are not asked of it; which those are, House.Can
// says, and the registry must say the same.
func Suite(t *testing.T, open func(t *testing.T) House) {
	t.Run("parts", func(t *testing.T) {
		h := open(t)
		can, err := h.Outside.Can(t.Context())
		if err != nil || can != h.Can {
			t.Fatalf("it can %q, %v; not %q", can, err, h.Can)
		}
	})
	can := open(t).Can
	if can.Has(registry.CanSearch) {
		t.Run("search", func(t *testing.T) { search(t, open) })
	}
	writes := can.Has(registry.CanCreate|registry.CanUpdate) || can.Has(registry.CanNotify)
	if writes {
		t.Run("put", func(t *testing.T) { put(t, open) })
	}
	if open(t).Trouble == nil {
		return
	}
	for name, m := range All() {
		if can.Has(registry.CanSearch) {
			t.Run("search/"+name, func(t *testing.T) { searchIn(t, open(t), m) })
		}
		if writes {
			t.Run("put/"+name, func(t *testing.T) { putIn(t, open(t), m) })
		}
	}
	if writes {
		t.Run("put/twice and slow", func(t *testing.T) {
			h := open(t)
			h.Trouble.Only(h.Writes)
			h.Trouble.Next(Twice, Slow)
			c := Juana()
			if _, err := h.Outside.Put(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if n := h.Holders(t, c.Person); n != 1 {
				t.Errorf("%d are there", n)
			}
		})
	}
}

// Claims makes claims of names and values.
func Claims(pairs ...string) []civic.Claim {
	var out []civic.Claim
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, civic.Claim{Attribute: civic.Attribute(pairs[i]), Value: pairs[i+1], Evidence: civic.Document, At: civic.Stamp{Wall: 1_780_000_000}})
	}
	return out
}

// Juana is a person as she is put.
func Juana(more ...string) registry.Copy {
	c := registry.Copy{Person: civic.PersonID{1, 2, 3}, Key: [16]byte{7}, Active: true}
	for _, claim := range Claims(append([]string{
		"given_name", "Juana", "surname", "Ixtlahuaca", "second_surname", "Cruz", "birth_date", "1990-05-17", "sex", "F",
		"municipality", "Tlacolula", "phone", "951 123 4567", "national_id", "IXCJ900517MOCXRN09",
	}, more...)...) {
		c.Attributes = append(c.Attributes, registry.Attribute{Name: claim.Attribute, Holds: claim})
	}
	return c
}

func stranger() []civic.Claim {
	return Claims("given_name", "Zenón", "surname", "Quiroz", "second_surname", "Terán", "birth_date", "1944-12-30", "sex", "M", "national_id", "QUTZ441230HOCRRN01")
}

func claimsOf(c registry.Copy) []civic.Claim {
	var out []civic.Claim
	for _, a := range c.Attributes {
		out = append(out, a.Holds)
	}
	return out
}

func find(t *testing.T, h House, claims []civic.Claim) []registry.Foreign {
	t.Helper()
	out, err := h.Outside.Find(t.Context(), claims)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func valueOf(f registry.Foreign, a civic.Attribute) string {
	for _, c := range f.Claims {
		if c.Attribute == a {
			return c.Value
		}
	}
	return ""
}

func search(t *testing.T, open func(t *testing.T) House) {
	h := open(t)
	juana := claimsOf(Juana())
	if out := find(t, h, juana); len(out) != 0 {
		t.Errorf("an empty registry found %d", len(out))
	}
	h.Add(t, juana)
	h.Add(t, stranger())
	for what, asked := range map[string][]civic.Claim{
		"all":            juana,
		"the number":     Claims("national_id", "IXCJ900517MOCXRN09"),
		"name and birth": Claims("given_name", "Juana", "surname", "Ixtlahuaca", "birth_date", "1990-05-17"),
	} {
		out := find(t, h, asked)
		if len(out) != 1 || valueOf(out[0], "given_name") != "Juana" || valueOf(out[0], "birth_date") != "1990-05-17" || out[0].ID == "" {
			t.Errorf("by %s: %+v", what, out)
		}
	}
	if out := find(t, h, Claims("given_name", "Nobody", "surname", "Known", "birth_date", "2001-01-01")); len(out) != 0 {
		t.Errorf("somebody else was found: %+v", out)
	}
	if out := find(t, h, nil); len(out) != 0 {
		t.Errorf("by nothing: %d", len(out))
	}
}

func put(t *testing.T, open func(t *testing.T) House) {
	h := open(t)
	c := Juana()
	kept, err := h.Outside.Put(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	c.ID, c.Version = kept.ID, kept.Version
	for range 2 { // heard or not heard: the same state again
		if _, err := h.Outside.Put(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	unheard := Juana()
	unheard.Doubt = true
	if again, err := h.Outside.Put(t.Context(), unheard); err != nil || again.ID != kept.ID {
		t.Errorf("%+v %v, not %+v", again, err, kept)
	}
	if n := h.Holders(t, c.Person); n != 1 {
		t.Fatalf("%d are there", n)
	}
	for a, want := range map[civic.Attribute]string{"given_name": "Juana", "surname": "Ixtlahuaca", "second_surname": "Cruz", "birth_date": "1990-05-17", "municipality": "Tlacolula", "phone": "951 123 4567"} {
		if got := h.Value(t, c.Person, a); got != want {
			t.Errorf("%s is %q over there", a, got)
		}
	}
	next := Juana("marital_status", "married")
	next.ID, next.Version, next.Key = kept.ID, kept.Version, [16]byte{8}
	next.Attributes[6].Holds.Value = "951 999 0000"
	if _, err := h.Outside.Put(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if got := h.Value(t, c.Person, "phone"); got != "951 999 0000" {
		t.Errorf("the phone is %q over there", got)
	}
	if n, most := h.Holders(t, c.Person), 1; h.Can.Has(registry.CanUpdate) && n != most {
		t.Errorf("%d are there", n)
	}
	if !h.Can.Has(registry.CanUpdate | registry.CanSearch) {
		return
	}
	found := find(t, h, claimsOf(c))
	if len(found) != 1 || found[0].Ours != c.Person {
		t.Errorf("ours is not known as ours: %+v", found)
	}
	next.Active, next.Key = false, [16]byte{9}
	if _, err := h.Outside.Put(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if out := find(t, h, claimsOf(c)); len(out) != 0 {
		t.Errorf("one that is no more was found: %+v", out)
	}
}

// failed tells whether an error says "try again".
func failed(err error) bool {
	code := civic.CodeOf(err)
	return code == civic.RegistryDown || code == civic.RegistryBroken || errors.Is(err, context.DeadlineExceeded)
}

func searchIn(t *testing.T, h House, m Misfortune) {
	h.Add(t, claimsOf(Juana()))
	h.Trouble.Only(h.Finds)
	h.Trouble.Always(m)
	if out, err := h.Outside.Find(newPatience(t, h), claimsOf(Juana())); !failed(err) || len(out) > 0 {
		t.Fatalf("%v %+v", err, out)
	}
	h.Trouble.Always(Nothing)
	if out := find(t, h, claimsOf(Juana())); len(out) != 1 {
		t.Errorf("afterwards %+v", out)
	}
}

// putIn puts a person into the misfortune, then again as the courier does: with
// doubt. However it went the first time, there is one.
func putIn(t *testing.T, h House, m Misfortune) {
	c := Juana()
	h.Trouble.Only(h.Writes)
	h.Trouble.Always(m)
	if kept, err := h.Outside.Put(newPatience(t, h), c); !failed(err) {
		t.Fatalf("%v %+v", err, kept)
	}
	h.Trouble.Always(Nothing)
	c.Doubt = true
	kept, err := h.Outside.Put(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if n := h.Holders(t, c.Person); n != 1 {
		t.Fatalf("%d are there", n)
	}
	// The same with a change of it.
	c.ID, c.Version, c.Key, c.Doubt = kept.ID, kept.Version, [16]byte{8}, false
	c.Attributes[6].Holds.Value = "951 999 0000"
	if h.Can.Has(registry.CanUpdate) {
		h.Trouble.Only("PUT ")
	}
	h.Trouble.Always(m)
	if _, err := h.Outside.Put(newPatience(t, h), c); !failed(err) {
		t.Fatalf("of the change: %v", err)
	}
	h.Trouble.Always(Nothing)
	c.Doubt = true
	if _, err := h.Outside.Put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got := h.Value(t, c.Person, "phone"); got != "951 999 0000" {
		t.Errorf("the phone is %q over there", got)
	}
	if n := h.Holders(t, c.Person); h.Can.Has(registry.CanUpdate) && n != 1 || n > 2 {
		t.Errorf("%d are there", n)
	}
}
