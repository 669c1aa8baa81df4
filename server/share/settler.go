package share

import (
	"context"
	"strings"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
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
		for n, c := range r.Consents {
			state := policy.Given
			switch {
			case c.Withdrawn:
				state = policy.Withdrawn // also where a kit that errs says Given beside it
			case !c.Given:
				state = policy.Refused
			}
			notice, by := noticeOf(c), c.By.String()
			if notice == "" { // sealed by a program before version 1
				notice, by = noticeOfKits, chooser(in)
			}
			choices = append(choices, Choice{
				Area: area, Registration: r.ID, N: int64(n + 1), State: state, Scope: policy.ScopeOf(c.Service, agreement.AgencyID(c.Agency), c.Purpose),
				Language: c.Language, ReadAloud: c.ReadAloud, Notice: notice, By: by, Channel: "kit",
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

// noticeOfKits names the words that kits showed before version 1.
const noticeOfKits = "kit/consent.explain"

// maxNotice bounds the name of a notice, in bytes.
const maxNotice = 200

// noticeOf names the words somebody was asked with and, to the letter, their
// digest.
func noticeOf(c civic.Consent) string {
	if c.Notice == "" || len(c.Notice) > maxNotice {
		return ""
	}
	return c.Notice + " sha256:" + c.Words.String()
}

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
