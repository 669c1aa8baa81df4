package registrytest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// SPDCI is a small civil registry after SPDCI v1.0.0: synchronous search, and an
// ear for notifications.
type SPDCI struct {
	*Trouble
	Token string

	mu      sync.Mutex
	records []map[string]any
	told    map[string]map[string]any // notification by transaction
	order   []string
}

// NewSPDCI serves one.
func NewSPDCI() *SPDCI {
	s := &SPDCI{told: map[string]map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /registry/sync/search", s.search)
	mux.HandleFunc("POST /registry/notify", s.notify)
	s.Trouble = NewTrouble(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Token != "" && r.Header.Get("Authorization") != "Bearer "+s.Token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	return s
}

// Add keeps a record.
func (s *SPDCI) Add(record string) {
	var v map[string]any
	if err := json.Unmarshal([]byte(record), &v); err != nil {
		panic(err) // a test's own text
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = append(s.records, v)
}

// Told gives the records it was notified of, the repeats left out.
func (s *SPDCI) Told() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]map[string]any, len(s.order))
	for i, t := range s.order {
		out[i] = s.told[t]
	}
	return out
}

func say(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, code string) {
	say(w, http.StatusBadRequest, map[string]any{
		"errors":  []any{map[string]any{"code": code, "message": "no"}},
		"message": map[string]any{"ack_status": "ERR", "error": map[string]any{"code": code, "message": "no"}},
	})
}

type asked struct {
	Header struct {
		Action    string `json:"action"`
		MessageID string `json:"message_id"`
		SenderID  string `json:"sender_id"`
		Status    string `json:"status"`
	} `json:"header"`
	Message struct {
		TransactionID string `json:"transaction_id"`
		SearchRequest []struct {
			ReferenceID    string `json:"reference_id"`
			SearchCriteria struct {
				QueryType string          `json:"query_type"`
				Query     json.RawMessage `json:"query"`
				Consent   json.RawMessage `json:"consent"`
			} `json:"search_criteria"`
		} `json:"search_request"`
		NotifyEvent []struct {
			ReferenceID string `json:"reference_id"`
			Timestamp   string `json:"timestamp"`
			Data        struct {
				RegRecordType string         `json:"reg_record_type"`
				RegEventType  string         `json:"reg_event_type"`
				RegRecords    map[string]any `json:"reg_records"`
			} `json:"data"`
		} `json:"notify_event"`
	} `json:"message"`
}

func (s *SPDCI) search(w http.ResponseWriter, r *http.Request) {
	var a asked
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&a) != nil || a.Header.Action != "search" || a.Header.SenderID == "" || len(a.Message.SearchRequest) == 0 {
		refuse(w, "err.request.bad")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var responses []any
	for _, q := range a.Message.SearchRequest {
		if len(q.SearchCriteria.Consent) == 0 {
			refuse(w, "err.request.bad")
			return
		}
		found := []any{}
		for _, rec := range s.records {
			if fits(rec, q.SearchCriteria.QueryType, q.SearchCriteria.Query) {
				found = append(found, rec)
			}
		}
		responses = append(responses, map[string]any{
			"reference_id": q.ReferenceID, "timestamp": "2026-01-01T00:00:00Z", "status": "succ", "locale": "eng",
			"data":       map[string]any{"version": "1.0.0", "reg_type": "ns:org:RegistryType:Civil", "reg_records": found},
			"pagination": map[string]any{"page_size": 50, "page_number": 1, "total_count": len(found)},
		})
	}
	say(w, http.StatusOK, map[string]any{
		"header":  map[string]any{"action": "on-search", "status": "succ", "message_id": a.Header.MessageID},
		"message": map[string]any{"transaction_id": a.Message.TransactionID, "correlation_id": "c", "search_response": responses},
	})
}

func fits(rec map[string]any, kind string, query json.RawMessage) bool {
	switch kind {
	case "idtype-value":
		var q struct{ Type, Value string }
		if json.Unmarshal(query, &q) != nil {
			return false
		}
		list, ok := rec["identifier"].([]any)
		if !ok {
			list = []any{rec["identifier"]}
		}
		return slices.ContainsFunc(list, func(v any) bool {
			m, _ := v.(map[string]any)
			return m["identifier_type"] == q.Type && m["identifier_value"] == q.Value
		})
	case "expression":
		var q struct {
			Query map[string][]map[string]map[string]string `json:"query"`
		}
		if json.Unmarshal(query, &q) != nil || len(q.Query["$and"]) == 0 {
			return false
		}
		for _, part := range q.Query["$and"] {
			for field, is := range part {
				if !strings.HasPrefix(at(rec, field), is["$eq"]) {
					return false
				}
			}
		}
		return true
	}
	return false
}

func at(v map[string]any, path string) string {
	head, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		return str(v[head])
	}
	m, _ := v[head].(map[string]any)
	return at(m, rest)
}

func (s *SPDCI) notify(w http.ResponseWriter, r *http.Request) {
	var a asked
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&a) != nil || a.Header.Action != "notify" || a.Header.Status == "" ||
		a.Message.TransactionID == "" || len(a.Message.NotifyEvent) != 1 || a.Message.NotifyEvent[0].Data.RegRecordType == "" {
		refuse(w, "err.request.bad")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.told[a.Message.TransactionID]; !known {
		rec := a.Message.NotifyEvent[0].Data.RegRecords
		rec["event"] = a.Message.NotifyEvent[0].Data.RegEventType
		s.told[a.Message.TransactionID] = rec
		s.order = append(s.order, a.Message.TransactionID)
	}
	say(w, http.StatusAccepted, map[string]any{"message": map[string]any{"ack_status": "ACK", "timestamp": "2026-01-01T00:00:00Z", "correlation_id": "c"}})
}
