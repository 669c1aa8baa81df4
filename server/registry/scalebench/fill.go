//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/match"
)

// on opens a new ledger on an engine and removes it again; with keep one of a
// size is opened as it was left.
func (b *bench) on(ctx context.Context, engine, postgres string, size int, do func(ledger.DB) error) (err error) {
	name, kept := fmt.Sprintf("scale_%d", time.Now().UnixNano()), b.keep != "" && size > 0
	if kept {
		name = fmt.Sprintf("scale_kept_%d", size)
	}
	var place string
	remove := func() error { return nil }
	switch {
	case engine == "postgres":
		if place, remove, err = schemaIn(ctx, postgres, name); err != nil {
			return err
		}
	case kept:
		place = "file:" + filepath.Join(b.keep, name+".db")
	default:
		dir, err := os.MkdirTemp("", name)
		if err != nil {
			return err
		}
		place, remove = "file:"+filepath.Join(dir, "ledger.db"), func() error { return os.RemoveAll(dir) }
	}
	if kept {
		remove = func() error { return nil }
	}
	b.place = place
	db, err := ledger.Open(ctx, place)
	if err != nil {
		return errors.Join(err, remove())
	}
	return errors.Join(do(db), db.Close(), remove())
}

// fill puts known people into the registry as earlier registrations would have,
// unless it holds them already. The next block is made ready while one is
// written.
func fill(ctx context.Context, db ledger.DB, e *registry.Embedded, known []match.Record) (bool, error) {
	var n int
	err := db.View(ctx, func(tx ledger.Tx) (err error) { n, err = e.Persons(ctx, tx, office); return err })
	if err != nil || n >= len(known) {
		return false, err
	}
	const block = 50_000
	blocks := make(chan []registry.Change, 1)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		defer close(blocks)
		for from := 0; from < len(known); from += block {
			select {
			case blocks <- changesOf(known, from, min(from+block, len(known))):
			case <-stop:
				return
			}
		}
	}()
	for changes := range blocks {
		if err := db.Update(ctx, func(tx ledger.Tx) error { return e.Apply(ctx, tx, changes) }); err != nil {
			return false, err
		}
	}
	return true, nil
}

func changesOf(known []match.Record, from, to int) []registry.Change {
	changes := make([]registry.Change, 0, to-from)
	for i := from; i < to; i++ {
		id := number(1, uint64(i))
		changes = append(changes, registry.Change{
			Said:  registry.Said{Registration: id, Office: office, At: 1, Claims: claimsOf(known[i], id)},
			To:    registry.Ref{Home: office, Person: registry.NewPersonID(id, "")},
			State: registry.Standing, Fresh: true, Keys: match.Keys(known[i]), Actor: "match", At: 1,
		})
	}
	return changes
}
