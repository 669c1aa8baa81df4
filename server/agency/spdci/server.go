package spdci

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
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
	rests rests
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
	signed *agency.Signed
}

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
	m.signed = a.server.Read(e)
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

// admit checks token, signature, freshness and number within the transaction of
// the act, and writes the number down.
func (a api) admit(ctx context.Context, tx ledger.Tx, m *message) error {
	switch err := a.server.Admit(ctx, tx, &m.call); {
	case civic.CodeOf(err) == civic.SignInRefused:
		return refusal{http.StatusUnauthorized, "err.request.unauthorized", civic.SignInRefused}
	case err != nil:
		return err
	}
	if err := a.server.Check(ctx, tx, m.call.Agency, m.signed); err != nil {
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
