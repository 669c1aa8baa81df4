package spdci

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// Events agencies can hear of, the last word of the standard's names.
const (
	eventRegister = "REGISTER"  // any registration
	eventBirth    = "LIVEBIRTH" // a registration for the service birth
)

// event finds the event a name stands for.
func event(name string) (string, bool) {
	last := strings.ToUpper(name[strings.LastIndexByte(name, ':')+1:])
	if last == "NEWHOUSEHOLDMEMBER" { // the social registry's word for it
		last = eventBirth
	}
	return last, last == eventRegister || last == eventBirth
}

// eventName is the word of the standard for an event.
func (a api) eventName(event string) string {
	switch {
	case a.kind == social && event == eventBirth:
		return "NewHouseHoldMember"
	case a.kind == social:
		return "REGISTER"
	case event == eventBirth:
		return "spdci-common:RegistryEventType:LiveBirth"
	}
	return "spdci-common:RegistryEventType:Register"
}

// subscribed is a subscription being answered to.
type subscribed struct {
	search   agency.Search
	filter   agency.Query
	filtered bool
}

// subscribe makes subscriptions and says which.
func (a api) subscribe(ctx context.Context, tx ledger.Tx, m *message, correlation, to string) (any, error) {
	var req subscribeRequest
	if err := decode(m.body, &req); err != nil || len(req.Requests) == 0 || len(req.Requests) > maxRequests {
		return nil, refusal{http.StatusBadRequest, "err.request.bad", civic.RequestMalformed}
	}
	out := subscribeResponse{Txn: req.Txn, Correlation: correlation, Responses: []subscribedItem{}}
	for i := range req.Requests {
		item := &req.Requests[i]
		r := subscribedItem{Reference: item.Reference, TS: stamp(a.server.Clock()), Status: "succ"}
		code, err := a.subscribeOne(ctx, tx, m, item, to)
		var no rejection
		switch {
		case errors.As(err, &no):
			r.Status, r.Reason, r.Sentence = "rjct", no.code, no.why
			if err := a.server.Share.Refuse(ctx, tx, string(m.call.Agency.ID), civic.Code(no.why), m.header.ID); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, err
		default:
			r.Subscriptions = []subscription{{Version: "1.0.0", Code: code, Status: "subscribe", TS: r.TS, EventType: item.Criteria.EventType, RecordType: item.Criteria.RecordType}}
		}
		out.Responses = append(out.Responses, r)
	}
	return out, nil
}

func (a api) subscribeOne(ctx context.Context, tx ledger.Tx, m *message, item *subscribeItem, to string) (string, error) {
	if !id(item.Reference) {
		return "", rejection{code: "rjct.reference_id.invalid", why: "reference_invalid"}
	}
	what, ok := event(item.Criteria.EventType)
	if !ok {
		return "", rejection{code: "rjct.notify_types.invalid", why: "event_unknown"}
	}
	sub, err := a.readSubscription(m, item)
	if err != nil {
		return "", err
	}
	reading, err := a.server.Share.Open(ctx, tx, sub.search.Ask)
	if err != nil {
		return "", err
	}
	asked := sub.search.Ask.Fields
	if sub.filtered {
		asked = append(asked, sub.filter.Attributes()...)
	}
	if reasons := reading.Refused(asked); len(reasons) > 0 {
		return "", rejection{code: "rjct.notify_details.invalid", why: words(reasons)}
	}
	switch full, err := a.full(ctx, tx, m.call.Agency.ID); {
	case err != nil:
		return "", err
	case full:
		return "", rejection{code: "rjct.notify_details.invalid", why: "too_many_subscriptions"}
	}
	starts, ends := a.server.Clock().Unix(), int64(0)
	if f := item.Criteria.Frequency; f != nil {
		from, ok1 := moment(f.Start)
		until, ok2 := moment(f.End)
		if !ok1 || !ok2 || until.Before(from) {
			return "", rejection{code: "rjct.notify_details.invalid", why: "frequency_invalid"}
		}
		starts, ends = from.Unix(), until.Unix()
	}
	code := make([]byte, 16)
	if _, err := io.ReadFull(a.server.Rand, code); err != nil {
		return "", err
	}
	body, err := json.Marshal(kept{Item: *item, Header: m.header})
	if err != nil {
		return "", err
	}
	name := hex.EncodeToString(code)
	sealed, err := a.server.Share.Seal("subscription/"+name, body)
	if err != nil {
		return "", err
	}
	answers := strings.TrimSuffix(m.call.Agency.Callback, "/") + "/notify"
	if m.header.SenderURI != "" && strings.HasSuffix(to, "/on-subscribe") {
		answers = strings.TrimSuffix(to, "/on-subscribe") + "/notify"
	}
	_, err = tx.Exec(ctx, `INSERT INTO agency_subscription (code, agency, api, event, purpose, callback, body, starts_at, ends_at, made_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)`,
		code, string(m.call.Agency.ID), string(a.kind), what, string(sub.search.Ask.Purpose), answers, sealed, starts, ends, a.server.Clock().Unix())
	return name, err
}

// maxSubscriptions is how many subscriptions of an agency stand at once. Each
// costs something at every registration, in the transaction that settles it.
const maxSubscriptions = 50

