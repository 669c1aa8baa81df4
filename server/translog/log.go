package translog

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/witness"
)

// Config is what a log takes from its surroundings.
type Config struct {
	DB     ledger.DB
	Key    ed25519.PrivateKey // signs heads; nil where the log is only read
	Public string             // the log's name and public key, see witness.KeyOf
	Clock  func() time.Time
	Logger *slog.Logger
	// Spans tells which persons somebody was, and when. Without it a person was
	// only ever itself.
	Spans Spans
}

// Log gives rows their places and answers about them. It is for any number of
// goroutines, and any number of processes may hold one over the same ledger.
type Log struct {
	Config
	public witness.Log
}

// Open joins a ledger with the log's key.
func Open(c Config) (*Log, error) {
	public, err := witness.NewLog(c.Public)
	if err != nil {
		return nil, err
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Log{Config: c, public: public}, nil
}

// Name is the log's name and public key, for whoever checks it.
func (l *Log) Name() witness.Log { return l.public }

// Head is the newest signed head; a zero head while the log is empty.
func (l *Log) Head(ctx context.Context, tx ledger.Tx) (witness.Head, error) {
	var note []byte
	err := tx.QueryRow(ctx, "SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1").Scan(&note)
	if errors.Is(err, ledger.ErrNoRows) {
		return witness.Head{}, nil
	}
	if err != nil {
		return witness.Head{}, err
	}
	return l.public.Open(note)
}

// RootAt is the root over the first size leaves, which must be there.
func (l *Log) RootAt(ctx context.Context, tx ledger.Tx, size int64) (civic.Digest, error) {
	return newTiles(ctx, tx).root(size)
}

// Grown proves that the tree of the older size is the beginning of the tree of
// the newer one.
func (l *Log) Grown(ctx context.Context, tx ledger.Tx, older, newer int64) ([]civic.Digest, error) {
	if older < 1 || older > newer {
		return nil, civic.NewProblem(civic.LogMalformed, nil)
	}
	if older == newer {
		return nil, nil
	}
	proof, err := tlog.ProveTree(newer, older, newTiles(ctx, tx))
	return digests(proof), err
}

// Inclusion proves that a leaf stands in the tree of a size.
func (l *Log) Inclusion(ctx context.Context, tx ledger.Tx, leaf, size int64) ([]civic.Digest, error) {
	if leaf < 0 || leaf >= size {
		return nil, civic.NewProblem(civic.LogMalformed, nil)
	}
	proof, err := tlog.ProveRecord(size, leaf, newTiles(ctx, tx))
	return digests(proof), err
}

// Newest is Head in a transaction of its own.
func (l *Log) Newest(ctx context.Context) (h witness.Head, err error) {
	err = l.DB.View(ctx, func(tx ledger.Tx) (err error) {
		h, err = l.Head(ctx, tx)
		return err
	})
	return h, err
}
