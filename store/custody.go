package store

import (
	"context"
	"slices"
	"time"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// rowCustody says who carries which files (outer). As rowSession it may be lost
// without loss.
const rowCustody = vault.FirstRow + 201

// carried is a file in a carrier's hands.
type carried struct {
	File civic.Digest `cbor:"1,keyasint"`
	At   int64        `cbor:"2,keyasint"` // the first time a carrier signed for it
	Hub  bool         `cbor:"3,keyasint,omitempty"`
}

type custodyRecord struct {
	Receipt []byte    `cbor:"1,keyasint"` // the last one, as it was signed
	Files   []carried `cbor:"2,keyasint"`
}

// Custody is what carriers have of this kit's that the centre has not signed for.
type Custody struct {
	Files int       // batches and attachments
	Since time.Time // the earliest of them
	Hub   bool      // a hub has some, else only couriers do
}

// KeepCustody keeps a carrier's receipt. The centre's own word replaces it, file
// by file; nothing is forgotten on a carrier's.
func (s *Store) KeepCustody(ctx context.Context, receipt []byte, c protocol.Custody) error {
	waiting, err := s.unsigned(ctx)
	if err != nil {
		return err
	}
	return s.told(s.vault.Update(ctx, func(tx *vault.Tx) error {
		var r custodyRecord
		if _, err := get(tx, "m", rowCustody, &r); err != nil {
			return err
		}
		r.Files = slices.DeleteFunc(r.Files, func(f carried) bool { return !waiting[f.File] })
		known := map[civic.Digest]bool{}
		for _, f := range r.Files {
			known[f.File] = true
		}
		fresh := false
		for _, file := range c.Files {
			if waiting[file] && !known[file] {
				r.Files = append(r.Files, carried{File: file, At: c.At, Hub: c.Hub})
				known[file], fresh = true, true
			}
		}
		if !fresh {
			return nil // it tells nothing new: no write
		}
		r.Receipt = receipt
		return put(tx, vault.Outer, "m", rowCustody, r)
	}))
}

// unsigned are the batches and attachments the centre has not acknowledged.
func (s *Store) unsigned(ctx context.Context) (map[civic.Digest]bool, error) {
	items, err := s.Pending(ctx)
	if err != nil {
		return nil, err
	}
	out := map[civic.Digest]bool{}
	for _, i := range items {
		if i.Kind != protocol.ItemKey && i.Acked == protocol.BatchAbsent {
			out[i.Digest] = true
		}
	}
	return out, nil
}

// Custody tells what carriers have; it needs no passphrase.
func (s *Store) Custody(ctx context.Context) (c Custody, err error) {
	waiting, err := s.unsigned(ctx)
	if err != nil || len(waiting) == 0 {
		return c, err
	}
	var r custodyRecord
	err = s.vault.View(ctx, func(tx *vault.Tx) error {
		_, err := get(tx, "m", rowCustody, &r)
		return err
	})
	for _, f := range r.Files {
		if !waiting[f.File] {
			continue
		}
		c.Files++
		c.Hub = c.Hub || f.Hub
		if at := time.Unix(f.At, 0).UTC(); c.Since.IsZero() || at.Before(c.Since) {
			c.Since = at
		}
	}
	return c, err
}
