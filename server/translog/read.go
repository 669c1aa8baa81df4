package translog

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/witness"
)

// MaxPage is how many rows one reading gives.
const MaxPage = 100

// maxBody bounds a row's bytes.
const maxBody = 256 << 10

// Row is one row of the log.
type Row struct {
	ID RowID
	At int64 // seconds since 1970 UTC
	Entry
	Leaf int64 // its place in the tree, -1 while it waits for one

	salt [witness.SaltSize]byte
	text []byte // the body as the leaf commits to it
}

// Salt and Text are what somebody needs beside a proof to check the row.
func (r Row) Salt() []byte { return slices.Clone(r.salt[:]) }

// Text is the row as the leaf commits to it, CBOR.
func (r Row) Text() []byte { return r.text }

// ReadBody reads a row's bytes as the leaf commits to them.
func ReadBody(text []byte) (Row, error) {
	var b body
	if len(text) > maxBody {
		return Row{}, civic.NewProblem(civic.LogMalformed, nil)
	}
	if err := protocol.Unmarshal(text, &b); err != nil {
		return Row{}, civic.NewProblem(civic.LogMalformed, err)
	}
	r := Row{ID: b.ID, At: b.At, Leaf: -1, text: text, Entry: Entry{
		Area: b.Area, Kind: b.Kind, Actor: b.Actor, Action: b.Action, Everyone: b.Everyone,
		Purpose: b.Purpose, Basis: b.Basis, Agreement: b.Agreement, Revision: b.Revision, Consent: b.Consent, Fields: b.Fields,
		Code: b.Code, Reason: b.Reason, Request: b.Request, OnBehalf: b.OnBehalf, Issue: b.Issue, Procedure: b.Procedure,
		Explicit: b.Explicit, Preview: b.Preview, Policy: b.Policy, Object: b.Object, Records: b.Records, Count: b.Count, HiddenUntil: b.Hidden,
	}}
	if b.Person != nil {
		if len(b.Person) != len(r.Person) {
			return Row{}, civic.NewProblem(civic.LogMalformed, nil)
		}
		r.Person = civic.PersonID(b.Person)
	}
	if err := r.check(); err != nil {
		return Row{}, civic.NewProblem(civic.LogMalformed, err)
	}
	return r, nil
}

// Span is a time during which somebody was a person of the registry, from and
// to included, in seconds since 1970 UTC.
type Span = registry.Span

// Spans tells which persons of the registry somebody was: itself, and those
// its registrations belonged to before they were joined or parted.
type Spans func(ctx context.Context, tx ledger.Tx, person registry.Ref) ([]Span, error)

// Page says which rows are wanted: at most Limit (MaxPage when 0) before a row.
type Page struct {
	Before RowID // zero for the newest
	Limit  int
}

func (p Page) limit() int {
	if p.Limit < 1 || p.Limit > MaxPage {
		return MaxPage
	}
	return p.Limit
}

// Personal is what one reading of a person's own rows gives.
type Personal struct {
	Rows   []Row // newest first
	More   bool
	Hidden int // rows under investigation that this person sees later
}

// ForPerson reads the rows about one person, as that person may see them: rows
// under investigation are counted and not shown, and rows about somebody whose
// record was joined to this one only for the time it was. Write what was read
// as an entry of action LogReading in the same transaction.
func (l *Log) ForPerson(ctx context.Context, tx ledger.Tx, person registry.Ref, now int64, page Page) (Personal, error) {
	var out Personal
	spans := []Span{{Ref: person, From: 0, To: now}}
	if l.Spans != nil {
		var err error
		if spans, err = l.Spans(ctx, tx, person); err != nil {
			return out, err
		}
	}
	seen := map[RowID]bool{}
	homes := map[civic.Area]bool{"": true}
	collect := func(where string, args ...any) error {
		rows, err := l.rows(ctx, tx, where, args...)
		for _, r := range rows {
			if !seen[r.ID] {
				seen[r.ID] = true
				out.Rows = append(out.Rows, r)
			}
		}
		return err
	}
	before := page.Before
	if before == (RowID{}) {
		before = RowID(bytesOf(0xff, 16))
	}
	limit := int64(page.limit() + 1)
	for _, s := range spans {
		homes[s.Home] = true
		err := collect("r.area = ?1 AND r.person = ?2 AND r.at >= ?3 AND r.at <= ?4 AND r.id < ?5 AND r.hidden_until <= ?6 ORDER BY r.id DESC LIMIT ?7",
			string(s.Home), s.Person[:], s.From, s.To, before[:], now, limit)
		if err != nil {
			return out, err
		}
		var hidden int64
		err = tx.QueryRow(ctx, "SELECT COUNT(*) FROM log_row WHERE area = ?1 AND person = ?2 AND at >= ?3 AND at <= ?4 AND hidden_until > ?5",
			string(s.Home), s.Person[:], s.From, s.To, now).Scan(&hidden)
		if err != nil {
			return out, err
		}
		out.Hidden += int(hidden)
	}
	for home := range homes {
		err := collect("r.area = ?1 AND r.everyone = 1 AND r.id < ?2 AND r.hidden_until <= ?3 ORDER BY r.id DESC LIMIT ?4",
			string(home), before[:], now, limit)
		if err != nil {
			return out, err
		}
	}
	slices.SortFunc(out.Rows, func(a, b Row) int { return strings.Compare(string(b.ID[:]), string(a.ID[:])) })
	if len(out.Rows) > page.limit() {
		out.Rows, out.More = out.Rows[:page.limit()], true
	}
	return out, nil
}

