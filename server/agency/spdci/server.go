package spdci

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// kind is which of the two registries is spoken to.
type kind string

const (
	crvs   kind = "crvs"
	social kind = "social"
)

// Server speaks SPDCI. It is for any number of goroutines.
type Server struct {
	*agency.Desk
	names names
}

// New makes a Server at a desk.
func New(d *agency.Desk) *Server {
	return &Server{Desk: d, names: readNames(d.Share.Dictionary)}
}

// api is one registry of the server.
type api struct {
	server *Server
	kind   kind
}

// Prefixes under which the paths stand; without one it is CRVS.
const (
	PrefixCRVS   = "/spdci/crvs/v1.0.0"
	PrefixSocial = "/spdci/social/v1.0.0"
)

// Window is how far a message's timestamp may be from our clock.
const Window = 5 * time.Minute

// keepMessages is how long the ids of messages are kept; longer than a
// timestamp is taken.
const keepMessages = 24 * time.Hour

// Routes adds the paths of both registries and their description.
func (s *Server) Routes(mux *http.ServeMux) {
	for prefix, k := range map[string]kind{"": crvs, PrefixCRVS: crvs, PrefixSocial: social} {
		a := api{s, k}
		for _, o := range operations() {
			mux.HandleFunc("POST "+prefix+o.path, s.Guard(s.refuse, a.handler(o)))
		}
		if prefix != "" {
			mux.HandleFunc("GET "+prefix+"/openapi.json", a.description)
		}
	}
	mux.HandleFunc("GET /.well-known/locations.json", func(w http.ResponseWriter, _ *http.Request) {
		agency.JSON(w, http.StatusOK, map[string]any{"locations": []map[string]string{
			{"type": "ns:org:RegistryType:Civil", "path": PrefixCRVS}, {"type": "ns:org:RegistryType:Social", "path": PrefixSocial},
		}})
	})
}

// operation is one path of the standard.
type operation struct {
	path, action string
	answer       string // action of the answer: at once for sync, by callback else
	sync         bool
	// inbound takes what the standard lets others send us: nobody here asked, so
	// it is acknowledged as having no further effect.
	inbound bool
}

func operations() []operation {
	return []operation{
		{path: "/registry/sync/search", action: "search", answer: "on-search", sync: true},
		{path: "/registry/sync/txn/status", action: "txn-status", answer: "txn-on-status", sync: true},
		{path: "/registry/search", action: "search", answer: "on-search"},
		{path: "/registry/subscribe", action: "subscribe", answer: "on-subscribe"},
		{path: "/registry/unsubscribe", action: "unsubscribe", answer: "on-unsubscribe"},
		{path: "/registry/txn/status", action: "txn-status", answer: "txn-on-status"},
		{path: "/registry/on-search", action: "on-search", inbound: true},
		{path: "/registry/on-subscribe", action: "on-subscribe", inbound: true},
		{path: "/registry/on-unsubscribe", action: "on-unsubscribe", inbound: true},
		{path: "/registry/txn/on-status", action: "txn-on-status", inbound: true},
		{path: "/registry/notify", action: "notify", inbound: true},
	}
}

// message is one that was checked.
type message struct {
	op     operation
	call   agency.Call
	header header
	meta   meta
	body   json.RawMessage
}

// refusal is why a message is not taken: code of the standard, HTTP status, and
// the code of the log.
type refusal struct {
	status int
	code   string // err.…: the message is not taken; rjct.…: it is answered as rejected
	log    civic.Code
}

func (r refusal) Error() string { return r.code }

func (a api) handler(o operation) func(http.ResponseWriter, *http.Request, agency.Call) {
	return func(w http.ResponseWriter, r *http.Request, c agency.Call) {
		m, err := a.open(o, c)
		if err == nil {
			err = a.answer(w, r, m)
		}
		var no refusal
		switch {
		case err == nil:
		case errors.As(err, &no):
			a.refused(w, r, m, no)
		default:
			a.server.Logger.Error("an agency's request failed", "path", o.path, "error", err)
			a.server.fail(w, http.StatusServiceUnavailable, "err.service.unavailable", "")
		}
	}
}

