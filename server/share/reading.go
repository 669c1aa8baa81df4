package share

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// Ask is one request of an agency.
type Ask struct {
	Agency  Agency
	Purpose civic.Purpose
	// Fields are those asked for; nil for all the agreement covers.
	Fields []civic.Attribute
	// Explicit is the reference of the citizen's own request, Previewed that the
	// citizen saw what would be sent.
	Explicit  string
	Previewed bool
	// What the log tells beside: the asker's number of the request, for whom,
	// its case, the procedure.
	Request, OnBehalf, Issue, Procedure string
}

// Reading is one request being answered, in one transaction.
type Reading struct {
	share    *Share
	tx       ledger.Tx
	ask      Ask
	now      time.Time
	revision *Revision
	reader   *policy.Reader
	entries  []translog.Entry
	persons  int64
}

// Open begins a reading: it finds the agreement that counts.
func (s *Share) Open(ctx context.Context, tx ledger.Tx, ask Ask) (*Reading, error) {
	r := &Reading{share: s, tx: tx, ask: ask, now: s.Clock()}
	var err error
	if r.revision, err = s.ForPurpose(ctx, tx, ask.Agency.ID, ask.Purpose, r.now); err != nil {
		return nil, err
	}
	if r.revision == nil {
		if r.revision, err = s.AnyOf(ctx, tx, ask.Agency.ID, r.now); err != nil {
			return nil, err
		}
	}
	req := policy.Request{
		Agency: ask.Agency.ID, Active: ask.Agency.Ended.IsZero(), Purpose: ask.Purpose, Now: r.now,
		Explicit: ask.Explicit != "", Previewed: ask.Previewed,
	}
	if r.revision != nil {
		req.Agreement, req.Approved, req.Digest = &r.revision.Agreement, r.revision.State == Approved, r.revision.Digest
	}
	r.reader = s.policies.Reader(req)
	return r, nil
}

// Agreement is the one the reading rests on; nil when there is none.
func (r *Reading) Agreement() *agreement.Agreement {
	if r.revision == nil {
		return nil
	}
	return &r.revision.Agreement
}

