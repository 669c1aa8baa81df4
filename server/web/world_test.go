package web_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/citizen"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/meter"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/server/web"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// busy is a centre with some hundred people in it and trouble of every kind: a
// queue to review, registrations returned, a broken glass, objections, a file
// set aside, kits silent and withdrawn.
type busy struct {
	*console
	share   *share.Share
	doors   *citizen.Citizens
	known   civic.Outcome // somebody with a history
	visit   string        // the cookie of that citizen's visit
	entered citizen.Visit
	kits    []civic.DeviceID
}

// townspeople are n registrations of a few days; every tenth resembles the one
// before it, every fifteenth says too little.
func townspeople(n int) (in []reconcile.Incoming) {
	given := []string{"María", "José", "Itzel", "Pedro", "Xóchitl", "Luz", "Tomás", "Nayeli", "Rosa", "Ángel", "Yatzil", "Benito", "Citlali"}
	first := []string{"Luna", "Xolalpa", "Pech", "Cruz", "Tun", "Ramírez", "Ek", "Nahuat", "Ortega", "Díaz", "Ixtlahuaca"}
	second := []string{"Canul", "Mateo", "Vázquez", "Ku", "Sosa", "Hernández", "Tzab"}
	for i := range n {
		at := i
		if i%10 == 9 {
			at = i - 1
		}
		answers := [][2]string{
			{"given_name", given[at%len(given)]}, {"surname", first[at%len(first)]}, {"second_surname", second[at%len(second)]},
			{"birth_date", fmt.Sprintf("%d-%02d-%02d", 1940+at*7%80, 1+at%12, 1+at*3%28)}, {"sex", "FM"[at%2 : at%2+1]},
			{"municipality", "Tlacolula"}, {"locality", "San Isidro"}, {"phone", fmt.Sprintf("951 %03d %04d", at%900, at*37%10000)}, {"photo", "a.png"},
		}
		if i%10 == 9 {
			answers[0][1], answers[7][1] = given[at%len(given)]+" "+given[(at+3)%len(given)], "951 000 "+fmt.Sprint(1000+i)
		}
		if i%15 == 14 {
			answers = nil
		}
		count := uint64(i + 1)
		r := &civic.Registration{ID: civic.NewRegistrationID([]byte("k"), count), Device: civic.DeviceID{1}, Counter: count, Area: office, Officer: civic.OfficerID{1}, Form: civic.FormRef{ID: "identity", Version: "1"}, Sealed: civic.Stamp{Wall: 1_789_700_000 + int64(i)*600}}
		for _, a := range answers {
			r.Answers = append(r.Answers, civic.Answer{Path: a[0], Value: a[1]})
		}
		in = append(in, reconcile.Incoming{Registration: r, Digest: civic.Digest{byte(i), byte(i >> 8)}, Form: plain{}})
	}
	return in
}

func newBusy(t *testing.T, n int, tweak func(*web.Config)) *busy {
	t.Helper()
	b := &busy{}
	dictionary, err := attributes.Read(assets.Attributes)
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return time.Unix(1_790_000_000, 0) }
	b.console = newConsoleWith(t, townspeople(n), func(w *web.Config, r *reconcile.Config) {
		embedded, _ := r.Registry.(*registry.Embedded)
		if b.share, err = share.New(share.Config{
			Registry: embedded, Dictionary: dictionary, Clock: clock, Rand: rand.Reader,
			Sign: func(body []byte) ([]byte, error) { return body, nil },
		}); err != nil {
			t.Fatal(err)
		}
		w.Share = b.share
		w.Outbox = func(context.Context) ([]registry.Waits, error) {
			return []registry.Waits{{Registry: "national", Depth: 1203, Since: 1_789_900_000, Told: 120, Refused: 2}}, nil
		}
		w.Queue = func(context.Context) (int, error) { return 1240, nil }
		w.Meter = &meter.Meter{Registry: embedded, Dictionary: dictionary, Clock: clock,
			Agreements: func(context.Context) (*agreement.Set, error) { return &agreement.Set{}, nil },
			Service:    func(civic.FormRef) civic.ServiceID { return "identity" },
		}
		tweak(w)
	})
	b.doors = b.citizens
	if err := b.share.Seed(t.Context(), b.db, assets.Agreements, "init"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Tablet 1", "Tablet 2", "Tablet 3"} {
		b.kits = append(b.kits, b.kit(t, name))
	}
	b.known = b.outcomes[0]
	b.trouble(t)
	return b
}

