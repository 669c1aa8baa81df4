package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Packs of the district lie here as they came: pieces sealed under the pack's
// key, which came sealed to this kit. Taking them in needs no passphrase. While
// another pack comes, the one before stays usable; once it is whole, the old
// one goes with its key.

// Pack is a district pack as far as it came.
type Pack struct {
	ID      []byte `cbor:"1,keyasint"` // 16 bytes
	Number  uint64 `cbor:"2,keyasint"`
	Cursor  uint64 `cbor:"3,keyasint"` // the last piece that is here
	Last    uint64 `cbor:"4,keyasint"` // the last there was at the centre
	Tail    []byte `cbor:"5,keyasint"` // names the last piece
	Head    []byte `cbor:"6,keyasint"` // sealed to the kit
	Version uint64 `cbor:"7,keyasint"` // of the head
	Left    int64  `cbor:"8,keyasint"` // bytes still to come
}

// packsRecord is row rowPacks.
type packsRecord struct {
	Current *Pack `cbor:"1,keyasint,omitempty"`
	Coming  *Pack `cbor:"2,keyasint,omitempty"`
}

// maxPieces bounds the pieces of one pack.
const maxPieces = 1 << 24

func pieceRow(number, seq uint64) int64 { return int64(number<<24 | seq) }

// Packs gives the pack in use and the one that is coming, nil for none.
func (s *Store) Packs(ctx context.Context) (current, coming *Pack, err error) {
	var r packsRecord
	err = s.told(s.vault.View(ctx, func(tx *vault.Tx) error {
		_, err := get(tx, "m", rowPacks, &r)
		return err
	}))
	return r.Current, r.Coming, err
}

// PackAsk is what a sync asks of the pack.
func (s *Store) PackAsk(ctx context.Context) (*protocol.PackAsk, error) {
	current, coming, err := s.Packs(ctx)
	if err != nil {
		return nil, err
	}
	ask := &protocol.PackAsk{}
	at := current
	if coming != nil {
		at = coming
	}
	if at != nil {
		ask.Pack, ask.Cursor, ask.Tail, ask.Head = at.ID, at.Cursor, at.Tail, at.Version
	}
	if ask.Applies, err = s.applies(ctx, false); err != nil {
		return nil, err
	}
	return ask, nil
}

// TakePack keeps a part of a pack, in one transaction with how far it came.
func (s *Store) TakePack(ctx context.Context, n protocol.PackNews) error {
	malformed := civic.NewProblem(civic.RequestMalformed, errors.New("a part of a pack breaks the limits"))
	if len(n.Pack) != 16 || n.Number == 0 || n.Number >= 1<<32 || n.Last >= maxPieces || len(n.Pieces) > protocol.MaxPackPieces || len(n.Head) > protocol.MaxPackHead {
		return malformed
	}
	replaced := false
	err := s.told(s.vault.Update(ctx, func(tx *vault.Tx) error {
		replaced = false
		var r packsRecord
		if _, err := get(tx, "m", rowPacks, &r); err != nil {
			return err
		}
		p := r.Current
		if p == nil || !bytes.Equal(p.ID, n.Pack) {
			p = r.Coming
			if p == nil || !bytes.Equal(p.ID, n.Pack) {
				if p != nil { // it was replaced before it was whole
					if err := dropPieces(tx, p.Number); err != nil {
						return err
					}
				}
				p = &Pack{ID: n.Pack, Number: n.Number}
				r.Coming = p
				if err := dropPieces(tx, p.Number); err != nil {
					return err
				}
			}
		}
		if len(n.Head) > 0 {
			p.Head, p.Version = n.Head, n.Version
		}
		for i, piece := range n.Pieces {
			seq := n.First + uint64(i)
			if seq <= p.Cursor { // once more
				continue
			}
			if seq != p.Cursor+1 || len(piece) > protocol.MaxPackPiece || seq >= maxPieces {
				return malformed
			}
			if err := tx.Add(vault.Outer, "w", pieceRow(p.Number, seq), piece); err != nil {
				return err
			}
			h := sha256.Sum256(piece)
			p.Cursor, p.Tail = seq, h[:8]
		}
		p.Last, p.Left = n.Last, n.Left
		if p == r.Coming && p.Cursor == p.Last && len(p.Head) > 0 {
			if r.Current != nil {
				if err := dropPieces(tx, r.Current.Number); err != nil {
					return err
				}
				replaced = true
			}
			r.Current, r.Coming = p, nil
		}
		return put(tx, vault.Outer, "m", rowPacks, r)
	}))
	if err != nil || !replaced {
		return err
	}
	return s.vault.Checkpoint(ctx) // the old pieces and their key leave the log
}

func dropPieces(tx *vault.Tx, number uint64) error {
	_, err := tx.Exec("DELETE FROM w WHERE n >= ?1 AND n < ?2", pieceRow(number, 0), pieceRow(number+1, 0))
	return err
}

// DropPacks takes all packs away; the next sync fetches one anew.
func (s *Store) DropPacks(ctx context.Context) error {
	if err := s.told(s.vault.Update(ctx, func(tx *vault.Tx) error {
		if _, err := tx.Exec("DELETE FROM w"); err != nil {
			return err
		}
		return put(tx, vault.Outer, "m", rowPacks, packsRecord{})
	})); err != nil {
		return err
	}
	return s.vault.Checkpoint(ctx)
}

