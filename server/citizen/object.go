package citizen

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// Objection is what a citizen said against a look or a reuse, and what came of
// it.
type Objection struct {
	Area         civic.Area // the office of the registration
	ID           [16]byte
	Registration civic.RegistrationID
	Row          translog.RowID // the row it is about, zero for none
	RowArea      civic.Area
	Agency       agreement.AgencyID // whose reuse it is about, empty for none
	Purpose      civic.Purpose
	Channel      string // slip, code or counter
	Words        string
	Raised, Due  time.Time
	Answered     time.Time // zero while it waits
	AnsweredBy   string
	Upheld       bool
	Answer       string
}

// Overdue tells whether it should have been answered.
func (o Objection) Overdue(now time.Time) bool { return o.Answered.IsZero() && now.After(o.Due) }

// about reads what an objection is about out of a row of the citizen's own log.
func (c *Citizens) about(ctx context.Context, tx ledger.Tx, v Visit, o *Objection) error {
	if o.Row == (translog.RowID{}) {
		return nil
	}
	row, err := c.Log.Row(ctx, tx, o.RowArea, o.Row)
	if err != nil {
		return err
	}
	// Only a row that this visit may see: other people's never, hidden ones later.
	who, err := c.person(ctx, tx, v)
	if err != nil {
		return err
	}
	spans, err := c.Registry.Spans(ctx, tx, who)
	if err != nil {
		return err
	}
	mine := row.Everyone || row.Area == who.Home && row.Person == who.Person
	for _, s := range spans {
		mine = mine || row.Area == s.Home && row.Person == s.Person && row.At >= s.From && row.At <= s.To
	}
	if !mine || row.HiddenUntil > c.Clock().Unix() {
		return civic.NewProblem(civic.PersonAbsent, nil)
	}
	if row.Kind == translog.Agency {
		o.Agency, o.Purpose = agreement.AgencyID(row.Actor), row.Purpose
	}
	return nil
}

// Object raises an objection. One against an agency holds the person's data
// back from it, for that purpose, until it is answered.
func (c *Citizens) Object(ctx context.Context, v Visit, o Objection) (Objection, error) {
	o.Words = strings.TrimSpace(o.Words)
	if utf8.RuneCountInString(o.Words) < minWords || len(o.Words) > maxWords || !utf8.ValidString(o.Words) {
		return o, civic.NewProblem(civic.WordsWanted, nil)
	}
	if _, err := io.ReadFull(c.Rand, o.ID[:]); err != nil {
		return o, err
	}
	now := c.Clock()
	o.Area, o.Registration, o.Channel, o.Raised, o.Due = v.Area, v.Registration, v.Factor, now, now.Add(AnswerWithin)
	sealed, err := c.Share.Seal("objection"+string(o.ID[:]), []byte(o.Words))
	if err != nil {
		return o, err
	}
	return o, c.DB.Update(ctx, func(tx ledger.Tx) error {
		if err := c.about(ctx, tx, v, &o); err != nil {
			return err
		}
		who, err := c.person(ctx, tx, v)
		if err != nil {
			return err
		}
		var row any
		if o.Row != (translog.RowID{}) {
			row = o.Row[:]
		}
		_, err = tx.Exec(ctx, `INSERT INTO citizen_objection (area, id, registration, row_area, row_id, agency, purpose, channel, words, raised_at, due_at)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`, string(o.Area), o.ID[:], o.Registration[:], string(o.RowArea), row,
			string(o.Agency), string(o.Purpose), o.Channel, sealed, now.Unix(), o.Due.Unix())
		if err != nil {
			return err
		}
		if o.Agency != "" {
			if err := c.Share.Object(ctx, tx, v.Area, v.Registration, o.Agency, o.Purpose, true); err != nil {
				return err
			}
		}
		return translog.Append(ctx, tx, now, []translog.Entry{{
			Area: who.Home, Person: who.Person, Kind: translog.Citizen, Action: translog.Objection, Purpose: o.Purpose,
			OnBehalf: string(o.Agency), Procedure: o.Channel, Object: o.ID[:], Records: []civic.RegistrationID{v.Registration},
		}})
	})
}

