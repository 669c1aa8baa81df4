package translog

import (
	"context"
	"crypto/ed25519"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/witness"
)

// Seen answers a kit that tells which head it holds, and keeps what it told.
// The answer is nil when the kit holds the newest head already.
func (l *Log) Seen(ctx context.Context, area civic.Area, device civic.DeviceID, seen protocol.LogSeen) (*protocol.LogNews, error) {
	if seen.Size < 0 || len(seen.Signature) > ed25519.SignatureSize {
		return nil, civic.NewProblem(civic.LogMalformed, nil)
	}
	var news *protocol.LogNews
	var keep func(ledger.Tx) error
	err := l.DB.View(ctx, func(tx ledger.Tx) (err error) {
		news, keep, err = l.answer(ctx, tx, area, device, seen)
		return err
	})
	if err == nil && keep != nil {
		err = l.DB.Update(ctx, keep, ledger.Office(area))
	}
	return news, err
}

func (l *Log) answer(ctx context.Context, tx ledger.Tx, area civic.Area, device civic.DeviceID, seen protocol.LogSeen) (*protocol.LogNews, func(ledger.Tx) error, error) {
	head, err := l.Head(ctx, tx)
	if err != nil || head.IsZero() && seen.Size == 0 {
		return nil, nil, err
	}
	news := &protocol.LogNews{Size: head.Size, Root: head.Root, Signature: head.Signature[:]}
	if seen.Size == 0 {
		return news, nil, nil
	}
	if seen.Size <= head.Size {
		root, err := l.RootAt(ctx, tx, seen.Size)
		if err != nil {
			return nil, nil, err
		}
		if root == seen.Root {
			keep := func(tx ledger.Tx) error { return l.keepSeen(ctx, tx, area, device, seen) }
			if seen.Size == head.Size {
				return nil, keep, nil
			}
			news.Proof, err = l.Grown(ctx, tx, seen.Size, head.Size)
			return news, keep, err
		}
	}
	gap, err := newestGap(ctx, tx, seen)
	if err != nil {
		return nil, nil, err
	}
	news.Gap = gap.statement
	signed := l.public.Check(witness.Head{Checkpoint: witness.Checkpoint{Size: seen.Size, Root: seen.Root}, Signature: signature(seen.Signature)}) == nil
	news.Report = !signed
	if signed {
		// Without the log's signature anybody could fill the table with inventions.
		return news, func(tx ledger.Tx) error { return l.keepConflict(ctx, tx, area, device, seen, gap.restored) }, nil
	}
	return news, nil, nil
}

func signature(b []byte) (s [ed25519.SignatureSize]byte) {
	copy(s[:], b)
	return s
}

func (l *Log) keepSeen(ctx context.Context, tx ledger.Tx, area civic.Area, device civic.DeviceID, seen protocol.LogSeen) error {
	_, err := tx.Exec(ctx, `INSERT INTO log_seen (area, device, size, root, at) VALUES (?1, ?2, ?3, ?4, ?5)
 ON CONFLICT (area, device) DO UPDATE SET size = excluded.size, root = excluded.root, at = excluded.at WHERE log_seen.size <= excluded.size`,
		string(area), device[:], seen.Size, seen.Root[:], l.Clock().Unix())
	return err
}

func (l *Log) keepConflict(ctx context.Context, tx ledger.Tx, area civic.Area, device civic.DeviceID, seen protocol.LogSeen, restored int64) error {
	l.Logger.Error("a kit holds a head of the log of looks that this log does not lead to", "device", device, "leaves", seen.Size, "restored", restored)
	_, err := tx.Exec(ctx, `INSERT INTO log_conflict (area, device, size, root, signature, restored, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING`,
		string(area), device[:], seen.Size, seen.Root[:], seen.Signature, restored, l.Clock().Unix())
	return err
}

// gap is a restore that left a hole behind its first leaves.
type gap struct {
	restored, backup, size int64
	outside, statement     []byte
	known                  int64 // leaves of the head known outside, 0 for none
}

func gaps(ctx context.Context, tx ledger.Tx) (out []gap, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var g gap
		err := r.Scan(&g.restored, &g.backup, &g.size, &g.outside, &g.statement)
		out = append(out, g)
		return err
	}, "SELECT restored, backup, size, outside, statement FROM log_gap ORDER BY restored DESC")
	return out, err
}

