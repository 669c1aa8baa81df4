package kit

import (
	"context"
	"errors"
	"fmt"
	"slices"

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

// mostLeft is how many entries packing leaves behind before it stops looking
// for more: then it is not the entries that are wrong.
const mostLeft = 100

// pack seals and signs everything that waits, so that it can travel without a
// passphrase. Each file and the mark that its registrations are packed are one
// transaction of the store: cut anywhere, packing goes on where it stopped. What
// cannot be packed stays and keeps nothing else back; the error tells of it.
func (k *Kit) pack(ctx context.Context, st *store.Store) error {
	k.packing.Lock()
	defer k.packing.Unlock()
	if err := k.letGo(ctx, st); err != nil {
		return problem(err)
	}
	own := k.packOwn(ctx, st)
	return problem(errors.Join(own, k.packInherited(ctx, st)))
}

func (k *Kit) packOwn(ctx context.Context, st *store.Store) error {
	waiting, err := st.Unpacked(ctx, maxBatch)
	if err != nil {
		return err
	}
	pictures, err := st.UnpackedAttachments(ctx, attachmentsAtOnce)
	if err != nil {
		return err
	}
	if len(waiting) == 0 && len(pictures) == 0 {
		return nil
	}
	p, err := k.newPacker(ctx, st)
	if err != nil {
		return err
	}
	for len(waiting) > 0 {
		k.meterUp(ctx, st, waiting)
		if waiting, err = p.registrations(ctx, waiting); err != nil {
			return err
		}
	}
	for len(pictures) > 0 {
		if pictures, err = p.attachments(ctx, pictures); err != nil {
			return err
		}
	}
	return p.why
}

// packer packs under one day key.
type packer struct {
	k      *Kit
	st     *store.Store
	s      sealer
	key    batch.DayKey
	device civic.DeviceID // a lost kit's, zero for this one

	left     map[civic.RegistrationID]bool // that cannot be packed
	pictures map[civic.Digest]bool
	why      error
}

func newPacking(p *packer) *packer {
	p.left, p.pictures = map[civic.RegistrationID]bool{}, map[civic.Digest]bool{}
	return p
}

// leave notes what cannot be packed; many are an error of the kit's own.
func (p *packer) leave(err error) error {
	p.why = errors.Join(p.why, err)
	if len(p.left)+len(p.pictures) > mostLeft {
		return p.why
	}
	return nil
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
	return newPacking(&packer{k: k, st: st, s: s, key: batch.DayKey(day)}), nil
}

// registrations packs some and gives those to pack next, without the ones that
// were left.
func (p *packer) registrations(ctx context.Context, regs []civic.Registration) ([]civic.Registration, error) {
	if err := p.batch(ctx, regs); err != nil {
		return nil, err
	}
	next, err := p.st.UnpackedOf(ctx, p.device, maxBatch+len(p.left))
	return slices.DeleteFunc(next, func(r civic.Registration) bool { return p.left[r.ID] }), err
}

// batch packs one batch, in halves when it would be too large or when one of
// them cannot be packed.
func (p *packer) batch(ctx context.Context, regs []civic.Registration) error {
	seq, err := p.st.NextBatch(ctx)
	if err != nil {
		return err
	}
	file, err := batch.Pack(batch.Packing{
		Device: p.s.identity.Device, Area: p.s.identity.Area, Seq: seq, Key: p.key, Sign: p.s.key, Forms: p.k.forms, Now: p.k.o.Clock,
		SaltOf: func(counter uint64) [32]byte { return protocol.SaltOf(p.s.secret[:], counter) },
	}, regs)
	switch {
	case err != nil && len(regs) > 1:
		if err := p.batch(ctx, regs[:len(regs)/2]); err != nil {
			return err
		}
		return p.batch(ctx, regs[len(regs)/2:])
	case err != nil:
		p.left[regs[0].ID] = true
		return p.leave(fmt.Errorf("registration %d: %w", regs[0].Counter, err))
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
	var why error
	for _, from := range lost {
		why = errors.Join(why, k.packLost(ctx, st, from))
	}
	return why
}

func (k *Kit) packLost(ctx context.Context, st *store.Store, from store.Inherited) error {
	waiting, err := st.UnpackedOf(ctx, from.Device, maxBatch)
	if err != nil || len(waiting) == 0 {
		return err
	}
	p, err := k.packerFor(ctx, st, from)
	if err != nil {
		return err
	}
	for len(waiting) > 0 {
		if waiting, err = p.registrations(ctx, waiting); err != nil {
			return err
		}
	}
	return p.why
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
	return newPacking(&packer{k: k, st: st, s: s, key: key, device: from.Device}), nil
}

// attachments packs some pictures and gives those to pack next, without the
// ones that were left.
func (p *packer) attachments(ctx context.Context, some []civic.Attachment) ([]civic.Attachment, error) {
	for _, a := range some {
		file, err := p.picture(ctx, a)
		if err != nil {
			p.pictures[a.Digest] = true
			if err := p.leave(err); err != nil {
				return nil, err
			}
			continue
		}
		if err := p.st.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemAttachment, Bytes: file, Key: p.key.ID, Attachment: a.Digest}); err != nil {
			return nil, err
		}
	}
	next, err := p.st.UnpackedAttachments(ctx, attachmentsAtOnce+len(p.pictures))
	return slices.DeleteFunc(next, func(a civic.Attachment) bool { return p.pictures[a.Digest] }), err
}

func (p *packer) picture(ctx context.Context, a civic.Attachment) ([]byte, error) {
	plain, err := p.st.Attachment(ctx, a.Digest)
	if err != nil {
		return nil, err
	}
	return batch.SealAttachment(p.key, p.s.identity.Device, plain, p.s.key, nil)
}
