// Package govstack speaks the data API of GovStack's digital registries building
// block, 1.3.0: a thin adapter over the desk, with the same policies and the
// same log beneath. [New] makes a [Server], [Server.Routes] adds its paths, in
// kebab-case and in camelCase.
//
// The standard has no word for purpose or signature. Our profile takes the
// purpose from the header X-Purpose (or what a named sender of old always asks
// for), and the signature from X-JWS-Signature: a detached compact JWS over the
// canonical bytes of {header: {method, path, message_id, message_ts}, message}
// with X-Message-Id and X-Message-Ts beside.
//
// What an agency writes becomes a registration of its own under an agreement
// whose data_use says so; deleting takes back what the agency itself wrote.
// Nothing is overwritten.
package govstack

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/civic"
)

// Config is what a Server takes beside the desk.
type Config struct {
	Settler share.Settler
	// Usage reads a person's log, newest first.
	Usage func(ctx context.Context, tx ledger.Tx, ref registry.Ref) ([]Usage, error)
	// Proves finds the registration that a person's receipt and its code prove,
	// outside of any transaction; it refuses as the person's own door does. It may
	// be nil.
	Proves func(ctx context.Context, receipt, code string) (civic.Area, civic.RegistrationID, error)
}

// Server speaks GovStack's data API.
type Server struct {
	*agency.Desk
	Config
}

// New makes a Server at a desk.
func New(d *agency.Desk, c Config) *Server { return &Server{d, c} }

// window and keep are as for SPDCI: how far a timestamp may be off, how long a
// message's number is remembered.
const (
	window = 5 * time.Minute
	keep   = 24 * time.Hour
	// maxNumber bounds a message's number, in bytes.
	maxNumber = 99
)

// Routes adds the paths.
func (s *Server) Routes(mux *http.ServeMux) {
	const base = "/data/{registry}/{version}"
	add := func(pattern string, do func(*call) (any, error)) {
		mux.HandleFunc(pattern, s.Guard(refuse, func(w http.ResponseWriter, r *http.Request, c agency.Call) { s.serve(w, r, c, do) }))
	}
	add("GET "+base, (*call).list)
	add("POST "+base+"/create", (*call).create)
	add("POST "+base+"/exists", (*call).exists)
	add("POST "+base+"/read", (*call).read)
	add("PUT "+base+"/update", (*call).update)
	for _, word := range []string{"update-entries", "updateEntries"} {
		add("PUT "+base+"/"+word, (*call).updateEntries)
	}
	for _, word := range []string{"update-or-create", "updateOrCreate"} {
		add("POST "+base+"/"+word, (*call).updateOrCreate)
	}
	add("DELETE "+base+"/{id}/delete", (*call).remove)
	for _, word := range []string{"read-value", "readValue"} {
		add("GET "+base+"/{id}/"+word+"/{field}", (*call).readValue)
	}
	for _, word := range []string{"MyPersonalDataUsage", "myPersonalDataUsage", "my-personal-data-usage"} {
		add("GET /data/"+word+"/1.0", (*call).usage)
	}
}

// call is one request being answered, in one transaction.
type call struct {
	*Server
	ctx context.Context
	tx  ledger.Tx
	r   *http.Request
	ask share.Ask
	got agency.Call
	// proved is the registration whose receipt and code came along, where any did.
	proved civic.RegistrationID
	at     civic.Area
}

// refusal is a code with its status; logged tells that its row is written.
type refusal struct {
	status int
	code   civic.Code
	logged bool
}

func (r refusal) Error() string { return string(r.code) }

