package district

import (
	"context"
	"errors"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/pack"
)

// The states of a pack.
const (
	stateMaking = 1
	stateOpen   = 2
	stateClosed = 3
)

// atOnce is how many people are opened at a time: a transaction that writes
// stays short.
const atOnce = 1000

// Report says what a build did.
type Report struct {
	Area    civic.Area
	Number  int64
	New     bool // another pack than before
	People  int  // in it now
	Left    int  // belong to it, and there is no room
	Changed int  // told anew or again
	Gone    int  // moved, merged or withdrawn
	Pieces  int  // made now
	Bytes   int64
	Total   int64 // of all pieces
}

// making is a pack at work.
type making struct {
	id      pack.ID
	number  int64
	last    uint64
	person  uint32
	bytes   int64
	people  int
	left    int
	made    time.Time
	version int64
	stale   bool
	keys    keys
}

// keys are the secrets of a pack, as they lie sealed in its row.
type keys struct {
	Key    pack.Key    `cbor:"1,keyasint"`
	Master pack.Master `cbor:"2,keyasint"`
	Told   pack.Tables `cbor:"3,keyasint"`
}

// Build makes or refreshes the pack of an office that Set was called for. With
// anew, or when the pack has grown old, another one replaces it.
func (d *District) Build(ctx context.Context, area civic.Area, anew bool) (r Report, err error) {
	d.making.Lock()
	defer d.making.Unlock()
	// Another process may be at it; whoever loses looks again at what is left.
	for range 3 {
		if r, err = d.build(ctx, area, anew); civic.CodeOf(err) != civic.MovedOn {
			break
		}
	}
	return r, err
}

func (d *District) build(ctx context.Context, area civic.Area, anew bool) (Report, error) {
	all, err := d.Settings(ctx, area)
	if err != nil {
		return Report{}, err
	}
	if area == "" || len(all) == 0 {
		return Report{}, civic.NewProblem(civic.PackAbsent, nil)
	}
	s := all[0]
	var m *making
	var who []someone
	err = d.DB.View(ctx, func(tx ledger.Tx) (err error) {
		if m, err = d.current(ctx, tx, area); err != nil {
			return err
		}
		who, err = members(ctx, tx, s, d.Clock().Unix())
		return err
	})
	if err != nil {
		return Report{}, err
	}
	now := d.Clock()
	var r Report
	if m == nil || anew || m.stale || now.Sub(m.made) >= s.Keep || m.bytes > 2*max(s.MaxBytes, 1<<20) {
		r, err = d.full(ctx, s, m, who)
	} else {
		r, err = d.refresh(ctx, s, m, who)
	}
	if err != nil {
		return r, err
	}
	return r, d.DB.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE pack_district SET next_at = ?2 WHERE area = ?1", string(area), now.Add(s.Every).Unix())
		return err
	})
}

// current reads the open pack of an office, nil when there is none.
func (d *District) current(ctx context.Context, tx ledger.Tx, area civic.Area) (*making, error) {
	var id, sealed []byte
	var made, stale, person int64
	m := &making{}
	err := tx.QueryRow(ctx, `SELECT pack, number, keys, last, people, left_out, person, bytes, version, made_at, stale FROM pack
		WHERE area = ?1 AND state = ?2`, string(area), stateOpen).Scan(&id, &m.number, &sealed, &m.last, &m.people, &m.left, &person, &m.bytes, &m.version, &made, &stale)
	if errors.Is(err, ledger.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m.id, m.person, m.made, m.stale = pack.ID(id), uint32(person), time.Unix(made, 0), stale != 0
	return m, d.open("pack", id, sealed, &m.keys)
}
