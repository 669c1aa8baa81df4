package citizen

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/district"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

const (
	// rowsAtOnce is how many rows one transaction tells kits of.
	rowsAtOnce = 16
	// personsAtOnce is how many persons one statement asks for.
	personsAtOnce = 64
	// kitsRemember is how long a registration's kit is told, in seconds: about
	// as long as the paper is asked about where it was made.
	kitsRemember = 400 * 24 * 3600
	// maxRegistrations bounds the receipts of one person that are told.
	maxRegistrations = 16
)

// Tell puts down for kits the newest rows about people they registered, and
// gives how many rows it looked at; call it now and then, until it gives 0.
// Rows under investigation are kept back until their date, and told then; the
// citizen's own acts do not travel. It reads beside whoever writes, and writes
// only what there is to tell.
func (c *Citizens) Tell(ctx context.Context) (looked int, err error) {
	var next, end int64
	var rows []translog.Row
	var due bool
	err = c.DB.View(ctx, func(tx ledger.Tx) error {
		rows, next, end = nil, 0, 0
		head, err := c.Log.Head(ctx, tx)
		if err != nil {
			return err
		}
		if next, err = told(ctx, tx); err != nil {
			return err
		}
		if rows, end, err = c.Log.Leaves(ctx, tx, next, head.Size); err != nil {
			return err
		}
		if rows, err = c.concerned(ctx, tx, rows); err != nil {
			return err
		}
		if len(rows) > rowsAtOnce {
			end = rows[rowsAtOnce].Leaf
			rows = rows[:rowsAtOnce]
		}
		places, err := dueOn(ctx, tx, c.Clock().Unix())
		due = len(places) > 0
		return err
	})
	if err != nil || end <= next && !due {
		return 0, err
	}
	// Where there is nobody to tell, agencies go on beside: only the place moves.
	var within []ledger.Scope
	if len(rows) == 0 && !due {
		within = append(within, ledger.Asker("kits told of looks"))
	}
	err = c.DB.Update(ctx, func(tx ledger.Tx) error {
		looked = 0
		now, err := told(ctx, tx)
		if err != nil {
			return err
		}
		if now == next && end > next { // else another process was quicker
			for _, row := range rows {
				if err := c.tellOrKeep(ctx, tx, row); err != nil {
					return err
				}
			}
			if _, err := tx.Exec(ctx, "INSERT INTO citizen_told (one, leaf) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET leaf = excluded.leaf", end); err != nil {
				return err
			}
			looked = int(end - next)
		}
		if !due {
			return nil
		}
		more, err := c.tellDue(ctx, tx)
		looked += more
		return err
	}, within...)
	return looked, err
}

// tellOrKeep tells a row, or keeps it back while it is under investigation.
func (c *Citizens) tellOrKeep(ctx context.Context, tx ledger.Tx, row translog.Row) error {
	if row.HiddenUntil <= c.Clock().Unix() {
		return c.tellRow(ctx, tx, row)
	}
	_, err := tx.Exec(ctx, "INSERT INTO citizen_kept_back (area, leaf, until) VALUES (?1, ?2, ?3) ON CONFLICT (area, leaf) DO NOTHING",
		string(row.Area), row.Leaf, row.HiddenUntil)
	return err
}

// keptBack is a row that was kept back.
type keptBack struct {
	area string
	leaf int64
}

// dueOn lists rows that were kept back until now or earlier.
func dueOn(ctx context.Context, tx ledger.Tx, now int64) (due []keptBack, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var p keptBack
		err := r.Scan(&p.area, &p.leaf)
		due = append(due, p)
		return err
	}, "SELECT area, leaf FROM citizen_kept_back WHERE until <= ?1 ORDER BY until, leaf LIMIT ?2", now, int64(rowsAtOnce))
	return due, err
}

