package spdci

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
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

const (
	maxTries = 10
	tryAgain = 5 * time.Second // doubled each time
	maxPause = time.Hour
	lease    = time.Minute // how long one process has a job to itself
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
		strings.Contains(to.EscapedPath(), "..") || to.Path != base.Path && !strings.HasPrefix(to.Path, strings.TrimSuffix(base.Path, "/")+"/") {
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
	number, err := hex.DecodeString(correlation)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(j)
	if err != nil {
		return err
	}
	body, err := a.server.Share.Seal("job/"+correlation, plain)
	if err != nil {
		return err
	}
	now := a.server.Clock().Unix()
	_, err = tx.Exec(ctx, `INSERT INTO agency_job (job, agency, api, kind, txn, callback, body, state, next_at, status, made_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'rcvd', ?9)`,
		number, string(who), string(a.kind), action, txn, to, body, jobWaits, now)
	return err
}

// Run sends what goes out later until the context ends.
func (s *Server) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		n, err := s.Work(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			s.Logger.Error("answers to agencies cannot be sent", "error", err)
		}
		if n > 0 && err == nil {
			continue
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

type due struct {
	number   []byte
	agency   agreement.AgencyID
	api      kind
	action   string
	callback string
	body     []byte
	tries    int64
	next     int64
}

// round is how many jobs are taken up at once.
const round = 16

// Work sends what is due now and tells how many were taken up.
func (s *Server) Work(ctx context.Context) (int, error) {
	var list []due
	now := s.Clock().Unix()
	err := s.DB.View(ctx, func(tx ledger.Tx) error {
		list = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var d due
			var who, api string
			err := r.Scan(&d.number, &who, &api, &d.action, &d.callback, &d.body, &d.tries, &d.next)
			d.agency, d.api = agreement.AgencyID(who), kind(api)
			list = append(list, d)
			return err
		}, "SELECT job, agency, api, kind, callback, body, tries, next_at FROM agency_job WHERE state = 1 AND next_at <= ?1 ORDER BY next_at LIMIT ?2", now, round)
	})
	if err != nil {
		return 0, err
	}
	for _, d := range list {
		if err := s.deliver(ctx, d); err != nil {
			return len(list), err
		}
	}
	return len(list), nil
}

// deliver works an answer out, writes its rows, then sends it. What is decided
// is what holds at this moment, each time it is tried.
func (s *Server) deliver(ctx context.Context, d due) error {
	a := api{s, d.api}
	var e agency.Envelope
	var nothing bool
	err := s.Update(ctx, d.agency, func(tx ledger.Tx) error {
		nothing = false
		// Whoever moves the job on has it.
		n, err := tx.Exec(ctx, "UPDATE agency_job SET next_at = ?3, tries = tries + 1 WHERE job = ?1 AND next_at = ?2 AND state = 1",
			d.number, d.next, s.Clock().Add(lease).Unix())
		if err != nil || n == 0 {
			nothing = true
			return err
		}
		e, err = a.compose(ctx, tx, d)
		return err
	})
	var no refusal
	switch {
	case errors.Is(err, errSilent) || errors.As(err, &no):
		return s.settle(ctx, d, jobGone, "rjct", 0)
	case err != nil:
		s.Logger.Error("an answer to an agency cannot be made", "action", d.action, "error", err)
		return s.again(ctx, d)
	case nothing:
		return nil
	}
	if err := s.post(ctx, d.callback, e); err != nil {
		s.Logger.Warn("an agency does not take its answer", "agency", string(d.agency), "action", d.action, "tries", d.tries+1, "error", err)
		return s.again(ctx, d)
	}
	return s.settle(ctx, d, jobDone, "succ", 0)
}

func (s *Server) again(ctx context.Context, d due) error {
	if d.tries+1 >= maxTries {
		return s.settle(ctx, d, jobGone, "rjct", 0)
	}
	pause := min(maxPause, tryAgain<<min(d.tries, 16))
	return s.settle(ctx, d, jobWaits, "pdng", s.Clock().Add(pause).Unix())
}