// Refused tells why attributes could be read of nobody, whoever it is: no
// agreement, another purpose, an attribute it does not name. Empty means some
// may be read of whom the agreement concerns.
func (r *Reading) Refused(names []civic.Attribute) []policy.Reason {
	a := r.Agreement()
	if a == nil {
		return []policy.Reason{policy.NoAgreement}
	}
	f := policy.Field{Sources: a.Sources, Consent: policy.Given}
	if len(a.Areas) > 0 {
		f.Area = a.Areas[0]
	}
	if len(names) == 0 && len(a.Attributes) > 0 { // at least one of all it names
		var best []policy.Reason
		for _, c := range a.Attributes {
			f.Attribute = c.Name
			d := r.reader.Decide(f)
			if d.Allowed {
				return nil
			}
			if best == nil || len(d.Reasons) < len(best) {
				best = d.Reasons
			}
		}
		return best
	}
	var out []policy.Reason
	for _, name := range names {
		f.Attribute = name
		out = append(out, r.reader.Decide(f).Reasons...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Look is what a reading sees of one person.
type Look struct {
	Ref  registry.Ref
	Seen policy.Seen
	// Values are what the visible claims fold to.
	Values []registry.Attribute
}

// Value is the value of an attribute, as far as it may be seen.
func (l *Look) Value(name civic.Attribute) (civic.Claim, bool) {
	i, ok := slices.BinarySearchFunc(l.Values, name, func(a registry.Attribute, n civic.Attribute) int { return cmp.Compare(a.Name, n) })
	if !ok || l.Values[i].Holds.Absent != civic.Present {
		return civic.Claim{}, false
	}
	return l.Values[i].Holds, true
}

// Look decides field by field what may be seen of persons. Nothing of it may
// leave before Disclose and Close.
func (r *Reading) Look(ctx context.Context, persons []*registry.Person) ([]Look, error) {
	if r.revision == nil || len(persons) == 0 {
		return make([]Look, len(persons)), nil
	}
	people, err := r.share.people(ctx, r.tx, persons, r.ask.Agency.ID, r.ask.Purpose)
	if err != nil {
		return nil, err
	}
	out := make([]Look, len(persons))
	for i, p := range people {
		seen := r.reader.Filter(p, r.ask.Fields)
		out[i] = Look{
			Ref: persons[i].Ref, Seen: seen,
			Values: registry.Fold(&registry.Person{Said: []registry.Said{{Claims: seen.Claims}}}),
		}
	}
	return out, nil
}

// Disclose notes that what was seen of a person is handed out.
func (r *Reading) Disclose(l Look) {
	e := r.entry(translog.Disclosure)
	e.Area, e.Person, e.Consent = l.Ref.Home, l.Ref.Person, l.Seen.Record
	for _, v := range l.Values {
		e.Fields = append(e.Fields, v.Name)
	}
	e.Records = l.Seen.Registrations[:min(len(l.Seen.Registrations), translog.MaxRecords)]
	e.Count = 1
	if len(e.Fields) == 0 { // a person of whom nothing may be seen
		e.Action, e.Code = translog.Denial, code(l.Seen.Reasons())
	}
	r.persons++
	r.entries = append(r.entries, e)
}

// Preview notes that an agency was told which fields would be sent, and no value.
// That somebody is there whom the question fits is told all the same: it counts
// as a person handed out, so that nobody tries values without end.
func (r *Reading) Preview(l Look) {
	e := r.entry(translog.Look)
	e.Area, e.Person, e.Procedure = l.Ref.Home, l.Ref.Person, "preview"
	for _, v := range l.Values {
		e.Fields = append(e.Fields, v.Name)
	}
	r.persons++
	r.entries = append(r.entries, e)
}

// Withhold notes that a person was asked for and nothing handed out.
func (r *Reading) Withhold(l Look) {
	e := r.entry(translog.Denial)
	e.Area, e.Person, e.Code = l.Ref.Home, l.Ref.Person, code(l.Seen.Reasons())
	r.entries = append(r.entries, e)
}

// Deny notes a refusal that concerns nobody in particular.
func (r *Reading) Deny(reasons []policy.Reason) {
	e := r.entry(translog.Denial)
	e.Code = code(reasons)
	r.entries = append(r.entries, e)
}

// Empty notes that nobody was found.
func (r *Reading) Empty() { r.entries = append(r.entries, r.entry(translog.Empty)) }

// Note adds a row of another kind about a person.
func (r *Reading) Note(action translog.Action, ref registry.Ref, fields []civic.Attribute, why civic.Code) {
	e := r.entry(action)
	e.Area, e.Person, e.Fields, e.Code = ref.Home, ref.Person, fields, why
	r.entries = append(r.entries, e)
}

// Close writes the rows of the log and counts what was handed out; the
// transaction it runs in must hold before an answer leaves. An agency beyond
// its day's quota is refused: civic.QuotaUsed.
func (r *Reading) Close(ctx context.Context) error {
	if len(r.entries) == 0 {
		return errors.New("share: a reading that leaves no row in the log")
	}
	if r.persons > 0 {
		if err := count(ctx, r.tx, handed{r.ask.Agency.ID, dayNumber(r.now), r.persons}, r.ask.Agency.PerDay); err != nil {
			return err
		}
	}
	return translog.Append(ctx, r.tx, r.now, r.entries)
}

func (r *Reading) entry(action translog.Action) translog.Entry {
	e := translog.Entry{
		Kind: translog.Agency, Actor: string(r.ask.Agency.ID), Action: action, Purpose: clip(r.ask.Purpose), Policy: r.share.policies.Version(),
		Request: clip(r.ask.Request), OnBehalf: clip(r.ask.OnBehalf), Issue: clip(r.ask.Issue), Procedure: clip(r.ask.Procedure),
		Explicit: r.ask.Explicit != "", Preview: r.ask.Previewed,
	}
	if a := r.Agreement(); a != nil {
		e.Agreement, e.Revision, e.Basis = clip(a.ID), int64(a.Version), string(a.Basis)
		// A look that the agreement does not carry hides behind none.
		if i := a.Investigation; i != nil && r.revision.State == Approved && a.Holds(r.now) && a.Purpose.Code == r.ask.Purpose {
			e.HiddenUntil = r.now.Add(time.Duration(i.Days) * 24 * time.Hour).Unix()
		}
	}
	return e
}

// Refuse writes the row of a request that was refused before it came to an
// agreement: an unknown sender, a changed or repeated message.
func (s *Share) Refuse(ctx context.Context, tx ledger.Tx, actor string, why civic.Code, request string) error {
	return translog.Append(ctx, tx, s.Clock(), []translog.Entry{{
		Kind: translog.Agency, Actor: clip(cmp.Or(actor, "unknown")), Action: translog.Denial, Code: why, Request: clip(request), Policy: s.policies.Version(),
	}})
}

// clip keeps a word of a stranger within what a row of the log holds.
func clip[T ~string](s T) T {
	if len(s) > translog.MaxText {
		s = s[:translog.MaxText]
	}
	return T(strings.ToValidUTF8(string(s), "?"))
}

// code joins reasons into one code of the log.
func code(reasons []policy.Reason) civic.Code {
	words := make([]string, len(reasons))
	for i, r := range reasons {
		words[i] = string(r)
	}
	return clip(civic.Code(strings.Join(words, " ")))
}

func dayNumber(t time.Time) int64 {
	y, m, d := t.UTC().Date()
	return int64(y)*10_000 + int64(m)*100 + int64(d)
}
