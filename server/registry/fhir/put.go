package fhir

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/registry/outside"
	"github.com/askonce/fieldkit/sync/civic"
)

// maxRaces is how often an update begins anew because somebody else changed
// the Patient in between.
const maxRaces = 3

// Put creates or updates a Patient, see registry.Outside.
func (r *Registry) Put(ctx context.Context, c registry.Copy) (kept registry.Kept, err error) {
	a, err := r.abilities(ctx)
	if err != nil {
		return kept, err
	}
	mine := toPatient(c.Person, c.Active, c.Attributes, r.Systems)
	id := c.ID
	if id == "" && (c.Doubt || !a.conditional) {
		if id, kept.Duplicates, err = r.search(ctx, c.Person); err != nil {
			return kept, err
		}
	}
	for range maxRaces {
		if id == "" {
			made, found, more, err := r.create(ctx, a, c, mine)
			kept.Duplicates += more
			if err != nil || made != nil {
				return join(kept, made), err
			}
			id = found
		}
		state, gone, err := r.update(ctx, id, c, mine)
		switch {
		case err != nil:
			return kept, err
		case gone && c.Adopted:
			return kept, civic.NewProblem(civic.RegistryRefused, nil, r.Name, "gone")
		case gone:
			id = "" // the other side lost it: it is made again, under our number
		case state != nil:
			return join(kept, state), nil
		}
	}
	return kept, civic.NewProblem(civic.RegistryDown, errors.New("others change this Patient all the time"), r.Name)
}

func join(kept registry.Kept, p *Patient) registry.Kept {
	if p != nil {
		kept.ID = p.ID
		if p.Meta != nil {
			kept.Version = p.Meta.VersionID
		}
	}
	return kept
}

// create makes a Patient unless there is one of this number; then it gives that
// one's id.
func (r *Registry) create(ctx context.Context, a abilities, c registry.Copy, mine Patient) (made *Patient, found string, more int, err error) {
	header := map[string]string{"X-Request-Id": hex.EncodeToString(c.Key[:])}
	if a.conditional {
		header["If-None-Exist"] = byNumber(c.Person).Encode()
	}
	if c.ReplacedBy != "" {
		mine.Link = []PatientLink{{Other: Reference{Reference: "Patient/" + c.ReplacedBy}, Type: "replaced-by"}}
	}
	res, err := r.ask(ctx, http.MethodPost, "Patient", mine, header)
	if err != nil {
		return nil, "", 0, err
	}
	switch res.Status {
	case http.StatusCreated, http.StatusOK:
		p, err := r.written(res)
		if err != nil {
			return nil, "", 0, err
		}
		if res.Status == http.StatusOK {
			return nil, p.ID, 0, nil // it was there: bring it up to date
		}
		return p, "", 0, nil
	case http.StatusPreconditionFailed: // more than one is there
		id, more, err := r.search(ctx, c.Person)
		if err == nil && id == "" {
			err = r.refused(res)
		}
		return nil, id, more, err
	}
	return nil, "", 0, r.refused(res)
}

// written reads what came back of a Patient that was written: the resource, or
// where a service gives none, its place.
func (r *Registry) written(res *outside.Answer) (*Patient, error) {
	p := &Patient{}
	if len(res.Body) > 0 {
		if err := r.read(res, p, "Patient"); err != nil {
			return nil, err
		}
	}
	if p.ID == "" {
		p.ID, p.Meta = place(res.Header.Get("Location"))
	}
	if tag := version(res.Header.Get("ETag")); tag != "" && p.Meta == nil {
		p.Meta = &Meta{VersionID: tag}
	}
	if !isID(p.ID) {
		return nil, civic.NewProblem(civic.RegistryBroken, errors.New("the answer names no Patient"), r.Name)
	}
	return p, nil
}

