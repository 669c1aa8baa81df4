package ingest

import (
	"context"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// outcomesPerMessage keeps one message to a kit small enough for a bad link.
const outcomesPerMessage = 100

// settle brings an opened file to its end in one transaction: places in the
// chain, outcomes, registry, audit, the messages to the kit, the file's state.
func (g *Ingest) settle(ctx context.Context, t task, o opened) error {
	return g.DB.Update(ctx, func(tx ledger.Tx) error {
		// Another process may have been quicker.
		n, err := tx.Exec(ctx, "UPDATE ingest_file SET state = ?3, done_at = ?4, reason = '', words = '' WHERE area = ?1 AND digest = ?2 AND state = 1",
			string(t.area), t.digest[:], stateDone, g.Clock().Unix())
		if err != nil || n == 0 {
			return err
		}
		if t.kind == kindAttachment {
			_, err := tx.Exec(ctx, "INSERT INTO ingest_attachment (area, content, file) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
				string(t.area), o.content[:], t.digest[:])
			return err
		}
		return g.settleBatch(ctx, tx, t, o)
	}, ledger.Office(t.area), ledger.Registry())
}

func (g *Ingest) settleBatch(ctx context.Context, tx ledger.Tx, t task, o opened) error {
	c, err := readChain(ctx, tx, o.device, o.incoming)
	if err != nil {
		return err
	}
	var accepted []reconcile.Incoming
	var aside []reconcile.Incoming
	var reasons []civic.Code
	for _, in := range o.incoming {
		known, reason := c.place(in)
		switch {
		case known: // a repeat: settled before, told before
		case reason != "":
			aside, reasons = append(aside, in), append(reasons, reason)
		default:
			accepted = append(accepted, in)
		}
	}
	outcomes, err := g.Settler.Settle(ctx, tx, o.device.Area, accepted)
	if err != nil {
		return err
	}
	rows := make([][]any, len(accepted))
	for i, in := range accepted {
		r := in.Registration
		rows[i] = []any{string(t.area), t.device[:], int64(r.Counter), r.ID[:], in.Digest[:], r.Previous[:], t.digest[:]}
	}
	_, err = tx.Insert(ctx, "ingest_registration", []string{"area", "device", "counter", "registration", "digest", "previous", "batch"}, rows, "")
	if err != nil {
		return err
	}
	if err := g.visited(ctx, tx, o.device, accepted); err != nil {
		return err
	}
	more, err := g.quarantine(ctx, tx, t, aside, reasons)
	if err != nil {
		return err
	}
	return g.Tell(ctx, tx, o.device, append(outcomes, more...))
}

// quarantine sets single registrations aside and says so in outcomes.
func (g *Ingest) quarantine(ctx context.Context, tx ledger.Tx, t task, aside []reconcile.Incoming, reasons []civic.Code) ([]civic.Outcome, error) {
	at := g.Clock().UTC().Truncate(time.Second)
	rows := make([][]any, len(aside))
	outcomes := make([]civic.Outcome, len(aside))
	for i, in := range aside {
		r := in.Registration
		rows[i] = []any{string(t.area), t.digest[:], int64(r.Counter), t.device[:], r.ID[:], in.Digest[:], string(reasons[i]), at.Unix()}
		outcomes[i] = civic.Outcome{Registration: r.ID, Counter: r.Counter, Status: civic.Quarantined, Reasons: []civic.Reason{{Code: reasons[i]}}, At: at}
		g.Logger.Warn("registration set aside", "registration", r.ID.String(), "device", t.device.String(), "reason", string(reasons[i]))
	}
	_, err := tx.Insert(ctx, "ingest_quarantine", []string{"area", "batch", "counter", "device", "registration", "digest", "reason", "at"}, rows,
		"ON CONFLICT (area, batch, counter) DO UPDATE SET reason = excluded.reason, at = excluded.at, resolved_at = 0")
	return outcomes, err
}

// Tell appends messages with outcomes for a kit, sealed to it, in the caller's
// transaction: the kit learns exactly what became durable. A spare kit that
// took over the kit's backup is told too.
func (g *Ingest) Tell(ctx context.Context, tx ledger.Tx, d access.Device, outcomes []civic.Outcome) error {
	for range maxSuccessors {
		if err := g.tellOne(ctx, tx, d, outcomes); err != nil || d.Successor.IsZero() {
			return err
		}
		next, err := g.Access.ByID(ctx, tx, d.Successor)
		if err != nil {
			return err
		}
		d = next
	}
	return nil
}

// maxSuccessors bounds a row of spare kits that took over from each other.
const maxSuccessors = 16

func (g *Ingest) tellOne(ctx context.Context, tx ledger.Tx, d access.Device, outcomes []civic.Outcome) error {
	if len(outcomes) == 0 {
		return nil
	}
	secret, err := g.Access.Secret(d)
	if err != nil {
		return err
	}
	for start := 0; start < len(outcomes); start += outcomesPerMessage {
		plain, err := protocol.PackOutcomes(d.Sign, outcomes[start:min(start+outcomesPerMessage, len(outcomes))])
		if err != nil {
			return err
		}
		seq, err := access.NextSeq(ctx, tx, d.Area, d.ID)
		if err != nil {
			return err
		}
		body, err := protocol.SealDown(secret, seq, protocol.DownOutcomes, plain, g.Rand)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO ingest_down (area, device, seq, kind, body, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
			string(d.Area), d.ID[:], int64(seq), int(protocol.DownOutcomes), body, g.Clock().Unix())
		if err != nil {
			return err
		}
	}
	return nil
}

// Succeed tells a spare kit what was decided so far of the registrations whose
// backup it took over.
func (g *Ingest) Succeed(ctx context.Context, tx ledger.Tx, old, spare access.Device) error {
	f := reconcile.Filter{Area: old.Area, Device: old.ID, Limit: outcomesPerMessage}
	for {
		entries, err := reconcile.List(ctx, tx, f)
		if err != nil {
			return err
		}
		outcomes := make([]civic.Outcome, len(entries))
		for i, e := range entries {
			outcomes[i] = e.Outcome
		}
		if err := g.tellOne(ctx, tx, spare, outcomes); err != nil || len(entries) < f.Limit {
			return err
		}
		last := entries[len(entries)-1].Outcome
		f.Before = reconcile.Place{At: last.At.Unix(), Registration: last.Registration}
	}
}

// TellKit is Tell for a registration's kit by its id; for reviewers, who decide
// later. Waiting calls notice it within a second.
func (g *Ingest) TellKit(ctx context.Context, tx ledger.Tx, device civic.DeviceID, outcomes []civic.Outcome) error {
	if device == (civic.DeviceID{}) { // a row of an agency's table: no kit waits for it
		return nil
	}
	d, err := g.Access.ByID(ctx, tx, device)
	if err != nil {
		return err
	}
	return g.Tell(ctx, tx, d, outcomes)
}

func joinWords(words []string) string { return strings.Join(words, "\n") }
