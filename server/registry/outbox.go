package registry

import (
	"context"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// Waits says how much an outside registry has still to be told.
type Waits struct {
	Registry string
	Depth    int   // persons that wait
	Since    int64 // when the oldest began to wait, 0 for none
	Refused  int   // of them, those that the registry said no to
	Told     int   // persons it holds
	Tries    int   // the most often one of them was tried
}

// Outbox tells what waits for outside registries, by their names.
func Outbox(ctx context.Context, tx ledger.Tx) ([]Waits, error) {
	var out []Waits
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var w Waits
		if err := r.Scan(&w.Registry, &w.Depth, &w.Since, &w.Refused, &w.Told, &w.Tries); err != nil {
			return err
		}
		out = append(out, w)
		return nil
	}, `SELECT registry, CAST(coalesce(sum(CASE WHEN n > sent THEN 1 ELSE 0 END), 0) AS BIGINT),
 coalesce(min(CASE WHEN n > sent THEN since END), 0),
 CAST(coalesce(sum(CASE WHEN n > sent AND code <> '' THEN 1 ELSE 0 END), 0) AS BIGINT),
 CAST(coalesce(sum(CASE WHEN outside <> '' THEN 1 ELSE 0 END), 0) AS BIGINT),
 coalesce(max(CASE WHEN n > sent THEN tries END), 0)
 FROM registry_outbox GROUP BY registry ORDER BY registry`)
	return out, err
}

// Refusal is a person that an outside registry said no to.
type Refusal struct {
	Registry string
	Ref
	Code  string // what the registry said, as a word
	Since int64
}

// Refused lists persons that outside registries said no to, the oldest first.
func Refused(ctx context.Context, tx ledger.Tx, area civic.Area, limit int) ([]Refusal, error) {
	var out []Refusal
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var v Refusal
		var person []byte
		if err := r.Scan(&v.Registry, &v.Home, &person, &v.Code, &v.Since); err != nil {
			return err
		}
		v.Person = civic.PersonID(person)
		out = append(out, v)
		return nil
	}, `SELECT registry, area, person, code, since FROM registry_outbox
 WHERE n > sent AND code <> '' AND (?1 = '' OR area = ?1) ORDER BY since, registry, area, person LIMIT ?2`, string(area), int64(limit))
	return out, err
}

// Retry has everything that an outside registry refused told once more, and
// what rests told at once. It gives how many there are.
func Retry(ctx context.Context, tx ledger.Tx, registry string) (int64, error) {
	return tx.Exec(ctx, "UPDATE registry_outbox SET code = '', next_at = 0 WHERE registry = ?1 AND n > sent", registry)
}

// parcel is one person to be told of.
type parcel struct {
	Ref
	n, sent int64
	outside string
	version string
	adopted bool
	doubt   bool
	tries   int
}

// waiting lists persons that an outside registry is to be told of, the longest
// waiting first.
func waiting(ctx context.Context, tx ledger.Tx, registry string, now time.Time, limit int) ([]parcel, error) {
	var out []parcel
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var p parcel
		var person []byte
		var adopted, doubt int64
		if err := r.Scan(&p.Home, &person, &p.n, &p.sent, &p.outside, &p.version, &adopted, &doubt, &p.tries); err != nil {
			return err
		}
		p.Person, p.adopted, p.doubt = civic.PersonID(person), adopted != 0, doubt != 0
		out = append(out, p)
		return nil
	}, `SELECT area, person, n, sent, outside, version, adopted, doubt, tries FROM registry_outbox
 WHERE registry = ?1 AND n > sent AND code = '' AND next_at <= ?2 AND taken_until <= ?2 ORDER BY since, area, person LIMIT ?3`,
		registry, now.Unix(), int64(limit))
	return out, err
}

// take keeps other workers from persons until a moment, and gives those that
// nobody took before.
func take(ctx context.Context, tx ledger.Tx, registry string, now, until time.Time, found []parcel) ([]parcel, error) {
	var mine []parcel
	for _, p := range found {
		// doubt stands from here on: whatever stops this process now, the next
		// try looks before it creates.
		n, err := tx.Exec(ctx, `UPDATE registry_outbox SET taken_until = ?4, doubt = 1
 WHERE area = ?1 AND registry = ?2 AND person = ?3 AND taken_until <= ?5 AND sent = ?6 AND tries = ?7`,
			string(p.Home), registry, p.Person[:], until.Unix(), now.Unix(), p.sent, int64(p.tries))
		if err != nil {
			return nil, err
		}
		if n == 1 {
			mine = append(mine, p)
		}
	}
	return mine, nil
}

// told notes that a registry holds the n-th state of a person.
func told(ctx context.Context, tx ledger.Tx, registry string, p *parcel, k Kept) error {
	if k.ID != "" {
		_, err := tx.Exec(ctx, "INSERT INTO registry_outside (registry, outside, home, person) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
			registry, k.ID, string(p.Home), p.Person[:])
		if err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `UPDATE registry_outbox SET sent = ?4, outside = ?5, version = ?6, doubt = 0, tries = 0, next_at = 0, taken_until = 0, code = ''
 WHERE area = ?1 AND registry = ?2 AND person = ?3 AND sent < ?4`,
		string(p.Home), registry, p.Person[:], p.n, k.ID, k.Version)
	return err
}

// postponed puts a person back until a moment. tried says that the registry was
// spoken to, so that nobody knows what it holds now; code is what it refused
// with, empty when it did not.
func postponed(ctx context.Context, tx ledger.Tx, registry string, p *parcel, next time.Time, tried bool, code string) error {
	more, doubt := int64(0), int64(0)
	if tried {
		more = 1
	}
	if tried || p.doubt {
		doubt = 1
	}
	_, err := tx.Exec(ctx, `UPDATE registry_outbox SET next_at = ?4, taken_until = 0, tries = tries + ?5, doubt = ?8, code = CASE WHEN n = ?7 THEN ?6 ELSE '' END
 WHERE area = ?1 AND registry = ?2 AND person = ?3`,
		string(p.Home), registry, p.Person[:], next.Unix(), more, code, p.n, doubt)
	return err
}

// outsideOf tells the number a registry has for a person, empty if none, and
// whether it is still to be told of it.
func outsideOf(ctx context.Context, tx ledger.Tx, registry string, ref Ref) (id string, waits bool, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var n, sent int64
		var code string
		err := r.Scan(&id, &n, &sent, &code)
		waits = n > sent && code == ""
		return err
	}, "SELECT outside, n, sent, code FROM registry_outbox WHERE area = ?1 AND registry = ?2 AND person = ?3", string(ref.Home), registry, ref.Person[:])
	return id, waits, err
}

func mark(n int) string { return strconv.Itoa(n) }

// Begin has an outside registry told of every person there is, the next time
// its courier works; those it was told of before are left alone.
func Begin(ctx context.Context, tx ledger.Tx, registry string, now time.Time) (int64, error) {
	return tx.Exec(ctx, `INSERT INTO registry_outbox (area, registry, person, n, since)
 SELECT area, CAST(?1 AS TEXT), person, 1, CAST(?2 AS BIGINT) FROM registry_person WHERE state = ?3 ON CONFLICT DO NOTHING`, registry, now.Unix(), int64(Standing))
}
