package share

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// Choice is one thing a citizen chose, with the fields ISO/IEC TS 27560 keeps.
type Choice struct {
	Area         civic.Area
	Registration civic.RegistrationID
	N            int64  // given by Choose
	Record       string // the record's number, given by Choose
	State        policy.State
	Scope        policy.Scope
	Language     string // in which it was explained
	ReadAloud    bool
	Notice       string // which words were shown, with their digest
	By           string // individual, guardian, introducer, interpreter
	Channel      string // kit, receipt, counter
	Actor        string // kit and officer, or staff, who took it down
	Said         time.Time
	Counts       time.Time // given by Choose
	Until        time.Time // zero for never
}

// Who may choose for a person.
const (
	ByIndividual = "individual"
	ByGuardian   = "guardian"
	ByIntroducer = "introducer"
)

// Settler settles registrations.
type Settler interface {
	Settle(ctx context.Context, tx ledger.Tx, area civic.Area, regs []reconcile.Incoming) ([]civic.Outcome, error)
}

// Settled is told of registrations in the transaction that settled them.
type Settled func(ctx context.Context, tx ledger.Tx, area civic.Area, regs []reconcile.Incoming, outcomes []civic.Outcome) error

type settler struct {
	share *Share
	next  Settler
	after []Settled
}

// Settler stands around next: what citizens chose is written down in the
// transaction that settles their registration, and in the log. after is told of
// the registrations that were new.
func (s *Share) Settler(next Settler, after ...Settled) Settler { return settler{s, next, after} }

// Settle settles, then writes down what was chosen.
func (s settler) Settle(ctx context.Context, tx ledger.Tx, area civic.Area, regs []reconcile.Incoming) ([]civic.Outcome, error) {
	outcomes, err := s.next.Settle(ctx, tx, area, regs)
	if err != nil || len(regs) == 0 {
		return outcomes, err
	}
	fresh, theirs, err := s.share.fresh(ctx, tx, area, regs, outcomes)
	if err != nil || len(fresh) == 0 {
		return outcomes, err
	}
	if err := s.share.writeVisits(ctx, tx, area, fresh); err != nil {
		return outcomes, err
	}
	for _, after := range s.after {
		if err := after(ctx, tx, area, fresh, theirs); err != nil {
			return outcomes, err
		}
	}
	return outcomes, nil
}

// fresh leaves out what was settled before and what came to no person.
func (s *Share) fresh(ctx context.Context, tx ledger.Tx, area civic.Area, regs []reconcile.Incoming, outcomes []civic.Outcome) (fresh []reconcile.Incoming, theirs []civic.Outcome, err error) {
	ids := make([]civic.RegistrationID, 0, len(regs))
	for _, r := range regs {
		ids = append(ids, r.Registration.ID)
	}
	known, err := visits(ctx, tx, area, ids)
	if err != nil {
		return nil, nil, err
	}
	for i, r := range regs {
		switch outcomes[i].Status {
		case civic.Registered, civic.Merged, civic.Held:
		default:
			continue
		}
		if _, ok := known[r.Registration.ID]; ok {
			continue
		}
		known[r.Registration.ID] = nil
		fresh, theirs = append(fresh, r), append(theirs, outcomes[i])
	}
	return fresh, theirs, nil
}

func (s *Share) writeVisits(ctx context.Context, tx ledger.Tx, area civic.Area, regs []reconcile.Incoming) error {
	now := s.Clock()
	var visits [][]any
	var choices []Choice
	var chose []civic.RegistrationID
	for _, in := range regs {
		r := in.Registration
		visits = append(visits, []any{string(area), r.ID[:], services(r.Services)})
		if len(r.Consents) == 0 {
			continue
		}
		chose = append(chose, r.ID)
		by := chooser(in)
		for n, c := range r.Consents {
			state := policy.Given
			if !c.Given {
				state = policy.Refused
			}
			choices = append(choices, Choice{
				Area: area, Registration: r.ID, N: int64(n + 1), State: state, Scope: policy.ScopeOf(c.Service, "", c.Purpose),
				Language: c.Language, ReadAloud: c.ReadAloud, Notice: noticeOfKits, By: by, Channel: "kit",
				Actor: r.Device.String() + "/" + r.Officer.String(), Said: r.Sealed.Time(),
			})
		}
	}
	if _, err := tx.Insert(ctx, "share_visit", []string{"area", "registration", "services"}, visits, "ON CONFLICT (area, registration) DO NOTHING"); err != nil {
		return err
	}
	persons, err := s.about(ctx, tx, area, chose)
	if err != nil {
		return err
	}
	return s.writeChoices(ctx, tx, now, choices, persons)
}

