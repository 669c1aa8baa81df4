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
	"github.com/askonce/fieldkit/server/together"
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

// place is a registration where it was taken.
type place struct {
	area civic.Area
	id   civic.RegistrationID
}

// objection is one that stands.
type objection struct {
	agency  agreement.AgencyID // empty: every agency
	purpose civic.Purpose      // empty: every purpose
}

// facts are what is kept beside registrations: what each was for, what was
// chosen and objected to, and which were withdrawn.
type facts struct {
	told      map[place][]civic.ServiceID
	chosen    map[place][]Choice
	objected  map[place][]objection
	withdrawn map[place]bool
}

// factsOf reads them for registrations, in the statements of one request
// however many ask at the same time.
func factsOf(ctx context.Context, tx ledger.Tx, at []place) (*facts, error) {
	return together.Read(tx, "facts beside registrations", at, func(tx ledger.Tx, asks [][]place) ([]*facts, error) {
		byArea := map[civic.Area][]civic.RegistrationID{}
		met := map[place]bool{}
		for _, p := range slices.Concat(asks...) {
			if !met[p] {
				met[p] = true
				byArea[p.area] = append(byArea[p.area], p.id)
			}
		}
		f := &facts{map[place][]civic.ServiceID{}, map[place][]Choice{}, map[place][]objection{}, map[place]bool{}}
		for area, ids := range byArea {
			if err := f.read(ctx, tx, area, ids); err != nil {
				return nil, err
			}
		}
		return slices.Repeat([]*facts{f}, len(asks)), nil
	})
}

func (f *facts) read(ctx context.Context, tx ledger.Tx, area civic.Area, ids []civic.RegistrationID) error {
	v, err := visits(ctx, tx, area, ids)
	if err != nil {
		return err
	}
	for id, list := range v {
		f.told[place{area, id}] = list
	}
	c, err := Choices(ctx, tx, area, ids)
	if err != nil {
		return err
	}
	for _, one := range c {
		at := place{area, one.Registration}
		f.chosen[at] = append(f.chosen[at], one)
	}
	gone, err := withdrawnOf(ctx, tx, area, ids)
	if err != nil {
		return err
	}
	for id := range gone {
		f.withdrawn[place{area, id}] = true
	}
	return ofRegistrations(ctx, tx, area, ids, "SELECT registration, agency, purpose, stands FROM share_objection", func(r ledger.Row) error {
		var id []byte
		var o objection
		var stands int64
		err := r.Scan(&id, &o.agency, &o.purpose, &stands)
		if stands != 0 {
			at := place{area, civic.RegistrationID(id)}
			f.objected[at] = append(f.objected[at], o)
		}
		return err
	})
}

// people reads what policy needs of persons, in their order.
func (s *Share) people(ctx context.Context, tx ledger.Tx, persons []*registry.Person, agency agreement.AgencyID, purpose civic.Purpose) ([]policy.Person, error) {
	var all []place
	for _, p := range persons {
		for i := range p.Said {
			all = append(all, place{p.Said[i].Office, p.Said[i].Registration})
		}
	}
	f, err := factsOf(ctx, tx, all)
	if err != nil {
		return nil, err
	}
	out := make([]policy.Person, len(persons))
	for i, p := range persons {
		out[i] = f.person(p, agency, purpose)
	}
	return out, nil
}

// person is one as the policy sees it when an agency asks.
func (f *facts) person(p *registry.Person, agency agreement.AgencyID, purpose civic.Purpose) policy.Person {
	out := policy.Person{Doubtful: p.State == registry.Waiting}
	for j := range p.Said {
		said := &p.Said[j]
		at := place{said.Office, said.Registration}
		if f.withdrawn[at] {
			continue
		}
		list, known := f.told[at]
		if !known {
			list = []civic.ServiceID{FromList}
		}
		out.Said = append(out.Said, policy.Said{
			Registration: said.Registration, Subject: said.Subject, Area: said.Office, Services: list, Claims: said.Claims,
		})
		for _, c := range f.chosen[at] {
			out.Events = append(out.Events, policy.Event{
				Registration: c.Registration, Own: said.Subject == "", Scope: c.Scope, State: c.State, At: c.Counts.Unix(), Until: unix(c.Until), Record: c.Record,
			})
		}
		// Somebody else's objection is not the person's.
		out.Objected = out.Objected || said.Subject == "" && slices.ContainsFunc(f.objected[at], func(o objection) bool {
			return (o.agency == "" || o.agency == agency) && (o.purpose == "" || o.purpose == purpose)
		})
	}
	slices.SortStableFunc(out.Events, func(a, b policy.Event) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(yesFirst(a.State), yesFirst(b.State)))
	})
	return out
}

// FromList is the source of what came by a list and not by a visit.
const FromList civic.ServiceID = "list"

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
