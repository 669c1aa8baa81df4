package reconcile

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// Open is a question for a reviewer: is this subject somebody known?
type Open struct {
	Area         civic.Area
	Registration civic.RegistrationID
	Subject      string
	Risk         int // 0 to 1000: how likely a wrong merge would be
	Opened       time.Time
	Answer       Answer // unsure when somebody looked and could not say
	Reviewer     string
}

// Answer is what a reviewer says.
type Answer string

// What a reviewer can say.
const (
	AnswerSame   Answer = "same"   // it is the candidate
	AnswerOther  Answer = "other"  // it is somebody else
	AnswerTwin   Answer = "twin"   // it is a twin, brother or sister: somebody else
	AnswerUnsure Answer = "unsure" // somebody else must look
)

// Reviews lists open questions of an office, of all when area is empty: the
// oldest days first, within a day the riskiest.
func Reviews(ctx context.Context, tx ledger.Tx, area civic.Area, limit int) ([]Open, error) {
	var out []Open
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		o, err := scanOpen(r)
		out = append(out, o)
		return err
	}, `SELECT area, registration, subject, risk, opened_at, decision, reviewer FROM review
 WHERE (?1 = '' OR area = ?1) AND decided_at = 0 ORDER BY opened_at / 86400, risk DESC, registration, subject LIMIT ?2`, string(area), int64(limit))
	return out, err
}

func scanOpen(r ledger.Row) (Open, error) {
	var o Open
	var registration []byte
	var opened int64
	if err := r.Scan(&o.Area, &registration, &o.Subject, &o.Risk, &opened, &o.Answer, &o.Reviewer); err != nil {
		return o, err
	}
	if len(registration) != len(o.Registration) {
		return o, civic.NewProblem(civic.LedgerDamaged, nil)
	}
	o.Registration, o.Opened = civic.RegistrationID(registration), time.Unix(opened, 0).UTC()
	return o, nil
}

// Review reads one open question; civic.MovedOn when it is not open any more.
func Review(ctx context.Context, tx ledger.Tx, area civic.Area, id civic.RegistrationID, subject string) (Open, error) {
	o, err := scanOpen(tx.QueryRow(ctx, `SELECT area, registration, subject, risk, opened_at, decision, reviewer FROM review
 WHERE area = ?1 AND registration = ?2 AND subject = ?3 AND decided_at = 0`, string(area), id[:], subject))
	if errors.Is(err, ledger.ErrNoRows) {
		return o, civic.NewProblem(civic.MovedOn, nil)
	}
	return o, err
}

// Said is a reviewer's answer to a question.
type Said struct {
	Area         civic.Area
	Registration civic.RegistrationID
	Subject      string
	Answer       Answer
	Same         registry.Ref // whom it is, for AnswerSame
	Note         string       // the reviewer's reason
	Reviewer     string
}

// maxNote bounds a reviewer's reason, in bytes.
const maxNote = 1000

// Told is an outcome that a kit must be told anew.
type Told struct {
	Device  civic.DeviceID
	Outcome civic.Outcome
}

// Decide does what a reviewer says, in the caller's transaction: everything the
// waiting person is made of goes to the known one, or it stands as its own. It
// gives the outcomes that change, for their kits.
func (r *Reconciler) Decide(ctx context.Context, tx ledger.Tx, s Said) ([]Told, error) {
	open, err := Review(ctx, tx, s.Area, s.Registration, s.Subject)
	if err != nil {
		return nil, err
	}
	known := slices.Contains([]Answer{AnswerSame, AnswerOther, AnswerTwin, AnswerUnsure}, s.Answer)
	if len(s.Note) > maxNote || !known {
		return nil, civic.NewProblem(civic.RequestMalformed, nil)
	}
	at := r.clock().UTC().Truncate(time.Second)
	waiting, err := r.waiting(ctx, tx, s.Area, s.Registration, s.Subject)
	if err != nil {
		return nil, err
	}
	settled, err := r.confirmed(ctx, tx, open, &s, waiting, at)
	if err != nil {
		return nil, err
	}
	var told []Told
	decided := at.Unix()
	switch {
	case !settled, s.Answer == AnswerUnsure:
		decided = 0 // it waits for another reviewer
	case s.Answer == AnswerOther, s.Answer == AnswerTwin:
		if err := r.registry.Stand(ctx, tx, waiting.Ref); err != nil {
			return nil, err
		}
		reason := match.ReasonNoneAlike
		if s.Answer == AnswerTwin {
			reason = match.ReasonTwin
		}
		told, err = r.retell(ctx, tx, s.Area, s.Registration, s.Subject, waiting.Ref, civic.Registered, reason, at)
	case s.Answer == AnswerSame:
		told, err = r.join(ctx, tx, s, waiting, at)
	}
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, "UPDATE review SET decided_at = ?4, decision = ?5, reviewer = ?6 WHERE area = ?1 AND registration = ?2 AND subject = ?3",
		string(s.Area), s.Registration[:], s.Subject, decided, string(s.Answer), s.Reviewer); err != nil {
		return nil, err
	}
	action := "review_" + string(s.Answer)
	if !settled {
		action = "review_first_" + string(s.Answer)
	}
	return told, audit.Write(ctx, tx, at, []audit.Row{{
		Area: s.Area, Actor: s.Reviewer, Action: action, Object: bytes.Clone(s.Registration[:]), Detail: s.Subject,
	}})
}