// open reads a message and checks what needs no ledger.
func (a api) open(o operation, c agency.Call) (*message, error) {
	m := &message{op: o, call: c}
	bad := refusal{http.StatusBadRequest, "err.request.bad", civic.RequestMalformed}
	var e agency.Envelope
	if err := decode(c.Body, &e); err != nil || len(e.Header) == 0 || len(e.Message) == 0 {
		return m, bad
	}
	if err := decode(e.Header, &m.header); err != nil {
		return m, bad
	}
	if len(m.header.Meta) > 0 {
		if err := decode(m.header.Meta, &m.meta); err != nil {
			return m, bad
		}
	}
	m.body = e.Message
	h := m.header
	switch {
	case h.Version != "" && h.Version != "1.0.0":
		return m, refusal{http.StatusBadRequest, "err.version.not_supported", "version_unknown"}
	case !id(h.ID):
		return m, bad
	case h.SenderID != string(c.Agency.ID) && !o.inbound || o.inbound && h.SenderID != "" && h.SenderID != string(c.Agency.ID):
		return m, refusal{http.StatusForbidden, "err.sender_id.invalid", "sender_other"}
	case h.Encrypted:
		return m, refusal{http.StatusBadRequest, "err.encryption.invalid", "encryption_unknown"}
	}
	return m, nil
}

// admit checks signature, freshness and number within the transaction of the
// act, and writes the number down.
func (a api) admit(ctx context.Context, tx ledger.Tx, m *message) error {
	var e agency.Envelope
	if err := decode(m.call.Body, &e); err != nil {
		return err
	}
	if err := a.server.Check(ctx, tx, m.call.Agency, e); err != nil {
		switch {
		case errors.Is(err, agency.ErrUnsigned):
			return refusal{http.StatusUnauthorized, "err.signature.missing", "signature_missing"}
		case errors.Is(err, agency.ErrSignature):
			return refusal{http.StatusUnauthorized, "err.signature.invalid", "signature_invalid"}
		}
		return err
	}
	if m.header.Action != m.op.action {
		return refusal{http.StatusOK, "rjct.action.invalid", "action_other"}
	}
	now := a.server.Clock()
	ts, ok := moment(m.header.TS)
	if !ok || ts.Before(now.Add(-Window)) || ts.After(now.Add(Window)) {
		return refusal{http.StatusOK, "rjct.message_ts.invalid", "message_old"}
	}
	fresh, err := a.server.Once(ctx, tx, m.call.Agency.ID, m.header.ID, now, keepMessages)
	if err != nil {
		return err
	}
	if !fresh {
		return refusal{http.StatusOK, "rjct.message_id.duplicate", "message_repeated"}
	}
	return nil
}

// answer takes a message in and answers it.
func (a api) answer(w http.ResponseWriter, r *http.Request, m *message) error {
	ctx := r.Context()
	if m.op.sync {
		var reply any
		err := a.server.Update(ctx, m.call.Agency.ID, func(tx ledger.Tx) (err error) {
			if err = a.admit(ctx, tx, m); err != nil {
				return err
			}
			reply, err = a.do(ctx, tx, m)
			return err
		})
		if err != nil {
			return err
		}
		return a.send(w, m, a.replyHeader(m, "succ"), reply)
	}
	correlation, err := a.server.NewID()
	if err != nil {
		return err
	}
	err = a.server.Update(ctx, m.call.Agency.ID, func(tx ledger.Tx) error {
		if err := a.admit(ctx, tx, m); err != nil {
			return err
		}
		if m.op.inbound {
			return nil
		}
		return a.enqueue(ctx, tx, m, correlation)
	})
	if err != nil {
		return err
	}
	status := "ACK"
	if m.op.inbound {
		status = "NACK" // taken, and nothing follows: nobody here asked
	}
	agency.JSON(w, http.StatusAccepted, ack(status, a.server.Clock(), correlation, nil))
	return nil
}

