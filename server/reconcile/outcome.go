package reconcile

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// stored is an outcome the ledger has.
type stored struct {
	digest  []byte
	outcome civic.Outcome
}

// body is what the columns of an outcome's row do not say.
type body struct {
	_       struct{} `cbor:",toarray"`
	Persons []personOf
	Reasons []reason
}

type personOf struct {
	_       struct{} `cbor:",toarray"`
	Subject string
	Person  []byte
}

type reason struct {
	_     struct{} `cbor:",toarray"`
	Code  string
	Words []string
}

func packBody(o *civic.Outcome) ([]byte, error) {
	b := body{Persons: []personOf{}, Reasons: []reason{}}
	for _, p := range o.Persons {
		b.Persons = append(b.Persons, personOf{Subject: p.Subject, Person: p.Person[:]})
	}
	for _, r := range o.Reasons {
		b.Reasons = append(b.Reasons, reason{Code: string(r.Code), Words: r.Words})
	}
	return cbor.Marshal(b)
}

func openBody(sealed []byte, o *civic.Outcome) error {
	var b body
	if err := cbor.Unmarshal(sealed, &b); err != nil {
		return civic.NewProblem(civic.LedgerDamaged, err)
	}
	for _, p := range b.Persons {
		if len(p.Person) != len(civic.PersonID{}) {
			return civic.NewProblem(civic.LedgerDamaged, nil)
		}
		o.Persons = append(o.Persons, civic.PersonOf{Subject: p.Subject, Person: civic.PersonID(p.Person)})
	}
	for _, r := range b.Reasons {
		o.Reasons = append(o.Reasons, civic.Reason{Code: civic.Code(r.Code), Words: r.Words})
	}
	return nil
}

// readOutcomes reads what was decided on registrations before. They are joined
// as rows and not listed behind IN: an engine that does not know yet how far the
// table has grown would compare each of its rows with each of the list.
func readOutcomes(ctx context.Context, tx ledger.Tx, area civic.Area, ids []civic.RegistrationID) (map[civic.RegistrationID]stored, error) {
	out := map[civic.RegistrationID]stored{}
	const chunk = 128
	for len(ids) > 0 {
		n := min(chunk, len(ids))
		size := chunk
		if n == 1 {
			size = 1
		}
		args := []any{string(area)}
		var marks strings.Builder
		for i := range size {
			if i > 0 {
				marks.WriteByte(',')
			}
			marks.WriteString("(?" + strconv.Itoa(i+2) + ")")
			args = append(args, ids[min(i, n-1)][:])
		}
		err := ledger.All(ctx, tx, func(r ledger.Row) error {
			var registration, packed []byte
			var status, at int64
			var counter int64
			var s stored
			if err := r.Scan(&registration, &s.digest, &counter, &status, &packed, &at); err != nil {
				return err
			}
			s.outcome = civic.Outcome{
				Registration: civic.RegistrationID(registration), Counter: uint64(counter),
				Status: civic.Status(status), At: time.Unix(at, 0).UTC(),
			}
			if err := openBody(packed, &s.outcome); err != nil {
				return err
			}
			out[s.outcome.Registration] = s
			return nil
		}, "WITH asked (id) AS (VALUES "+marks.String()+") SELECT o.registration, o.digest, o.counter, o.status, o.body, o.at"+
			" FROM asked JOIN outcome AS o ON o.area = ?1 AND o.registration = asked.id", args...)
		if err != nil {
			return nil, err
		}
		ids = ids[n:]
	}
	return out, nil
}

// write puts down everything that was decided in this call.
func (s *settling) write(ctx context.Context, tx ledger.Tx, regs []Incoming, fresh []int, outcomes []civic.Outcome) error {
	if err := s.r.registry.Apply(ctx, tx, s.changes); err != nil {
		return err
	}
	rows := make([][]any, 0, len(fresh))
	for _, i := range fresh {
		o, reg := &outcomes[i], regs[i].Registration
		packed, err := packBody(o)
		if err != nil {
			return err
		}
		digest, first := regs[i].Digest, ""
		if len(o.Reasons) > 0 {
			first = string(o.Reasons[0].Code)
		}
		rows = append(rows, []any{
			string(s.area), bytes.Clone(reg.ID[:]), digest[:], bytes.Clone(reg.Device[:]), int64(reg.Counter), bytes.Clone(reg.Officer[:]),
			reg.Form.String(), int64(o.Status), first, packed, reg.Sealed.Wall, s.at.Unix(),
		})
		s.rows = append(s.rows, audit.Row{Area: s.area, Actor: "match", Action: "settle", Object: bytes.Clone(reg.ID[:]), Detail: o.Status.String() + " " + s.r.model.Version + " " + first})
	}
	_, err := tx.Insert(ctx, "outcome", []string{"area", "registration", "digest", "device", "counter", "officer", "form", "status", "reason", "body", "sealed_at", "at"}, rows, "")
	if err != nil {
		return err
	}
	if _, err := tx.Insert(ctx, "review", []string{"area", "registration", "subject", "risk", "opened_at"}, s.reviews, ""); err != nil {
		return err
	}
	if err := s.writeVouched(ctx, tx); err != nil {
		return err
	}
	if err := s.writeCuts(ctx, tx); err != nil {
		return err
	}
	return audit.Write(ctx, tx, s.at, s.rows)
}

// Counts says how many registrations were decided, and how.
type Counts struct {
	Registrations int // all with an outcome
	Registered    int
	Merged        int
	Held          int
	Returned      int
	Persons       int // in the registry, those that wait included
}

// Count counts outcomes and persons of an office, of all when area is empty.
// Rows of an agency's table, which no kit sealed, are no registrations.
func Count(ctx context.Context, tx ledger.Tx, area civic.Area) (Counts, error) {
	var c Counts
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var status int64
		var n int
		if err := r.Scan(&status, &n); err != nil {
			return err
		}
		c.Registrations += n
		switch civic.Status(status) {
		case civic.Registered:
			c.Registered = n
		case civic.Merged:
			c.Merged = n
		case civic.Held:
			c.Held = n
		case civic.Returned:
			c.Returned = n
		}
		return nil
	}, "SELECT status, count(*) FROM outcome WHERE (?1 = '' OR area = ?1) AND device <> ?2 GROUP BY status", string(area), make([]byte, 16))
	if err != nil {
		return c, err
	}
	// 3 is an emptied person: all it was made of belongs to others now.
	err = tx.QueryRow(ctx, "SELECT count(*) FROM registry_person WHERE (?1 = '' OR area = ?1) AND state <> 3", string(area)).Scan(&c.Persons)
	return c, err
}