// PackPiece gives a piece as it came.
func (s *Store) PackPiece(ctx context.Context, number, seq uint64) (piece []byte, err error) {
	err = s.told(s.vault.View(ctx, func(tx *vault.Tx) error {
		var ok bool
		if piece, ok, err = tx.Get("w", pieceRow(number, seq)); err == nil && !ok {
			err = civic.NewProblem(civic.PackDamaged, nil)
		}
		return err
	}))
	return piece, err
}

// AddOpening notes that somebody's answers were opened: in the journal, and in
// what the next sync tells the centre. make seals it for the centre under its
// number. Nothing may be shown before this returned nil.
func (s *Store) AddOpening(ctx context.Context, event civic.Code, words []string, make func(n uint64) ([]byte, error)) error {
	return s.update(ctx, func(tx *vault.Tx) error {
		last, err := number64(tx, rowOpenings)
		if err != nil {
			return err
		}
		body, err := make(last + 1)
		if err != nil {
			return err
		}
		if err := tx.Add(vault.Outer, "o", int64(last+1), body); err != nil {
			return err
		}
		if err := tx.Put(vault.Outer, "m", rowOpenings, binary.BigEndian.AppendUint64(nil, last+1)); err != nil {
			return err
		}
		return s.journal(tx, event, words...)
	})
}

// Openings are those the centre has not said it has, oldest first.
func (s *Store) Openings(ctx context.Context) (list []protocol.SealedOpening, err error) {
	err = s.told(s.vault.View(ctx, func(tx *vault.Tx) error {
		list = nil
		var rows []int64
		if err := tx.Query("SELECT n FROM o ORDER BY n LIMIT ?1", func(scan func(...any) error) error {
			var n int64
			err := scan(&n)
			rows = append(rows, n)
			return err
		}, protocol.MaxOpenings); err != nil {
			return err
		}
		for _, n := range rows {
			body, ok, err := tx.Get("o", n)
			if err != nil {
				return err
			}
			if ok {
				list = append(list, protocol.SealedOpening{N: uint64(n), Body: body})
			}
		}
		return nil
	}))
	return list, err
}

// KeepOpened lets go of openings that the centre has.
func (s *Store) KeepOpened(ctx context.Context, upTo uint64) error {
	if upTo == 0 {
		return nil
	}
	return s.told(s.vault.Update(ctx, func(tx *vault.Tx) error {
		_, err := tx.Exec("DELETE FROM o WHERE n <= ?1", int64(upTo))
		return err
	}))
}

// appliesRecord is row rowApplies.
type appliesRecord struct {
	Officers []applyRecord `cbor:"1,keyasint,omitempty"`
}

type applyRecord struct {
	Officer   civic.OfficerID `cbor:"1,keyasint"`
	Recipient string          `cbor:"2,keyasint"`
	Told      bool            `cbor:"3,keyasint,omitempty"`
}

// Apply asks the registry to make the officer at work a supervisor of this kit;
// it gives the officer's recipient, whose code he reads out.
func (s *Store) Apply(ctx context.Context) (recipient string, err error) {
	o := s.Officer()
	if recipient, err = s.vault.Recipient(ctx); err != nil {
		return "", err
	}
	return recipient, s.update(ctx, func(tx *vault.Tx) error {
		var r appliesRecord
		if _, err := get(tx, "m", rowApplies, &r); err != nil {
			return err
		}
		for i := range r.Officers {
			if r.Officers[i].Officer == o.ID {
				r.Officers[i].Recipient, r.Officers[i].Told = recipient, false
				return put(tx, vault.Outer, "m", rowApplies, r)
			}
		}
		r.Officers = append(r.Officers, applyRecord{Officer: o.ID, Recipient: recipient})
		return put(tx, vault.Outer, "m", rowApplies, r)
	})
}

func (s *Store) applies(ctx context.Context, told bool) (list []protocol.Applicant, err error) {
	err = s.told(s.vault.View(ctx, func(tx *vault.Tx) error {
		var r appliesRecord
		list = nil
		if _, err := get(tx, "m", rowApplies, &r); err != nil {
			return err
		}
		for _, a := range r.Officers {
			if a.Told == told {
				list = append(list, protocol.Applicant{Officer: a.Officer, Recipient: a.Recipient})
			}
		}
		return nil
	}))
	return list, err
}

// KeepApplied notes that the centre knows who asked.
func (s *Store) KeepApplied(ctx context.Context) error {
	return s.told(s.vault.Update(ctx, func(tx *vault.Tx) error {
		var r appliesRecord
		if _, err := get(tx, "m", rowApplies, &r); err != nil {
			return err
		}
		for i := range r.Officers {
			r.Officers[i].Told = true
		}
		return put(tx, vault.Outer, "m", rowApplies, r)
	}))
}

// OpenAs opens what is sealed to one officer with that officer's passphrase.
func (s *Store) OpenAs(ctx context.Context, passphrase string, files map[civic.OfficerID][]byte) (civic.OfficerID, []byte, error) {
	if _, err := s.opened(); err != nil {
		return civic.OfficerID{}, nil, err
	}
	return s.vault.OpenAs(ctx, passphrase, files)
}