// about tells whom registrations are about.
func (s *Share) about(ctx context.Context, tx ledger.Tx, area civic.Area, ids []civic.RegistrationID) (map[civic.RegistrationID]registry.Ref, error) {
	out := map[civic.RegistrationID]registry.Ref{}
	links, err := s.Registry.Linked(ctx, tx, area, ids)
	for id, list := range links {
		for _, l := range list {
			if l.Subject == "" {
				out[id] = l.To
			}
		}
	}
	return out, err
}

// noticeOfKits names the words a kit shows before it asks.
const noticeOfKits = "kit/consent.explain"

// services writes services as one word each; a name with a space in it, which
// no form has, would be two that no agreement knows.
func services(list []civic.ServiceID) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = string(s)
	}
	return strings.Join(words, " ")
}

// chooser tells who spoke for the person: whoever the registration names.
func chooser(in reconcile.Incoming) string {
	by := ByIndividual
	for _, c := range in.Form.Claims(in.Registration) {
		if c.Subject != "" || c.Absent != civic.Present || c.Value == "" {
			continue
		}
		switch c.Attribute {
		case "guardian":
			return ByGuardian
		case "introducer":
			by = ByIntroducer
		}
	}
	return by
}

// Choose writes down one choice made elsewhere than in a registration: with a
// receipt, or at the counter. It holds from this transaction on. The person is
// whoever the registration is.
func (s *Share) Choose(ctx context.Context, tx ledger.Tx, c Choice) (Choice, error) {
	if c.Registration.IsZero() || c.State != policy.Given && c.State != policy.Refused && c.State != policy.Withdrawn && c.State != policy.Requested {
		return c, civic.NewProblem(civic.RequestMalformed, errors.New("no such choice"))
	}
	err := tx.QueryRow(ctx, "SELECT coalesce(max(n), 0) + 1 FROM share_choice WHERE area = ?1 AND registration = ?2", string(c.Area), c.Registration[:]).Scan(&c.N)
	if err != nil {
		return c, err
	}
	persons, err := s.about(ctx, tx, c.Area, []civic.RegistrationID{c.Registration})
	if err != nil {
		return c, err
	}
	if len(persons) == 0 {
		return c, civic.NewProblem(civic.RegistrationAbsent, nil, c.Registration.String())
	}
	list := []Choice{c}
	err = s.writeChoices(ctx, tx, s.Clock(), list, persons)
	return list[0], err
}

