package serve_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/district"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/pack"
	"github.com/askonce/fieldkit/sync/protocol"
)

// speak has the i-th person say something at an office, as a worker would settle it.
func speak(t *testing.T, c *serve.Centre, k *kit, office civic.Area, i, n int, claims ...civic.Claim) registry.Ref {
	t.Helper()
	ctx := t.Context()
	id := func(n int) (r civic.RegistrationID) {
		binary.BigEndian.PutUint64(r[:], uint64(i*100+n+1))
		return r
	}
	r := &civic.Registration{ID: id(n), Area: office, Counter: uint64(i*100 + n + 1), Services: []civic.ServiceID{"identity"}, Sealed: civic.Stamp{Wall: 1_790_000_000 + int64(n)*86400}}
	for j := range claims {
		claims[j].Registration, claims[j].Area, claims[j].At = r.ID, office, r.Sealed
	}
	ref := registry.Ref{Home: "mx-20-067", Person: registry.NewPersonID(id(0), "")}
	err := c.DB.Update(ctx, func(tx ledger.Tx) error {
		err := c.Registry.Apply(ctx, tx, []registry.Change{{
			Said: registry.Said{Registration: r.ID, Office: office, At: r.Sealed.Wall, Claims: claims}, To: ref,
			State: registry.Standing, Fresh: n == 0, Actor: "match", At: r.Sealed.Wall,
		}})
		if err != nil {
			return err
		}
		return c.District.Settled(ctx, tx, k.secret[:], []*civic.Registration{r})
	})
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func claim(name, value string) civic.Claim {
	return civic.Claim{Attribute: civic.Attribute(name), Value: value}
}

// fetch takes what the centre has for a kit into a state, as a kit would.
func fetch(t *testing.T, c *serve.Centre, k *kit, ask *protocol.PackAsk, s *pack.State) (*pack.State, pack.Head) {
	t.Helper()
	var head pack.Head
	err := c.DB.View(t.Context(), func(tx ledger.Tx) error {
		device, err := c.Access.ByID(t.Context(), tx, k.id)
		if err != nil {
			return err
		}
		news, err := c.District.News(t.Context(), tx, device, ask, 1<<20)
		if err != nil || news == nil {
			return err
		}
		plain, err := protocol.OpenDown(k.secret[:], news.Version, protocol.DownPack, news.Head)
		if err != nil {
			return err
		}
		if head, err = pack.ReadHead(plain); err != nil {
			return err
		}
		if s == nil {
			s = pack.NewState(head.Pack, head.Key)
		}
		for i, piece := range news.Pieces {
			if err := s.Apply(news.First+uint64(i), piece); err != nil {
				return err
			}
			ask.Pack, ask.Cursor, ask.Tail, ask.Head = news.Pack, news.First+uint64(i), district.Tail(piece), news.Version
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, head
}

// TestPackOnEachEngine makes, refreshes and serves a pack, approves a supervisor
// and answers a question, on whatever ledger the tests run.
func TestPackOnEachEngine(t *testing.T) {
	c := newCentre(t)
	ctx := context.Background()
	k := newKit(t, c, "mx-20-067")
	url, stop := running(t, c)
	k.enrol(c, url)
	stop() // from here on the test works in the worker's place
	refs := make([]registry.Ref, 12)
	for i := range refs {
		refs[i] = speak(t, c, k, "mx-20-067", i, 0, claim("given_name", []string{"Ana", "Eva", "Inés"}[i%3]), claim("surname", "Ruiz"),
			claim("birth_date", "1990-03-1"+string(rune('0'+i%10))), claim("phone", "951555010"+string(rune('0'+i%10))), claim("pregnant", "yes"))
	}
	s := district.Settings{Area: "mx-20-067", Neighbours: []civic.Area{"mx-20-068"}, MaxBytes: 1 << 20, Every: time.Hour, Keep: 90 * 24 * time.Hour}
	if err := c.District.Set(ctx, s); err != nil {
		t.Fatal(err)
	}
	build := func() district.Report {
		t.Helper()
		r, err := c.District.Build(ctx, "mx-20-067", false)
		if err == nil {
			err = c.District.Tend(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := build(); r.People != 12 || !r.New {
		t.Fatalf("%+v", r)
	}
	ask := &protocol.PackAsk{}
	state, head := fetch(t, c, k, ask, nil)
	if state.Len() != 12 || head.People != 12 || len(head.Supervisors) != 0 {
		t.Fatalf("%d people, %+v", state.Len(), head)
	}

	// One speaks to the neighbour and stays, one elsewhere and leaves, one says
	// something new.
	speak(t, c, k, "mx-20-068", 1, 1, claim("phone", "9515550777"))
	speak(t, c, k, "mx-09-001", 2, 1, claim("phone", "9515550778"))
	speak(t, c, k, "mx-20-067", 3, 1, claim("phone", "9515550779"))
	if r := build(); r.New || r.Changed != 2 || r.Gone != 1 || r.People != 11 {
		t.Fatalf("%+v", r)
	}

	// A supervisor asks, is approved by his code, and gets the master.
	identity, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	recipient := identity.Recipient().String()
	var device access.Device
	if err := c.DB.View(ctx, func(tx ledger.Tx) error { device, err = c.Access.ByID(ctx, tx, k.id); return err }); err != nil {
		t.Fatal(err)
	}
	asks := &protocol.SyncRequest{Pack: &protocol.PackAsk{Applies: []protocol.Applicant{{Officer: civic.OfficerID{9}, Recipient: recipient}}},
		Openings: []protocol.SealedOpening{{N: 1, Body: make([]byte, 60)}}}
	for range 2 { // a repeat changes nothing
		if opened, err := c.District.Heard(ctx, device, asks); err != nil || opened != 1 {
			t.Fatal(opened, err)
		}
	}
	if _, err := c.District.Approve(ctx, k.id, protocol.ApplicantCode(recipient), "test", false); err != nil {
		t.Fatal(err)
	}
	if err := c.District.Tend(ctx); err != nil { // and sets the opening aside that nobody can read
		t.Fatal(err)
	}
	if n, err := c.District.MissingOpenings(ctx); err != nil || n != 0 {
		t.Fatal(n, err)
	}
	if state, head = fetch(t, c, k, ask, state); state.Len() != 11 || len(head.Supervisors) != 1 {
		t.Fatalf("%d people, %d supervisors", state.Len(), len(head.Supervisors))
	}

	// The centre answers for one person; what is never reused is not in it.
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce)
	signed, err := protocol.Sign(protocol.StatementLookUp, protocol.LookUp{Person: refs[3].Person, Service: "cash", Nonce: nonce}, k.sign)
	if err != nil {
		t.Fatal(err)
	}
	request, err := protocol.Marshal(protocol.PersonRequest{Device: k.id, Asked: signed})
	if err != nil {
		t.Fatal(err)
	}
	words, err := c.Person(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	var sealed protocol.LookUpAnswer
	var a pack.Answered
	if err := protocol.Unmarshal(words, &sealed); err != nil {
		t.Fatal(err)
	}
	plain, err := protocol.OpenDown(k.secret[:], 0, protocol.DownPerson, sealed.Sealed)
	if err == nil {
		err = protocol.Unmarshal(plain, &a)
	}
	if err != nil || a.Person.ID != refs[3].Person || string(a.Nonce) != string(nonce) {
		t.Fatalf("%+v, %v", a, err)
	}
	has := func(name civic.Attribute, value string) bool {
		return slices.ContainsFunc(a.Layer.Claims, func(c pack.Claim) bool { return c.Attribute == name && (value == "" || c.Value == value) })
	}
	if !has("phone", "9515550779") || has("pregnant", "") {
		t.Fatalf("held: %+v", a.Layer.Claims)
	}
	// Another kit's signature asks nothing.
	other, err := protocol.Sign(protocol.StatementLookUp, protocol.LookUp{Person: refs[3].Person, Service: "cash", Nonce: nonce}, k.transport)
	if err != nil {
		t.Fatal(err)
	}
	if request, err = protocol.Marshal(protocol.PersonRequest{Device: k.id, Asked: other}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Person(ctx, request); civic.CodeOf(err) != civic.StatementForged {
		t.Fatal(err)
	}

	// Ended, another pack replaces the one he could open.
	if _, err := c.District.Approve(ctx, k.id, protocol.ApplicantCode(recipient), "test", true); err != nil {
		t.Fatal(err)
	}
	if r := build(); r.People != 11 {
		t.Fatalf("%+v", r)
	}
	if _, head = fetch(t, c, k, &protocol.PackAsk{}, nil); len(head.Supervisors) != 0 || head.Pack == pack.ID(ask.Pack) {
		t.Fatalf("%+v", head)
	}
}

// A pack that cannot be read any more keeps nothing out of the log of looks.
func TestABrokenPackHoldsNoLogUp(t *testing.T) {
	c := newCentre(t)
	k := newKit(t, c, "mx-20-067")
	url, stop := running(t, c)
	k.enrol(c, url)
	stop() // from here on the test works in the worker's place
	s := district.Settings{Area: "mx-20-067", MaxBytes: 1 << 20, Every: time.Hour, Keep: 90 * 24 * time.Hour}
	if err := c.District.Set(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if _, err := c.District.Build(t.Context(), "mx-20-067", false); err != nil {
		t.Fatal(err)
	}
	err := c.DB.Update(t.Context(), func(tx ledger.Tx) error {
		n, err := tx.Exec(t.Context(), "UPDATE pack SET keys = ?1", []byte("broken"))
		if err != nil || n == 0 {
			t.Errorf("no pack: %v", err)
		}
		_, err = tx.Insert(t.Context(), "pack_opening", []string{"area", "device", "n", "state", "body", "at"},
			[][]any{{"mx-20-067", k.id[:], int64(1), int64(1), []byte("nobody wrote this"), time.Now().Unix()}}, "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.District.Tend(t.Context()); err == nil {
		t.Error("nobody hears of the pack")
	}
	if n, err := c.District.MissingOpenings(t.Context()); err != nil || n != 0 {
		t.Errorf("%d openings wait: %v", n, err)
	}
}
