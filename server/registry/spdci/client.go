package spdci

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/registry/outside"
	"github.com/askonce/fieldkit/sync/civic"
)

// Bounds of one answer.
const (
	maxRecords = 200
	maxWord    = 80 // bytes of what a refusal is called
)

// Config is what a Registry takes from its surroundings.
type Config struct {
	// Name is what the registry is called here.
	Name string
	// URL is the base over /registry.
	URL string
	// Token gives the bearer token of a request, empty for none; it may be nil.
	Token func(ctx context.Context) (string, error)
	// Sender and Receiver are the two sides as messages call them.
	Sender, Receiver string
	// Types names the identifier types of national_id and other_id.
	Types map[civic.Attribute]string
	// RegType and RecordType say which register is meant; a civil one when empty.
	RegType, RecordType string
	HTTP                *http.Client
	Clock               func() time.Time
}

// Registry is an SPDCI service, for any number of goroutines.
type Registry struct {
	Config
	caller *outside.Caller
}

var _ registry.Outside = (*Registry)(nil)

// New makes a Registry; it asks nothing yet.
func New(c Config) (*Registry, error) {
	caller, ok := outside.New(c.Name, c.URL, c.Token, c.HTTP)
	if !ok {
		return nil, civic.NewProblem(civic.WrongUse, nil, "An SPDCI registry is named by its base, such as spdci:https://registry.example, with no password in it.")
	}
	for value, usual := range map[*string]string{
		&c.Sender: "askonce", &c.RegType: "ns:org:RegistryType:Civil", &c.RecordType: "spdci-extensions-crvs:CRVS_Person",
	} {
		if *value == "" {
			*value = usual
		}
	}
	return &Registry{Config: c, caller: caller}, nil
}

// Can is all that the standard has.
func (r *Registry) Can(context.Context) (registry.Capability, error) {
	return registry.CanSearch | registry.CanNotify, nil
}

func (r *Registry) envelope(action, id string, message any) envelope {
	return envelope{Header: header{
		Version: version, MessageID: id, MessageTS: r.now(), Action: action, SenderID: r.Sender, ReceiverID: r.Receiver, TotalCount: 1,
	}, Message: message}
}

func (r *Registry) now() string { return r.Clock().UTC().Format(time.RFC3339) }

// Find searches by each number and by name with birth date, in one message.
func (r *Registry) Find(ctx context.Context, claims []civic.Claim) ([]registry.Foreign, error) {
	v := map[civic.Attribute]string{}
	for _, c := range claims {
		if c.Absent == civic.Present && v[c.Attribute] == "" {
			v[c.Attribute] = c.Value
		}
	}
	var queries []searchCriteria
	for _, a := range numbered {
		if v[a] != "" {
			queries = append(queries, r.criteria("idtype-value", map[string]any{"type": r.idType(a), "value": v[a]}))
		}
	}
	if q := byName(v); q != nil {
		queries = append(queries, r.criteria("expression", map[string]any{"collection": "Person", "query": map[string]any{"$and": q}}))
	}
	if len(queries) == 0 {
		return nil, nil
	}
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return nil, err
	}
	m := searchMessage{TransactionID: hex.EncodeToString(id)}
	for i, q := range queries {
		m.SearchRequest = append(m.SearchRequest, searchRequest{
			ReferenceID: fmt.Sprintf("%s-%d", m.TransactionID, i+1), Timestamp: r.now(), SearchCriteria: q, Locale: "eng",
		})
	}
	e := r.envelope("search", m.TransactionID, m)
	e.Header.TotalCount = len(queries)
	a, err := r.ask(ctx, "registry/sync/search", e)
	if err != nil {
		return nil, err
	}
	if a.Header.Action != "on-search" && a.Message.SearchResponse == nil {
		return nil, civic.NewProblem(civic.RegistryBroken, errors.New("the answer is no on-search"), r.Name)
	}
	return r.found(a)
}

func (r *Registry) criteria(kind string, query any) searchCriteria {
	why := grounds{TS: r.now(), Purpose: purpose{Text: "Registration: is this person known?", Code: "registration", RefURI: "urn:askonce:purpose:registration"}}
	return searchCriteria{
		Version: version, RegType: r.RegType, RegRecordType: r.RecordType, QueryType: kind, Query: query,
		Pagination: pagination{PageSize: registry.MaxForeign, PageNumber: 1}, Consent: why, Authorize: why,
	}
}

