package store

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// A spare kit is enrolled as a device of its own and takes in what a lost kit
// left on a medium. Registrations keep the lost kit's id and chain; what it had
// not packed is packed with its key once more, and new ones get the spare kit's.

// Backups lists the kits that have a backup on a medium.
func Backups(dir string) ([]civic.DeviceID, error) {
	names, err := fs.Glob(os.DirFS(dir), "kit-*"+suffixKeys) // the name of the medium itself is no pattern
	if err != nil {
		return nil, err
	}
	var all []civic.DeviceID
	for _, n := range names {
		if d, err := civic.ParseDeviceID(strings.TrimSuffix(strings.TrimPrefix(n, "kit-"), suffixKeys)); err == nil {
			all = append(all, d)
		}
	}
	return all, nil
}

// RestoreRequest gives the file to bring to the registry, so that two people
// there release the keys of device's backup to the officer at work here.
func (s *Store) RestoreRequest(ctx context.Context, dir string, device civic.DeviceID) ([]byte, error) {
	if _, err := s.opened(); err != nil {
		return nil, err
	}
	recipient, err := s.vault.Recipient(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := os.ReadFile(backupName(dir, device) + suffixKeys)
	if err != nil {
		return nil, s.medium(dir, err)
	}
	id := s.Identity()
	return protocol.SignRecovery(protocol.RecoveryRequest{
		Device: device, By: id.Device, Recipient: recipient, Officer: s.Officer().Name,
		Keys: []protocol.RecoveryKey{{File: keys}}, Made: s.options.Clock().Unix(),
	}, id.TransportKey)
}

// Restored tells what Restore took in.
type Restored struct {
	Registrations, Drafts, Attachments, Files, Forms int
	Damaged                                          int // rows that could not be opened
	// Torn tells that the medium was pulled out, or is damaged, at the very end.
	Torn bool
}

// Inherited is a lost kit whose registrations this one holds.
type Inherited struct {
	Device    civic.DeviceID
	Area      civic.Area
	DeviceKey ed25519.PrivateKey
	KitSecret [32]byte
}

// Restore takes in the backup of a lost kit with the keys that the registry
// released (a statement of its root) and the passphrase of the officer at work.
// It can be repeated, and goes on where it was stopped.
func (s *Store) Restore(ctx context.Context, dir string, device civic.DeviceID, statement []byte, passphrase string) (Restored, error) {
	if _, err := s.opened(); err != nil {
		return Restored{}, err
	}
	if device == s.Identity().Device {
		return Restored{}, civic.NewProblem(civic.WrongUse, nil, "A kit is not restored onto itself: enrol a spare one.")
	}
	r, err := s.release(statement, device)
	if err != nil {
		return Restored{}, err
	}
	if len(r.Keys) != 1 {
		return Restored{}, civic.NewProblem(civic.RequestMalformed, errors.New("not the release of a backup"))
	}
	plain, err := s.vault.OpenReleased(ctx, passphrase, r.Keys[0].File)
	if err != nil {
		return Restored{}, err
	}
	foreign, err := vault.OpenForeign(plain)
	clear(plain)
	if err != nil {
		return Restored{}, err
	}
	rs := restorer{s: s, from: foreign, device: device, carriers: map[int64]int64{}, drafts: map[DraftID]bool{}}
	// The last frame of a row counts, so the file is read twice: once for
	// where, once for what.
	last, err := rs.survey(backupName(dir, device) + suffixRows)
	if err != nil {
		return Restored{}, s.medium(dir, err)
	}
	for _, table := range []string{"m", "f", "d", "b", "c", "a", "l"} {
		if err := rs.table(ctx, backupName(dir, device)+suffixRows, table, last); err != nil {
			return rs.out, s.medium(dir, err)
		}
	}
	if err := s.load(ctx); err != nil {
		return rs.out, err
	}
	return rs.out, s.Append(ctx, "restored", device.String())
}

type restorer struct {
	s        *Store
	from     *vault.Opener
	device   civic.DeviceID
	carriers map[int64]int64 // rows of the outbox there and here
	drafts   map[DraftID]bool
	out      Restored
}

// survey notes which frame of each row is the last, by its place in the file.
func (rs *restorer) survey(path string) (map[place]int, error) {
	last := map[place]int{}
	i := 0
	good, damaged, err := readRows(path, func(fr frame) error {
		last[place{fr.Table, fr.N}] = i
		if fr.Cells == nil {
			last[place{fr.Table, fr.N}] = -1
		}
		i++
		return nil
	})
	rs.out.Damaged, rs.out.Torn = damaged, !sameSize(path, good)
	return last, err
}

// table takes in the rows of one table, some hundred in a transaction.
func (rs *restorer) table(ctx context.Context, path, table string, last map[place]int) error {
	const perTx = 200
	var some []frame
	flush := func() error {
		if len(some) == 0 {
			return nil
		}
		err := rs.s.update(ctx, func(tx *vault.Tx) error {
			for _, fr := range some {
				err := rs.row(tx, fr)
				if errors.Is(err, vault.ErrForgotten) {
					continue
				}
				if civic.CodeOf(err) == civic.RowDamaged {
					rs.out.Damaged++
					continue
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		some = some[:0]
		return err
	}
	i := 0
	if _, _, err := readRows(path, func(fr frame) error {
		here := last[place{fr.Table, fr.N}] == i
		i++
		if !here || fr.Table != table {
			return nil
		}
		some = append(some, fr)
		if len(some) == perTx || table == "d" || table == "f" {
			return flush()
		}
		return nil
	}); err != nil {
		return err
	}
	return flush()
}

const kindInherited = "kit"

// Inherited lists the lost kits whose registrations were restored here.
func (s *Store) Inherited(ctx context.Context) ([]Inherited, error) {
	var all []Inherited
	err := s.view(ctx, func(tx *vault.Tx) error {
		return tx.Query("SELECT n,v,e,s FROM l WHERE e<>0", func(scan func(...any) error) error {
			var row vault.Row
			if err := scan(&row.N, &row.Version, &row.Key, &row.Sealed); err != nil {
				return err
			}
			var d documentRecord
			if ok, err := openRow(tx, "l", row, &d); !ok || d.Kind != kindInherited {
				return err
			}
			var r inheritedRecord
			if err := decode(d.Value, &r); err != nil || len(r.Key) != ed25519.SeedSize {
				return err
			}
			in := Inherited{Device: r.Device, Area: r.Area, DeviceKey: ed25519.NewKeyFromSeed(r.Key)}
			copy(in.KitSecret[:], r.Secret)
			all = append(all, in)
			return nil
		})
	})
	return all, err
}