func (s *Share) writeChoices(ctx context.Context, tx ledger.Tx, now time.Time, choices []Choice, persons map[civic.RegistrationID]registry.Ref) error {
	if len(choices) == 0 {
		return nil
	}
	rows := make([][]any, len(choices))
	entries := make([]translog.Entry, len(choices))
	random := make([]byte, 16*len(choices))
	if _, err := io.ReadFull(s.Rand, random); err != nil {
		return err
	}
	for i := range choices {
		c := &choices[i]
		record := random[16*i:][:16]
		c.Record, c.Counts = hex.EncodeToString(record), now
		// A yes counts from when it was said, if that is past; a no from when it
		// came, so that a clock set back cannot make it older than a yes.
		if c.State == policy.Given && !c.Said.IsZero() && c.Said.Before(now) {
			c.Counts = c.Said
		}
		aloud, until := 0, int64(0)
		if c.ReadAloud {
			aloud = 1
		}
		if !c.Until.IsZero() {
			until = c.Until.Unix()
		}
		rows[i] = []any{
			string(c.Area), c.Registration[:], c.N, record, string(c.State), string(c.Scope.Source), string(c.Scope.Target), string(c.Scope.Agency),
			string(c.Scope.Purpose), c.Language, aloud, c.Notice, c.By, c.Channel, c.Actor, c.Said.Unix(), c.Counts.Unix(), until,
		}
		who := persons[c.Registration]
		e := translog.Entry{
			Area: who.Home, Person: who.Person, Kind: translog.Officer, Actor: c.Actor, Action: translog.Consented,
			Purpose: c.Scope.Purpose, Consent: c.Record, Records: []civic.RegistrationID{c.Registration},
			OnBehalf: string(c.Scope.Source) + ">" + string(c.Scope.Target) + ">" + string(c.Scope.Agency), Procedure: c.Channel,
		}
		switch c.Channel {
		case "receipt":
			e.Kind = translog.Citizen
		case "counter":
			e.Kind = translog.Staff
		}
		if c.State == policy.Refused || c.State == policy.Withdrawn {
			e.Action = translog.Withdrew
		}
		entries[i] = e
	}
	_, err := tx.Insert(ctx, "share_choice", []string{
		"area", "registration", "n", "record", "state", "source", "target", "agency", "purpose", "language", "read_aloud", "notice",
		"made_by", "channel", "actor", "said_at", "counts_from", "until",
	}, rows, "")
	if err != nil {
		return err
	}
	return translog.Append(ctx, tx, now, entries)
}

// visits reads the services of registrations.
func visits(ctx context.Context, tx ledger.Tx, area civic.Area, ids []civic.RegistrationID) (map[civic.RegistrationID][]civic.ServiceID, error) {
	out := map[civic.RegistrationID][]civic.ServiceID{}
	err := ofRegistrations(ctx, tx, area, ids, "SELECT registration, services FROM share_visit", func(r ledger.Row) error {
		var id []byte
		var text string
		err := r.Scan(&id, &text)
		var list []civic.ServiceID
		for word := range strings.FieldsSeq(text) {
			list = append(list, civic.ServiceID(word))
		}
		out[civic.RegistrationID(id)] = list
		return err
	})
	return out, err
}

// Choices reads what was chosen with registrations, oldest first.
func Choices(ctx context.Context, tx ledger.Tx, area civic.Area, ids []civic.RegistrationID) ([]Choice, error) {
	var out []Choice
	err := ofRegistrations(ctx, tx, area, ids, `SELECT registration, n, record, state, source, target, agency, purpose, language, read_aloud, notice,
		made_by, channel, actor, said_at, counts_from, until FROM share_choice`, func(r ledger.Row) error {
		var id, record []byte
		var state, source, target, agency, purpose string
		var aloud, said, counts, until int64
		c := Choice{Area: area}
		err := r.Scan(&id, &c.N, &record, &state, &source, &target, &agency, &purpose, &c.Language, &aloud, &c.Notice, &c.By, &c.Channel, &c.Actor, &said, &counts, &until)
		c.Registration, c.Record, c.State, c.ReadAloud = civic.RegistrationID(id), hex.EncodeToString(record), policy.State(state), aloud != 0
		c.Scope = policy.Scope{Source: civic.ServiceID(source), Target: civic.ServiceID(target), Agency: agreement.AgencyID(agency), Purpose: civic.Purpose(purpose)}
		c.Said, c.Counts, c.Until = moment(said), moment(counts), moment(until)
		out = append(out, c)
		return err
	})
	slices.SortStableFunc(out, func(a, b Choice) int {
		return cmp.Or(a.Counts.Compare(b.Counts), cmp.Compare(yesFirst(a.State), yesFirst(b.State)), slices.Compare(a.Registration[:], b.Registration[:]), cmp.Compare(a.N, b.N))
	})
	return out, err
}

// yesFirst has a no of the same second come after a yes, and so hold.
func yesFirst(s policy.State) int {
	if s == policy.Given {
		return 0
	}
	return 1
}

// chunk is how many registrations one statement asks for.
const chunk = 64