// byName is what an expression asks of name and birth date; nil when too little
// is known for it.
func byName(v map[civic.Attribute]string) []any {
	is := func(field, value string) any { return map[string]any{field: map[string]any{"$eq": value}} }
	var q []any
	if d, err := civic.ParseDate(v["birth_date"]); err == nil && d.Day != 0 {
		d.Estimated = false
		q = append(q, is("birth_date", d.String()))
	}
	if v["surname"] != "" {
		q = append(q, is("name.surname", v["surname"]))
	}
	if len(q) < 2 && v["given_name"] != "" {
		q = append(q, is("name.given_name", v["given_name"]))
	}
	if len(q) < 2 {
		return nil
	}
	return q
}

func (r *Registry) found(a *answer) ([]registry.Foreign, error) {
	var out []registry.Foreign
	seen := map[string]bool{}
	for _, s := range a.Message.SearchResponse {
		if s.Status == "rjct" && s.StatusReasonCode != "rjct.search_criteria.invalid" && !strings.Contains(s.StatusReasonCode, "not_found") && len(s.Data.RegRecords) == 0 {
			return nil, civic.NewProblem(civic.RegistryRefused, nil, r.Name, word(s.StatusReasonCode))
		}
		if len(s.Data.RegRecords) == 0 || string(s.Data.RegRecords) == "null" {
			continue
		}
		var records []record
		if err := json.Unmarshal(s.Data.RegRecords, &records); err != nil {
			var one record
			if err := json.Unmarshal(s.Data.RegRecords, &one); err != nil {
				return nil, civic.NewProblem(civic.RegistryBroken, errors.New("a record does not read"), r.Name)
			}
			records = []record{one}
		}
		for i := range records {
			n := records[i].number()
			if i == maxRecords || len(out) == registry.MaxForeign {
				break
			}
			if n == "" || len(n) > registry.MaxForeignID || seen[n] {
				continue
			}
			seen[n] = true
			out = append(out, registry.Foreign{Registry: r.Name, ID: n, Ours: records[i].ours(), Claims: r.claims(&records[i])})
		}
	}
	return out, nil
}

// Put notifies the other side of what a person is now.
func (r *Registry) Put(ctx context.Context, c registry.Copy) (registry.Kept, error) {
	key := hex.EncodeToString(c.Key[:])
	event := "askonce:RegistryEventType:PersonChanged"
	person := r.person(c.Person, c.Attributes)
	if !c.Active {
		event = "askonce:RegistryEventType:PersonMerged"
		if !c.Into.IsZero() {
			person["merged_into"] = []identifier{{personType, c.Into.String()}}
		}
	}
	if c.ID != "" {
		person["same_as"] = c.ID
	}
	e := r.envelope("notify", key, notifyMessage{TransactionID: key, NotifyEvent: []notifyEvent{{
		ReferenceID: key, Timestamp: r.now(), Locale: "eng",
		Data: notifyData{Version: version, RegType: r.RegType, RegEventType: event, RegRecordType: r.RecordType, RegRecords: person},
	}}})
	e.Header.Status = "succ"
	a, err := r.ask(ctx, "registry/notify", e)
	if err != nil {
		return registry.Kept{}, err
	}
	switch a.Message.AckStatus {
	case "ACK":
		return registry.Kept{ID: c.ID, Version: c.Version}, nil
	case "NACK", "ERR":
		code := ""
		if a.Message.Error != nil {
			code = a.Message.Error.Code
		}
		return registry.Kept{}, civic.NewProblem(civic.RegistryRefused, nil, r.Name, word(code))
	}
	return registry.Kept{}, civic.NewProblem(civic.RegistryBroken, errors.New("the answer is no acknowledgement"), r.Name)
}

// ask sends one message and reads the whole answer.
func (r *Registry) ask(ctx context.Context, path string, e envelope) (*answer, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	res, err := r.caller.Do(ctx, http.MethodPost, path, bytes.NewReader(body), http.Header{
		"Content-Type": {"application/json"}, "Accept": {"application/json"},
	})
	if err != nil {
		return nil, err
	}
	a := &answer{}
	if err := json.Unmarshal(res.Body, a); err != nil {
		return nil, civic.NewProblem(civic.RegistryBroken, errors.New("the answer is no JSON"), r.Name)
	}
	if res.Status >= 300 {
		code := fmt.Sprintf("status-%d", res.Status)
		if a.Message.Error != nil && a.Message.Error.Code != "" {
			code = word(a.Message.Error.Code)
		}
		return nil, civic.NewProblem(civic.RegistryRefused, nil, r.Name, code)
	}
	return a, nil
}

// word keeps of a code what can be one: it is shown and logged.
func word(code string) string {
	for _, c := range code {
		if (c < 'a' || c > 'z') && c != '.' && c != '_' && c != '-' {
			return "refused"
		}
	}
	if code == "" || len(code) > maxWord {
		return "refused"
	}
	return code
}
