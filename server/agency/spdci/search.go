package spdci

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/sync/civic"
)

// search answers a message of questions, each by itself.
func (a api) search(ctx context.Context, tx ledger.Tx, m *message) (any, error) {
	var req searchRequest
	if err := decode(m.body, &req); err != nil || !id(req.Txn) || len(req.Requests) == 0 {
		return nil, refusal{http.StatusBadRequest, "err.request.bad", civic.RequestMalformed}
	}
	if len(req.Requests) > maxRequests {
		return nil, refusal{http.StatusOK, "rjct.total_count.limit_exceeded", "too_many_questions"}
	}
	if n, ok := whole(m.header.Total, -1); !ok || n != len(req.Requests) {
		return nil, refusal{http.StatusOK, "rjct.total_count.invalid", "total_count_other"}
	}
	correlation, err := a.server.NewID()
	if err != nil {
		return nil, err
	}
	out := searchResponse{Txn: req.Txn, Correlation: correlation, Responses: []responseItem{}}
	met := map[string]bool{}
	for i := range req.Requests {
		item := &req.Requests[i]
		r := responseItem{Reference: item.Reference, TS: stamp(a.server.Clock()), Status: "succ", Locale: "eng"}
		if len(r.Reference) > maxID {
			r.Reference = r.Reference[:maxID]
		}
		err := a.one(ctx, tx, m, item, met[item.Reference], &r)
		met[item.Reference] = true
		var no rejection
		if errors.As(err, &no) {
			r.Status, r.Reason, r.Sentence, err = "rjct", no.code, no.why, nil
			if !no.logged {
				err = a.server.Share.Refuse(ctx, tx, string(m.call.Agency.ID), civic.Code(no.why), m.header.ID)
			}
		}
		if err != nil {
			return nil, err
		}
		out.Responses = append(out.Responses, r)
	}
	return out, nil
}

// rejection is why one question is not answered.
type rejection struct {
	code, why string
	logged    bool
}

func (r rejection) Error() string { return r.code }

func (a api) one(ctx context.Context, tx ledger.Tx, m *message, item *searchItem, twice bool, r *responseItem) error {
	switch {
	case !id(item.Reference):
		return rejection{code: "rjct.reference_id.invalid", why: "reference_invalid"}
	case twice:
		return rejection{code: "rjct.reference_id.duplicate", why: "reference_repeated"}
	}
	if _, ok := moment(item.TS); !ok {
		return rejection{code: "rjct.timestamp.invalid", why: "timestamp_invalid"}
	}
	s, err := a.read(ctx, tx, m, &item.Criteria)
	if err != nil {
		return err
	}
	result, err := a.server.Find(ctx, tx, s)
	switch {
	case errors.Is(err, agency.ErrTooMany):
		return rejection{"rjct.search.too_many_records_found", "too_many", true}
	case errors.Is(err, agency.ErrTooWide):
		return rejection{"rjct.search_criteria.invalid", "too_wide", true}
	case civic.CodeOf(err) == civic.QuotaUsed:
		return refusal{http.StatusTooManyRequests, "err.request.too_many_requests", civic.QuotaUsed}
	case err != nil:
		return err
	}
	if len(result.Reasons) > 0 && result.Total == 0 {
		return rejection{codeOf(result.Reasons), words(result.Reasons), true}
	}
	return a.fill(ctx, tx, m, &s, result, r)
}

// codeOf is the standard's code for what the policies refuse: a question for
// more than was agreed is one about the filter, any other about the criteria.
func codeOf(reasons []policy.Reason) string {
	for _, r := range reasons {
		switch r {
		case policy.NotCovered, "too_sensitive", "never_reused":
			return "rjct.filter.invalid"
		}
	}
	return "rjct.search_criteria.invalid"
}

func words(reasons []policy.Reason) string {
	out := make([]string, len(reasons))
	for i, r := range reasons {
		out[i] = string(r)
	}
	return strings.Join(out, " ")
}

// defaultPage is how many records a page has when none is said.
const defaultPage = 20

