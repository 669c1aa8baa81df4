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
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// Usage is one row of what a person's own log says.
type Usage struct {
	ID             string
	At             time.Time
	Actor, Purpose string
	Fields         []civic.Attribute
}

// Config is what a Server takes beside the desk.
type Config struct {
	Settler share.Settler
	// Usage reads a person's log, newest first.
	Usage func(ctx context.Context, tx ledger.Tx, ref registry.Ref) ([]Usage, error)
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

// writes tells whether a call changes persons.
func writes(r *http.Request) bool {
	return r.Method == http.MethodPut || r.Method == http.MethodDelete || strings.HasSuffix(strings.ToLower(r.URL.Path), "create")
}

// admit checks where the request goes, its signature, its age and its number.
func (c *call) admit(request string) error {
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
	switch err := c.Check(c.ctx, c.tx, c.got.Agency, agency.Envelope{Signature: signature, Header: header, Message: c.got.Body}); {
	case errors.Is(err, agency.ErrUnsigned):
		return refusal{http.StatusUnauthorized, "signature_missing", false}
	case errors.Is(err, agency.ErrSignature):
		return refusal{http.StatusUnauthorized, "signature_invalid", false}
	case err != nil:
		return err
	}
	now := c.Clock()
	ts, err := time.Parse(time.RFC3339, c.r.Header.Get("X-Message-Ts"))
	if err != nil || ts.Before(now.Add(-window)) || ts.After(now.Add(window)) || request == "" || len(request) > 99 {
		return refusal{http.StatusBadRequest, "message_old", false}
	}
	fresh, err := c.Once(c.ctx, c.tx, c.got.Agency.ID, request, now, keep)
	if err == nil && !fresh {
		return refusal{http.StatusConflict, "message_repeated", false}
	}
	return err
}

// content is {query: {content}, write: {content}}.
type content struct {
	Query struct {
		Content map[string]any `json:"content"`
	} `json:"query"`
	Write struct {
		Content map[string]any `json:"content"`
	} `json:"write"`
}

func (c *call) body() (out content, err error) {
	if json.Unmarshal(c.got.Body, &out) != nil {
		return out, refusal{http.StatusBadRequest, civic.RequestMalformed, false}
	}
	return out, nil
}

// maxFields bounds the fields of one record.
const maxFields = 64

// values reads the fields of a record by the dictionary's names.
func (c *call) values(record map[string]any) (map[civic.Attribute]string, error) {
	bad := refusal{http.StatusBadRequest, "query_invalid", false}
	if len(record) == 0 || len(record) > maxFields {
		return nil, bad
	}
	out := map[civic.Attribute]string{}
	for name, v := range record {
		if strings.EqualFold(name, "id") || name == "uuid" {
			continue
		}
		if _, ok := c.Share.Dictionary.Get(civic.Attribute(name)); !ok {
			return nil, bad
		}
		switch v := v.(type) {
		case string:
			out[civic.Attribute(name)] = v
		case float64:
			out[civic.Attribute(name)] = strconv.FormatFloat(v, 'f', -1, 64)
		case bool:
			out[civic.Attribute(name)] = strconv.FormatBool(v)
		default:
			return nil, bad
		}
	}
	return out, nil
}

// search makes a search of a record to look for; its id names the person alone.
func (c *call) search(record map[string]any) (agency.Search, error) {
	s := agency.Search{Ask: c.ask, Page: 1, PageSize: 1}
	for _, name := range []string{"ID", "id", "uuid"} {
		if text, ok := record[name].(string); ok {
			return c.byID(s, text)
		}
	}
	values, err := c.values(record)
	if err != nil {
		return s, err
	}
	s.Query.Join = "and"
	for name, value := range values {
		s.Query.Parts = append(s.Query.Parts, agency.Query{Attribute: name, Op: agency.Equal, Values: []string{value}})
		s.Exact = s.Exact || name == "national_id"
	}
	slices.SortFunc(s.Query.Parts, func(a, b agency.Query) int { return strings.Compare(string(a.Attribute), string(b.Attribute)) })
	if err := s.Query.Check(); err != nil {
		return s, refusal{http.StatusBadRequest, "query_invalid", false}
	}
	return s, nil
}

func (c *call) byID(s agency.Search, id string) (agency.Search, error) {
	ref, err := c.ByAlias(c.ctx, c.tx, c.got.Agency.ID, id)
	if civic.CodeOf(err) == civic.PersonAbsent {
		ref.Home = "nowhere" // nobody stands there: an empty answer, with its row
	} else if err != nil {
		return s, err
	}
	s.Ref, s.Exact = &ref, true
	return s, nil
}

// find runs a search; what the policies refuse is a refusal whose row is written.
func (c *call) find(s agency.Search) (agency.Result, error) {
	found, err := c.Find(c.ctx, c.tx, s)
	switch {
	case errors.Is(err, agency.ErrTooWide), errors.Is(err, agency.ErrTooMany):
		return found, refusal{http.StatusBadRequest, civic.Code(found.Reasons[0]), true}
	case err != nil:
		return found, err
	case len(found.Reasons) > 0 && found.Total == 0:
		return found, refusal{http.StatusForbidden, civic.Code(found.Reasons[0]), true}
	}
	return found, nil
}

// record writes what may be seen, by the dictionary's names.
func (c *call) record(l *share.Look) (map[string]any, error) {
	alias, err := c.Alias(c.ctx, c.tx, c.got.Agency.ID, l.Ref)
	out := map[string]any{"ID": alias}
	for _, v := range l.Values {
		if v.Holds.Absent == civic.Present {
			out[string(v.Name)] = v.Holds.Value
		}
	}
	return out, err
}

func (c *call) list() (any, error) {
	q := c.r.URL.Query()
	record := map[string]any{}
	for name, values := range q {
		if field, ok := strings.CutPrefix(name, "query."); ok {
			record[field] = values[0]
		}
	}
	if f := q.Get("filter"); f != "" && q.Get("search") != "" {
		record[f] = q.Get("search")
	}
	s, err := c.search(record)
	if err != nil {
		return nil, err
	}
	s.PageSize = 10
	for name, into := range map[string]*int{"page": &s.Page, "page_size": &s.PageSize} {
		if text := q.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > 1<<20 || name == "page_size" && n > agency.MaxPage {
				return nil, refusal{http.StatusBadRequest, "page_invalid", false}
			}
			*into = n
		}
	}
	if order := q.Get("ordering"); order != "" {
		s.Sort, s.Descending = "birth_date", order == "descending"
	}
	found, err := c.find(s)
	if err != nil {
		return nil, err
	}
	results := []any{}
	for i := range found.Looks {
		one, err := c.record(&found.Looks[i])
		if err != nil {
			return nil, err
		}
		results = append(results, one)
	}
	out := map[string]any{"count": found.Total, "results": results}
	page := func(n int) string {
		u := *c.r.URL
		v, _ := url.ParseQuery(u.RawQuery) // it was parsed before
		v.Set("page", strconv.Itoa(n))
		u.RawQuery = v.Encode()
		return u.RequestURI()
	}
	if s.Page*s.PageSize < found.Total {
		out["next"] = page(s.Page + 1)
	}
	if s.Page > 1 {
		out["previous"] = page(s.Page - 1)
	}
	return out, nil
}

