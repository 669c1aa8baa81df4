package translog

import (
	"bytes"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/witness"
)

// waitsTooLong is after how many seconds a row should have had its place.
const waitsTooLong = 60

// stored is a row as the ledger has it.
type stored struct {
	at, everyone, hidden int64
	kind, actor, action  string
	person, salt, text   []byte
	leaf                 sql.NullInt64
}

// rows holds the rows of a bundle against their leaves.
func (v *verifier) rows(first int64, leaves []witness.Leaf, priors []int64, keys []key) error {
	found := make(map[key]stored, len(keys))
	byArea := map[civic.Area][]RowID{}
	for _, k := range keys {
		byArea[k.area] = append(byArea[k.area], k.id)
	}
	for area, ids := range byArea {
		if err := v.fetch(area, ids, found); err != nil {
			return err
		}
	}
	for i, k := range keys {
		leaf := leaves[i]
		if leaf.At < v.c.Since {
			continue
		}
		v.r.Rows++
		s, ok := found[k]
		if !ok {
			v.r.find(RowRemoved, first+int64(i), k, "")
			continue
		}
		v.row(first+int64(i), leaf, priors[i], k, s)
	}
	return nil
}

func (v *verifier) fetch(area civic.Area, ids []RowID, into map[key]stored) error {
	args := []any{string(area)}
	var marks strings.Builder
	for i := range ids {
		if i > 0 {
			marks.WriteByte(',')
		}
		marks.WriteString("?" + strconv.Itoa(i+2))
		args = append(args, ids[i][:])
	}
	return ledger.All(v.ctx, v.tx, func(r ledger.Row) error {
		var id []byte
		var s stored
		if err := r.Scan(&id, &s.at, &s.kind, &s.actor, &s.action, &s.person, &s.everyone, &s.hidden, &s.salt, &s.text, &s.leaf); err != nil {
			return err
		}
		if len(id) == len(RowID{}) {
			into[key{area, RowID(id)}] = s
		}
		return nil
	}, `SELECT r.id, r.at, r.kind, r.actor, r.action, r.person, r.everyone, r.hidden_until, r.salt, r.body, p.leaf
 FROM log_row r LEFT JOIN log_leaf p ON p.area = r.area AND p.id = r.id WHERE r.area = ?1 AND r.id IN (`+marks.String()+`)`, args...)
}

// row holds one row against its leaf; before is when the newest leaf of an
// earlier moment came to its place: the row cannot be older than that.
func (v *verifier) row(at int64, leaf witness.Leaf, before int64, k key, s stored) {
	if commitmentOf(s.salt, s.text) != leaf.Commit {
		v.r.find(RowAltered, at, k, "")
		return
	}
	r, err := ReadBody(s.text)
	if err != nil {
		v.r.find(RowAltered, at, k, "unreadable")
		return
	}
	if !sameColumns(r, k, s) {
		v.r.find(RowAltered, at, k, "columns")
	}
	if !s.leaf.Valid || s.leaf.Int64 != at {
		v.r.find(RowMisplaced, at, k, "")
	}
	switch {
	case r.At < before-v.c.Tolerance:
		v.r.find(Backdated, at, k, moment(r.At)+" < "+moment(before))
	case r.At > leaf.At+v.c.Tolerance:
		v.r.find(Backdated, at, k, moment(r.At)+" > "+moment(leaf.At))
	case r.At < leaf.At-v.c.Tolerance:
		v.r.notice(Late, at, k, moment(r.At)+" < "+moment(leaf.At))
	}
}

func moment(at int64) string { return time.Unix(at, 0).UTC().Format(time.RFC3339) }

// sameColumns tells whether what the ledger finds a row by is what it says.
func sameColumns(r Row, k key, s stored) bool {
	var person []byte
	if !r.Person.IsZero() {
		person = r.Person[:]
	}
	return r.ID == k.id && r.Area == k.area && r.At == s.at && string(r.Kind) == s.kind && r.Actor == s.actor && string(r.Action) == s.action &&
		bytes.Equal(person, s.person) && yes(r.Everyone) == s.everyone && r.HiddenUntil == s.hidden
}

// rest looks at rows that the tree does not hold.
func (v *verifier) rest() error {
	waiting := map[key]civic.Digest{}
	err := ledger.All(v.ctx, v.tx, func(r ledger.Row) error {
		var area civic.Area
		var rows []byte
		if err := r.Scan(&area, &rows); err != nil {
			return err
		}
		for ; len(rows) >= idAndCommitment; rows = rows[idAndCommitment:] {
			waiting[key{area, RowID(rows[:16])}] = civic.Digest(rows[16:idAndCommitment])
		}
		return nil
	}, "SELECT area, rows FROM log_waits")
	if err != nil {
		return err
	}
	v.r.Waiting = int64(len(waiting))
	now := v.log.Clock().Unix()
	err = ledger.All(v.ctx, v.tx, func(r ledger.Row) error {
		var area civic.Area
		var id, salt, text []byte
		var at int64
		if err := r.Scan(&area, &id, &at, &salt, &text); err != nil {
			return err
		}
		if len(id) != len(RowID{}) {
			v.r.find(RowUnplaced, -1, key{area: area}, "")
			return nil
		}
		k := key{area, RowID(id)}
		commitment, ok := waiting[k]
		delete(waiting, k)
		switch {
		case !ok:
			v.r.find(RowUnplaced, -1, k, "")
		case commitment != commitmentOf(salt, text):
			v.r.find(RowAltered, -1, k, "")
		case now-at > waitsTooLong:
			v.r.find(RowWaits, -1, k, moment(at))
		}
		return nil
	}, "SELECT r.area, r.id, r.at, r.salt, r.body FROM log_row r LEFT JOIN log_leaf p ON p.area = r.area AND p.id = r.id WHERE p.leaf IS NULL")
	if err != nil {
		return err
	}
	gone := make([]key, 0, len(waiting))
	for k := range waiting {
		gone = append(gone, k)
	}
	slices.SortFunc(gone, func(a, b key) int { return bytes.Compare(a.id[:], b.id[:]) })
	for _, k := range gone {
		v.r.find(RowRemoved, -1, k, "")
	}
	return v.doubled()
}

// doubled finds places named twice, or beyond the tree.
func (v *verifier) doubled() error {
	var named int64
	if err := v.tx.QueryRow(v.ctx, "SELECT COUNT(*) FROM log_leaf").Scan(&named); err != nil {
		return err
	}
	if named != v.size {
		v.r.find(RowMisplaced, -1, key{}, fmt.Sprintf("%d places for %d leaves", named, v.size))
	}
	return nil
}
