package reconcile

import (
	"bytes"
	"context"
	"crypto/sha256"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/identity"
)

// introducerKey blinds an introducer's name: whoever reads the ledger sees how
// often somebody vouched, not who.
type introducerKey [16]byte

func (r *Reconciler) introducer(claims []civic.Claim) (introducerKey, bool) {
	name := identity.IntroducerOf(claims, "")
	if name == "" || r.rules == nil {
		return introducerKey{}, false
	}
	h := sha256.New()
	h.Write([]byte("askonce/introducer/v0\x00"))
	h.Write(r.key[:])
	h.Write([]byte(name))
	return introducerKey(h.Sum(nil)[:16]), true
}

// vouched is what this call knows of the people who vouch for others.
type vouched struct {
	rules identity.Rules
	at    map[introducerKey][]int64 // when they vouched, this call's included
	rows  [][]any                   // of identity_introduced
	weak  [][]any                   // of identity_weak
	// strong are persons whose evidence was strengthened.
	strong []strengthened
}

type strengthened struct {
	area         civic.Area
	registration civic.RegistrationID
	subject      string
}

// lookVouched reads the rules and how often the introducers of these
// registrations vouched before.
func (s *settling) lookVouched(ctx context.Context, tx ledger.Tx, regs []Incoming, fresh []int) (err error) {
	if s.r.rules == nil || len(fresh) == 0 {
		return nil
	}
	if s.vouched.rules, err = s.r.rules(ctx, tx, s.area); err != nil {
		return err
	}
	s.vouched.at = map[introducerKey][]int64{}
	for _, i := range fresh {
		if len(s.subjects[i]) == 0 {
			continue
		}
		key, ok := s.r.introducer(s.subjects[i][0].said.Claims)
		if !ok {
			continue
		}
		if _, known := s.vouched.at[key]; known {
			continue
		}
		s.vouched.at[key] = nil
		since := regs[i].Registration.Sealed.Wall - 2*int64(identity.Year/time.Second)
		err := ledger.All(ctx, tx, func(r ledger.Row) error {
			var at int64
			err := r.Scan(&at)
			s.vouched.at[key] = append(s.vouched.at[key], at)
			return err
		}, "SELECT at FROM identity_introduced WHERE area = ?1 AND introducer = ?2 AND at > ?3 ORDER BY at DESC LIMIT ?4",
			string(s.area), key[:], since, int64(identity.MaxIntroducerLimit))
		if err != nil {
			return err
		}
	}
	return nil
}

// doubts says why a new person may not stand by the evidence alone.
func (s *settling) doubts(sub *subject, reg *civic.Registration) []civic.Code {
	if s.r.rules == nil || sub.said.Subject != "" {
		return nil
	}
	codes := identity.Check(sub.said.Claims, "")
	if key, ok := s.r.introducer(sub.said.Claims); ok {
		within := 0
		for _, at := range s.vouched.at[key] {
			if at > reg.Sealed.Wall-int64(identity.Year/time.Second) {
				within++
			}
		}
		if s.vouched.rules.Over(within) {
			codes = append(codes, civic.IntroducerLimit)
		}
	}
	return codes
}

// vouchedFor notes who vouched for a new person, and by when weak evidence
// should be strengthened.
func (s *settling) vouchedFor(sub *subject, reg *civic.Registration) {
	if s.r.rules == nil || sub.said.Subject != "" {
		return
	}
	if key, ok := s.r.introducer(sub.said.Claims); ok {
		s.vouched.at[key] = append(s.vouched.at[key], reg.Sealed.Wall)
		s.vouched.rows = append(s.vouched.rows, []any{string(s.area), bytes.Clone(key[:]), bytes.Clone(reg.ID[:]), "", reg.Sealed.Wall})
	}
	e, stated := identity.Stated(sub.said.Claims, "")
	if !stated {
		return
	}
	if due, ok := s.vouched.rules.ReviewBy(e, reg.Sealed.Time()); ok {
		s.vouched.weak = append(s.vouched.weak, []any{string(s.area), bytes.Clone(reg.ID[:]), "", int64(e), due.Unix()})
	}
}

// strengthens notes that a known person now rests on better evidence.
func (s *settling) strengthens(sub *subject, known []strengthened) {
	if s.r.rules == nil {
		return
	}
	if e, stated := identity.Stated(sub.said.Claims, sub.said.Subject); stated && !identity.Weak(e) {
		s.vouched.strong = append(s.vouched.strong, known...)
	}
}

func (s *settling) writeVouched(ctx context.Context, tx ledger.Tx) error {
	if _, err := tx.Insert(ctx, "identity_introduced", []string{"area", "introducer", "registration", "subject", "at"}, s.vouched.rows, "ON CONFLICT DO NOTHING"); err != nil {
		return err
	}
	if _, err := tx.Insert(ctx, "identity_weak", []string{"area", "registration", "subject", "evidence", "due_at"}, s.vouched.weak, "ON CONFLICT DO NOTHING"); err != nil {
		return err
	}
	for _, k := range s.vouched.strong {
		if _, err := tx.Exec(ctx, "UPDATE identity_weak SET strengthened_at = ?4 WHERE area = ?1 AND registration = ?2 AND subject = ?3 AND strengthened_at = 0",
			string(k.area), k.registration[:], k.subject, s.at.Unix()); err != nil {
			return err
		}
	}
	return nil
}

// Weak is a person registered on weak evidence.
type Weak struct {
	Area         civic.Area
	Registration civic.RegistrationID
	Evidence     civic.Evidence
	Due          time.Time
}

// Weaks lists whose evidence should be strengthened by a day and is not yet,
// the earliest first; of all offices when area is empty.
func Weaks(ctx context.Context, tx ledger.Tx, area civic.Area, by time.Time, limit int) (out []Weak, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var w Weak
		var id []byte
		var due int64
		if err := r.Scan(&w.Area, &id, &w.Evidence, &due); err != nil {
			return err
		}
		if len(id) != len(w.Registration) {
			return civic.NewProblem(civic.LedgerDamaged, nil)
		}
		w.Registration, w.Due = civic.RegistrationID(id), time.Unix(due, 0).UTC()
		out = append(out, w)
		return nil
	}, "SELECT area, registration, evidence, due_at FROM identity_weak WHERE (?1 = '' OR area = ?1) AND strengthened_at = 0 AND due_at <= ?2 ORDER BY due_at, area, registration LIMIT ?3",
		string(area), by.Unix(), int64(limit))
	return out, err
}