// place reads …/Patient/<id>/_history/<version>.
func place(location string) (id string, m *Meta) {
	_, rest, ok := strings.Cut(location, "Patient/")
	if !ok {
		return "", nil
	}
	id, history, ok := strings.Cut(rest, "/_history/")
	if ok {
		m = &Meta{VersionID: history}
	}
	return id, m
}

func version(etag string) string { return strings.Trim(strings.TrimPrefix(etag, "W/"), `"`) }

const idSigns = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."

// isID tells whether a text can be a FHIR id, which goes into addresses.
func isID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, c := range s {
		if !strings.ContainsRune(idSigns, c) {
			return false
		}
	}
	return strings.Trim(s, ".") != ""
}

// update brings a Patient up to ours. It gives nil when somebody else was
// quicker, gone when there is no such Patient any more.
func (r *Registry) update(ctx context.Context, id string, c registry.Copy, mine Patient) (state *Patient, gone bool, err error) {
	if !isID(id) {
		return nil, false, civic.NewProblem(civic.RegistryBroken, errors.New("a number that is no FHIR id"), r.Name)
	}
	res, err := r.ask(ctx, http.MethodGet, "Patient/"+id, nil, nil)
	if err != nil {
		return nil, false, err
	}
	if res.Status == http.StatusNotFound {
		return nil, true, nil
	}
	if res.Status != http.StatusOK { // 410: deleted on purpose, so a person has to look
		return nil, false, r.refused(res)
	}
	theirs := &Patient{}
	if err := r.read(res, theirs, "Patient"); err != nil {
		return nil, false, err
	}
	if theirs.ID == "" {
		theirs.ID = id
	}
	if theirs.ID != id {
		return nil, false, civic.NewProblem(civic.RegistryBroken, errors.New("another Patient than asked for"), r.Name)
	}
	if other := ours(theirs); !other.IsZero() && other != c.Person {
		return nil, false, civic.NewProblem(civic.RegistryRefused, nil, r.Name, "another-persons")
	}
	if !merge(theirs, mine, &c) {
		return theirs, false, nil
	}
	tag := res.Header.Get("ETag")
	if tag == "" && theirs.Meta != nil && theirs.Meta.VersionID != "" {
		tag = `W/"` + theirs.Meta.VersionID + `"`
	}
	header := map[string]string{"X-Request-Id": hex.EncodeToString(c.Key[:])}
	if tag != "" {
		header["If-Match"] = tag
	}
	res, err = r.ask(ctx, http.MethodPut, "Patient/"+id, theirs, header)
	if err != nil {
		return nil, false, err
	}
	switch res.Status {
	case http.StatusOK, http.StatusCreated:
		p, err := r.written(res)
		if civic.CodeOf(err) == civic.RegistryBroken && len(res.Body) == 0 {
			return &Patient{ID: id, Meta: &Meta{VersionID: version(res.Header.Get("ETag"))}}, false, nil
		}
		if err == nil && p.ID != id {
			err = civic.NewProblem(civic.RegistryBroken, errors.New("another Patient than written"), r.Name)
		}
		return p, false, err
	case http.StatusPreconditionFailed, http.StatusConflict:
		return nil, false, nil
	}
	return nil, false, r.refused(res)
}

func byNumber(id civic.PersonID) url.Values {
	return url.Values{"identifier": {System + "|" + id.String()}}
}

// search looks for the Patients that carry a person's number: the one that was
// there first, and how many more there are.
func (r *Registry) search(ctx context.Context, id civic.PersonID) (first string, more int, err error) {
	q := byNumber(id)
	q.Set("_count", "10")
	list, err := r.page(ctx, q)
	if err != nil {
		return "", 0, err
	}
	// A service that did not understand the search gives everybody.
	list = slices.DeleteFunc(list, func(p *Patient) bool { return ours(p) != id || !isID(p.ID) })
	if len(list) == 0 {
		return "", 0, nil
	}
	slices.SortFunc(list, func(a, b *Patient) int {
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), strings.Compare(a.ID, b.ID))
	})
	return list[0].ID, len(list) - 1, nil
}