func (s *Server) settle(ctx context.Context, d due, state int, status string, next int64) error {
	done := int64(0)
	if state != jobWaits {
		done = s.Clock().Unix()
	}
	return s.Update(ctx, d.agency, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE agency_job SET state = ?2, status = ?3, next_at = ?4, done_at = ?5,
			tries = CASE WHEN tries > ?6 THEN tries ELSE ?6 END WHERE job = ?1`, d.number, state, status, next, done, d.tries+1)
		return err
	})
}

// errSilent says that nothing goes out: the person may not be told of.
var errSilent = errors.New("nothing to send")

// compose makes the signed envelope of an answer.
func (a api) compose(ctx context.Context, tx ledger.Tx, d due) (agency.Envelope, error) {
	correlation := hex.EncodeToString(d.number)
	plain, err := a.server.Share.Unseal("job/"+correlation, d.body)
	if err != nil {
		return agency.Envelope{}, err
	}
	var j job
	if err := json.Unmarshal(plain, &j); err != nil {
		return agency.Envelope{}, err
	}
	who, err := a.server.Share.Agency(ctx, tx, d.agency)
	if err != nil {
		return agency.Envelope{}, err
	}
	call := agency.Call{Agency: who, Body: j.Body, Request: j.Call.Request, OnBehalf: j.Call.OnBehalf, Issue: j.Call.Issue}
	h := header{Version: "1.0.0", TS: stamp(a.server.Clock()), Action: "on-" + d.action, Status: "succ", SenderID: a.server.Name, ReceiverID: string(who.ID), Total: "1", Completed: "1"}
	if d.action == "txn-status" {
		h.Action = "txn-on-status"
	}
	if h.ID, err = a.server.NewID(); err != nil {
		return agency.Envelope{}, err
	}
	var reply any
	switch {
	case d.action == "notify":
		h.Action = "notify"
		reply, err = a.notification(ctx, tx, &j, who)
	case len(j.Answer) > 0:
		reply = j.Answer
	default:
		var m *message
		op := operations()[slices.IndexFunc(operations(), func(o operation) bool { return o.action == d.action && !o.sync })]
		if m, err = a.open(op, call); err != nil {
			return agency.Envelope{}, err
		}
		h.Total, h.Completed = m.header.Total, m.header.Total
		reply, err = a.do(ctx, tx, m)
		if v, ok := reply.(searchResponse); ok {
			v.Correlation = correlation
			reply = v
		}
	}
	if err != nil {
		return agency.Envelope{}, err
	}
	return a.server.Seal(h, reply)
}

// maxReply bounds what is read of an agency's acknowledgement, in bytes.
const maxReply = 64 << 10

func (s *Server) post(ctx context.Context, to string, e agency.Envelope) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.Client.Do(req)
	if err != nil {
		return errors.New("no connection") // the error would name the address
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxReply))
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}

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

// notification tells of an event what the agency may see of the person now.
func (a api) notification(ctx context.Context, tx ledger.Tx, j *job, who share.Agency) (any, error) {
	code, err := hex.DecodeString(j.Code)
	if err != nil {
		return nil, err
	}
	sub, err := a.subscriptionOf(ctx, tx, who.ID, code)
	if err != nil {
		return nil, err
	}
	if sub == nil || len(j.Subject) != 16 {
		return nil, errSilent
	}
	links, err := a.server.Registry.Linked(ctx, tx, j.Area, []civic.RegistrationID{civic.RegistrationID(j.Subject)})
	if err != nil {
		return nil, err
	}
	var ref *registry.Ref
	for _, list := range links {
		for _, l := range list {
			if l.Subject == "" {
				ref = &l.To
			}
		}
	}
	if ref == nil {
		return nil, errSilent
	}
	sub.search.Ref, sub.search.Ask.Agency = ref, who
	found, err := a.server.Find(ctx, tx, sub.search)
	if err != nil {
		return nil, err
	}
	if len(found.Looks) == 0 || sub.filtered && !sub.filter.Fits(&found.Looks[0]) {
		return nil, errSilent // nothing was told, so no row is kept
	}
	alias, err := a.server.Alias(ctx, tx, who.ID, *ref)
	if err != nil {
		return nil, err
	}
	txn, err := a.server.NewID()
	if err != nil {
		return nil, err
	}
	return notifyRequest{Txn: txn, Events: []notifyItem{{
		Reference: j.Code, TS: stamp(a.server.Clock()), Locale: "eng",
		Data: notifyData{Version: "1.0.0", RegType: a.regType(), EventType: j.Event, RecordType: a.recordType(), Records: a.record(alias, &found.Looks[0])},
	}}}, nil
}
