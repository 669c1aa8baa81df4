package translog

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/witness"
)

// Filter narrows what an auditor reads; zero parts narrow nothing.
type Filter struct {
	Area   civic.Area // empty: all offices
	Person civic.PersonID
	Kind   Kind
	Actor  string
	Action Action
	Since  int64
}

// Bounds of one reading of an auditor's, however rare what is looked for is.
const (
	// listBundles is how many bundles of 256 leaves are looked through.
	listBundles = 64
	// listRows is how many rows of one office are.
	listRows = listBundles * tileWidth
	// listWaiting is how many acts that wait for their place are.
	listWaiting = 1024
)

// Listed is one reading of an auditor's.
type Listed struct {
	Rows []Row
	// Next is where the following reading begins, when there is More: there is
	// more to look through, whether anything of it fits or not.
	Next Cursor
	More bool
	// Back is the time of the oldest row that was looked at, in seconds since
	// 1970 UTC; 0 when there was none.
	Back int64
}

// Cursor is where a reading begins: below a leaf, or in one office below a row.
// The zero one begins at the newest.
type Cursor struct {
	Leaf int64 // the first that was looked at before; 0 for none
	Row  RowID
}

// where are the conditions of a filter beside its office, from the placeholder
// ?1 on.
func (f Filter) where() (string, []any) {
	person := f.Person[:]
	if f.Person.IsZero() {
		person = []byte{}
	}
	return "(?1 = '' OR r.kind = ?1) AND (?2 = '' OR r.actor = ?2) AND (?3 = '' OR r.action = ?3) AND r.at >= ?4 AND (?5 = 0 OR r.person = ?6)",
		[]any{string(f.Kind), f.Actor, string(f.Action), f.Since, int64(len(person)), person}
}

// List reads rows for an auditor, newest first, hidden ones too: a page of at
// most limit rows, and no more than a bounded part of the log looked through.
// The reading is to be written as an entry.
func (l *Log) List(ctx context.Context, tx ledger.Tx, f Filter, from Cursor, limit int) (Listed, error) {
	limit = Page{Limit: limit}.limit()
	if f.Area != "" {
		return l.listOffice(ctx, tx, f, from.Row, limit)
	}
	return l.listAll(ctx, tx, f, from.Leaf, limit)
}

// listOffice looks through the rows of one office, or of one person there, which
// lie in their order.
func (l *Log) listOffice(ctx context.Context, tx ledger.Tx, f Filter, before RowID, limit int) (out Listed, err error) {
	if before == (RowID{}) {
		before = RowID(bytesOf(0xff, len(RowID{})))
	}
	where, args := f.where()
	of := "area = ?7 AND id < ?8"
	args = append(args, string(f.Area), before[:], int64(listRows))
	if !f.Person.IsZero() {
		of += " AND person = ?6"
	}
	looked := "SELECT area, id, at, kind, actor, action, person, salt, body FROM log_row WHERE " + of + " ORDER BY id DESC LIMIT ?9"
	out.Rows, err = l.rowsFrom(ctx, tx, "("+looked+")", where+" ORDER BY r.id DESC LIMIT ?10", append(args, int64(limit+1))...)
	if err != nil {
		return out, err
	}
	if len(out.Rows) > limit {
		out.Rows, out.More = out.Rows[:limit], true
		out.Next.Row, out.Back = out.Rows[limit-1].ID, out.Rows[limit-1].At
		return out, nil
	}
	// How far it came, when that is not to the end.
	bounded := []any{string(f.Area), before[:], int64(listRows - 1)}
	of = "area = ?1 AND id < ?2"
	if !f.Person.IsZero() {
		of, bounded = of+" AND person = ?4", append(bounded, f.Person[:])
	}
	var last []byte
	err = tx.QueryRow(ctx, "SELECT id, at FROM log_row WHERE "+of+" ORDER BY id DESC LIMIT 1 OFFSET ?3", bounded...).Scan(&last, &out.Back)
	if errors.Is(err, ledger.ErrNoRows) || err == nil && (len(last) != len(RowID{}) || out.Back < f.Since) {
		return out, nil
	}
	out.More = err == nil
	copy(out.Next.Row[:], last)
	return out, err
}

// listAll looks through the tree, from its newest leaf down, and before it
// through what waits for its place.
func (l *Log) listAll(ctx context.Context, tx ledger.Tx, f Filter, before int64, limit int) (out Listed, err error) {
	if before <= 0 {
		if out.Rows, err = l.listWaiting(ctx, tx, f); err != nil {
			return out, err
		}
		if len(out.Rows) > limit {
			out.Rows = out.Rows[:limit]
		}
		head, err := l.Head(ctx, tx)
		if err != nil {
			return out, err
		}
		before = head.Size
	}
	for range listBundles {
		if before == 0 || len(out.Rows) >= limit {
			break
		}
		first := (before - 1) / tileWidth * tileWidth
		rows, at, err := l.fitting(ctx, tx, f, first, before)
		if err != nil {
			return out, err
		}
		if at != 0 {
			out.Back = at
		}
		if room := limit - len(out.Rows); len(rows) > room {
			rows = rows[:room]
			first, out.Back = rows[room-1].Leaf, rows[room-1].At
		}
		out.Rows = append(out.Rows, rows...)
		before = first
		if at != 0 && at < f.Since { // leaves only get older from here
			return out, nil
		}
	}
	out.More, out.Next.Leaf = before > 0, before
	return out, nil
}

