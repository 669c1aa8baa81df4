package translog

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/witness"
)

const (
	// lookEvery is how often waiting rows are looked for: a leaf is never later
	// than a second after its act.
	lookEvery = 200 * time.Millisecond
	// maxActs is how many acts one pass takes.
	maxActs = 8192
	// keepHeads is for how long every head is kept, in seconds; of older ones the
	// last of each hour stays.
	keepHeads = 24 * 3600
)

// Run gives waiting rows their places until the context ends, and once more
// after that, so that an orderly stop leaves nothing waiting.
func (l *Log) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	failing := false
	for {
		_, err := l.Sequence(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			l.Logger.Error("the log of looks does not grow", "error", err)
		}
		failing = err != nil
		select {
		case <-tick.C:
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if _, err := l.Sequence(last); err != nil {
				l.Logger.Error("rows of the log of looks still wait for their place", "error", err)
			}
			return
		}
	}
}

// Sequence gives all rows that wait their places and signs the new head. It
// tells how many leaves came. Several processes take turns.
func (l *Log) Sequence(ctx context.Context) (leaves int, err error) {
	if l.Key == nil {
		return 0, civic.NewProblem(civic.NeedsOpener, nil)
	}
	for {
		var waiting int64
		err := l.DB.View(ctx, func(tx ledger.Tx) error {
			return tx.QueryRow(ctx, "SELECT count(*) FROM (SELECT 1 FROM log_waits LIMIT ?1) AS few", int64(maxActs+1)).Scan(&waiting)
		})
		if err != nil || waiting == 0 {
			return leaves, err
		}
		var n int
		err = l.DB.Update(ctx, func(tx ledger.Tx) (err error) {
			n, err = l.grow(ctx, tx, waiting > maxActs)
			return err
		}, ledger.Log())
		if err != nil {
			return leaves, err
		}
		leaves += n
	}
}

// act is what waits of one act in one office.
type act struct {
	area  civic.Area
	first RowID
	rows  []byte
}

// take removes acts that wait and gives them, the oldest first: all, or as many
// as one pass takes where there are too many. All at once is the cheaper by half.
func take(ctx context.Context, tx ledger.Tx, tooMany bool) (acts []act, err error) {
	query, args := "DELETE FROM log_waits WHERE ?1 = 1 RETURNING area, first, rows", []any{int64(1)}
	if tooMany {
		query, args = `DELETE FROM log_waits WHERE (area, first) IN (SELECT area, first FROM log_waits ORDER BY first, area LIMIT ?1)
 RETURNING area, first, rows`, []any{int64(maxActs)}
	}
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var a act
		var first []byte
		if err := r.Scan(&a.area, &first, &a.rows); err != nil {
			return err
		}
		if len(first) != len(a.first) || len(a.rows) == 0 || len(a.rows)%idAndCommitment != 0 {
			return civic.NewProblem(civic.LogMalformed, nil)
		}
		a.first = RowID(first)
		acts = append(acts, a)
		return nil
	}, query, args...)
	slices.SortFunc(acts, func(a, b act) int { return cmp.Or(bytes.Compare(a.first[:], b.first[:]), cmp.Compare(a.area, b.area)) })
	return acts, err
}

// grow is one pass, in one transaction: nothing waits twice or is lost.
func (l *Log) grow(ctx context.Context, tx ledger.Tx, tooMany bool) (int, error) {
	if _, err := tx.Exec(ctx, "INSERT INTO log_tree (one, turn, size, at) VALUES (1, 0, 0, 0) ON CONFLICT (one) DO NOTHING"); err != nil {
		return 0, err
	}
	// Writing first makes whoever else grows the tree wait here.
	if _, err := tx.Exec(ctx, "UPDATE log_tree SET turn = turn + 1 WHERE one = 1"); err != nil {
		return 0, err
	}
	var size, last int64
	if err := tx.QueryRow(ctx, "SELECT size, at FROM log_tree WHERE one = 1").Scan(&size, &last); err != nil {
		return 0, err
	}
	acts, err := take(ctx, tx, tooMany)
	if err != nil || len(acts) == 0 {
		return 0, err
	}
	tree := newTiles(ctx, tx)
	if err := l.unaltered(ctx, tx, tree, size); err != nil {
		return 0, err
	}
	at := max(l.Clock().Unix(), last)
	next, err := l.place(ctx, tx, tree, acts, size, at)
	if err != nil {
		return 0, err
	}
	if err := tree.save(); err != nil {
		return 0, err
	}
	root, err := tree.root(next)
	if err != nil {
		return 0, err
	}
	head := l.public.Sign(witness.Checkpoint{Size: next, Root: root}, l.Key)
	if _, err := tx.Exec(ctx, "INSERT INTO log_checkpoint (size, note, at) VALUES (?1, ?2, ?3)", next, l.public.Note(head), at); err != nil {
		return 0, err
	}
	if at/3600 != last/3600 {
		if _, err := tx.Exec(ctx, `DELETE FROM log_checkpoint WHERE at < ?1 AND size NOT IN
 (SELECT MAX(size) FROM log_checkpoint WHERE at < ?1 GROUP BY at / 3600)`, at-keepHeads); err != nil {
			return 0, err
		}
	}
	_, err = tx.Exec(ctx, "UPDATE log_tree SET size = ?1, at = ?2 WHERE one = 1", next, at)
	return int(next - size), err
}

// unaltered refuses to build on a tree that is not the one last signed: a log
// that was tampered with stands still rather than being signed over.
func (l *Log) unaltered(ctx context.Context, tx ledger.Tx, tree *tiles, size int64) error {
	head, err := l.Head(ctx, tx)
	if err != nil || head.Size == 0 && size == 0 {
		return err
	}
	if head.Size != size {
		return civic.NewProblem(civic.LogAltered, nil, "1")
	}
	root, err := tree.root(size)
	if err == nil && root != head.Root {
		err = civic.NewProblem(civic.LogAltered, nil, "1")
	}
	return err
}

// place puts the rows of acts behind the leaves there are.
func (l *Log) place(ctx context.Context, tx ledger.Tx, tree *tiles, acts []act, size, at int64) (int64, error) {
	b, err := loadBundle(ctx, tx, size/tileWidth)
	if err != nil {
		return 0, err
	}
	if int64(b.width()) != size%tileWidth {
		return 0, civic.NewProblem(civic.LogAltered, nil, "1")
	}
	bundles := []*bundle{b}
	var places [][]any
	for _, a := range acts {
		for rows := a.rows; len(rows) > 0; rows = rows[idAndCommitment:] {
			k := key{a.area, RowID(rows[:16])}
			leaf := witness.Leaf{At: at, Commit: civic.Digest(rows[16:idAndCommitment])}
			if b.width() == tileWidth {
				b = &bundle{n: b.n + 1}
				bundles = append(bundles, b)
			}
			b.add(leaf, k)
			if err := tree.add(0, size, tlog.RecordHash(leaf.Bytes())); err != nil {
				return 0, err
			}
			places = append(places, []any{string(k.area), k.id[:], size})
			size++
		}
	}
	if err := saveBundles(ctx, tx, bundles); err != nil {
		return 0, err
	}
	_, err = tx.Insert(ctx, "log_leaf", []string{"area", "id", "leaf"}, places, "")
	return size, err
}
