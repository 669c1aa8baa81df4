package translog

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
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

// Commitment is what the row's leaf holds.
func (r Row) Commitment() civic.Digest { return witness.Commit(r.salt, r.text) }

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

func bytesOf(b byte, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = b
	}
	return out
}

// Filter narrows what an auditor reads; zero parts narrow nothing.
type Filter struct {
	Area   civic.Area // empty: all offices
	Person civic.PersonID
	Kind   Kind
	Actor  string
	Action Action
	Since  int64
}

// List reads rows for an auditor, newest first, hidden ones too. The reading is
// to be written as an entry.
func (l *Log) List(ctx context.Context, tx ledger.Tx, f Filter, page Page) (rows []Row, more bool, err error) {
	before := page.Before
	if before == (RowID{}) {
		before = RowID(bytesOf(0xff, 16))
	}
	person := f.Person[:]
	if f.Person.IsZero() {
		person = []byte{}
	}
	rows, err = l.rows(ctx, tx, `(?1 = '' OR r.area = ?1) AND (?2 = '' OR r.kind = ?2) AND (?3 = '' OR r.actor = ?3) AND (?4 = '' OR r.action = ?4)
 AND r.at >= ?5 AND r.id < ?6 AND (?7 = 0 OR r.person = ?8) ORDER BY r.id DESC LIMIT ?9`,
		string(f.Area), string(f.Kind), f.Actor, string(f.Action), f.Since, before[:], int64(len(person)), person, int64(page.limit()+1))
	if len(rows) > page.limit() {
		rows, more = rows[:page.limit()], true
	}
	return rows, more, err
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

// Leaves reads the rows at the places from from to before, at most as many as
// lie in one bundle, and tells up to which place it came. A row that is gone or
// malformed is left out: the check finds it.
func (l *Log) Leaves(ctx context.Context, tx ledger.Tx, from, before int64) (rows []Row, end int64, err error) {
	b, err := loadBundle(ctx, tx, from/tileWidth)
	if err != nil {
		return nil, from, err
	}
	keys, err := readKeys(b.keys)
	if err != nil && civic.CodeOf(err) != civic.LogMalformed {
		return nil, from, err
	}
	first := from / tileWidth * tileWidth
	end = min(before, first+tileWidth)
	ids := map[civic.Area][]any{}
	at := map[key]int64{}
	for i, k := range keys {
		if leaf := first + int64(i); leaf >= from && leaf < end {
			ids[k.area] = append(ids[k.area], k.id[:])
			at[k] = leaf
		}
	}
	for area, list := range ids {
		for part := range slices.Chunk(list, leavesAtOnce) {
			args, marks := []any{string(area)}, make([]string, leavesAtOnce)
			for i := range marks { // of one size, so that one statement is prepared
				args, marks[i] = append(args, part[min(i, len(part)-1)]), "?"+strconv.Itoa(i+2)
			}
			found, err := l.rows(ctx, tx, "r.area = ?1 AND r.id IN ("+strings.Join(marks, ",")+")", args...)
			if civic.CodeOf(err) == civic.LogMalformed { // one of them: the others by themselves
				found, err = nil, nil
				for _, id := range part {
					one, fault := l.rows(ctx, tx, "r.area = ?1 AND r.id = ?2", string(area), id)
					if fault != nil && civic.CodeOf(fault) != civic.LogMalformed {
						return nil, from, fault
					}
					found = append(found, one...)
				}
			}
			if err != nil {
				return nil, from, err
			}
			rows = append(rows, found...)
		}
	}
	for i := range rows {
		rows[i].Leaf = at[key{rows[i].Area, rows[i].ID}]
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Leaf, b.Leaf) })
	return rows, end, nil
}

// leavesAtOnce is how many rows one statement reads.
const leavesAtOnce = 64

// rows reads rows with their places.
func (l *Log) rows(ctx context.Context, tx ledger.Tx, where string, args ...any) (out []Row, err error) {
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
	}, "SELECT r.body, r.salt, p.leaf FROM log_row r LEFT JOIN log_leaf p ON p.area = r.area AND p.id = r.id WHERE "+where, args...)
	return out, err
}
