package store

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
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
	names, err := filepath.Glob(filepath.Join(dir, "kit-*"+suffixKeys))
	if err != nil {
		return nil, err
	}
	var all []civic.DeviceID
	for _, n := range names {
		if d, err := civic.ParseDeviceID(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(n), "kit-"), suffixKeys)); err == nil {
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

// cell gives a column of a frame; a medium is not to be trusted with types.
func cell[T any](c vault.Cells, i int) (v T, err error) {
	if i < len(c) {
		if v, ok := c[i].(T); ok {
			return v, nil
		}
	}
	return v, civic.NewProblem(civic.RowDamaged, errors.New("a column has another type"))
}

func integer(c vault.Cells, i int) (int64, error) {
	if u, err := cell[uint64](c, i); err == nil {
		return int64(u), nil
	}
	return cell[int64](c, i)
}

// open opens the sealed column of a frame; v, e are columns 1 and 2 of every
// table, and at says where s is.
func (rs *restorer) open(fr frame, at int) ([]byte, error) {
	version, err := integer(fr.Cells, 1)
	if err != nil {
		return nil, err
	}
	key, err := integer(fr.Cells, 2)
	if err != nil {
		return nil, err
	}
	sealed, err := cell[[]byte](fr.Cells, at)
	if err != nil {
		return nil, err
	}
	return rs.from.Open(fr.Table, vault.Row{N: fr.N, Version: version, Key: key, Sealed: sealed})
}

func (rs *restorer) row(tx *vault.Tx, fr frame) error {
	at := 3
	if fr.Table == "f" {
		at = len(fr.Cells) - 1
	}
	plain, err := rs.open(fr, at)
	if err != nil {
		return err
	}
	switch fr.Table {
	case "m":
		return rs.single(tx, fr.N, plain)
	case "f":
		return rs.file(tx, fr, plain)
	case "d":
		return rs.attachment(tx, fr, plain)
	case "b":
		return rs.registration(tx, plain)
	case "c":
		return rs.stub(tx, fr, plain)
	case "a":
		return rs.draft(tx, fr, plain)
	case "l":
		return rs.document(tx, plain)
	}
	return nil
}

// inheritedRecord is who the lost kit was.
type inheritedRecord struct {
	Device civic.DeviceID `cbor:"1,keyasint"`
	Area   civic.Area     `cbor:"2,keyasint,omitempty"`
	Key    []byte         `cbor:"3,keyasint,omitempty"`
	Secret []byte         `cbor:"4,keyasint,omitempty"`
}

const kindInherited = "kit"

func (rs *restorer) single(tx *vault.Tx, n int64, plain []byte) error {
	name, err := tx.Name(vault.Kit, "l", rs.device[:])
	if err != nil {
		return err
	}
	var have documentRecord
	in := inheritedRecord{Device: rs.device}
	if ok, err := get(tx, "l", name, &have); err != nil {
		return err
	} else if ok {
		if err := decode(have.Value, &in); err != nil {
			return err
		}
	}
	switch n {
	case rowIdentity:
		var id identityRecord
		if err := decode(plain, &id); err != nil {
			return err
		}
		if id.Device != rs.device {
			return civic.NewProblem(civic.BatchForeign, errors.New("the backup is another kit's"))
		}
		in.Area = id.Area
	case rowKeys:
		var k keysRecord
		if err := decode(plain, &k); err != nil {
			return err
		}
		in.Key, in.Secret = k.Device, k.Secret
	default:
		return nil
	}
	value, err := encode(in)
	if err != nil {
		return err
	}
	return put(tx, vault.Kit, "l", name, documentRecord{Name: rs.device.String(), Kind: kindInherited, Value: value})
}

// file takes a sealed file of the outbox: columns n v e i t q z b y u x s.
func (rs *restorer) file(tx *vault.Tx, fr frame, plain []byte) error {
	kind, err := integer(fr.Cells, 4)
	if err != nil {
		return err
	}
	key, err := cell[[]byte](fr.Cells, 5)
	if err != nil {
		return err
	}
	out := Outgoing{Kind: protocol.ItemKind(kind), Bytes: plain}
	copy(out.Key[:], key)
	n, err := addFile(tx, out)
	rs.carriers[fr.N] = n
	rs.out.Files++
	return err
}

// carrier translates where a row was carried. A file that is not in the backup
// any more was safe.
func (rs *restorer) carrier(there int64) int64 {
	if there <= carriedNot {
		return there
	}
	if n, ok := rs.carriers[there]; ok {
		return n
	}
	return carriedSafe
}

// attachment: columns n v e s o.
func (rs *restorer) attachment(tx *vault.Tx, fr frame, plain []byte) error {
	there, err := integer(fr.Cells, 4)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(plain)
	n, err := tx.Name(vault.Kit, "d", digest[:])
	if err != nil {
		return err
	}
	if err := tx.Put(vault.Day, "d", n, plain); err != nil {
		return err
	}
	rs.out.Attachments++
	_, err = tx.Exec("UPDATE d SET o=?2 WHERE n=?1", n, rs.carrier(there))
	return err
}

func (rs *restorer) registration(tx *vault.Tx, plain []byte) error {
	var r registrationRecord
	if err := decode(plain, &r); err != nil {
		return err
	}
	n, err := tx.Name(vault.Kit, "b", r.ID[:])
	if err != nil {
		return err
	}
	rs.out.Registrations++
	return tx.Put(vault.Day, "b", n, plain)
}

// stub: columns n v e s g h o. Its head for the search is made anew from the
// readable copy, which came before.
func (rs *restorer) stub(tx *vault.Tx, fr frame, plain []byte) error {
	there, err := integer(fr.Cells, 6)
	if err != nil {
		return err
	}
	st := &stub{carrier: rs.carrier(there)}
	if err := decode(plain, &st.stubRecord); err != nil {
		return err
	}
	if len(st.Draft) == len(DraftID{}) {
		rs.drafts[DraftID(st.Draft)] = true
	}
	if st.Device == nil {
		st.Device = rs.device[:]
	}
	if st.row, err = tx.Name(vault.Kit, "b", st.ID[:]); err != nil {
		return err
	}
	var have int64
	if ok, err := tx.One("SELECT 1 FROM c WHERE n=?1", []any{st.row}, &have); ok || err != nil {
		return err
	}
	var r registrationRecord
	var heads []Person
	ok, err := get(tx, "b", st.row, &r)
	if err != nil && civic.CodeOf(err) != civic.RowDamaged {
		return err
	}
	if ok && rs.s.options.Heads != nil {
		reg := r.civic()
		heads = rs.s.options.Heads(&reg)
	}
	return insertStub(tx, st, heads)
}

// draft: columns n v e s x.
func (rs *restorer) draft(tx *vault.Tx, fr frame, plain []byte) error {
	var r draftRecord
	if err := decode(plain, &r); err != nil {
		return err
	}
	x, err := integer(fr.Cells, 4)
	if err != nil || rs.drafts[r.ID] {
		return err
	}
	rs.out.Drafts++
	if err := tx.Put(vault.Day, "a", draftRow(r.ID), plain); err != nil {
		return err
	}
	_, err = tx.Exec("UPDATE a SET x=?2 WHERE n=?1", draftRow(r.ID), x)
	return err
}

func (rs *restorer) document(tx *vault.Tx, plain []byte) error {
	var r documentRecord
	if err := decode(plain, &r); err != nil || r.Kind == "" {
		return err // settings stay the spare kit's own
	}
	key := []byte(strings.Replace(r.Name, "\x00", "@", 1))
	if r.Kind == kindInherited {
		d, err := civic.ParseDeviceID(r.Name)
		if err != nil {
			return civic.NewProblem(civic.RowDamaged, err)
		}
		key = d[:]
	}
	n, err := tx.Name(vault.Kit, "l", key)
	if err != nil {
		return err
	}
	rs.out.Forms++
	return put(tx, vault.Kit, "l", n, r)
}

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
