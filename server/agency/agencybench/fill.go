package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/match/people"
)

const office = civic.Area("mx-20-067")

// agencies is how many ask.
const agencies = 6

func agencyID(n int) agreement.AgencyID {
	return agreement.AgencyID(fmt.Sprintf("bench-%d", n%agencies))
}

// number is the n-th person's national number.
func number(n int) string { return fmt.Sprintf("XEXX%07dMOC", n) }

func registrationOf(n int) civic.RegistrationID {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("bench"), uint64(n))) // not below zero
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
		known := people.Mexico(uint64(from), block, 0).Known // not below zero
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