func (c *call) exists() (any, error) {
	b, err := c.body()
	if err != nil {
		return nil, err
	}
	s, err := c.search(b.Query.Content)
	if err != nil {
		return nil, err
	}
	s.Preview = true // nothing but yes or no is told
	found, err := c.find(s)
	if err != nil {
		return nil, err
	}
	message := "Object found from database"
	if found.Total == 0 {
		message = "Object not found from database"
	}
	return map[string]any{"answer": map[string]any{"status": found.Total > 0, "message": message}}, nil
}

func (c *call) read() (any, error) {
	b, err := c.body()
	if err != nil {
		return nil, err
	}
	l, err := c.only(b.Query.Content, true)
	if err != nil {
		return nil, err
	}
	one, err := c.record(l)
	return map[string]any{"content": one}, err
}

// only finds the one person a record names; told says that its values go out.
func (c *call) only(record map[string]any, told bool) (*share.Look, error) {
	s, err := c.search(record)
	if err != nil {
		return nil, err
	}
	s.Preview = !told
	found, err := c.find(s)
	switch {
	case err != nil:
		return nil, err
	case found.Total == 0:
		return nil, refusal{http.StatusNotFound, civic.PersonAbsent, true}
	case found.Total > 1:
		return nil, refusal{http.StatusBadRequest, "too_many", true}
	}
	return &found.Looks[0], nil
}