// maxLately is how many of somebody's newest rows LookedLately reads.
const maxLately = 50

// LookedLately finds the newest look of a member of staff at a person since a
// moment, in seconds since 1970 UTC: a look at the person, not at one field.
func (l *Log) LookedLately(ctx context.Context, tx ledger.Tx, person registry.Ref, staff string, since int64) (Row, bool, error) {
	rows, err := l.rows(ctx, tx, "r.area = ?1 AND r.person = ?2 AND r.kind = ?3 AND r.actor = ?4 AND r.action IN (?5, ?6) AND r.at >= ?7 ORDER BY r.id DESC LIMIT ?8",
		string(person.Home), person.Person[:], string(Staff), staff, string(Look), string(BreakGlass), since, int64(maxLately))
	for _, r := range rows {
		if len(r.Fields) == 0 {
			return r, true, err
		}
	}
	return Row{}, false, err
}

func bytesOf(b byte, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = b
	}
	return out
}

// Row reads one row; civic.LogMalformed with no cause when there is none.
func (l *Log) Row(ctx context.Context, tx ledger.Tx, area civic.Area, id RowID) (Row, error) {
	rows, err := l.rows(ctx, tx, "r.area = ?1 AND r.id = ?2", string(area), id[:])
	if err == nil && len(rows) == 0 {
		err = civic.NewProblem(civic.LogMalformed, nil)
	}
	if err != nil {
		return Row{}, err
	}
	return rows[0], nil
}

// At reads the row that stands at a place of the tree.
func (l *Log) At(ctx context.Context, tx ledger.Tx, leaf int64) (Row, error) {
	b, err := loadBundle(ctx, tx, leaf/tileWidth)
	if err != nil {
		return Row{}, err
	}
	keys, err := readKeys(b.keys)
	if err == nil && (leaf < 0 || leaf%tileWidth >= int64(len(keys))) {
		err = civic.NewProblem(civic.LogMalformed, nil)
	}
	if err != nil {
		return Row{}, err
	}
	k := keys[leaf%tileWidth]
	return l.Row(ctx, tx, k.area, k.id)
}

// rows reads rows with their places.
func (l *Log) rows(ctx context.Context, tx ledger.Tx, where string, args ...any) ([]Row, error) {
	return l.rowsFrom(ctx, tx, "log_row", where, args...)
}

// rowsFrom reads rows out of some of the table's.
func (l *Log) rowsFrom(ctx context.Context, tx ledger.Tx, from, where string, args ...any) (out []Row, err error) {
	err = ledger.All(ctx, tx, func(s ledger.Row) error {
		var text, salt []byte
		var leaf sql.NullInt64
		if err := s.Scan(&text, &salt, &leaf); err != nil {
			return err
		}
		r, err := ReadBody(text)
		if err != nil {
			return err
		}
		if len(salt) != witness.SaltSize {
			return civic.NewProblem(civic.LogMalformed, errors.New("a salt of another size"))
		}
		r.salt = [witness.SaltSize]byte(salt)
		if leaf.Valid {
			r.Leaf = leaf.Int64
		}
		out = append(out, r)
		return nil
	}, "SELECT r.body, r.salt, p.leaf FROM "+from+" r LEFT JOIN log_leaf p ON p.area = r.area AND p.id = r.id WHERE "+where, args...)
	return out, err
}
