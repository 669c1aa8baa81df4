package district

import (
	"context"
	"encoding/hex"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// chosen reads everything a person chose about reuse: with the registrations
// that speak of them, and afterwards by receipt or at the counter.
func chosen(ctx context.Context, tx ledger.Tx, said []registry.Said) ([]policy.Event, error) {
	var out []policy.Event
	seen := map[civic.RegistrationID]bool{}
	for _, s := range said {
		if seen[s.Registration] {
			continue
		}
		seen[s.Registration] = true
		err := ledger.All(ctx, tx, func(r ledger.Row) error {
			var record []byte
			var state, source, target, agency, purpose string
			e := policy.Event{Registration: s.Registration, Own: s.Subject == ""}
			err := r.Scan(&record, &state, &source, &target, &agency, &purpose, &e.At, &e.Until)
			e.Record, e.State = hex.EncodeToString(record), policy.State(state)
			e.Scope = policy.Scope{Source: civic.ServiceID(source), Target: civic.ServiceID(target), Agency: agreement.AgencyID(agency), Purpose: civic.Purpose(purpose)}
			out = append(out, e)
			return err
		}, `SELECT record, state, source, target, agency, purpose, counts_from, until FROM share_choice
			WHERE area = ?1 AND registration = ?2 ORDER BY counts_from, CASE WHEN state = ?3 THEN 0 ELSE 1 END, n`,
			string(s.Office), s.Registration[:], string(policy.Given))
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// reuse folds what was chosen to what a pack can say of one source: was the
// person asked whether others may use what was said there, and may they.
//
// A pack does not know who will ask. So a no towards one agency or one purpose
// counts towards all: the kit then asks, and shows nothing. What one service may
// take from others is asked at that service's own visit and not told here.
func reuse(events []policy.Event, at civic.RegistrationID, service civic.ServiceID, now int64) (asked, given bool) {
	look := policy.For{Registration: at, Sources: []civic.ServiceID{service}, Now: now}
	state := policy.StateOf(events, look)
	asked, given = state != policy.NoChoice && state != policy.Requested, state == policy.Given
	for _, e := range events {
		s := e.Scope
		if s.Target != "" || s.Agency == "" && s.Purpose == "" || s.Source != "" && s.Source != service || e.Registration != at && !e.Own {
			continue
		}
		narrow := look
		narrow.Agency, narrow.Purpose = s.Agency, s.Purpose
		switch policy.StateOf(events, narrow) {
		case policy.Refused, policy.Withdrawn, policy.Expired:
			return true, false
		}
	}
	return asked, given
}