// tellDue tells the rows whose date has come, and gives how many.
func (c *Citizens) tellDue(ctx context.Context, tx ledger.Tx) (int, error) {
	due, err := dueOn(ctx, tx, c.Clock().Unix())
	if err != nil {
		return 0, err
	}
	for _, p := range due {
		row, err := c.Log.At(ctx, tx, p.leaf)
		switch {
		case civic.CodeOf(err) == civic.LogMalformed || errors.Is(err, ledger.ErrNoRows):
			// audit verify finds what was done to it
		case err != nil:
			return 0, err
		default:
			if err := c.tellRow(ctx, tx, row); err != nil {
				return 0, err
			}
		}
		if _, err := tx.Exec(ctx, "DELETE FROM citizen_kept_back WHERE area = ?1 AND leaf = ?2", p.area, p.leaf); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// told is the place up to which kits were told.
func told(ctx context.Context, tx ledger.Tx) (next int64, err error) {
	err = tx.QueryRow(ctx, "SELECT leaf FROM citizen_told WHERE one = 1").Scan(&next)
	if errors.Is(err, ledger.ErrNoRows) {
		return 0, nil
	}
	return next, err
}

// concerned keeps the rows about people of whom a kit may be told, and all that
// are kept back.
func (c *Citizens) concerned(ctx context.Context, tx ledger.Tx, rows []translog.Row) ([]translog.Row, error) {
	now := c.Clock().Unix()
	rows = slices.DeleteFunc(rows, func(r translog.Row) bool { return r.Person.IsZero() || r.Kind == translog.Citizen })
	ids := map[civic.Area][]any{}
	for i := range rows {
		ids[rows[i].Area] = append(ids[rows[i].Area], rows[i].Person[:])
	}
	met := map[registry.Ref]bool{}
	for home, list := range ids {
		for part := range slices.Chunk(list, personsAtOnce) {
			args, marks := []any{string(home), now - kitsRemember}, make([]string, personsAtOnce)
			for i := range marks { // of one size, so that one statement is prepared
				args, marks[i] = append(args, part[min(i, len(part)-1)]), "?"+strconv.Itoa(i+3)
			}
			err := ledger.All(ctx, tx, func(r ledger.Row) error {
				var person []byte
				err := r.Scan(&person)
				ref := registry.Ref{Home: home}
				copy(ref.Person[:], person)
				met[ref] = true
				return err
			}, `SELECT DISTINCT s.person FROM registry_said s JOIN outcome o ON o.area = s.office AND o.registration = s.registration
				WHERE s.area = ?1 AND o.at > ?2 AND s.subject = '' AND s.person IN (`+strings.Join(marks, ",")+`)`, args...)
			if err != nil {
				return nil, err
			}
		}
	}
	return slices.DeleteFunc(rows, func(r translog.Row) bool {
		return r.HiddenUntil <= now && !met[registry.Ref{Home: r.Area, Person: r.Person}]
	}), nil
}

// kept is one registration of a person, with the kit it was made on.
type kept struct {
	area         civic.Area
	registration civic.RegistrationID
	device       civic.DeviceID
}

func (c *Citizens) tellRow(ctx context.Context, tx ledger.Tx, row translog.Row) error {
	now := c.Clock().Unix()
	if row.Person.IsZero() || row.Kind == translog.Citizen {
		return nil
	}
	var list []kept
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var k kept
		var area string
		var registration, device []byte
		err := r.Scan(&area, &registration, &device)
		k.area = civic.Area(area)
		copy(k.registration[:], registration)
		copy(k.device[:], device)
		list = append(list, k)
		return err
	}, `SELECT o.area, o.registration, o.device FROM registry_said s
		JOIN outcome o ON o.area = s.office AND o.registration = s.registration
		WHERE s.area = ?1 AND s.person = ?2 AND s.subject = '' AND o.at > ?3 ORDER BY o.at DESC LIMIT ?4`,
		string(row.Area), row.Person[:], now-kitsRemember, int64(maxRegistrations))
	if err != nil {
		return err
	}
	for _, k := range list {
		if err := c.tellKit(ctx, tx, k, row); err != nil {
			return err
		}
	}
	return nil
}

func (c *Citizens) tellKit(ctx context.Context, tx ledger.Tx, k kept, row translog.Row) error {
	d, err := c.Access.ByID(ctx, tx, k.device)
	if civic.CodeOf(err) == civic.DeviceUnknown || err == nil && (d.IsRevoked() || d.Hub) {
		return nil // imported claims come from no kit
	}
	if err != nil {
		return err
	}
	visit, err := c.Visit(ctx, tx, k.area, k.registration)
	if absent(err) || err == nil && visit.Secret.IsZero() {
		return nil
	}
	if err != nil {
		return err
	}
	key, err := c.looksKey(ctx, tx, k, visit)
	if err != nil {
		return err
	}
	sealed, err := protocol.SealLooks(key, k.registration, protocol.Looks{At: c.Clock().Unix(), Rows: []protocol.Look{lookOf(row)}}, c.Rand)
	if err != nil {
		return err
	}
	plain, err := protocol.Marshal(protocol.LooksNote{Registration: k.registration, Sealed: sealed})
	if err != nil {
		return err
	}
	secret, err := c.Access.Secret(d)
	if err != nil {
		return err
	}
	seq, err := access.NextSeq(ctx, tx, d.Area, d.ID)
	if err != nil {
		return err
	}
	body, err := protocol.SealDown(secret, seq, protocol.DownLooks, plain, c.Rand)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO ingest_down (area, device, seq, kind, body, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
		string(d.Area), d.ID[:], int64(seq), int(protocol.DownLooks), body, c.Clock().Unix())
	return err
}

// looksKey is what a registration's looks are sealed with for its kit.
func (c *Citizens) looksKey(ctx context.Context, tx ledger.Tx, k kept, visit district.Visit) (key protocol.LooksKey, err error) {
	var sealed []byte
	err = tx.QueryRow(ctx, "SELECT looks_key FROM citizen_code WHERE area = ?1 AND registration = ?2", string(k.area), k.registration[:]).Scan(&sealed)
	if errors.Is(err, ledger.ErrNoRows) {
		return c.slipKey(k.registration, visit)
	}
	if err != nil {
		return key, err
	}
	plain, err := c.Share.Unseal("looks key"+k.registration.String(), sealed)
	copy(key[:], plain)
	return key, err
}

// slipKey works out the key of a slip, once for a while.
func (c *Citizens) slipKey(id civic.RegistrationID, visit district.Visit) (protocol.LooksKey, error) {
	c.mu.Lock()
	key, ok := c.keys[id]
	c.mu.Unlock()
	if ok {
		return key, nil
	}
	key, err := protocol.LooksKeyOf(visit.Secret, visit.Slip, true)
	if err != nil {
		return key, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.keys) >= maxKeys {
		clear(c.keys)
	}
	c.keys[id] = key
	return key, nil
}
