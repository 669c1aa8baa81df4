package govstack

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// writes tells whether a call changes persons.
func writes(r *http.Request) bool {
	return r.Method == http.MethodPut || r.Method == http.MethodDelete || strings.HasSuffix(strings.ToLower(r.URL.Path), "create")
}

// write takes in what the agency says of a person, known or not, under a number
// of the request's.
func (c *call) write(number string, record map[string]any, ref *registry.Ref) (map[string]any, error) {
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
	outcome, err := c.Share.Write(c.ctx, c.tx, c.Settler, a, number, areaOf(a), values, ref)
	if err != nil {
		return nil, err
	}
	if outcome.Status == civic.Quarantined { // something else came under this number before
		return nil, refusal{http.StatusConflict, "message_repeated", false}
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

// number is what a write is known by when it comes again: the message's, which
// the agency signed. A sender of old who names none says something new each time.
func (c *call) number() (string, error) {
	if id := c.r.Header.Get("X-Message-Id"); id != "" && len(id) <= maxNumber {
		return id, nil
	}
	return c.NewID()
}

func (c *call) create() (any, error) {
	b, err := c.body()
	if err != nil {
		return nil, err
	}
	number, err := c.number()
	if err != nil {
		return nil, err
	}
	one, err := c.write(number, b.Write.Content, nil)
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
	number, err := c.number()
	if err != nil {
		return nil, err
	}
	_, err = c.write(number, b.Write.Content, &l.Ref)
	return map[string]any{}, err
}

func (c *call) updateEntries() (any, error) {
	b, s, err := c.sought()
	if err != nil {
		return nil, err
	}
	s.PageSize, s.Preview = agency.MaxPage, true
	found, err := c.find(s)
	if err != nil {
		return nil, err
	}
	number, err := c.number()
	if err != nil {
		return nil, err
	}
	for i := range found.Looks {
		if _, err := c.write(number+"/"+strconv.Itoa(i), b.Write.Content, &found.Looks[i].Ref); err != nil {
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
	number, err := c.number()
	if err != nil {
		return nil, err
	}
	one, err := c.write(number, b.Write.Content, ref)
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