// waiting is the person a question is about.
func (r *Reconciler) waiting(ctx context.Context, tx ledger.Tx, area civic.Area, id civic.RegistrationID, subject string) (*registry.Person, error) {
	links, err := r.registry.Linked(ctx, tx, area, []civic.RegistrationID{id})
	if err != nil {
		return nil, err
	}
	for _, l := range links[id] {
		if l.Subject == subject {
			people, err := r.registry.Known(ctx, tx, []registry.Ref{l.To})
			if err != nil {
				return nil, err
			}
			if len(people) == 1 {
				return people[0], nil
			}
		}
	}
	return nil, civic.NewProblem(civic.PersonAbsent, nil)
}

// join moves all that a waiting person is made of to the known one.
func (r *Reconciler) join(ctx context.Context, tx ledger.Tx, s Said, waiting *registry.Person, at time.Time) ([]Told, error) {
	known, err := r.registry.Known(ctx, tx, []registry.Ref{s.Same})
	if err != nil {
		return nil, err
	}
	if len(known) == 0 || known[0].State == registry.Emptied || s.Same == waiting.Ref {
		return nil, civic.NewProblem(civic.PersonAbsent, nil)
	}
	var told []Told
	for _, said := range waiting.Said {
		_, err := r.registry.Move(ctx, tx, registry.Moving{
			Area: said.Office, Registration: said.Registration, Subject: said.Subject, To: s.Same, Actor: s.Reviewer,
			Detail: registry.Detail{Verdict: string(s.Answer), Note: s.Note}, At: at.Unix(),
		})
		if err != nil {
			return nil, err
		}
		t, err := r.retell(ctx, tx, said.Office, said.Registration, said.Subject, s.Same, civic.Merged, match.ReasonSamePerson, at)
		if err != nil {
			return nil, err
		}
		told = append(told, t...)
	}
	return told, nil
}

// Undo takes back one event of a registration's subject. What it was before,
// it is again; where nothing was before, it becomes a person of its own.
func (r *Reconciler) Undo(ctx context.Context, tx ledger.Tx, area civic.Area, id civic.RegistrationID, subject string, n int64, reviewer, note string) ([]Told, error) {
	if len(note) > maxNote {
		return nil, civic.NewProblem(civic.RequestMalformed, nil)
	}
	at := r.clock().UTC().Truncate(time.Second)
	_, err := r.registry.Undo(ctx, tx, registry.Moving{
		Area: area, Registration: id, Subject: subject, Actor: reviewer, Detail: registry.Detail{Verdict: "undo", Note: note}, At: at.Unix(),
	}, n)
	if err != nil {
		return nil, err
	}
	p, err := r.waiting(ctx, tx, area, id, subject)
	if err != nil {
		return nil, err
	}
	status, reason := civic.Registered, match.ReasonNoneAlike
	if len(p.Said) > 1 {
		status, reason = civic.Merged, match.ReasonSamePerson
	}
	told, err := r.retell(ctx, tx, area, id, subject, p.Ref, status, reason, at)
	if err != nil {
		return nil, err
	}
	return told, audit.Write(ctx, tx, at, []audit.Row{{Area: area, Actor: reviewer, Action: "undo_link", Object: bytes.Clone(id[:]), Detail: subject}})
}

// retell changes what stands of a registration after a decision on one of its
// subjects. The status is that of the one it is about.
func (r *Reconciler) retell(ctx context.Context, tx ledger.Tx, area civic.Area, id civic.RegistrationID, subject string, to registry.Ref, status civic.Status, reason civic.Code, at time.Time) ([]Told, error) {
	e, err := Get(ctx, tx, area, id)
	if civic.CodeOf(err) == civic.RegistrationAbsent {
		return nil, nil // what an outside registry said: there is no kit to tell
	}
	if err != nil {
		return nil, err
	}
	o := e.Outcome
	leads := len(o.Persons) == 0 || o.Persons[0].Subject == subject
	for i := range o.Persons {
		if o.Persons[i].Subject == subject {
			o.Persons[i].Person = to.Person
		}
	}
	if leads && civic.CanMove(o.Status, status) {
		o.Status, o.Reasons = status, []civic.Reason{{Code: reason}}
	}
	o.At = at
	packed, err := packBody(&o)
	if err != nil {
		return nil, err
	}
	first := ""
	if len(o.Reasons) > 0 {
		first = string(o.Reasons[0].Code)
	}
	_, err = tx.Exec(ctx, "UPDATE outcome SET status = ?3, reason = ?4, body = ?5, at = ?6 WHERE area = ?1 AND registration = ?2",
		string(area), id[:], int64(o.Status), first, packed, at.Unix())
	return []Told{{Device: e.Device, Outcome: o}}, err
}