// ofRegistrations runs a query for registrations of one office, in chunks of one
// size, so that few different statements are prepared.
func ofRegistrations(ctx context.Context, tx ledger.Tx, area civic.Area, ids []civic.RegistrationID, query string, each func(ledger.Row) error) error {
	for len(ids) > 0 {
		size := 1
		if len(ids) > 1 {
			size = chunk
		}
		n := min(size, len(ids))
		args := []any{string(area)}
		marks := make([]string, size)
		for i := range size {
			args = append(args, ids[min(i, n-1)][:])
			marks[i] = "?" + itoa(i+2)
		}
		if err := ledger.All(ctx, tx, each, query+" WHERE area = ?1 AND registration IN ("+strings.Join(marks, ",")+")", args...); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// Object writes that a person, whoever a registration is, objects to an agency
// and a purpose (empty: all), or that the objection no longer stands.
func (s *Share) Object(ctx context.Context, tx ledger.Tx, area civic.Area, id civic.RegistrationID, agency agreement.AgencyID, purpose civic.Purpose, stands bool) error {
	n := 0
	if stands {
		n = 1
	}
	_, err := tx.Exec(ctx, `INSERT INTO share_objection (area, registration, agency, purpose, stands, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		ON CONFLICT (area, registration, agency, purpose) DO UPDATE SET stands = excluded.stands, at = excluded.at`,
		string(area), id[:], string(agency), string(purpose), n, s.Clock().Unix())
	return err
}

// people reads what policy needs of persons, in their order.
func (s *Share) people(ctx context.Context, tx ledger.Tx, persons []*registry.Person, agency agreement.AgencyID, purpose civic.Purpose) ([]policy.Person, error) {
	byArea := map[civic.Area][]civic.RegistrationID{}
	for _, p := range persons {
		for i := range p.Said {
			byArea[p.Said[i].Office] = append(byArea[p.Said[i].Office], p.Said[i].Registration)
		}
	}
	type place struct {
		area civic.Area
		id   civic.RegistrationID
	}
	told := map[place][]civic.ServiceID{}
	chosen := map[place][]Choice{}
	objected, withdrawn := map[place]bool{}, map[place]bool{}
	for area, ids := range byArea {
		v, err := visits(ctx, tx, area, ids)
		if err != nil {
			return nil, err
		}
		for id, list := range v {
			told[place{area, id}] = list
		}
		c, err := Choices(ctx, tx, area, ids)
		if err != nil {
			return nil, err
		}
		for _, one := range c {
			chosen[place{area, one.Registration}] = append(chosen[place{area, one.Registration}], one)
		}
		gone, err := withdrawnOf(ctx, tx, area, ids)
		if err != nil {
			return nil, err
		}
		for id := range gone {
			withdrawn[place{area, id}] = true
		}
		err = ofRegistrations(ctx, tx, area, ids, "SELECT registration, agency, purpose, stands FROM share_objection", func(r ledger.Row) error {
			var id []byte
			var who, what string
			var stands int64
			err := r.Scan(&id, &who, &what, &stands)
			if stands != 0 && (who == "" || who == string(agency)) && (what == "" || what == string(purpose)) {
				objected[place{area, civic.RegistrationID(id)}] = true
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	out := make([]policy.Person, len(persons))
	for i, p := range persons {
		out[i].Doubtful = p.State == registry.Waiting
		for j := range p.Said {
			said := &p.Said[j]
			at := place{said.Office, said.Registration}
			if withdrawn[at] {
				continue
			}
			list, known := told[at]
			if !known {
				list = []civic.ServiceID{FromList}
			}
			out[i].Said = append(out[i].Said, policy.Said{
				Registration: said.Registration, Subject: said.Subject, Area: said.Office, Services: list, Claims: said.Claims,
			})
			for _, c := range chosen[at] {
				out[i].Events = append(out[i].Events, policy.Event{
					Registration: c.Registration, Own: said.Subject == "", Scope: c.Scope, State: c.State, At: c.Counts.Unix(), Until: unix(c.Until), Record: c.Record,
				})
			}
			// Somebody else's objection is not the person's.
			out[i].Objected = out[i].Objected || said.Subject == "" && objected[at]
		}
		slices.SortStableFunc(out[i].Events, func(a, b policy.Event) int {
			return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(yesFirst(a.State), yesFirst(b.State)))
		})
	}
	return out, nil
}

// FromList is the source of what came by a list and not by a visit.
const FromList civic.ServiceID = "list"

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