// full tells whether an agency has as many subscriptions as it may.
func (a api) full(ctx context.Context, tx ledger.Tx, who agreement.AgencyID) (bool, error) {
	n := 0
	err := tx.QueryRow(ctx, "SELECT count(*) FROM agency_subscription WHERE agency = ?1 AND ended_at = 0 AND (ends_at = 0 OR ends_at >= ?2)",
		string(who), a.server.Clock().Unix()).Scan(&n)
	return n >= maxSubscriptions, err
}

// kept is what is kept of a subscription, sealed.
type kept struct {
	Item   subscribeItem `json:"item"`
	Header header        `json:"header"`
}

func (a api) readSubscription(m *message, item *subscribeItem) (subscribed, error) {
	out := subscribed{search: agency.Search{Page: 1, PageSize: 1, Ask: a.ask(m, nil, item.Criteria.Authorize)}}
	if out.search.Ask.Purpose == "" {
		return out, rejection{code: "rjct.notify_details.invalid", why: "purpose_missing"}
	}
	if filter := strings.TrimSpace(string(item.Criteria.Filter)); filter == "" || filter == "{}" || filter == "[]" || filter == "null" {
		return out, nil
	}
	q, err := a.server.names.read(item.Criteria.FilterType, item.Criteria.Filter)
	if err != nil || q.alias != "" {
		return out, rejection{code: "rjct.notify_details.invalid", why: "filter_invalid"}
	}
	out.filter, out.filtered = q.query, true
	return out, nil
}

// subscriptionOf reads a subscription that has not ended; nil when it has.
func (a api) subscriptionOf(ctx context.Context, tx ledger.Tx, who agreement.AgencyID, code []byte) (*subscribed, error) {
	var body []byte
	var ended, ends int64
	err := tx.QueryRow(ctx, "SELECT body, ended_at, ends_at FROM agency_subscription WHERE code = ?1 AND agency = ?2", code, string(who)).Scan(&body, &ended, &ends)
	if errors.Is(err, ledger.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if ended != 0 || ends != 0 && a.server.Clock().Unix() > ends {
		return nil, nil
	}
	plain, err := a.server.Share.Unseal("subscription/"+hex.EncodeToString(code), body)
	if err != nil {
		return nil, err
	}
	var k kept
	if err := json.Unmarshal(plain, &k); err != nil {
		return nil, err
	}
	m := &message{header: k.Header}
	if len(k.Header.Meta) > 0 {
		if err := decode(k.Header.Meta, &m.meta); err != nil {
			return nil, err
		}
	}
	sub, err := a.readSubscription(m, &k.Item)
	return &sub, err
}

func (a api) unsubscribe(ctx context.Context, tx ledger.Tx, m *message, correlation string) (any, error) {
	var req unsubscribeRequest
	if err := decode(m.body, &req); err != nil || len(req.Codes) == 0 || len(req.Codes) > maxCodes {
		return nil, refusal{http.StatusBadRequest, "err.request.bad", civic.RequestMalformed}
	}
	now := a.server.Clock()
	out := unsubscribeResponse{Txn: req.Txn, Correlation: correlation, TS: stamp(now), Status: "succ"}
	for _, word := range req.Codes {
		code, err := hex.DecodeString(word)
		n := int64(0)
		if err == nil {
			n, err = tx.Exec(ctx, "UPDATE agency_subscription SET ended_at = ?3 WHERE code = ?1 AND agency = ?2 AND ended_at = 0", code, string(m.call.Agency.ID), now.Unix())
			if err != nil {
				return nil, err
			}
		}
		if n == 0 {
			out.Status, out.Reason = "rjct", "rjct.subscription_code.invalid"
			continue
		}
		out.States = append(out.States, subscription{Version: "1.0.0", Code: word, Status: "unsubscribe", TS: out.TS})
	}
	return out, nil
}

// Settled queues notifications for registrations that were just settled, in
// their transaction.
func (s *Server) Settled(ctx context.Context, tx ledger.Tx, area civic.Area, regs []reconcile.Incoming, _ []civic.Outcome) error {
	type listener struct {
		code         []byte
		agency       agreement.AgencyID
		api          kind
		event, to    string
		starts, ends int64
	}
	var all []listener
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var l listener
		var who, api string
		err := r.Scan(&l.code, &who, &api, &l.event, &l.to, &l.starts, &l.ends)
		l.agency, l.api = agreement.AgencyID(who), kind(api)
		all = append(all, l)
		return err
	}, "SELECT code, agency, api, event, callback, starts_at, ends_at FROM agency_subscription WHERE ended_at = 0 AND event IN (?1, ?2) AND (ends_at = 0 OR ends_at >= ?3)", eventRegister, eventBirth, s.Clock().Unix())
	if err != nil || len(all) == 0 {
		return err
	}
	now := s.Clock()
	var rows [][]any
	for _, in := range regs {
		birth := false
		for _, service := range in.Registration.Services {
			birth = birth || service == "birth"
		}
		for _, l := range all {
			if l.event == eventBirth && !birth || now.Unix() < l.starts || l.ends != 0 && now.Unix() > l.ends {
				continue
			}
			number, err := s.NewID()
			if err != nil {
				return err
			}
			j := job{Event: (api{s, l.api}).eventName(l.event), Code: hex.EncodeToString(l.code), Area: area, Subject: in.Registration.ID[:]}
			row, err := (api{s, l.api}).row(l.agency, "notify", number, l.to, number, j)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
	}
	_, err = tx.Insert(ctx, "agency_job", jobColumns(), rows, "")
	return err
}
