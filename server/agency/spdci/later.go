package spdci

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// States of a job.
const (
	jobWaits = 1
	jobDone  = 2
	jobGone  = 3
)

// job is what is kept of a message whose answer goes out later, sealed.
type job struct {
	Body    json.RawMessage `json:"body"` // the whole envelope as it came
	Call    jobCall         `json:"call"`
	Answer  json.RawMessage `json:"answer,omitempty"` // what was worked out at once and holds nothing of a person
	Event   string          `json:"event,omitempty"`
	Code    string          `json:"code,omitempty"` // of the subscription
	Area    civic.Area      `json:"area,omitempty"`
	Subject []byte          `json:"registration,omitempty"`
}

type jobCall struct {
	Request, OnBehalf, Issue string
}

// callback finds where an answer goes: the sender's word, if it lies under what
// the agency registered, else what it registered.
func callback(a share.Agency, wanted, action string) (string, bool) {
	if a.Callback == "" {
		return "", false
	}
	if wanted == "" {
		return strings.TrimSuffix(a.Callback, "/") + "/" + action, true
	}
	base, err1 := url.Parse(a.Callback)
	to, err2 := url.Parse(wanted)
	if err1 != nil || err2 != nil || len(wanted) > maxURI || to.Scheme != base.Scheme || to.Host != base.Host || to.User != nil ||
		slices.Contains(strings.Split(to.Path, "/"), "..") || strings.ContainsAny(to.Path, "\\\x00") || to.Path != base.Path && !strings.HasPrefix(to.Path, strings.TrimSuffix(base.Path, "/")+"/") {
		return "", false
	}
	return to.String(), true
}

// enqueue keeps a message for later. Subscriptions are made at once; the answer
// to them goes out like any other.
func (a api) enqueue(ctx context.Context, tx ledger.Tx, m *message, correlation string) error {
	to, ok := callback(m.call.Agency, m.header.SenderURI, strings.TrimPrefix(m.op.answer, "/"))
	if !ok {
		return refusal{http.StatusBadRequest, "err.sender_uri.invalid", "callback_other"}
	}
	j := job{Body: m.call.Body, Call: jobCall{m.call.Request, m.call.OnBehalf, m.call.Issue}}
	var txn struct {
		ID string `json:"transaction_id"`
	}
	bad := refusal{http.StatusBadRequest, "err.request.bad", civic.RequestMalformed}
	if err := decode(m.body, &txn); err != nil || !id(txn.ID) {
		return bad
	}
	var answer any
	var err error
	switch m.op.action {
	case "subscribe":
		answer, err = a.subscribe(ctx, tx, m, correlation, to)
	case "unsubscribe":
		answer, err = a.unsubscribe(ctx, tx, m, correlation)
	case "search":
		var req searchRequest
		if decode(m.body, &req) != nil || len(req.Requests) == 0 {
			return bad
		}
		if len(req.Requests) > maxRequests {
			return refusal{http.StatusBadRequest, "rjct.total_count.limit_exceeded", "too_many_questions"}
		}
	}
	if err != nil {
		return err
	}
	if answer != nil {
		if j.Answer, err = json.Marshal(answer); err != nil {
			return err
		}
	}
	return a.put(ctx, tx, m.call.Agency.ID, m.op.action, txn.ID, to, correlation, j)
}

func (a api) put(ctx context.Context, tx ledger.Tx, who agreement.AgencyID, action, txn, to, correlation string, j job) error {
	row, err := a.row(who, action, txn, to, correlation, j)
	if err != nil {
		return err
	}
	_, err = tx.Insert(ctx, "agency_job", jobColumns(), [][]any{row}, "")
	return err
}

func jobColumns() []string {
	return []string{"job", "agency", "api", "kind", "txn", "callback", "body", "state", "next_at", "status", "made_at"}
}

// row is a job as it is kept.
func (a api) row(who agreement.AgencyID, action, txn, to, correlation string, j job) ([]any, error) {
	number, err := hex.DecodeString(correlation)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	body, err := a.server.Share.Seal("job/"+correlation, plain)
	now := a.server.Clock().Unix()
	return []any{number, string(who), string(a.kind), action, txn, to, body, jobWaits, now, "rcvd", now}, err
}
