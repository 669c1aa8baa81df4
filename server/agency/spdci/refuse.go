package spdci

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/sync/civic"
)

// refusal is why a message is not taken: code of the standard, HTTP status, and
// the code of the log.
type refusal struct {
	status int
	code   string // err.…: the message is not taken; rjct.…: it is answered as rejected
	log    civic.Code
}

func (r refusal) Error() string { return r.code }

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
