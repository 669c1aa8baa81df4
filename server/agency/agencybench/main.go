// Command agencybench prints how quickly agencies are answered: a registry of
// made-up people, six agencies with an agreement on the basis of consent, signed
// searches through the real handler, with policy, consent and log on. It keeps
// what it made in -dir (and -db), so that a second run only measures.
//
//	go run ./server/agency/agencybench -persons 1000000 -dir DIR
//	.ci/postgres go run ./server/agency/agencybench -postgres -persons 100000
package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/match/people"
)

const office = civic.Area("mx-20-067")

func main() {
	persons := flag.Int("persons", 100_000, "people in the registry")
	requests := flag.Int("requests", 4000, "requests to measure, one after the other and then beside each other")
	beside := flag.Int("beside", 32, "requests under way at once in the second round")
	dir := flag.String("dir", "", "folder to keep the centre in; a temporary one when empty")
	postgres := flag.Bool("postgres", false, "use the server that FIELDKIT_TEST_POSTGRES names")
	flag.Parse()
	if err := run(context.Background(), *persons, *requests, *beside, *dir, *postgres); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, persons, requests, beside int, dir string, postgres bool) error {
	if dir == "" {
		made, err := os.MkdirTemp("", "agencybench-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(made)
		dir = made
	}
	c := serve.Config{Data: dir, Clock: time.Now, Rand: rand.Reader, PasswordCost: access.PasswordCost{Time: 1, MemoryKiB: 64, Threads: 1}}
	engine := "SQLite"
	if postgres {
		c.Ledger, engine = os.Getenv("FIELDKIT_TEST_POSTGRES"), "PostgreSQL"
	}
	if _, err := os.Stat(filepath.Join(dir, "keys")); err != nil {
		if err := serve.Init(ctx, c, "Bench"); err != nil {
			return err
		}
	}
	centre, err := serve.Open(ctx, c)
	if err != nil {
		return err
	}
	b := &bench{centre: centre}
	if err := b.fill(ctx, persons); err != nil {
		return err
	}
	if err := b.join(ctx); err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { _ = centre.Work(working) }) // leaves are sequenced meanwhile
	err = b.measure(engine, persons, requests, beside)
	stop()
	work.Wait()
	return errors.Join(err, centre.Close())
}

type bench struct {
	centre  *serve.Centre
	signers []jose.Signer // by agency
	tokens  []string
}

// agencies is how many ask.
const agencies = 6

func agencyID(n int) agreement.AgencyID {
	return agreement.AgencyID(fmt.Sprintf("bench-%d", n%agencies))
}

// number is the n-th person's national number.
func number(n int) string { return fmt.Sprintf("XEXX%07dMOC", n) }

func registrationOf(n int) civic.RegistrationID {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("bench"), uint64(n))) //nolint:gosec // not below zero
	return civic.RegistrationID(sum[:16])
}

// fill puts made-up people into the registry, with their consent, until there
// are enough.
func (b *bench) fill(ctx context.Context, persons int) error {
	have := 0
	err := b.centre.DB.View(ctx, func(tx ledger.Tx) (err error) {
		have, err = b.centre.Registry.Persons(ctx, tx, "")
		return err
	})
	if err != nil || have >= persons {
		return err
	}
	const block = 10_000
	begin := time.Now()
	for from := have / block * block; from < persons; from += block {
		known := people.Mexico(uint64(from), block, 0).Known //nolint:gosec // not below zero
		for start := 0; start < len(known); start += 2000 {
			if err := b.put(ctx, from+start, known[start:start+2000]); err != nil {
				return err
			}
		}
		if from%100_000 == 0 {
			fmt.Fprintf(os.Stderr, "%d people after %s\n", from+block, time.Since(begin).Round(time.Second))
		}
	}
	return nil
}

