package share

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

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