// fitting reads the rows of one bundle that fit, newest first, and when its
// first leaf got its place.
func (l *Log) fitting(ctx context.Context, tx ledger.Tx, f Filter, first, before int64) ([]Row, int64, error) {
	b, err := loadBundle(ctx, tx, first/tileWidth)
	if err != nil {
		return nil, 0, err
	}
	rows, err := l.bundled(ctx, tx, b, f, first, before)
	if err != nil {
		return nil, 0, err
	}
	slices.Reverse(rows)
	leaves, err := ReadEntries(b.entries)
	if err != nil || len(leaves) == 0 {
		return rows, 0, nil //nolint:nilerr // the check finds what was done to it
	}
	return rows, leaves[0].At, nil
}

// listWaiting reads the rows without a place that fit, newest first.
func (l *Log) listWaiting(ctx context.Context, tx ledger.Tx, f Filter) (rows []Row, err error) {
	var keys []key
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var a act
		if err := r.Scan(&a.area, &a.rows); err != nil {
			return err
		}
		for ; len(a.rows) >= idAndCommitment; a.rows = a.rows[idAndCommitment:] {
			keys = append(keys, key{a.area, RowID(a.rows[:len(RowID{})])})
		}
		return nil
	}, "SELECT area, rows FROM log_waits ORDER BY first DESC LIMIT ?1", int64(listWaiting))
	if err != nil {
		return nil, err
	}
	if rows, err = l.keyed(ctx, tx, keys, f); err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b Row) int { return slices.Compare(b.ID[:], a.ID[:]) })
	return rows, nil
}

// Leaves reads the rows at the places from from to before, at most as many as
// lie in one bundle, and tells up to which place it came. A row that is gone or
// malformed is left out: the check finds it.
func (l *Log) Leaves(ctx context.Context, tx ledger.Tx, from, before int64) (rows []Row, end int64, err error) {
	end = min(before, from/tileWidth*tileWidth+tileWidth)
	b, err := loadBundle(ctx, tx, from/tileWidth)
	if err != nil {
		return nil, from, err
	}
	if rows, err = l.bundled(ctx, tx, b, Filter{}, from, end); err != nil {
		return nil, from, err
	}
	return rows, end, nil
}

// bundled reads the rows of a bundle between two places that fit, in their order.
func (l *Log) bundled(ctx context.Context, tx ledger.Tx, b *bundle, f Filter, from, before int64) ([]Row, error) {
	all, err := readKeys(b.keys)
	if err != nil && civic.CodeOf(err) != civic.LogMalformed {
		return nil, err
	}
	at := map[key]int64{}
	var keys []key
	for i, k := range all {
		if leaf := b.n*tileWidth + int64(i); leaf >= from && leaf < before {
			at[k] = leaf
			keys = append(keys, k)
		}
	}
	rows, err := l.keyed(ctx, tx, keys, f)
	for i := range rows {
		rows[i].Leaf = at[key{rows[i].Area, rows[i].ID}]
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Leaf, b.Leaf) })
	return rows, err
}

// rowsAtOnce is how many rows one statement reads, each looked up by itself: for
// a list of them a database that knows nothing of the table yet reads all of it.
const rowsAtOnce = 16

// fits tells whether a row is one a filter leaves.
func (f Filter) fits(r *Row) bool {
	return (f.Kind == "" || r.Kind == f.Kind) && (f.Actor == "" || r.Actor == f.Actor) && (f.Action == "" || r.Action == f.Action) &&
		r.At >= f.Since && (f.Person.IsZero() || r.Person == f.Person)
}

// keyed reads the rows with these keys that fit, without their places; those that
// are gone or malformed are left out.
func (l *Log) keyed(ctx context.Context, tx ledger.Tx, keys []key, f Filter) (rows []Row, err error) {
	ids := map[civic.Area][]any{}
	for i := range keys {
		ids[keys[i].area] = append(ids[keys[i].area], keys[i].id[:])
	}
	for area, list := range ids {
		for part := range slices.Chunk(list, rowsAtOnce) {
			args, parts := []any{string(area)}, make([]string, rowsAtOnce)
			for i := range parts { // of one size, so that one statement is prepared
				id := any(make([]byte, len(RowID{}))) // no row has it
				if i < len(part) {
					id = part[i]
				}
				args, parts[i] = append(args, id), "SELECT body, salt FROM log_row WHERE area = ?1 AND id = ?"+strconv.Itoa(i+2)
			}
			err := ledger.All(ctx, tx, func(s ledger.Row) error {
				var text, salt []byte
				if err := s.Scan(&text, &salt); err != nil {
					return err
				}
				r, err := ReadBody(text)
				if err != nil || len(salt) != witness.SaltSize {
					return nil //nolint:nilerr // the check finds what was done to it
				}
				r.salt, r.Leaf = [witness.SaltSize]byte(salt), -1
				if f.fits(&r) {
					rows = append(rows, r)
				}
				return nil
			}, strings.Join(parts, " UNION ALL "), args...)
			if err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}