func (b *bench) put(ctx context.Context, first int, records []match.Record) error {
	var changes []registry.Change
	var visits, choices [][]any
	now := time.Now().Unix()
	for i, r := range records {
		n := first + i
		id := registrationOf(n)
		claims := []civic.Claim{{Attribute: "national_id", Value: number(n)}, {Attribute: "sex", Value: r.Sex}, {Attribute: "birth_date", Value: r.Birth.String()}}
		for _, g := range r.Given {
			claims = append(claims, civic.Claim{Attribute: "given_name", Value: g})
		}
		for j, s := range r.Surnames {
			claims = append(claims, civic.Claim{Attribute: []civic.Attribute{"surname", "second_surname"}[j], Value: s})
		}
		for j, s := range r.Places {
			if j < 3 && s != "" {
				claims = append(claims, civic.Claim{Attribute: []civic.Attribute{"locality", "municipality", "state"}[j], Value: s})
			}
		}
		for _, p := range r.Phones {
			claims = append(claims, civic.Claim{Attribute: "phone", Value: p})
		}
		for j := range claims {
			claims[j].Registration, claims[j].Area, claims[j].At = id, office, civic.Stamp{Wall: now}
		}
		ref := registry.Ref{Home: office, Person: registry.NewPersonID(id, "")}
		changes = append(changes, registry.Change{
			Said: registry.Said{Registration: id, Office: office, At: now, Claims: claims}, To: ref, State: registry.Standing, Fresh: true,
			Keys: match.Keys(match.FromClaims(claims)), Actor: "bench", At: now,
		})
		visits = append(visits, []any{string(office), id[:], "birth"})
		choices = append(choices, []any{string(office), id[:], 1, id[:], "given", "birth", "kit", "bench", now, now})
	}
	return b.centre.DB.Update(ctx, func(tx ledger.Tx) error {
		if err := b.centre.Registry.Apply(ctx, tx, changes); err != nil {
			return err
		}
		if _, err := tx.Insert(ctx, "share_visit", []string{"area", "registration", "services"}, visits, ""); err != nil {
			return err
		}
		_, err := tx.Insert(ctx, "share_choice", []string{"area", "registration", "n", "record", "state", "source", "channel", "actor", "said_at", "counts_from"}, choices, "")
		return err
	})
}

// join makes the agencies, with an agreement, key and token each.
func (b *bench) join(ctx context.Context) error {
	for n := range agencies {
		if err := b.joinOne(ctx, agencyID(n)); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) joinOne(ctx context.Context, id agreement.AgencyID) error {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	jwk, err := json.Marshal(jose.JSONWebKey{Key: public})
	if err != nil {
		return err
	}
	kid, _, err := agency.ReadKey(jwk)
	if err != nil {
		return err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		return err
	}
	b.signers = append(b.signers, signer)
	s := b.centre.Share
	return b.centre.DB.Update(ctx, func(tx ledger.Tx) error {
		if err := s.AddAgency(ctx, tx, share.Agency{ID: id, Name: "Bench", Level: agreement.Federal, PerMinute: 1 << 30, PerDay: 1 << 30}, "bench"); err != nil {
			return err
		}
		if err := s.AddKey(ctx, tx, id, kid, string(jwk), "bench"); err != nil {
			return err
		}
		client, secret, err := s.NewClient(ctx, tx, id, "bench")
		if err != nil {
			return err
		}
		token, _, err := s.Token(ctx, tx, client, secret)
		if err != nil {
			return err
		}
		b.tokens = append(b.tokens, token)
		a := agreement.Agreement{
			ID: string(id), Name: map[string]string{"en": "Bench"}, Controller: "Bench", Agency: id, Level: agreement.Federal,
			Purpose: agreement.Purpose{Code: "bench", Text: map[string]string{"en": "Bench"}}, Basis: agreement.ByConsent, DataUse: "data_using_service",
			Lifecycle: agreement.Lifecycle{State: "active", From: "2020-01-01"}, Service: "cash", Sources: []civic.ServiceID{"birth"}, Areas: []civic.Area{"mx"},
		}
		for _, name := range []civic.Attribute{"national_id", "given_name", "surname", "second_surname", "birth_date", "sex", "phone", "locality", "municipality"} {
			a.Attributes = append(a.Attributes, agreement.Covered{Name: name})
		}
		if a.Version, a.Previous, err = s.Next(ctx, tx, a.ID); err != nil {
			return err
		}
		body, err := json.Marshal(a)
		if err != nil {
			return err
		}
		if _, err := s.Draft(ctx, tx, body, share.By{Name: "a", Role: "agreements"}); err != nil {
			return err
		}
		_, err = s.Approve(ctx, tx, a.ID, a.Version, share.By{Name: "b", Role: "supervisor"})
		return err
	})
}

// message is one signed search for one person.
func (b *bench) message(n, person int) ([]byte, error) {
	now := time.Now().UTC().Format(time.RFC3339)
	header, err := json.Marshal(map[string]any{
		"version": "1.0.0", "message_id": fmt.Sprintf("%d-%d", time.Now().UnixNano(), n), "message_ts": now, "action": "search", "sender_id": string(agencyID(n)), "total_count": 1,
	})
	if err != nil {
		return nil, err
	}
	message, err := json.Marshal(map[string]any{"transaction_id": fmt.Sprint(n), "search_request": []any{map[string]any{
		"reference_id": "r", "timestamp": now, "search_criteria": map[string]any{
			"query_type": "idtype-value", "query": map[string]string{"type": "UIN", "value": number(person)},
			"consent": map[string]any{"ts": now, "purpose": map[string]string{"code": "bench"}},
		},
	}}})
	if err != nil {
		return nil, err
	}
	text, err := agency.Canonical(header, message)
	if err != nil {
		return nil, err
	}
	object, err := b.signers[n%agencies].Sign(text)
	if err != nil {
		return nil, err
	}
	e := agency.Envelope{Header: header, Message: message}
	if e.Signature, err = object.CompactSerialize(); err != nil {
		return nil, err
	}
	return json.Marshal(e)
}

func (b *bench) ask(n int, body []byte) (time.Duration, error) {
	r := httptest.NewRequest(http.MethodPost, "/spdci/crvs/v1.0.0/registry/sync/search", bytes.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+b.tokens[n%agencies])
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	begin := time.Now()
	b.centre.Handler().ServeHTTP(w, r)
	took := time.Since(begin)
	if w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte(`"given_name"`)) {
		return took, fmt.Errorf("answer %d: %s", w.Code, w.Body.Bytes())
	}
	return took, nil
}

