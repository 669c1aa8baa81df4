package vault

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/askonce/fieldkit/sync/civic"
)

// Tx is one transaction. It must not be used after its function returned.
type Tx struct {
	v       *Vault
	ctx     context.Context
	minted  []int64 // keys made in this transaction, forgotten when it fails
	dropped []int64 // keys destroyed in it, dropped from memory when it holds
	damaged []found
}

// ErrClosed tells that the vault was closed before.
var ErrClosed = errors.New("the vault is closed")

type found struct {
	table string
	row   Row
}

// Update runs fn in a transaction that has reached the disk when Update returns
// nil. When fn fails, or the disk does, nothing of it is kept. A cancelled ctx
// is refused before the transaction starts, not in its middle.
func (v *Vault) Update(ctx context.Context, fn func(*Tx) error) error {
	return v.run(ctx, "BEGIN IMMEDIATE", fn)
}

// View runs fn in a transaction that reads. Damaged rows it met are set aside
// afterwards.
func (v *Vault) View(ctx context.Context, fn func(*Tx) error) error {
	return v.run(ctx, "BEGIN", fn)
}

func (v *Vault) run(ctx context.Context, begin string, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return civic.NewProblem(civic.Stopped, err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.conn == nil {
		return civic.NewProblem(civic.KitBusy, ErrClosed)
	}
	found, err := v.transact(context.WithoutCancel(ctx), begin, fn)
	if civic.CodeOf(err) == civic.DiskFull {
		v.makeRoom(context.WithoutCancel(ctx))
	}
	if len(found) == 0 {
		return err
	}
	_, aside := v.transact(context.WithoutCancel(ctx), "BEGIN IMMEDIATE", func(tx *Tx) error { return tx.setAside(found) })
	return errors.Join(err, aside)
}

func (v *Vault) transact(ctx context.Context, begin string, fn func(*Tx) error) ([]found, error) {
	tx := &Tx{v: v, ctx: ctx}
	if _, err := tx.Exec(begin); err != nil {
		return nil, err
	}
	err := fn(tx)
	if err == nil {
		if _, err = tx.Exec("COMMIT"); err == nil {
			for _, n := range tx.dropped {
				v.ring.drop(n)
			}
			return tx.damaged, nil
		}
	}
	for _, n := range tx.minted {
		v.ring.drop(n)
	}
	// After some failures SQLite has rolled back by itself and says so here.
	_, _ = tx.Exec("ROLLBACK")
	return tx.damaged, err
}

func (tx *Tx) statement(query string) (*sql.Stmt, error) {
	if s, ok := tx.v.statements[query]; ok {
		return s, nil
	}
	s, err := tx.v.conn.PrepareContext(tx.ctx, query)
	if err != nil {
		return nil, mapError(err)
	}
	tx.v.statements[query] = s
	return s, nil
}

// Exec runs a statement and tells how many rows it changed. Statements are kept
// prepared: pass values as arguments, never in the text.
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	s, err := tx.statement(query) //nolint:sqlclosecheck // stays prepared until Close
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(tx.ctx, args...)
	if err != nil {
		return 0, mapError(err)
	}
	return r.RowsAffected()
}

