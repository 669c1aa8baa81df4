package kit

import (
	"context"
	"fmt"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

const (
	// maxBatch is how many registrations travel in one file: enough that their
	// common words pay, few enough that the centre settles them soon.
	maxBatch = 200
	// attachmentsAtOnce limits how many pictures are looked up at a time.
	attachmentsAtOnce = 32
)

// pack seals and signs everything that waits, so that it can travel without a
// passphrase. Each file and the mark that its registrations are packed are one
// transaction of the store: cut anywhere, packing goes on where it stopped.
func (k *Kit) pack(ctx context.Context, st *store.Store) error {
	k.packing.Lock()
	defer k.packing.Unlock()
	if err := k.letGo(ctx, st); err != nil {
		return problem(err)
	}
	waiting, err := st.Unpacked(ctx, maxBatch)
	if err != nil {
		return problem(err)
	}
	pictures, err := st.UnpackedAttachments(ctx, attachmentsAtOnce)
	if err != nil {
		return problem(err)
	}
	if err := k.packInherited(ctx, st); err != nil {
		return problem(err)
	}
	if len(waiting) == 0 && len(pictures) == 0 {
		return nil
	}
	p, err := k.newPacker(ctx, st)
	if err != nil {
		return problem(err)
	}
	for len(waiting) > 0 {
		k.meterUp(ctx, st, waiting)
		if err := p.registrations(ctx, waiting); err != nil {
			return problem(err)
		}
		if waiting, err = st.Unpacked(ctx, maxBatch); err != nil {
			return problem(err)
		}
	}
	for len(pictures) > 0 {
		for _, a := range pictures {
			if err := p.attachment(ctx, a); err != nil {
				return problem(err)
			}
		}
		if pictures, err = st.UnpackedAttachments(ctx, attachmentsAtOnce); err != nil {
			return problem(err)
		}
	}
	return nil
}

// packer packs under one day key.
type packer struct {
	k      *Kit
	st     *store.Store
	s      sealer
	key    batch.DayKey
	device civic.DeviceID // a lost kit's, zero for this one
}

func (k *Kit) newPacker(ctx context.Context, st *store.Store) (*packer, error) {
	s, err := k.newSealer(st)
	if err != nil {
		return nil, err
	}
	bundle, _, err := st.Bundle(ctx)
	if err != nil {
		return nil, err
	}
	day, err := st.DayKey(ctx, func(d store.DayKey) ([]byte, error) {
		return batch.WrapDayKey(batch.DayKey(d), s.identity.Device, bundle.Recipients, s.key)
	})
	if err != nil {
		return nil, err
	}
	return &packer{k: k, st: st, s: s, key: batch.DayKey(day)}, nil
}

// registrations packs one batch, in halves when it would be too large.
func (p *packer) registrations(ctx context.Context, regs []civic.Registration) error {
	seq, err := p.st.NextBatch(ctx)
	if err != nil {
		return err
	}
	file, err := batch.Pack(batch.Packing{
		Device: p.s.identity.Device, Area: p.s.identity.Area, Seq: seq, Key: p.key, Sign: p.s.key, Forms: p.k.forms, Now: p.k.o.Clock,
		SaltOf: func(counter uint64) [32]byte { return protocol.SaltOf(p.s.secret[:], counter) },
	}, regs)
	if civic.CodeOf(err) == civic.UploadTooLarge && len(regs) > 1 {
		if err := p.registrations(ctx, regs[:len(regs)/2]); err != nil {
			return err
		}
		return p.registrations(ctx, regs[len(regs)/2:])
	}
	if err != nil {
		return fmt.Errorf("batch %d: %w", seq, err)
	}
	covers := make([]uint64, len(regs))
	for i := range regs {
		covers[i] = regs[i].Counter
	}
	return p.st.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemBatch, Bytes: file, Key: p.key.ID, Covers: covers, Device: p.device})
}

// packInherited packs what a lost kit had not, with the lost kit's own key: its
// registrations keep their ids and their chain.
func (k *Kit) packInherited(ctx context.Context, st *store.Store) error {
	lost, err := st.Inherited(ctx)
	if err != nil {
		return err
	}
	for _, from := range lost {
		waiting, err := st.UnpackedOf(ctx, from.Device, maxBatch)
		if err != nil {
			return err
		}
		if len(waiting) == 0 {
			continue
		}
		p, err := k.packerFor(ctx, st, from)
		if err != nil {
			return err
		}
		for len(waiting) > 0 {
			if err := p.registrations(ctx, waiting); err != nil {
				return err
			}
			if waiting, err = st.UnpackedOf(ctx, from.Device, maxBatch); err != nil {
				return err
			}
		}
	}
	return nil
}

// packerFor packs for a lost kit under a key of its own, whose header goes into
// the outbox first.
func (k *Kit) packerFor(ctx context.Context, st *store.Store, from store.Inherited) (*packer, error) {
	bundle, _, err := st.Bundle(ctx)
	if err != nil {
		return nil, err
	}
	key, err := batch.NewDayKey(nil)
	if err != nil {
		return nil, err
	}
	header, err := batch.WrapDayKey(key, from.Device, bundle.Recipients, from.DeviceKey)
	if err != nil {
		return nil, err
	}
	if err := st.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemKey, Bytes: header, Key: key.ID, Device: from.Device}); err != nil {
		return nil, err
	}
	s := sealer{key: from.DeviceKey, secret: from.KitSecret, identity: store.Identity{Device: from.Device, Area: from.Area}}
	return &packer{k: k, st: st, s: s, key: key, device: from.Device}, nil
}

func (p *packer) attachment(ctx context.Context, a civic.Attachment) error {
	plain, err := p.st.Attachment(ctx, a.Digest)
	if err != nil {
		return err
	}
	file, err := batch.SealAttachment(p.key, p.s.identity.Device, plain, p.s.key, nil)
	if err != nil {
		return err
	}
	return p.st.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemAttachment, Bytes: file, Key: p.key.ID, Attachment: a.Digest})
}