func (b *bench) messages(requests, persons, seed int) ([][]byte, error) {
	out := make([][]byte, requests)
	for i := range out {
		var err error
		if out[i], err = b.message(seed+i, (i*7919+seed)%persons); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (b *bench) measure(engine string, persons, requests, beside int) error {
	warm, err := b.messages(200, persons, 1)
	if err != nil {
		return err
	}
	for i, m := range warm {
		if _, err := b.ask(1+i, m); err != nil {
			return err
		}
	}
	list, err := b.messages(requests, persons, 1000)
	if err != nil {
		return err
	}
	times := make([]time.Duration, len(list))
	spent := cpu()
	for i, m := range list {
		if times[i], err = b.ask(1000+i, m); err != nil {
			return err
		}
	}
	slices.Sort(times)
	at := func(share float64) time.Duration {
		return times[int(share*float64(len(times)-1))].Round(10 * time.Microsecond)
	}
	each := func(spent time.Duration) time.Duration {
		return ((cpu() - spent) / time.Duration(requests)).Round(10 * time.Microsecond)
	}
	fmt.Printf("%s, %d persons, one after the other: p50 %s, p95 %s, p99 %s, longest %s; %s of processor a request (%d requests)\n",
		engine, persons, at(0.5), at(0.95), at(0.99), at(1), each(spent), requests)
	if list, err = b.messages(requests, persons, 100_000); err != nil {
		return err
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	errs := make(chan error, beside)
	spent = cpu()
	begin := time.Now()
	for range beside {
		wait.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(list) {
					return
				}
				took, err := b.ask(100_000+i, list[i])
				if err != nil {
					errs <- err
					return
				}
				times[i] = took
			}
		})
	}
	wait.Wait()
	took := time.Since(begin)
	select {
	case err := <-errs:
		return err
	default:
	}
	slices.Sort(times)
	fmt.Printf("%s, %d persons, %d beside each other: %.0f requests a second, p50 %s, p99 %s; %s of processor a request\n",
		engine, persons, beside, float64(requests)/took.Seconds(), at(0.5), at(0.99), each(spent))
	return nil
}
