package spdci

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/sync/attributes"
)

// Whatever comes as a query is refused or is a small tree over the dictionary's
// attributes; nothing else ever reaches the registry.
func FuzzQuery(f *testing.F) {
	d, err := attributes.Read(assets.Attributes)
	if err != nil {
		f.Fatal(err)
	}
	n := readNames(d)
	for _, seed := range [][2]string{
		{"idtype-value", `{"type":"UIN","value":"1"}`}, {"idtype-value", `{"type":"REGISTRY_ID","value":"00"}`},
		{"predicate", `[{"seq_num":1,"expression1":{"attribute_name":"UIN","operator":"in","attribute_value":["1",2]},"condition":"not","expression2":{"attribute_name":"sex","operator":"eq","attribute_value":"f"}}]`},
		{"expression", `{"collection":"Person","query":{"$and":[{"birth_date":{"$gte":"1990"}},{"$or":[{"sex":"f"},{"given_name":{"$in":["a","b"]}}]}]}}`},
		{"expression", `{"query":{"$and":[{"$and":[{"$and":[{"$and":[{}]}]}]}]}}`}, {"graphql", `{}`}, {"expression", `{"value":{"value":{"value":{}}}}`},
	} {
		f.Add(seed[0], []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, kind string, raw []byte) {
		q, err := n.read(kind, raw)
		if err != nil || q.alias != "" {
			return
		}
		names := q.query.Attributes()
		if len(names) == 0 || len(names) > agency.MaxParts {
			t.Fatalf("%d attributes", len(names))
		}
		for _, name := range names {
			if _, ok := d.Get(name); !ok {
				t.Fatalf("%s is not in the dictionary", name)
			}
		}
		if _, err := q.query.Keys(); err != nil && !errors.Is(err, agency.ErrTooWide) {
			t.Fatal(err)
		}
	})
}

// Every message decoder takes anything without harm, and what it takes keeps
// its meaning when it is written and read again.
func FuzzMessages(f *testing.F) {
	for _, seed := range []string{
		`{"header":{"message_id":"1","message_ts":"2026-01-01T00:00:00Z","action":"search","total_count":1,"meta":{"preview":true}},"message":{"transaction_id":"t","search_request":[{"reference_id":"r","timestamp":"x","search_criteria":{"query_type":"predicate","query":[]}}]}}`,
		`{"signature":"a.b.c","header":{},"message":{"subscribe_request":[{"subscribe_criteria":{"filter":{}}}]}}`,
		`{"header":{"total_count":1e9},"message":{"txnstatus_request":{"attribute_value":[1]}}}`, `{"header":null,"message":[]}`, `[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var e agency.Envelope
		if decode(raw, &e) != nil {
			return
		}
		var h header
		if decode(e.Header, &h) == nil {
			whole(h.Total, 0)
			var m meta
			_ = decode(h.Meta, &m)
		}
		if text, err := agency.Canonical(e.Header, e.Message); err == nil {
			var again any
			if json.Unmarshal(text, &again) != nil {
				t.Fatalf("%q is no JSON", text)
			}
		}
		for _, into := range []any{&searchRequest{}, &subscribeRequest{}, &unsubscribeRequest{}, &statusRequest{}, &notifyRequest{}} {
			_ = decode(e.Message, into)
		}
	})
}
