package spdci

import (
	"context"
	"encoding/hex"
	"net/http"
	"slices"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// status tells where the messages of an agency stand; nothing of a person.
func (a api) status(ctx context.Context, tx ledger.Tx, m *message) (any, error) {
	var req statusRequest
	bad := refusal{http.StatusBadRequest, "err.request.bad", civic.RequestMalformed}
	if err := decode(m.body, &req); err != nil || !id(req.Txn) || !slices.Contains([]string{"search", "subscribe", "unsubscribe"}, req.Request.Type) {
		return nil, bad
	}
	values, err := scalars(req.Request.Value)
	if err != nil || len(values) == 0 || len(values) > maxCodes {
		return nil, bad
	}
	correlation, err := a.server.NewID()
	if err != nil {
		return nil, err
	}
	inner := searchResponse{Txn: req.Txn, Correlation: correlation, Responses: []responseItem{}}
	for _, v := range values {
		where, arg := "txn = ?2", any(v)
		switch req.Request.Attribute {
		case "transaction_id":
		case "correlation_id":
			number, err := hex.DecodeString(v)
			if err != nil {
				continue
			}
			where, arg = "job = ?2", number
		default: // reference_id_list, subscription_code_list: numbers within messages, which are sealed
			return nil, refusal{http.StatusBadRequest, "err.request.bad", "attribute_type_unknown"}
		}
		err := ledger.All(ctx, tx, func(r ledger.Row) error {
			var status string
			var job []byte
			var made, done int64
			err := r.Scan(&status, &job, &made, &done)
			inner.Txn, inner.Correlation = req.Txn, hex.EncodeToString(job)
			inner.Responses = append(inner.Responses, responseItem{Reference: inner.Correlation, TS: stamp(time.Unix(max(made, done), 0)), Status: status})
			return err
		}, "SELECT status, job, made_at, done_at FROM agency_job WHERE agency = ?1 AND "+where+" AND kind = ?3 ORDER BY made_at LIMIT 100", string(m.call.Agency.ID), arg, req.Request.Type)
		if err != nil {
			return nil, err
		}
	}
	out := statusResponse{Txn: req.Txn, Correlation: correlation}
	out.Response.Type, out.Response.Status = req.Request.Type, inner
	switch req.Request.Type {
	case "subscribe":
		v := subscribeResponse{Txn: inner.Txn, Correlation: inner.Correlation, Responses: []subscribedItem{}}
		for _, r := range inner.Responses {
			v.Responses = append(v.Responses, subscribedItem{Reference: r.Reference, TS: r.TS, Status: r.Status})
		}
		out.Response.Status = v
	case "unsubscribe":
		v := unsubscribeResponse{Txn: inner.Txn, Correlation: inner.Correlation, TS: stamp(a.server.Clock()), Status: "rcvd"}
		for _, r := range inner.Responses {
			v.Status = r.Status
		}
		out.Response.Status = v
	}
	return out, nil
}