// Answer says what comes of an objection. While it is upheld the agency gets
// nothing more for that purpose; civic.AlreadyAnswered for a second answer.
func (c *Citizens) Answer(ctx context.Context, staff string, area civic.Area, id [16]byte, upheld bool, words string) error {
	words = strings.TrimSpace(words)
	if utf8.RuneCountInString(words) < minWords || len(words) > maxWords || !utf8.ValidString(words) {
		return civic.NewProblem(civic.WordsWanted, nil)
	}
	sealed, err := c.Share.Seal("answer"+string(id[:]), []byte(words))
	if err != nil {
		return err
	}
	now := c.Clock()
	return c.DB.Update(ctx, func(tx ledger.Tx) error {
		list, err := c.objections(ctx, tx, "WHERE area = ?1 AND id = ?2", string(area), id[:])
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return civic.NewProblem(civic.ObjectionAbsent, nil)
		}
		o := list[0]
		n, err := tx.Exec(ctx, `UPDATE citizen_objection SET answered_at = ?3, answered_by = ?4, upheld = ?5, answer = ?6
			WHERE area = ?1 AND id = ?2 AND answered_at = 0`, string(area), id[:], now.Unix(), staff, upheld, sealed)
		if err != nil {
			return err
		}
		if n == 0 {
			return civic.NewProblem(civic.AlreadyAnswered, nil)
		}
		if o.Agency != "" && !upheld {
			others, err := c.objections(ctx, tx, "WHERE area = ?1 AND registration = ?2 AND agency = ?3 AND purpose = ?4 AND (answered_at = 0 OR upheld = 1)",
				string(area), o.Registration[:], string(o.Agency), string(o.Purpose))
			if err != nil {
				return err
			}
			if len(others) == 0 { // nothing else holds it back
				if err := c.Share.Object(ctx, tx, area, o.Registration, o.Agency, o.Purpose, false); err != nil {
					return err
				}
			}
		}
		entry := translog.Entry{Area: area, Kind: translog.Staff, Actor: staff, Action: translog.Answer, Purpose: o.Purpose, OnBehalf: string(o.Agency), Object: id[:]}
		who, err := c.person(ctx, tx, Visit{Area: area, Registration: o.Registration})
		if err == nil {
			entry.Area, entry.Person = who.Home, who.Person
		} else if !absent(err) {
			return err
		}
		if err := translog.Append(ctx, tx, now, []translog.Entry{entry}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, now, []audit.Row{{Area: area, Actor: staff, Action: "answer_objection", Object: id[:]}})
	})
}

// Mine lists the objections of a visit, newest first.
func (c *Citizens) Mine(ctx context.Context, v Visit) (list []Objection, err error) {
	err = c.DB.View(ctx, func(tx ledger.Tx) (err error) {
		list, err = c.objections(ctx, tx, "WHERE area = ?1 AND registration = ?2 ORDER BY raised_at DESC, id LIMIT 100", string(v.Area), v.Registration[:])
		return err
	})
	return list, err
}

// Open lists the objections of an office (of all when area is empty), those
// that wait first, by their deadline. The reading is the caller's to log.
func (c *Citizens) Open(ctx context.Context, tx ledger.Tx, area civic.Area) ([]Objection, error) {
	return c.objections(ctx, tx, `WHERE (?1 = '' OR area = ?1) ORDER BY CASE WHEN answered_at = 0 THEN 0 ELSE 1 END,
		CASE WHEN answered_at = 0 THEN due_at ELSE 0 - answered_at END, id LIMIT 200`, string(area))
}

// Standing counts objections that wait, and those of them that are overdue.
func (c *Citizens) Standing(ctx context.Context, tx ledger.Tx, area civic.Area) (waiting, overdue int, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*), coalesce(sum(CASE WHEN due_at < ?2 THEN 1 ELSE 0 END), 0) FROM citizen_objection
		WHERE answered_at = 0 AND (?1 = '' OR area = ?1)`, string(area), c.Clock().Unix()).Scan(&waiting, &overdue)
	return waiting, overdue, err
}

func (c *Citizens) objections(ctx context.Context, tx ledger.Tx, where string, args ...any) (list []Objection, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var o Objection
		var area, rowArea, agency, purpose string
		var id, registration, row, words, answer []byte
		var raised, due, answered int64
		err := r.Scan(&area, &id, &registration, &rowArea, &row, &agency, &purpose, &o.Channel, &words, &raised, &due, &answered, &o.AnsweredBy, &o.Upheld, &answer)
		if err != nil {
			return err
		}
		copy(o.ID[:], id)
		copy(o.Registration[:], registration)
		copy(o.Row[:], row)
		o.Area, o.RowArea, o.Agency, o.Purpose = civic.Area(area), civic.Area(rowArea), agreement.AgencyID(agency), civic.Purpose(purpose)
		o.Raised, o.Due = time.Unix(raised, 0).UTC(), time.Unix(due, 0).UTC()
		plain, err := c.Share.Unseal("objection"+string(id), words)
		if err != nil {
			return err
		}
		o.Words = string(plain)
		if answered != 0 {
			o.Answered = time.Unix(answered, 0).UTC()
			if plain, err = c.Share.Unseal("answer"+string(id), answer); err != nil {
				return err
			}
			o.Answer = string(plain)
		}
		list = append(list, o)
		return nil
	}, `SELECT area, id, registration, row_area, row_id, agency, purpose, channel, words, raised_at, due_at, answered_at, answered_by, upheld, answer
		FROM citizen_objection `+where, args...)
	if errors.Is(err, ledger.ErrNoRows) {
		err = nil
	}
	return list, err
}