// kit enrols a kit as a tablet does.
func (c *console) kit(t *testing.T, name string) civic.DeviceID {
	t.Helper()
	code, _, err := c.access.Invite(t.Context(), office, 0, "administrator")
	if err != nil {
		t.Fatal(err)
	}
	public, sign, _ := ed25519.GenerateKey(rand.Reader)
	transport, _, _ := ed25519.GenerateKey(rand.Reader)
	to, err := age.ParseHybridRecipient(c.access.Keys().Recipient())
	if err != nil {
		t.Fatal(err)
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to)
	if err == nil {
		_, err = w.Write(bytes.Repeat([]byte{7}, 32))
	}
	if err == nil {
		err = w.Close()
	}
	r := protocol.EnrolRequest{Secret: code.Secret[:], Device: public, Transport: transport, Name: name, KitSecret: sealed.Bytes()}
	if err == nil {
		err = r.Prove(sign)
	}
	if err == nil {
		_, err = c.access.Enrol(t.Context(), r, transport)
	}
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.access.Devices(t.Context())
	if err != nil || len(all) == 0 {
		t.Fatal(err)
	}
	for _, d := range all {
		if d.Name == name {
			return d.ID
		}
	}
	t.Fatalf("the kit %s is not there", name)
	return civic.DeviceID{}
}

// trouble lets agencies ask, staff look against their role, and the citizen
// choose and object.
func (b *busy) trouble(t *testing.T) {
	t.Helper()
	who := b.known.Persons[0]
	rows := []translog.Entry{
		{Area: office, Person: who.Person, Kind: translog.Agency, Actor: "mx-dif", Action: translog.Disclosure, Purpose: "https://w3id.org/dpv#ServiceProvision", Basis: "public_task", Agreement: "cash-reuse", Revision: 1, Fields: []civic.Attribute{"given_name", "surname", "birth_date"}, Request: "r1", Count: 1},
		{Area: office, Person: who.Person, Kind: translog.Agency, Actor: "mx-dif", Action: translog.Denial, Purpose: "https://w3id.org/dpv#ServiceProvision", Basis: "consent", Code: "consent_missing", Request: "r2"},
		{Area: office, Person: who.Person, Kind: translog.Staff, Actor: "reviewer", Action: translog.BreakGlass, Reason: "she fainted at the counter and cannot speak", Count: 1},
		{Area: office, Person: who.Person, Kind: translog.Officer, Actor: "o1", Action: translog.PackOpening, Fields: []civic.Attribute{"given_name"}, Count: 1},
	}
	token := []byte("a citizen's visit, known to nobody")
	b.visit = base64.RawURLEncoding.EncodeToString(token)
	hash, form := sha256.Sum256([]byte(b.visit)), bytes.Repeat([]byte{5}, 16)
	b.entered = citizen.Visit{Area: office, Registration: b.known.Registration, Factor: citizen.FactorSlip, FormToken: hex.EncodeToString(form), Expires: b.now.Add(15 * time.Minute)}
	err := b.db.Update(t.Context(), func(tx ledger.Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO citizen_visit (token_hash, area, registration, factor, form_token, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
			hash[:], string(office), b.known.Registration[:], citizen.FactorSlip, form, b.entered.Expires.Unix())
		if err == nil {
			_, err = b.share.Choose(t.Context(), tx, share.Choice{
				Area: office, Registration: b.known.Registration, State: policy.Given, Scope: policy.Scope{Source: "identity", Target: "cash", Purpose: "https://w3id.org/dpv#ServiceProvision", Agency: "mx-dif"},
				Language: "es", Notice: "kit/reuse", By: share.ByIndividual, Channel: "kit", Actor: "o1", Said: b.now,
			})
		}
		if err == nil {
			err = translog.Append(t.Context(), tx, b.now, rows)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"They asked for my birth date and I am not in that programme.", "Somebody looked at night."} {
		if _, err := b.doors.Object(t.Context(), b.entered, citizen.Objection{Words: words}); err != nil {
			t.Fatal(err)
		}
	}
	err = b.access.BreakGlass(t.Context(), access.Session{Staff: "supervisor", Role: access.Supervisor}, office, who.Person, "she fainted at the counter and cannot speak", func(ledger.Tx, access.Glass) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.log.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// atHome is a browser inside the citizen's visit.
func (b *busy) atHome(t *testing.T) *browser {
	t.Helper()
	h := b.browser(t)
	at, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.h.Jar.SetCookies(at.URL, []*http.Cookie{{Name: "__Host-citizen", Value: b.visit, Path: "/", Secure: true}})
	return h
}