// Query calls each for every row; each scans it.
func (tx *Tx) Query(query string, each func(scan func(...any) error) error, args ...any) error {
	s, err := tx.statement(query) //nolint:sqlclosecheck // stays prepared until Close
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(tx.ctx, args...)
	if err != nil {
		return mapError(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return mapError(rows.Err())
}

// One scans the single row of a query; it tells whether there was one.
func (tx *Tx) One(query string, args []any, into ...any) (bool, error) {
	s, err := tx.statement(query) //nolint:sqlclosecheck // stays prepared until Close
	if err != nil {
		return false, err
	}
	err = s.QueryRowContext(tx.ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, mapError(err)
}

// Seal seals plain for a row under the outer key, the kit's or today's.
func (tx *Tx) Seal(k Key, table string, n, version int64, plain []byte) (Row, error) {
	key, err := tx.key(k)
	if err != nil {
		return Row{}, err
	}
	return tx.v.sealWith(key.aead, table, n, version, key.n, plain)
}

// Open opens what Seal made. A *Damaged error also notes the row, to be set
// aside when the transaction ends.
func (tx *Tx) Open(table string, r Row) ([]byte, error) {
	key, err := tx.keyOf(r.Key)
	if err != nil {
		return nil, err
	}
	plain, err := tx.v.openWith(key.aead, table, r)
	var d *Damaged
	if errors.As(err, &d) {
		r.Sealed = bytes.Clone(r.Sealed)
		tx.damaged = append(tx.damaged, found{table, r})
	}
	return plain, err
}

// mirror is how far the second copy of a row of m lies from the first: single
// things are few, and a kit without one of them does not open.
const mirror = 1 << 20

// Put seals plain into row n of a table, as its next version. Rows of m are
// written twice.
func (tx *Tx) Put(k Key, table string, n int64, plain []byte) error {
	if table == "m" && n < mirror {
		if err := tx.Put(k, table, n+mirror, plain); err != nil {
			return err
		}
	}
	var version int64
	if _, err := tx.One("SELECT v FROM "+table+" WHERE n=?1", []any{n}, &version); err != nil {
		return err
	}
	r, err := tx.Seal(k, table, n, version+1, plain)
	if err != nil {
		return err
	}
	_, err = tx.Exec("INSERT INTO "+table+"(n,v,e,s) VALUES(?1,?2,?3,?4) ON CONFLICT(n) DO UPDATE SET v=excluded.v, e=excluded.e, s=excluded.s",
		r.N, r.Version, r.Key, r.Sealed)
	return err
}

// Add seals plain into a row that must be new.
func (tx *Tx) Add(k Key, table string, n int64, plain []byte) error {
	r, err := tx.Seal(k, table, n, 1, plain)
	if err != nil {
		return err
	}
	_, err = tx.Exec("INSERT INTO "+table+"(n,v,e,s) VALUES(?1,?2,?3,?4)", r.N, r.Version, r.Key, r.Sealed)
	return err
}

// Get opens row n of a table; ok is false when there is none. Of a row of m that
// is damaged or lost it opens the second copy.
func (tx *Tx) Get(table string, n int64) (plain []byte, ok bool, err error) {
	if plain, ok, err = tx.get(table, n); ok || table != "m" {
		return plain, ok, err
	}
	again, ok, second := tx.get(table, n+mirror)
	if !ok {
		return nil, false, err // both are gone, or there never was one
	}
	return again, true, second
}

func (tx *Tx) get(table string, n int64) (plain []byte, ok bool, err error) {
	s, ok := tx.v.getters[table]
	if !ok {
		if s, err = tx.statement("SELECT v,e,s FROM " + table + " WHERE n=?1"); err != nil {
			return nil, false, err
		}
		tx.v.getters[table] = s
	}
	rows, err := s.QueryContext(tx.ctx, n)
	if err != nil {
		return nil, false, mapError(err)
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, false, mapError(rows.Err())
	}
	r := Row{N: n}
	var sealed sql.RawBytes // opened where SQLite has it, without a copy
	if err := rows.Scan(&r.Version, &r.Key, &sealed); err != nil {
		return nil, false, mapError(err)
	}
	r.Sealed = sealed
	plain, err = tx.Open(table, r)
	return plain, err == nil, err
}

// Each opens every row of a table in no order; plain is good until each returns.
// Rows that are damaged or forgotten are left out.
func (tx *Tx) Each(table string, each func(n int64, plain []byte) error) error {
	var r Row
	return tx.Query("SELECT n,v,e,s FROM "+table, func(scan func(...any) error) error {
		var sealed sql.RawBytes
		if err := scan(&r.N, &r.Version, &r.Key, &sealed); err != nil {
			return err
		}
		r.Sealed = sealed
		plain, err := tx.Open(table, r)
		if errors.Is(err, ErrForgotten) || civic.CodeOf(err) == civic.RowDamaged {
			return nil
		}
		if err != nil {
			return err
		}
		return each(r.N, plain)
	})
}

// Heads is the name under which column h of table c is sealed.
const Heads = "ch"

// Checkpoint writes the log into the database and empties it, so that deleted
// rows are gone from the logical image. It must not run inside a transaction.
func (v *Vault) Checkpoint(ctx context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.conn == nil {
		return nil
	}
	var busy, log, done int
	err := v.conn.QueryRowContext(context.WithoutCancel(ctx), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done)
	if err == nil && busy != 0 {
		err = fmt.Errorf("the log could not be emptied: %d of %d pages", done, log)
	}
	return mapError(err)
}
