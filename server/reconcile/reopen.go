package reconcile

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// Decided is a question that was answered.
type Decided struct {
	Open
	At time.Time
}

// LastDecided reads how a question was answered; civic.MovedOn while it is open.
func LastDecided(ctx context.Context, tx ledger.Tx, area civic.Area, id civic.RegistrationID, subject string) (Decided, error) {
	var d Decided
	var opened, at int64
	err := tx.QueryRow(ctx, "SELECT risk, opened_at, decision, reviewer, decided_at FROM review WHERE area = ?1 AND registration = ?2 AND subject = ?3 AND decided_at > 0",
		string(area), id[:], subject).Scan(&d.Risk, &opened, &d.Answer, &d.Reviewer, &at)
	if errors.Is(err, ledger.ErrNoRows) {
		return d, civic.NewProblem(civic.MovedOn, nil)
	}
	d.Area, d.Registration, d.Subject, d.Opened, d.At = area, id, subject, time.Unix(opened, 0).UTC(), time.Unix(at, 0).UTC()
	return d, err
}

type subjectOf struct {
	registration civic.RegistrationID
	name         string
}

// Reopen takes back a reviewer's answer: what was joined is parted again, the
// person waits, and the question is open as it was. It is refused with
// civic.MovedOn when somebody moved on from the answer since.
func (r *Reconciler) Reopen(ctx context.Context, tx ledger.Tx, area civic.Area, id civic.RegistrationID, subject, reviewer, note string) ([]Told, error) {
	if len(note) > maxNote {
		return nil, civic.NewProblem(civic.RequestMalformed, nil)
	}
	d, err := LastDecided(ctx, tx, area, id, subject)
	if err != nil {
		return nil, err
	}
	at := r.clock().UTC().Truncate(time.Second)
	own := registry.Ref{Home: area, Person: registry.NewPersonID(id, subject)}
	var told []Told
	if d.Answer == AnswerSame {
		events, err := r.registry.Events(ctx, tx, &registry.Person{Ref: own})
		if err != nil {
			return nil, err
		}
		last := map[subjectOf]int64{} // an earlier answer may have been taken back before
		for _, e := range events {
			k := subjectOf{e.Registration, e.Subject}
			last[k] = max(last[k], e.N)
		}
		for _, e := range events {
			if e.N != last[subjectOf{e.Registration, e.Subject}] || e.Was != own || e.At != d.At.Unix() || e.Detail.Verdict != string(AnswerSame) {
				continue
			}
			_, err := r.registry.Undo(ctx, tx, registry.Moving{
				Area: e.Area, Registration: e.Registration, Subject: e.Subject, Actor: reviewer, Detail: registry.Detail{Verdict: "undo", Note: note}, At: at.Unix(),
			}, e.N)
			if err != nil {
				return nil, err
			}
			if e.Registration == id && e.Subject == subject {
				continue
			}
			more, err := r.retell(ctx, tx, e.Area, e.Registration, e.Subject, own, civic.Merged, match.ReasonSamePerson, at)
			if err != nil {
				return nil, err
			}
			told = append(told, more...)
		}
	}
	waiting, err := r.waiting(ctx, tx, area, id, subject)
	if err != nil {
		return nil, err
	}
	if waiting.Ref != own {
		return nil, civic.NewProblem(civic.MovedOn, nil)
	}
	if err := r.registry.Hold(ctx, tx, own); err != nil {
		return nil, err
	}
	more, err := r.retell(ctx, tx, area, id, subject, own, civic.Held, match.ReasonLikely, at)
	if err != nil {
		return nil, err
	}
	for _, query := range []string{
		"UPDATE review SET decided_at = 0, decision = '', reviewer = '' WHERE area = ?1 AND registration = ?2 AND subject = ?3",
		"DELETE FROM review_opinion WHERE area = ?1 AND registration = ?2 AND subject = ?3",
	} {
		if _, err := tx.Exec(ctx, query, string(area), id[:], subject); err != nil {
			return nil, err
		}
	}
	return append(told, more...), audit.Write(ctx, tx, at, []audit.Row{{
		Area: area, Actor: reviewer, Action: "review_undone", Object: bytes.Clone(id[:]), Detail: subject,
	}})
}
