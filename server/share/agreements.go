package share

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// By is who drafts or decides: a member of staff in a role, of one office or, where
// that is empty, of all.
type By struct {
	Name, Role string
	Area       civic.Area
}

// reaches tells whether somebody may speak for all offices an agreement is about.
func (b By) reaches(a *agreement.Agreement) bool {
	return b.Area == "" || len(a.Areas) > 0 && !slices.ContainsFunc(a.Areas, func(area civic.Area) bool { return !agreement.Within(area, b.Area) })
}

// RevisionState is where a revision stands.
type RevisionState int64

// Where a revision stands.
const (
	Drafted    RevisionState = 1
	Approved   RevisionState = 2
	TurnedDown RevisionState = 3
)

func (s RevisionState) String() string {
	return []string{"unknown", "drafted", "approved", "turned_down"}[max(0, min(int(s), 3))]
}

// Revision is one revision of an agreement.
type Revision struct {
	Agreement agreement.Agreement
	Digest    civic.Digest
	Body      []byte
	State     RevisionState
	Drafted   By
	DraftedAt time.Time
	Decided   By
	DecidedAt time.Time
	Statement []byte // the registry's signature, once approved
}

// Draft writes a new revision. It follows the newest one: its version is one
// higher and it names that one's digest; both may be left out and are filled in
// by the caller from [Share.Next]. The revision counts for nothing until
// somebody else approves it. Who is of one office drafts and decides what is about
// that office and no other: civic.NotYours.
func (s *Share) Draft(ctx context.Context, tx ledger.Tx, body []byte, by By) (Revision, error) {
	a, err := agreement.Read(body)
	if err != nil {
		return Revision{}, civic.NewProblem(civic.AgreementRefused, err, err.Error())
	}
	if !by.reaches(&a) {
		return Revision{}, civic.NewProblem(civic.NotYours, nil)
	}
	version, previous, err := s.Next(ctx, tx, a.ID)
	if err != nil {
		return Revision{}, err
	}
	if a.Version != version || a.Previous != previous {
		return Revision{}, civic.NewProblem(civic.AgreementRefused, nil, "it does not follow on the newest revision")
	}
	if version > 1 {
		before, err := s.Revision(ctx, tx, a.ID, version-1)
		if err != nil {
			return Revision{}, err
		}
		if !by.reaches(&before.Agreement) { // it would end what holds elsewhere
			return Revision{}, civic.NewProblem(civic.NotYours, nil)
		}
		if b := before.Agreement; b.Agency != a.Agency || b.Purpose.Code != a.Purpose.Code || b.Service != a.Service {
			return Revision{}, civic.NewProblem(civic.AgreementRefused, nil, "agency, service and purpose stay the same: another purpose is another agreement")
		}
	}
	for _, c := range a.Attributes {
		if _, ok := s.Dictionary.Get(c.Name); !ok {
			return Revision{}, civic.NewProblem(civic.AgreementRefused, nil, "the dictionary has no "+string(c.Name))
		}
	}
	r := Revision{Agreement: a, Digest: sha256.Sum256(body), Body: body, State: Drafted, Drafted: by, DraftedAt: s.Clock()}
	_, err = tx.Exec(ctx, `INSERT INTO share_revision (agreement, revision, digest, agency, purpose, body, state, drafted_by, drafter, drafted_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)`,
		a.ID, int64(a.Version), r.Digest[:], string(a.Agency), string(a.Purpose.Code), body, int64(Drafted), by.Name, by.Role, r.DraftedAt.Unix())
	if err != nil {
		return r, err
	}
	return r, note(ctx, tx, r.DraftedAt, by.Name, "agreement_draft", a.ID)
}

// Next tells version and previous digest a further revision must carry.
func (s *Share) Next(ctx context.Context, tx ledger.Tx, id string) (version int, previous string, err error) {
	var last int64
	var digest []byte
	err = tx.QueryRow(ctx, "SELECT revision, digest FROM share_revision WHERE agreement = ?1 ORDER BY revision DESC LIMIT 1", id).Scan(&last, &digest)
	if errors.Is(err, ledger.ErrNoRows) {
		return 1, "", nil
	}
	return int(last) + 1, hex.EncodeToString(digest), err
}

// Approve puts a drafted revision into force. Who approves is another person in
// another role than who drafted it: civic.TwoPeople.
func (s *Share) Approve(ctx context.Context, tx ledger.Tx, id string, revision int, by By) (Revision, error) {
	return s.decide(ctx, tx, id, revision, by, Approved)
}

// TurnDown ends a drafted revision.
func (s *Share) TurnDown(ctx context.Context, tx ledger.Tx, id string, revision int, by By) (Revision, error) {
	return s.decide(ctx, tx, id, revision, by, TurnedDown)
}

