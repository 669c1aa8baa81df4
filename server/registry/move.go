package registry

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// NewPersonID derives the id of a person that a registration's subject founds:
// the same registry comes of the same registrations, however often a server
// was stopped on the way.
func NewPersonID(registration civic.RegistrationID, subject string) civic.PersonID {
	h := sha256.New()
	h.Write([]byte("askonce/person/v0\x00"))
	h.Write(registration[:])
	h.Write([]byte(subject))
	return civic.PersonID(h.Sum(nil)[:16])
}

// Move sends one registration's subject to another person, see [Port].
func (e *Embedded) Move(ctx context.Context, tx ledger.Tx, m Moving) (int64, error) {
	return e.move(ctx, tx, m, 0)
}

// Undo takes back the n-th event of a registration's subject: it goes back to
// the person it belonged to before, or to one of its own. It is refused when
// the subject has moved on since.
func (e *Embedded) Undo(ctx context.Context, tx ledger.Tx, m Moving, n int64) (int64, error) {
	var person, was []byte
	var to, back Ref
	err := tx.QueryRow(ctx, "SELECT home, person, was_home, was_person FROM registry_event WHERE area = ?1 AND registration = ?2 AND subject = ?3 AND n = ?4",
		string(m.Area), m.Registration[:], m.Subject, n).Scan(&to.Home, &person, &back.Home, &was)
	if errors.Is(err, ledger.ErrNoRows) {
		return 0, civic.NewProblem(civic.RegistrationAbsent, nil, m.Registration.String())
	}
	if err != nil {
		return 0, err
	}
	to.Person = civic.PersonID(person)
	if was != nil {
		back.Person = civic.PersonID(was)
	}
	now, err := e.linked(ctx, tx, m.Area, m.Registration, m.Subject)
	if err != nil {
		return 0, err
	}
	if now != to {
		return 0, civic.NewProblem(civic.MovedOn, nil)
	}
	m.To = back
	return e.move(ctx, tx, m, n)
}

func (e *Embedded) linked(ctx context.Context, tx ledger.Tx, area civic.Area, registration civic.RegistrationID, subject string) (Ref, error) {
	var ref Ref
	var person []byte
	err := tx.QueryRow(ctx, "SELECT home, person FROM registry_link WHERE area = ?1 AND registration = ?2 AND subject = ?3", string(area), registration[:], subject).
		Scan(&ref.Home, &person)
	if errors.Is(err, ledger.ErrNoRows) {
		return ref, civic.NewProblem(civic.RegistrationAbsent, nil, registration.String())
	}
	if err == nil {
		ref.Person = civic.PersonID(person)
	}
	return ref, err
}

func (e *Embedded) move(ctx context.Context, tx ledger.Tx, m Moving, undoes int64) (int64, error) {
	area, registration, subject, to := m.Area, m.Registration, m.Subject, m.To
	from, err := e.linked(ctx, tx, area, registration, subject)
	if err != nil {
		return 0, err
	}
	kind := eventLink
	if to.Person.IsZero() {
		to, kind = Ref{Home: area, Person: NewPersonID(registration, subject)}, eventSplit
	}
	if to == from {
		return 0, civic.NewProblem(civic.MovedOn, nil)
	}
	persons, err := e.Known(ctx, tx, []Ref{from, to})
	if err != nil {
		return 0, err
	}
	var old, known *Person
	for _, p := range persons {
		switch p.Ref {
		case from:
			old = p
		case to:
			known = p
		}
	}
	if old == nil {
		return 0, civic.NewProblem(civic.LedgerDamaged, errors.New("a link to a person that is not there"))
	}
	if known == nil {
		if kind != eventSplit && undoes == 0 {
			return 0, civic.NewProblem(civic.PersonAbsent, nil)
		}
		if _, err := tx.Exec(ctx, "INSERT INTO registry_person (area, person, state, created_at) VALUES (?1, ?2, ?3, ?4)", string(to.Home), to.Person[:], int64(Standing), m.At); err != nil {
			return 0, err
		}
	}
	if undoes != 0 {
		kind = eventUnlink
	}
	var said *Said
	keep := map[uint64]bool{}
	for i := range old.Said {
		s := &old.Said[i]
		if s.Registration == registration && s.Subject == subject && s.Office == area {
			said = s
			continue
		}
		for _, k := range old.Records()[i].Keys() {
			keep[k] = true
		}
	}
	if said == nil {
		return 0, civic.NewProblem(civic.LedgerDamaged, sql.ErrNoRows)
	}
	if _, err := tx.Exec(ctx, "UPDATE registry_said SET area = ?1, person = ?2 WHERE area = ?3 AND person = ?4 AND registration = ?5 AND subject = ?6",
		string(to.Home), to.Person[:], string(from.Home), from.Person[:], registration[:], subject); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, "UPDATE registry_link SET home = ?4, person = ?5 WHERE area = ?1 AND registration = ?2 AND subject = ?3",
		string(area), registration[:], subject, string(to.Home), to.Person[:]); err != nil {
		return 0, err
	}
	var add [][]any
	for _, k := range match.Keys(match.FromClaims(said.Claims)) {
		add = append(add, []any{e.seals.key(k), to.Person[:], string(to.Home)})
		if !keep[k] {
			if _, err := tx.Exec(ctx, "DELETE FROM registry_key WHERE key = ?1 AND person = ?2", e.seals.key(k), from.Person[:]); err != nil {
				return 0, err
			}
		}
	}
	if _, err := tx.Insert(ctx, "registry_key", []string{"key", "person", "home"}, add, "ON CONFLICT DO NOTHING"); err != nil {
		return 0, err
	}
	if err := setState(ctx, tx, to, Standing); err != nil {
		return 0, err
	}
	if len(old.Said) == 1 {
		if err := setState(ctx, tx, from, Emptied); err != nil {
			return 0, err
		}
	}
	var n int64
	err = tx.QueryRow(ctx, "SELECT coalesce(max(n), 0) + 1 FROM registry_event WHERE area = ?1 AND registration = ?2 AND subject = ?3", string(area), registration[:], subject).Scan(&n)
	if err != nil {
		return 0, err
	}
	row, err := e.event(n, kind, said, to, from, undoes, m.Actor, m.Detail, m.At)
	if err != nil {
		return 0, err
	}
	if _, err = tx.Insert(ctx, "registry_event", eventColumns(), [][]any{row}, ""); err != nil {
		return 0, err
	}
	return n, e.note(ctx, tx, []Ref{from, to})
}

// Stand marks a person that waited for a reviewer as one of its own.
func (e *Embedded) Stand(ctx context.Context, tx ledger.Tx, ref Ref) error {
	if err := setState(ctx, tx, ref, Standing); err != nil {
		return err
	}
	return e.note(ctx, tx, []Ref{ref})
}

// Hold marks a person as waiting for a reviewer.
func (e *Embedded) Hold(ctx context.Context, tx ledger.Tx, ref Ref) error {
	return setState(ctx, tx, ref, Waiting)
}

func setState(ctx context.Context, tx ledger.Tx, ref Ref, s State) error {
	_, err := tx.Exec(ctx, "UPDATE registry_person SET state = ?3 WHERE area = ?1 AND person = ?2", string(ref.Home), ref.Person[:], int64(s))
	return err
}
