package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/askonce/fieldkit/server/agency"
)

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

// requests makes signed searches as they go over the wire, each for another person.
func (b *bench) requests(count, persons, seed int) ([][]byte, error) {
	out := make([][]byte, count)
	for i := range out {
		n := seed + i
		body, err := b.message(n, (i*7919+seed)%persons)
		if err != nil {
			return nil, err
		}
		r, err := http.NewRequest(http.MethodPost, "http://registry/spdci/crvs/v1.0.0/registry/sync/search", bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+b.tokens[n%agencies])
		r.Header.Set("Content-Type", "application/json")
		var wire bytes.Buffer
		if err := r.Write(&wire); err != nil {
			return nil, err
		}
		out[i] = wire.Bytes()
	}
	return out, nil
}