func (s *Share) decide(ctx context.Context, tx ledger.Tx, id string, revision int, by By, state RevisionState) (Revision, error) {
	r, err := s.Revision(ctx, tx, id, revision)
	if err != nil {
		return r, err
	}
	if !by.reaches(&r.Agreement) {
		return r, civic.NewProblem(civic.NotYours, nil)
	}
	if r.State != Drafted {
		return r, civic.NewProblem(civic.MovedOn, nil)
	}
	if state == Approved && (by.Name == r.Drafted.Name || by.Role == r.Drafted.Role || by.Name == "") {
		return r, civic.NewProblem(civic.TwoPeople, nil)
	}
	action := "agreement_turn_down"
	if state == Approved {
		action = "agreement_approve"
		if r.Statement, err = s.Sign(r.Body); err != nil {
			return r, err
		}
	}
	r.State, r.Decided, r.DecidedAt = state, by, s.Clock()
	n, err := tx.Exec(ctx, `UPDATE share_revision SET state = ?3, decided_by = ?4, decider = ?5, decided_at = ?6, statement = ?7
		WHERE agreement = ?1 AND revision = ?2 AND state = 1`, id, int64(revision), int64(state), by.Name, by.Role, r.DecidedAt.Unix(), r.Statement)
	if err != nil {
		return r, err
	}
	if n == 0 {
		return r, civic.NewProblem(civic.MovedOn, nil)
	}
	if err := s.changed(ctx, tx); err != nil {
		return r, err
	}
	return r, note(ctx, tx, r.DecidedAt, by.Name, action, id)
}

const revisionColumns = "digest, body, state, drafted_by, drafter, drafted_at, decided_by, decider, decided_at, statement"

// Revision finds one; civic.AgreementAbsent.
func (s *Share) Revision(ctx context.Context, tx ledger.Tx, id string, revision int) (Revision, error) {
	r, err := s.scanRevision(tx.QueryRow(ctx, "SELECT "+revisionColumns+" FROM share_revision WHERE agreement = ?1 AND revision = ?2", id, int64(revision)))
	if errors.Is(err, ledger.ErrNoRows) {
		return r, civic.NewProblem(civic.AgreementAbsent, nil, id)
	}
	return r, err
}

// Revisions lists those of one agreement, of all when id is empty, the newest
// of each first.
func (s *Share) Revisions(ctx context.Context, tx ledger.Tx, id string) (all []Revision, err error) {
	return s.revisions(ctx, tx, "WHERE (?1 = '' OR agreement = ?1) ORDER BY agreement, revision DESC", id)
}

func (s *Share) revisions(ctx context.Context, tx ledger.Tx, where string, args ...any) (all []Revision, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		v, err := s.scanRevision(r)
		all = append(all, v)
		return err
	}, "SELECT "+revisionColumns+" FROM share_revision "+where, args...)
	return all, err
}

func (s *Share) scanRevision(r ledger.Row) (v Revision, err error) {
	var digest []byte
	var state, drafted, decided int64
	if err := r.Scan(&digest, &v.Body, &state, &v.Drafted.Name, &v.Drafted.Role, &drafted, &v.Decided.Name, &v.Decided.Role, &decided, &v.Statement); err != nil {
		return v, err
	}
	v.Digest, v.State, v.DraftedAt, v.DecidedAt = civic.Digest(digest), RevisionState(state), moment(drafted), moment(decided)
	a, err := s.parse(v.Digest, v.Body)
	if err == nil {
		v.Agreement = *a
	}
	return v, err
}

// parse reads an agreement once: its digest names its bytes for ever.
func (s *Share) parse(digest civic.Digest, body []byte) (*agreement.Agreement, error) {
	if sha256.Sum256(body) != digest {
		return nil, civic.NewProblem(civic.LedgerDamaged, errors.New("an agreement is not what its digest says"))
	}
	s.mu.Lock()
	a := s.read[digest]
	s.mu.Unlock()
	if a != nil {
		return a, nil
	}
	v, err := agreement.Read(body)
	if err != nil {
		return nil, civic.NewProblem(civic.LedgerDamaged, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.read) >= maxRead {
		clear(s.read)
	}
	s.read[digest] = &v
	return &v, nil
}

// counting picks of approved revisions, newest first, the one that counts; of
// several agreements one in force goes before one that is not.
func counting(all []Revision, now time.Time) *Revision {
	day := now.UTC().Format(time.DateOnly)
	var best *Revision
	for len(all) > 0 {
		n := slices.IndexFunc(all, func(r Revision) bool { return r.Agreement.ID != all[0].Agreement.ID })
		if n < 0 {
			n = len(all)
		}
		one := &all[0]
		for i := range all[:n] {
			if l := all[i].Agreement.Lifecycle; l.State == "withdrawn" || l.From <= day {
				one = &all[i]
				break
			}
		}
		if best == nil || !best.Agreement.Holds(now) && one.Agreement.Holds(now) {
			best = one
		}
		all = all[n:]
	}
	return best
}

// InForce lists the approved revisions that hold now, one an agreement.
func (s *Share) InForce(ctx context.Context, tx ledger.Tx) (out []Revision, err error) {
	all, err := s.revisions(ctx, tx, "WHERE state = 2 ORDER BY agreement, revision DESC")
	now := s.Clock()
	for len(all) > 0 {
		n := slices.IndexFunc(all, func(r Revision) bool { return r.Agreement.ID != all[0].Agreement.ID })
		if n < 0 {
			n = len(all)
		}
		if r := counting(all[:n], now); r != nil && r.Agreement.Holds(now) {
			out = append(out, *r)
		}
		all = all[n:]
	}
	return out, err
}

// MayAgree tells whether somebody in a role may draft or approve agreements.
// One of the two does one, the other the other.
func MayAgree(role string) bool { return role == "agreements" || role == "supervisor" }