func refuse(w http.ResponseWriter, status int, code civic.Code) {
	agency.JSON(w, status, map[string]string{"code": string(code), "detail": string(code)})
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, got agency.Call, do func(*call) (any, error)) {
	c := &call{Server: s, r: r, got: got}
	request := r.Header.Get("X-Message-Id")
	c.ask = share.Ask{
		Agency: got.Agency, Purpose: civic.Purpose(r.Header.Get("X-Purpose")), Request: got.Request, OnBehalf: got.OnBehalf, Issue: got.Issue,
		Explicit: r.Header.Get("X-Explicit-Request"),
	}
	if c.ask.Purpose == "" {
		c.ask.Purpose = got.Agency.Purpose
	}
	if c.ask.Request == "" {
		c.ask.Request = request
	}
	if err := c.proof(r); err != nil {
		code := civic.CodeOf(err)
		s.LogRefusal(r.Context(), string(got.Agency.ID), code, request)
		refuse(w, civic.NewProblem(code, nil).HTTPStatus(), code)
		return
	}
	var answer any
	var told refusal
	work := func(tx ledger.Tx) (err error) {
		c.ctx, c.tx, answer, told = r.Context(), tx, nil, refusal{}
		if err := c.admit(request); err != nil {
			return err
		}
		answer, err = do(c)
		if errors.As(err, &told) && told.logged { // its row stays
			return nil
		}
		return err
	}
	var err error
	if writes(r) { // who is who may change: nobody writes beside
		err = s.DB.Update(r.Context(), work)
	} else {
		err = s.Update(r.Context(), got.Agency.ID, work)
	}
	var no refusal
	switch {
	case err == nil && told.code != "":
		refuse(w, told.status, told.code)
	case err == nil && answer == nil:
		w.WriteHeader(http.StatusNoContent)
	case err == nil:
		agency.JSON(w, http.StatusOK, answer)
	case errors.As(err, &no):
		s.LogRefusal(r.Context(), string(got.Agency.ID), no.code, request)
		refuse(w, no.status, no.code)
	case civic.CodeOf(err) == civic.QuotaUsed:
		s.LogRefusal(r.Context(), string(got.Agency.ID), civic.QuotaUsed, request)
		refuse(w, http.StatusTooManyRequests, civic.QuotaUsed)
	default:
		s.Logger.Error("an agency's request failed", "path", r.Pattern, "error", err)
		refuse(w, http.StatusServiceUnavailable, civic.ServerBusy)
	}
}

// admit checks whether the token still holds, where the request goes, its
// signature, its age and its number.
func (c *call) admit(request string) error {
	switch err := c.Admit(c.ctx, c.tx, &c.got); {
	case civic.CodeOf(err) == civic.SignInRefused:
		return refusal{http.StatusUnauthorized, civic.SignInRefused, false}
	case err != nil:
		return err
	}
	c.ask.Agency = c.got.Agency
	if name := c.r.PathValue("registry"); name != "" && name != "person" && name != "persons" {
		return refusal{http.StatusNotFound, "registry_unknown", false}
	}
	if version := c.r.PathValue("version"); version != "" && version != "1.0" && version != "1.3.0" {
		return refusal{http.StatusNotFound, "version_unknown", false}
	}
	if c.ask.Purpose == "" {
		return refusal{http.StatusBadRequest, "purpose_missing", false}
	}
	signature := c.r.Header.Get("X-JWS-Signature")
	if signature == "" && c.got.Agency.Unsigned {
		return nil
	}
	header, err := json.Marshal(map[string]string{
		"method": c.r.Method, "path": c.r.URL.RequestURI(), "message_id": request, "message_ts": c.r.Header.Get("X-Message-Ts"),
	})
	if err != nil {
		return err
	}
	switch err := c.Check(c.ctx, c.tx, c.got.Agency, c.Read(agency.Envelope{Signature: signature, Header: header, Message: c.got.Body})); {
	case errors.Is(err, agency.ErrUnsigned):
		return refusal{http.StatusUnauthorized, "signature_missing", false}
	case errors.Is(err, agency.ErrSignature):
		return refusal{http.StatusUnauthorized, "signature_invalid", false}
	case err != nil:
		return err
	}
	now := c.Clock()
	ts, err := time.Parse(time.RFC3339, c.r.Header.Get("X-Message-Ts"))
	if err != nil || ts.Before(now.Add(-window)) || ts.After(now.Add(window)) || request == "" || len(request) > maxNumber {
		return refusal{http.StatusBadRequest, "message_old", false}
	}
	fresh, err := c.Once(c.ctx, c.tx, c.got.Agency.ID, request, now, keep)
	if err == nil && !fresh {
		return refusal{http.StatusConflict, "message_repeated", false}
	}
	return err
}