// read turns criteria into a search.
func (a api) read(ctx context.Context, tx ledger.Tx, m *message, c *criteria) (agency.Search, error) {
	s := agency.Search{Page: 1, PageSize: defaultPage, Ask: a.ask(m, c.Consent, c.Authorize), Preview: m.meta.Preview}
	if s.Ask.Purpose == "" {
		return s, rejection{code: "rjct.search_criteria.invalid", why: "purpose_missing"}
	}
	if c.Entity != "" && c.Entity != "Member" {
		return s, rejection{code: "rjct.search_criteria.invalid", why: "entity_unknown"}
	}
	for _, word := range c.Fields {
		name, err := a.server.names.get(word)
		if err != nil || len(c.Fields) > agency.MaxParts*4 {
			return s, rejection{code: "rjct.filter.invalid", why: "field_unknown"}
		}
		s.Ask.Fields = append(s.Ask.Fields, name)
	}
	q, err := a.server.names.read(c.QueryType, c.Query)
	if err != nil {
		return s, rejection{code: "rjct.search_criteria.invalid", why: "query_invalid"}
	}
	s.Query, s.Exact = q.query, q.exact
	if q.alias != "" {
		ref, err := a.server.ByAlias(ctx, tx, m.call.Agency.ID, q.alias)
		if err != nil {
			if civic.CodeOf(err) != civic.PersonAbsent {
				return s, err
			}
			ref.Home = "nowhere" // nobody stands there: an empty answer, with its row
		}
		s.Ref = &ref
	}
	if len(c.Sort) > 1 {
		return s, rejection{code: "rjct.sort.invalid", why: "sort_unknown"}
	}
	for _, one := range c.Sort {
		if s.Sort, err = a.server.names.get(one.Attribute); err != nil || one.Order != "asc" && one.Order != "desc" && one.Order != "" {
			return s, rejection{code: "rjct.sort.invalid", why: "sort_unknown"}
		}
		s.Descending = one.Order == "desc"
	}
	if c.Page != nil {
		size, ok := whole(c.Page.Size, defaultPage)
		number, too := whole(c.Page.Number, 1)
		if !ok || !too || size < 1 || size > agency.MaxPage || number < 1 || number > 1<<20 {
			return s, rejection{code: "rjct.pagination.invalid", why: "page_invalid"}
		}
		s.Page, s.PageSize = number, size
	}
	return s, nil
}

// ask tells who asks what for. Consent names the purpose where the citizen's
// consent is relied on, authorize otherwise; both saying different things say
// nothing.
func (a api) ask(m *message, consent, authorize *why) share.Ask {
	out := share.Ask{
		Agency: m.call.Agency, Explicit: m.meta.Explicit, Previewed: m.meta.Previewed, Procedure: m.meta.Procedure,
		Request: m.header.ID, OnBehalf: m.call.OnBehalf, Issue: m.call.Issue,
	}
	if m.call.Request != "" {
		out.Request = m.call.Request
	}
	for _, w := range []*why{consent, authorize} {
		if w == nil || w.Purpose.Code == "" {
			continue
		}
		if _, ok := moment(w.TS); !ok {
			return out
		}
		if out.Purpose != "" && out.Purpose != civic.Purpose(w.Purpose.Code) {
			out.Purpose = ""
			return out
		}
		out.Purpose = civic.Purpose(w.Purpose.Code)
	}
	if out.Purpose == "" && consent == nil && authorize == nil {
		out.Purpose = m.call.Agency.Purpose // a named sender of old; empty for all others
	}
	return out
}

// fill writes what was found into the answer.
func (a api) fill(ctx context.Context, tx ledger.Tx, m *message, s *agency.Search, result agency.Result, r *responseItem) error {
	d := &data{Version: "1.0.0", RegType: a.regType(), RecordType: a.recordType(), Records: []map[string]any{}}
	for i := range result.Looks {
		l := &result.Looks[i]
		if s.Preview {
			fields := make([]string, 0, len(l.Values))
			for _, v := range l.Values {
				fields = append(fields, string(v.Name))
			}
			d.Records = append(d.Records, map[string]any{"@type": "Preview", "fields": fields})
			continue
		}
		alias, err := a.server.Alias(ctx, tx, m.call.Agency.ID, l.Ref)
		if err != nil {
			return err
		}
		d.Records = append(d.Records, a.record(alias, l))
	}
	if s.Preview {
		r.Status = "pdng"
	}
	r.Data = d
	r.Page = &paging{Size: s.PageSize, Number: s.Page, Total: result.Total}
	return nil
}

func (a api) regType() string {
	if a.kind == social {
		return "ns:org:RegistryType:Social"
	}
	return "ns:org:RegistryType:Civil"
}

func (a api) recordType() string {
	if a.kind == social {
		return "spdci-extensions-dci:Member"
	}
	return "spdci-extensions-dci:Person"
}