// do does what a message asks for and gives the answer's message.
func (a api) do(ctx context.Context, tx ledger.Tx, m *message) (any, error) {
	if m.op.action == "search" {
		return a.search(ctx, tx, m)
	}
	return a.status(ctx, tx, m)
}

func (a api) replyHeader(m *message, status string) header {
	total := m.header.Total
	if total == "" {
		total = "0"
	}
	return header{
		Version: "1.0.0", TS: stamp(a.server.Clock()), Action: m.op.answer, Status: status, SenderID: a.server.Name,
		ReceiverID: string(m.call.Agency.ID), Total: total, Completed: total,
	}
}

func (a api) send(w http.ResponseWriter, _ *message, h header, reply any) (err error) {
	if h.ID, err = a.server.NewID(); err != nil {
		return err
	}
	e, err := a.server.Seal(h, reply)
	if err != nil {
		return err
	}
	agency.JSON(w, http.StatusOK, e)
	return nil
}

// refused tells a refusal and writes its row.
func (a api) refused(w http.ResponseWriter, r *http.Request, m *message, no refusal) {
	a.server.LogRefusal(r.Context(), string(m.call.Agency.ID), no.log, m.header.ID)
	if strings.HasPrefix(no.code, "rjct.") && m.op.sync {
		h := a.replyHeader(m, "rjct")
		h.Reason, h.Sentence, h.Completed = no.code, string(no.log), "0"
		var txn struct {
			ID string `json:"transaction_id"`
		}
		_ = json.Unmarshal(m.body, &txn) // a message without one is rejected all the same
		correlation, err := a.server.NewID()
		if err != nil {
			a.server.fail(w, http.StatusServiceUnavailable, "err.service.unavailable", "")
			return
		}
		var reply any = searchResponse{Txn: txn.ID, Correlation: correlation, Responses: []responseItem{}}
		if m.op.action != "search" {
			s := statusResponse{Txn: txn.ID, Correlation: correlation}
			s.Response.Type, s.Response.Status = "search", reply
			reply = s
		}
		if err := a.send(w, m, h, reply); err != nil {
			a.server.fail(w, http.StatusServiceUnavailable, "err.service.unavailable", "")
		}
		return
	}
	status := no.status
	if status < 400 {
		status = http.StatusBadRequest
	}
	code, why := no.code, string(no.log)
	if strings.HasPrefix(code, "rjct.") {
		code, why = "err.request.bad", no.code
	}
	a.server.fail(w, status, code, why)
}

// refuse is the guard's refusal in the words of the standard.
func (s *Server) refuse(w http.ResponseWriter, status int, code civic.Code) {
	word := "err.request.bad"
	switch status {
	case http.StatusUnauthorized:
		word = "err.request.unauthorized"
	case http.StatusTooManyRequests:
		word = "err.request.too_many_requests"
	case http.StatusServiceUnavailable:
		word = "err.service.unavailable"
	}
	s.fail(w, status, word, string(code))
}

// fail writes an error for readers of the text and for strict clients alike.
func (s *Server) fail(w http.ResponseWriter, status int, code, why string) {
	if why == "" {
		why = code
	}
	e := map[string]string{"code": code, "message": why}
	body := ack("ERR", s.Clock(), "0", e)
	body["errors"] = []map[string]string{e}
	agency.JSON(w, status, body)
}

func ack(status string, at time.Time, correlation string, e map[string]string) map[string]any {
	m := map[string]any{"ack_status": status, "timestamp": stamp(at), "correlation_id": correlation}
	if e != nil {
		m["error"] = e
	}
	return map[string]any{"message": m}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
