package ingest

import (
	"context"
	"errors"
	"sync"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/protocol"
)

// opened is a file that was opened and judged, ready to be settled.
type opened struct {
	device   access.Device
	manifest batch.Manifest
	incoming []reconcile.Incoming // of a batch
	content  civic.Digest         // of an attachment
	plain    []byte               // of an attachment
	err      error
}

// prepare opens a file outside of any transaction that writes.
func (g *Ingest) prepare(ctx context.Context, t task) (o opened) {
	o.err = guard(func() error {
		var file []byte
		err := g.DB.View(ctx, func(tx ledger.Tx) (err error) {
			if o.device, err = g.owner(ctx, tx, t); err != nil {
				return err
			}
			file, err = g.load(ctx, tx, t.area, t.kind, t.digest)
			return err
		})
		if err != nil {
			return err
		}
		key, err := g.dayKey(ctx, o.device, t.key)
		if err != nil {
			return err
		}
		if t.kind == kindAttachment {
			o.plain, o.content, err = batch.OpenAttachment(file, key, o.device.Sign)
			return err
		}
		if err := g.openBatch(&o, file, key); err != nil || g.Ahead == nil {
			return err
		}
		return g.Ahead(ctx, o.incoming)
	})
	return o
}

// openBatch verifies and opens a batch, links its registrations and judges
// each by the rules of its form.
func (g *Ingest) openBatch(o *opened, file []byte, key batch.DayKey) error {
	secret, err := g.Access.Secret(o.device)
	if err != nil {
		return err
	}
	m, regs, err := batch.Open(file, key, o.device.Sign, g.Forms)
	if err != nil {
		return err
	}
	digests, err := batch.Chain(m, regs, func(counter uint64) [32]byte { return protocol.SaltOf(secret, counter) })
	if err != nil {
		return err
	}
	o.manifest = m
	o.incoming = make([]reconcile.Incoming, len(regs))
	env := form.Env{Now: g.Clock, Device: o.device.ID.String()}
	for i := range regs {
		f, ok := g.Forms.Form(regs[i].Form)
		if !ok {
			return civic.NewProblem(civic.FormVersionUnknown, nil, regs[i].Form.String())
		}
		env.Officer = regs[i].Officer.String()
		o.incoming[i] = reconcile.Incoming{Registration: &regs[i], Digest: digests[i], Form: f, Findings: f.Validate(&regs[i], env)}
	}
	return nil
}

// keyRef names a day key.
type keyRef struct {
	device civic.DeviceID
	key    protocol.KeyID
}

type cachedKey = batch.DayKey

// keyCache keeps the day keys that were opened lately: opening one costs more
// than a whole batch.
type keyCache struct {
	mu   sync.Mutex
	keys map[keyRef]cachedKey
}

// maxKeys bounds the cache.
const maxKeys = 4096

// dayKey finds and opens a kit's day key; civic.NeedKey when it has not come.
func (g *Ingest) dayKey(ctx context.Context, d access.Device, id protocol.KeyID) (batch.DayKey, error) {
	ref := keyRef{d.ID, id}
	g.keys.mu.Lock()
	key, ok := g.keys.keys[ref]
	g.keys.mu.Unlock()
	if ok {
		return key, nil
	}
	var file []byte
	err := g.DB.View(ctx, func(tx ledger.Tx) error {
		digest, err := keyFile(ctx, tx, d.Area, d.ID, id)
		if err == nil {
			file, err = g.load(ctx, tx, d.Area, kindKey, digest)
		}
		return err
	})
	if errors.Is(err, ledger.ErrNoRows) {
		return key, civic.NewProblem(civic.NeedKey, err)
	}
	if err != nil {
		return key, err
	}
	if key, err = batch.OpenDayKey(file, d.Sign, g.Access.Keys().Identities()...); err != nil {
		return key, err
	}
	g.keys.mu.Lock()
	defer g.keys.mu.Unlock()
	if len(g.keys.keys) >= maxKeys {
		clear(g.keys.keys)
	}
	g.keys.keys[ref] = key
	return key, nil
}