func (c *call) readValue() (any, error) {
	field, ext, dotted := strings.Cut(c.r.PathValue("field"), ".")
	name := civic.Attribute(field)
	if _, ok := c.Share.Dictionary.Get(name); !ok || dotted && ext != "json" {
		return nil, refusal{http.StatusBadRequest, "field_unknown", false}
	}
	s, err := c.byID(agency.Search{Ask: c.ask, Page: 1, PageSize: 1}, c.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	s.Ask.Fields = []civic.Attribute{name}
	found, err := c.find(s)
	if err != nil {
		return nil, err
	}
	if found.Total == 0 {
		return nil, refusal{http.StatusNotFound, civic.PersonAbsent, true}
	}
	v, ok := found.Looks[0].Value(name)
	if !ok {
		return nil, refusal{http.StatusNotFound, "field_absent", true}
	}
	return map[string]any{"value": v.Value}, nil
}

// write takes in what the agency says of a person, known or not.
func (c *call) write(record map[string]any, ref *registry.Ref) (map[string]any, error) {
	values, err := c.values(record)
	if err != nil {
		return nil, err
	}
	reading, err := c.Share.Open(c.ctx, c.tx, c.ask)
	if err != nil {
		return nil, err
	}
	names := make([]civic.Attribute, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	a := reading.Agreement()
	reasons := reading.Refused(names)
	if len(reasons) == 0 && !share.MayWrite(a) {
		reasons = append(reasons, "no_source")
	}
	if len(reasons) > 0 {
		reading.Deny(reasons)
		if err := reading.Close(c.ctx); err != nil {
			return nil, err
		}
		return nil, refusal{http.StatusForbidden, civic.Code(reasons[0]), true}
	}
	outcome, err := c.Share.Write(c.ctx, c.tx, c.Settler, a, c.ask.Request, areaOf(a), values, ref)
	if err != nil {
		return nil, err
	}
	links, err := c.Registry.Linked(c.ctx, c.tx, areaOf(a), []civic.RegistrationID{outcome.Registration})
	if err != nil {
		return nil, err
	}
	to := ref
	for _, l := range links[outcome.Registration] {
		if l.Subject == "" {
			to = &l.To
		}
	}
	if to == nil {
		return nil, refusal{http.StatusUnprocessableEntity, "match_too_little", false}
	}
	reading.Note(translog.Look, *to, names, "written")
	if err := reading.Close(c.ctx); err != nil {
		return nil, err
	}
	alias, err := c.Alias(c.ctx, c.tx, c.got.Agency.ID, *to)
	out := map[string]any{"ID": alias}
	for name, v := range values { // what it said itself, and nothing else
		out[string(name)] = v
	}
	return out, err
}

// areaOf is the office an agency's own registrations belong to.
func areaOf(a *agreement.Agreement) civic.Area {
	if len(a.Areas) > 0 {
		return a.Areas[0]
	}
	return "agencies"
}

func (c *call) create() (any, error) {
	b, err := c.body()
	if err != nil {
		return nil, err
	}
	one, err := c.write(b.Write.Content, nil)
	return map[string]any{"content": one}, err
}

func (c *call) update() (any, error) {
	b, err := c.body()
	if err != nil {
		return nil, err
	}
	l, err := c.only(b.Query.Content, false)
	if err != nil {
		return nil, err
	}
	_, err = c.write(b.Write.Content, &l.Ref)
	return map[string]any{}, err
}

func (c *call) updateEntries() (any, error) {
	b, err := c.body()
	if err != nil {
		return nil, err
	}
	s, err := c.search(b.Query.Content)
	if err != nil {
		return nil, err
	}
	s.PageSize, s.Preview = agency.MaxPage, true
	found, err := c.find(s)
	if err != nil {
		return nil, err
	}
	request := c.ask.Request
	for i := range found.Looks {
		c.ask.Request = request + "/" + strconv.Itoa(i)
		if _, err := c.write(b.Write.Content, &found.Looks[i].Ref); err != nil {
			return nil, err
		}
	}
	return map[string]any{"count": len(found.Looks)}, nil
}

func (c *call) updateOrCreate() (any, error) {
	b, err := c.body()
	if err != nil {
		return nil, err
	}
	var ref *registry.Ref
	l, err := c.only(b.Query.Content, false)
	var no refusal
	switch {
	case err == nil:
		ref = &l.Ref
	case errors.As(err, &no) && no.code == civic.PersonAbsent:
	default:
		return nil, err
	}
	one, err := c.write(b.Write.Content, ref)
	return map[string]any{"content": one}, err
}

// remove takes back what the agency wrote of a person; what others said stays.
func (c *call) remove() (any, error) {
	s, err := c.byID(agency.Search{Ask: c.ask}, c.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	reading, err := c.Share.Open(c.ctx, c.tx, c.ask)
	if err != nil {
		return nil, err
	}
	n, err := c.Share.Withdraw(c.ctx, c.tx, c.got.Agency.ID, *s.Ref)
	if err != nil {
		return nil, err
	}
	if n == 0 || !share.MayWrite(reading.Agreement()) {
		return nil, refusal{http.StatusForbidden, "not_written_by_you", false}
	}
	reading.Note(translog.Look, *s.Ref, nil, "taken_back")
	return nil, reading.Close(c.ctx)
}

// usage tells a person's own log, to an agency that shows it to the person: the
// person's own request must be named.
func (c *call) usage() (any, error) {
	if c.ask.Explicit == "" || c.Config.Usage == nil {
		return nil, refusal{http.StatusForbidden, "explicit_request_missing", false}
	}
	record := map[string]any{"national_id": c.r.URL.Query().Get("userID")}
	if len(c.r.URL.Query().Get("userID")) == 32 {
		record = map[string]any{"ID": c.r.URL.Query().Get("userID")}
	}
	l, err := c.only(record, false)
	if err != nil {
		return nil, err
	}
	rows, err := c.Config.Usage(c.ctx, c.tx, l.Ref)
	if err != nil {
		return nil, err
	}
	reading, err := c.Share.Open(c.ctx, c.tx, c.ask)
	if err != nil {
		return nil, err
	}
	reading.Note(translog.LogReading, l.Ref, nil, "")
	if err := reading.Close(c.ctx); err != nil {
		return nil, err
	}
	out := []map[string]any{}
	for _, u := range rows {
		records := []map[string]string{}
		for _, f := range u.Fields {
			records = append(records, map[string]string{"ReferenceID": string(f)})
		}
		out = append(out, map[string]any{
			"ID": u.ID, "ReaderID": u.Actor, "ReaderInstitutionID": u.Actor, "ReaderInstitutionName": u.Actor, "ReaderApplicationName": u.Purpose,
			"SearchDateTime": u.At.UTC().Format(time.RFC3339), "Refrences": records, //nolint:misspell // as the standard spells it
		})
	}
	return out, nil
}
