package registry

import (
	"cmp"
	"context"
	"slices"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// Exported is one line of the list of persons with what they hold.
type Exported struct {
	Person       civic.PersonID
	Registration civic.RegistrationID
	Subject      string
	SourceRow    string
}

// Export calls each for every subject of every registration, person by person.
func (e *Embedded) Export(ctx context.Context, tx ledger.Tx, each func(Exported) error) error {
	return ledger.All(ctx, tx, func(r ledger.Row) error {
		var person, registration, sealed []byte
		var s Said
		if err := r.Scan(&person, &registration, &s.Subject, &s.Office, &s.At, &sealed); err != nil {
			return err
		}
		s.Registration = civic.RegistrationID(registration)
		if err := e.seals.openSaid(&s, sealed); err != nil {
			return err
		}
		return each(Exported{Person: civic.PersonID(person), Registration: s.Registration, Subject: s.Subject, SourceRow: s.SourceRow})
	}, "SELECT person, registration, subject, office, said_at, said FROM registry_said ORDER BY area, person, said_at, registration, subject")
}

// Persons counts the persons of an office, of all offices when area is empty.
func (e *Embedded) Persons(ctx context.Context, tx ledger.Tx, area civic.Area) (n int, err error) {
	err = tx.QueryRow(ctx, "SELECT count(*) FROM registry_person WHERE (?1 = '' OR area = ?1) AND state <> ?2", string(area), int64(Emptied)).Scan(&n)
	return n, err
}

// Event is one change of who is who.
type Event struct {
	Area         civic.Area // the office of the registration
	Registration civic.RegistrationID
	Subject      string
	N            int64
	Kind         string // link, unlink, split
	To, Was      Ref
	Undoes       int64
	Actor        string
	Detail       Detail
	At           int64
}

// Events lists what happened to a person, oldest first: what came to it and
// what left it.
func (e *Embedded) Events(ctx context.Context, tx ledger.Tx, p *Person) ([]Event, error) {
	out, err := e.events(ctx, tx, "was_home = ?1 AND was_person = ?2", string(p.Home), p.Person[:])
	if err != nil {
		return nil, err
	}
	for _, s := range p.Said {
		came, err := e.events(ctx, tx, "area = ?1 AND registration = ?2 AND subject = ?3", string(s.Office), s.Registration[:], s.Subject)
		if err != nil {
			return nil, err
		}
		for _, v := range came {
			if v.Was != p.Ref { // those are in the list already
				out = append(out, v)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Event) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.N, b.N)) })
	return out, nil
}

func (e *Embedded) events(ctx context.Context, tx ledger.Tx, where string, args ...any) ([]Event, error) {
	var out []Event
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var v Event
		var kind int64
		var registration, person, was, detail []byte
		if err := r.Scan(&v.Area, &registration, &v.Subject, &v.N, &kind, &v.To.Home, &person, &v.Was.Home, &was, &v.Undoes, &v.Actor, &detail, &v.At); err != nil {
			return err
		}
		v.Kind = [...]string{"", "link", "unlink", "split"}[kind&3]
		v.Registration, v.To.Person = civic.RegistrationID(registration), civic.PersonID(person)
		if was != nil {
			v.Was.Person = civic.PersonID(was)
		}
		if err := e.seals.open("event", registration, detail, &v.Detail); err != nil {
			return err
		}
		out = append(out, v)
		return nil
	}, `SELECT area, registration, subject, n, kind, home, person, was_home, was_person, undoes, actor, detail, at
 FROM registry_event WHERE `+where+` ORDER BY at, area, registration, subject, n`, args...)
	return out, err
}

// All lists every person that is not emptied, by home.
func (e *Embedded) All(ctx context.Context, tx ledger.Tx) (refs []Ref, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var ref Ref
		var home string
		var person []byte
		err := r.Scan(&home, &person)
		ref.Home = civic.Area(home)
		copy(ref.Person[:], person)
		refs = append(refs, ref)
		return err
	}, "SELECT area, person FROM registry_person WHERE state <> ?1 ORDER BY area, person", int64(Emptied))
	return refs, err
}
