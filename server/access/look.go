package access

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// Bounds of what a member of staff says for a look.
const (
	lookLife    = 15 * time.Minute
	minReason   = 10  // signs
	minGlass    = 20  // signs of a reason against the rules
	maxReason   = 200 // bytes
	glassReview = 3 * 24 * time.Hour
)

// CheckReason gives a reason without needless space; civic.ReasonWanted when it
// says too little or too much.
func CheckReason(reason string) (string, error) { return checkReason(reason, minReason) }

// checkReason gives a reason without needless space; civic.ReasonWanted when it
// says too little or too much.
func checkReason(reason string, least int) (string, error) {
	reason = strings.Join(strings.Fields(reason), " ")
	if utf8.RuneCountInString(reason) < least || len(reason) > maxReason || !utf8.ValidString(reason) {
		return "", civic.NewProblem(civic.ReasonWanted, nil)
	}
	return reason, nil
}

// Explain remembers why this session looks at an object, for some minutes.
func (a *Access) Explain(ctx context.Context, s Session, object []byte, reason string) error {
	reason, err := checkReason(reason, minReason)
	if err != nil {
		return err
	}
	return a.db.Update(ctx, func(tx ledger.Tx) error {
		return a.explain(ctx, tx, s, object, reason)
	})
}

func (a *Access) explain(ctx context.Context, tx ledger.Tx, s Session, object []byte, reason string) error {
	_, err := tx.Exec(ctx, `INSERT INTO access_look (token_hash, object, reason, expires_at) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (token_hash, object) DO UPDATE SET reason = excluded.reason, expires_at = excluded.expires_at`,
		s.id[:], object, reason, a.o.Clock().Add(lookLife).Unix())
	return err
}

// Reason is what Explain was told of an object; civic.ReasonWanted when that was
// nothing, or too long ago.
func (a *Access) Reason(ctx context.Context, tx ledger.Tx, s Session, object []byte) (reason string, err error) {
	err = tx.QueryRow(ctx, "SELECT reason FROM access_look WHERE token_hash = ?1 AND object = ?2 AND expires_at > ?3",
		s.id[:], object, a.o.Clock().Unix()).Scan(&reason)
	if errors.Is(err, ledger.ErrNoRows) {
		err = civic.NewProblem(civic.ReasonWanted, nil)
	}
	return reason, err
}

// Glass is one look of somebody whose role does not allow it.
type Glass struct {
	Area     civic.Area // home of the person
	ID       [16]byte
	Person   civic.PersonID
	Staff    string
	Reason   string
	At       time.Time
	Due      time.Time // when its review is overdue
	Reviewed time.Time // zero while it waits
	Reviewer string
	// Justified and Remark are what the reviewer said.
	Justified bool
	Remark    string
}

// Overdue tells whether the review should have been made.
func (g Glass) Overdue(now time.Time) bool { return g.Reviewed.IsZero() && now.After(g.Due) }

// BreakGlass lets a session look at a person against its role, for some
// minutes. Everybody in the console sees that it happened; somebody else has to
// review it within three days. note writes what else belongs beside it.
func (a *Access) BreakGlass(ctx context.Context, s Session, area civic.Area, person civic.PersonID, reason string, note func(ledger.Tx, Glass) error) error {
	reason, err := checkReason(reason, minGlass)
	if err != nil {
		return err
	}
	now := a.o.Clock()
	g := Glass{Area: area, Person: person, Staff: s.Staff, Reason: reason, At: now, Due: now.Add(glassReview)}
	if _, err := rand.Read(g.ID[:]); err != nil {
		return err
	}
	return a.db.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO access_glass (area, id, person, staff, reason, at, until, due) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
			string(area), g.ID[:], person[:], s.Staff, reason, now.Unix(), now.Add(lookLife).Unix(), g.Due.Unix())
		if err != nil {
			return err
		}
		if err := a.explain(ctx, tx, s, person[:], reason); err != nil {
			return err
		}
		return note(tx, g)
	})
}

// Broken tells whether somebody may look at a person because the glass was
// broken a short while ago.
func (a *Access) Broken(ctx context.Context, tx ledger.Tx, s Session, area civic.Area, person civic.PersonID) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, "SELECT count(*) FROM access_glass WHERE area = ?1 AND person = ?2 AND staff = ?3 AND until > ?4",
		string(area), person[:], s.Staff, a.o.Clock().Unix()).Scan(&n)
	return n > 0, err
}

// maxGlasses bounds a list.
const maxGlasses = 200

// Glasses lists broken glasses, those that wait for a review first, of all
// offices when area is empty.
func (a *Access) Glasses(ctx context.Context, tx ledger.Tx, area civic.Area) (list []Glass, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var g Glass
		var home string
		var id, person []byte
		var at, due, reviewed int64
		if err := r.Scan(&home, &id, &person, &g.Staff, &g.Reason, &at, &due, &reviewed, &g.Reviewer, &g.Justified, &g.Remark); err != nil {
			return err
		}
		g.Area, g.At, g.Due, g.Reviewed = civic.Area(home), fromUnix(at), fromUnix(due), fromUnix(reviewed)
		copy(g.ID[:], id)
		copy(g.Person[:], person)
		list = append(list, g)
		return nil
	}, `SELECT area, id, person, staff, reason, at, due, reviewed_at, reviewer, justified, remark FROM access_glass
		WHERE (?1 = '' OR area = ?1) ORDER BY CASE WHEN reviewed_at = 0 THEN 0 ELSE 1 END, due DESC LIMIT ?2`, string(area), int64(maxGlasses))
	return list, err
}

// GlassesOpen counts those that nobody has reviewed yet.
func (a *Access) GlassesOpen(ctx context.Context, tx ledger.Tx, area civic.Area) (n int, err error) {
	err = tx.QueryRow(ctx, "SELECT count(*) FROM access_glass WHERE reviewed_at = 0 AND (?1 = '' OR area = ?1)", string(area)).Scan(&n)
	return n, err
}

// ReviewGlass says whether a broken glass was justified. Nobody reviews their
// own: civic.NotYours.
func (a *Access) ReviewGlass(ctx context.Context, s Session, area civic.Area, id [16]byte, justified bool, remark string) error {
	remark, err := checkReason(remark, minReason)
	if err != nil {
		return err
	}
	return a.db.Update(ctx, func(tx ledger.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE access_glass SET reviewed_at = ?3, reviewer = ?4, justified = ?5, remark = ?6
			WHERE area = ?1 AND id = ?2 AND reviewed_at = 0 AND staff <> ?4`, string(area), id[:], a.o.Clock().Unix(), s.Staff, justified, remark)
		if err != nil {
			return err
		}
		if n == 0 {
			return civic.NewProblem(civic.NotYours, nil)
		}
		return a.note(ctx, tx, area, s.Staff, "review_break_glass", id[:], "")
	})
}
