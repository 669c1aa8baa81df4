package share

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
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
