package fhir

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/registry/outside"
	"github.com/askonce/fieldkit/sync/civic"
)

// maxEntries is how many entries of one page are looked at.
const maxEntries = 200

// Find looks for people like the one described: by $match where the other side
// has it, and always by what searches find exactly (number, phone, names with
// the birth date), since $match may be strict.
func (r *Registry) Find(ctx context.Context, claims []civic.Claim) ([]registry.Foreign, error) {
	a, err := r.abilities(ctx)
	if err != nil {
		return nil, err
	}
	var out []registry.Foreign
	seen := map[string]bool{}
	add := func(list []*Patient) {
		for _, p := range list {
			if len(out) == registry.MaxForeign || !isID(p.ID) || seen[p.ID] || p.Active != nil && !*p.Active {
				continue
			}
			seen[p.ID] = true
			f := registry.Foreign{Registry: r.Name, ID: p.ID, Ours: ours(p), Claims: fromPatient(p, r.Systems)}
			if p.Meta != nil {
				f.Version = p.Meta.VersionID
			}
			out = append(out, f)
		}
	}
	var attributes []registry.Attribute
	for _, c := range claims {
		if c.Absent == civic.Present {
			attributes = append(attributes, registry.Attribute{Name: c.Attribute, Holds: c})
		}
	}
	if a.can.Has(registry.CanMatch) {
		like := toPatient(civic.PersonID{}, true, attributes, r.Systems)
		like.Identifier = like.Identifier[1:] // our own number is nobody's
		list, ok, err := r.match(ctx, like)
		if err != nil {
			return nil, err
		}
		if !ok {
			r.forget(registry.CanMatch)
		}
		add(list)
	}
	if !a.can.Has(registry.CanSearch) {
		return out, nil
	}
	for _, q := range searches(attributes, r.Systems) {
		list, err := r.page(ctx, q)
		if err != nil {
			return nil, err
		}
		add(list)
	}
	return out, nil
}

// forget strikes out what the other side says it can and cannot.
func (r *Registry) forget(c registry.Capability) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.learnt.can &^= c
}

// match asks the other side's own index; ok is false when it has none.
func (r *Registry) match(ctx context.Context, like Patient) (list []*Patient, ok bool, err error) {
	body := map[string]any{"resourceType": "Parameters", "parameter": []any{
		map[string]any{"name": "resource", "resource": like},
		map[string]any{"name": "count", "valueInteger": registry.MaxForeign},
		map[string]any{"name": "onlyCertainMatches", "valueBoolean": false},
	}}
	res, err := r.ask(ctx, http.MethodPost, "Patient/$match", body, nil)
	if err != nil {
		return nil, false, err
	}
	switch res.Status {
	case http.StatusOK:
		list, err := r.bundle(res)
		return list, true, err
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return nil, false, nil
	}
	return nil, true, nil // it wants more than is known of this person: the searches still ask
}

// searches are what finds somebody by exact parts.
func searches(attributes []registry.Attribute, systems map[civic.Attribute]string) []url.Values {
	v := map[civic.Attribute]string{}
	for _, a := range attributes {
		v[a.Name] = a.Holds.Value
	}
	count := strconv.Itoa(registry.MaxForeign)
	var out []url.Values
	for _, a := range numbered {
		if v[a] != "" {
			out = append(out, url.Values{"identifier": {identifierSystem(systems, a) + "|" + escape(v[a])}, "_count": {count}})
		}
	}
	birth := ""
	if d, err := civic.ParseDate(v["birth_date"]); err == nil {
		d.Estimated = false
		birth = d.String()
	}
	given, _, _ := strings.Cut(v["given_name"], " ")
	switch {
	case birth != "" && v["surname"] != "":
		out = append(out, url.Values{"birthdate": {birth}, "family": {escape(v["surname"])}, "_count": {count}})
		if given != "" {
			out = append(out, url.Values{"birthdate": {birth}, "given": {escape(given)}, "_count": {count}})
		}
	case birth != "" && given != "":
		out = append(out, url.Values{"birthdate": {birth}, "given": {escape(given)}, "_count": {count}})
	case given != "" && v["surname"] != "":
		out = append(out, url.Values{"given": {escape(given)}, "family": {escape(v["surname"])}, "_count": {count}})
	}
	if v["phone"] != "" {
		out = append(out, url.Values{"phone": {escape(v["phone"])}, "_count": {count}})
	}
	return out
}

// escape marks the signs that part the values of a search.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`, `|`, `\|`).Replace(s)
}

// page reads one page of Patients; further pages are not followed: a search
// that finds more than a page says too little. What is searched for stands in
// the body: addresses are written into logs on the way.
func (r *Registry) page(ctx context.Context, q url.Values) ([]*Patient, error) {
	res, err := r.ask(ctx, http.MethodPost, "Patient/_search", q, nil)
	if err != nil {
		return nil, err
	}
	if res.Status != http.StatusOK {
		return nil, r.refused(res)
	}
	return r.bundle(res)
}

// bundle reads the Patients of a searchset; entries of other kinds are notes.
func (r *Registry) bundle(res *outside.Answer) ([]*Patient, error) {
	var b Bundle
	if err := r.read(res, &b, "Bundle"); err != nil {
		return nil, err
	}
	var out []*Patient
	for i, e := range b.Entry {
		if i == maxEntries {
			break
		}
		var head struct {
			ResourceType string `json:"resourceType"`
		}
		if json.Unmarshal(e.Resource, &head) != nil || head.ResourceType != "Patient" {
			continue
		}
		p := &Patient{}
		if err := json.Unmarshal(e.Resource, p); err != nil {
			return nil, civic.NewProblem(civic.RegistryBroken, errors.New("an entry does not read as Patient"), r.Name)
		}
		out = append(out, p)
	}
	return out, nil
}