// newestGap is the newest restore that explains a head: of fewer leaves, and not
// before the head was seen. It is zero when there is none.
func newestGap(ctx context.Context, tx ledger.Tx, seen protocol.LogSeen) (gap, error) {
	all, err := gaps(ctx, tx)
	for _, g := range all {
		if g.size < seen.Size && seen.At <= g.restored {
			return g, err
		}
	}
	return gap{}, err
}

// Restored writes into a restored ledger that rows were lost: sign signs for
// it as the centre. outside is the last head known outside, a signed note, and
// may be empty.
func (l *Log) Restored(ctx context.Context, tx ledger.Tx, restored, backup time.Time, outside []byte, sign func(protocol.LogGap) ([]byte, error)) (protocol.LogGap, error) {
	g := protocol.LogGap{Restored: restored.Unix(), Backup: backup.Unix(), Outside: outside}
	if len(outside) > 0 {
		if _, err := l.public.Open(outside); err != nil {
			return g, err
		}
	}
	head, err := l.Head(ctx, tx)
	if err != nil {
		return g, err
	}
	g.Size, g.Root = head.Size, head.Root
	statement, err := sign(g)
	if err != nil {
		return g, err
	}
	if outside == nil {
		outside = []byte{}
	}
	_, err = tx.Exec(ctx, "INSERT INTO log_gap (restored, backup, size, outside, statement) VALUES (?1, ?2, ?3, ?4, ?5)",
		g.Restored, g.Backup, g.Size, outside, statement)
	return g, err
}

// witnessed collects the heads that kits reported and those known at a restore.
func (v *verifier) witnessed() (err error) {
	if v.gaps, err = gaps(v.ctx, v.tx); err != nil {
		return err
	}
	for i, g := range v.gaps {
		if h, err := v.log.public.Open(g.outside); err == nil {
			v.gaps[i].known = h.Size
			v.roots[h.Size] = append(v.roots[h.Size], claim{root: h.Root, fault: Forked, detail: "head known when it was restored", restored: g.restored})
			continue
		}
		v.r.notice(Gap, g.size, key{}, "restored "+moment(g.restored)+" from a copy of "+moment(g.backup)+"; how many rows were lost is not known")
	}
	return ledger.All(v.ctx, v.tx, func(s ledger.Row) error {
		var area civic.Area
		var device, root []byte
		var size, restored int64
		if err := s.Scan(&area, &device, &size, &root, &restored); err != nil {
			return err
		}
		if len(root) == len(civic.Digest{}) && len(device) == len(civic.DeviceID{}) && size > 0 {
			v.roots[size] = append(v.roots[size], claim{root: civic.Digest(root), fault: Forked, detail: "seen by kit " + civic.DeviceID(device).String(), restored: restored, dated: true})
		}
		return nil
	}, `SELECT area, device, size, root, 0 FROM log_seen UNION ALL SELECT area, device, size, root, restored FROM log_conflict`)
}

// Witness is what one kit holds of the log, for the auditor's page.
type Witness struct {
	Area     civic.Area
	Device   civic.DeviceID
	Size     int64
	At       time.Time
	Conflict bool  // its head does not lead to this log
	Restored int64 // the restore that explains it, 0 for none
}

// Witnesses lists what kits hold, those in conflict first.
func (l *Log) Witnesses(ctx context.Context, tx ledger.Tx) (out []Witness, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var w Witness
		var device []byte
		var at, conflict int64
		if err := r.Scan(&w.Area, &device, &w.Size, &at, &conflict, &w.Restored); err != nil {
			return err
		}
		if len(device) == len(w.Device) {
			w.Device = civic.DeviceID(device)
		}
		w.At, w.Conflict = time.Unix(at, 0).UTC(), conflict == 1
		out = append(out, w)
		return nil
	}, `SELECT area, device, size, at, 1, restored FROM log_conflict UNION ALL SELECT area, device, size, at, 0, 0 FROM log_seen ORDER BY 5 DESC, 3 DESC, 2`)
	return out, err
}

// Gaps lists the restores that left holes, the newest first.
func (l *Log) Gaps(ctx context.Context, tx ledger.Tx) (out []protocol.LogGap, err error) {
	all, err := gaps(ctx, tx)
	for _, g := range all {
		out = append(out, protocol.LogGap{Restored: g.restored, Backup: g.backup, Size: g.size, Outside: g.outside})
	}
	return out, err
}
