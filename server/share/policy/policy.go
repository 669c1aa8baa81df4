package policy

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
)

//go:embed policies.cedar
var shipped []byte

// Reason is the name of a policy that refuses, or one of those below.
type Reason string

// Reasons that no policy has a name for.
const (
	NoAgreement  Reason = "no_agreement"  // the agency has none for this purpose
	NotCovered   Reason = "not_covered"   // the agreement does not name the field
	NotEvaluated Reason = "not_evaluated" // a policy failed: refused to be safe
)

// Policies are the policies of a centre.
type Policies struct {
	set        *cedar.PolicySet
	version    string
	dictionary *attributes.Dictionary
	memory     memory
}

// Load reads the policies that ship with the program, for a dictionary.
func Load(d *attributes.Dictionary) (*Policies, error) { return Parse(shipped, d) }

// Parse reads policies in Cedar's own language; each has an @id, none twice.
func Parse(text []byte, d *attributes.Dictionary) (*Policies, error) {
	list, err := cedar.NewPolicyListFromBytes("policies.cedar", text)
	if err != nil {
		return nil, fmt.Errorf("the policies cannot be read: %w", err)
	}
	set := cedar.NewPolicySet()
	for _, p := range list {
		id := p.Annotations()["id"]
		if id == "" {
			return nil, errors.New("a policy has no @id")
		}
		if !set.Add(cedar.PolicyID(id), p) {
			return nil, fmt.Errorf("two policies are called %s", id)
		}
	}
	sum := sha256.Sum256(text)
	return &Policies{set: set, version: hex.EncodeToString(sum[:6]), dictionary: d}, nil
}

// Version names the policies: a hash of their text.
func (p *Policies) Version() string { return p.version }

// Text is the policies as they ship, for people to read.
func Text() string { return string(shipped) }

// Request is what stays the same for all fields of one request.
type Request struct {
	Agency agreement.AgencyID
	Active bool // the agency has not ended
	// Agreement is the agency's newest approved revision for the purpose, nil
	// when it has none; Approved tells that a second person approved it.
	Agreement *agreement.Agreement
	Approved  bool
	// Digest names the agreement's bytes. Decisions of requests with a digest are
	// remembered beyond the request: they follow from nothing but what is named.
	Digest  civic.Digest
	Purpose civic.Purpose
	Now     time.Time
	// Explicit: the citizen's own request is named. Previewed: the citizen saw
	// what would be sent.
	Explicit, Previewed bool
}

// Field is one claim of one person, as far as it matters here.
type Field struct {
	Attribute civic.Attribute
	Area      civic.Area // where it was said
	Sources   []civic.ServiceID
	Consent   State
	Objected  bool
	Doubtful  bool // a reviewer must still say who the person is
}

// Decision is the answer for one field. Reasons are why not, sorted; an allowed
// one has none.
type Decision struct {
	Allowed bool
	Reasons []Reason
}

// Reader decides the fields of one request. It is for one goroutine.
type Reader struct {
	policies *Policies
	request  Request
	memory   *decisions // of requests like this one
	asking   *asking    // made when something has to be decided
}

// asking is a request as Cedar sees it.
type asking struct {
	principal types.EntityUID
	agency    types.Entity
	context   types.Record
}

var (
	readAction = types.NewEntityUID("Action", "read")
	noAreas    = types.NewSet()
)

// Reader begins a request.
func (p *Policies) Reader(r Request) *Reader {
	return &Reader{policies: p, request: r, memory: p.memory.of(r)}
}

func asks(r Request) *asking {
	out := &asking{principal: types.NewEntityUID("Agency", types.String(r.Agency))}
	out.agency = types.Entity{UID: out.principal, Attributes: types.NewRecord(types.RecordMap{"active": types.Boolean(r.Active)})}
	a := r.Agreement
	fields := make([]types.Value, len(a.Attributes))
	for i, c := range a.Attributes {
		fields[i] = types.String(c.Name)
	}
	sources := make([]types.Value, len(a.Sources))
	for i, s := range a.Sources {
		sources[i] = types.String(s)
	}
	areas := noAreas
	if len(a.Areas) > 0 {
		list := make([]types.Value, len(a.Areas))
		for i, in := range a.Areas {
			list[i] = types.NewEntityUID("Area", types.String(in))
		}
		areas = types.NewSet(list...)
	}
	out.context = types.NewRecord(types.RecordMap{
		"purpose":   types.String(r.Purpose),
		"day":       types.Long(today(r.Now)),
		"explicit":  types.Boolean(r.Explicit),
		"previewed": types.Boolean(r.Previewed),
		"agreement": types.NewRecord(types.RecordMap{
			"agency":     types.NewEntityUID("Agency", types.String(a.Agency)),
			"approved":   types.Boolean(r.Approved),
			"state":      types.String(a.Lifecycle.State),
			"from":       types.Long(day(a.Lifecycle.From)),
			"until":      types.Long(until(a.Lifecycle.Until)),
			"purpose":    types.String(a.Purpose.Code),
			"basis":      types.String(a.Basis),
			"everywhere": types.Boolean(len(a.Areas) == 0),
			"areas":      areas,
			"sources":    types.NewSet(sources...),
			"fields":     types.NewSet(fields...),
			"explicit":   types.Boolean(a.ExplicitRequest),
			"preview":    types.Boolean(a.Preview),
		}),
	})
	return out
}

// today is the day a moment is on.
func today(at time.Time) int64 { return day(at.UTC().Format(time.DateOnly)) }

// day is a date as a number: 2026-01-31 is 20260131. One that is none is a day
// nothing holds on: the agreement's own check refuses it before.
func day(s string) int64 {
	var n int64
	for _, c := range s {
		if c >= '0' && c <= '9' {
			n = n*10 + int64(c-'0')
		}
	}
	return n
}

func until(s string) int64 {
	if s == "" {
		return 99991231
	}
	return day(s)
}

// Decide says whether one field may be read, and if not, why.
func (r *Reader) Decide(f Field) Decision {
	if r.request.Agreement == nil {
		return Decision{Reasons: []Reason{NoAgreement}}
	}
	key := memoryKey{f.Attribute, f.Area, joined(f.Sources), f.Consent, f.Objected, f.Doubtful}
	if d, ok := r.memory.get(key); ok {
		return d
	}
	d := r.decide(f)
	r.memory.put(key, d)
	return d
}

func (r *Reader) decide(f Field) Decision {
	if r.asking == nil {
		r.asking = asks(r.request)
	}
	uid := types.NewEntityUID("Field", types.String(f.Attribute))
	entities := world{agency: r.asking.agency, field: types.Entity{UID: uid, Attributes: r.field(f)}}
	decision, diagnostic := cedar.Authorize(r.policies.set, entities, cedar.Request{
		Principal: r.asking.principal, Action: readAction, Resource: uid, Context: r.asking.context,
	})
	// A policy that fails is skipped by Cedar; here it refuses.
	if len(diagnostic.Errors) > 0 {
		return Decision{Reasons: []Reason{NotEvaluated}}
	}
	if decision == cedar.Allow {
		return Decision{Allowed: true}
	}
	var d Decision
	for _, why := range diagnostic.Reasons {
		d.Reasons = append(d.Reasons, Reason(why.PolicyID))
	}
	if a := r.request.Agreement; a.Agency != r.request.Agency || !a.Covers(f.Attribute) {
		d.Reasons = append(d.Reasons, NotCovered)
	}
	slices.Sort(d.Reasons)
	return d
}

// field writes what is known of a field. One the dictionary does not know is
// described by nobody and never handed on.
func (r *Reader) field(f Field) types.Record {
	known, ok := r.policies.dictionary.Get(f.Attribute)
	rank := sensitivity(string(known.Sensitivity))
	if rank < 0 {
		rank = mostSensitive
	}
	ceiling := rank
	for _, c := range r.request.Agreement.Attributes {
		if c.Name == f.Attribute && c.Sensitivity != "" {
			ceiling = sensitivity(c.Sensitivity)
		}
	}
	sources := make([]types.Value, len(f.Sources))
	for i, s := range f.Sources {
		sources[i] = types.String(s)
	}
	return types.NewRecord(types.RecordMap{
		"attribute":   types.String(f.Attribute),
		"reusable":    types.Boolean(ok && known.Reuse != attributes.Never),
		"sensitivity": types.Long(rank),
		"ceiling":     types.Long(ceiling),
		"area":        types.NewEntityUID("Area", types.String(f.Area)),
		"sources":     types.NewSet(sources...),
		"consent":     types.String(f.Consent),
		"objected":    types.Boolean(f.Objected),
		"doubtful":    types.Boolean(f.Doubtful),
	})
}

// sensitivity ranks a word from 0; -1 for one that is none.
func sensitivity(s string) int {
	return slices.Index([]string{string(attributes.Basic), string(attributes.Personal), string(attributes.Sensitive), string(attributes.Special)}, s)
}

// mostSensitive stands for a field nobody described: more than any agreement covers.
const mostSensitive = 9

// joined writes services so that no two lists are written alike.
func joined(services []civic.ServiceID) string {
	var b strings.Builder
	for _, s := range services {
		b.WriteString(strconv.Itoa(len(s)))
		b.WriteByte(':')
		b.WriteString(string(s))
	}
	return b.String()
}

// world is the few entities a decision needs; areas stand below each other by
// their names.
type world struct{ agency, field types.Entity }

// Get finds an entity.
func (w world) Get(uid types.EntityUID) (types.Entity, bool) {
	switch uid.Type {
	case "Agency":
		return w.agency, uid == w.agency.UID
	case "Field":
		return w.field, uid == w.field.UID
	case "Area":
		e := types.Entity{UID: uid}
		if i := strings.LastIndexByte(string(uid.ID), '-'); i > 0 {
			e.Parents = types.NewEntityUIDSet(types.NewEntityUID("Area", uid.ID[:i]))
		}
		return e, true
	}
	return types.Entity{}, false
}
