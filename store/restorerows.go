package store

import (
	"crypto/sha256"
	"errors"
	"strings"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

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
			return civic.NewProblem(civic.RecoveryForeign, errors.New("the backup is another kit's"))
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

// carrier translates where a row was carried. A file that was safe left the rows
// it carried marked so; one that is not among the files now was damaged on the
// medium, and what it carried is packed again.
func (rs *restorer) carrier(there int64) int64 {
	if there <= carriedNot {
		return there
	}
	return rs.carriers[there] // carriedNot for none
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
	if _, sealed := rs.s.sealedAs(r.ID); sealed {
		return nil // here, or by a later copy that was taken in before
	}
	rs.out.Drafts++
	if stays, err := draftStays(tx, r); stays || err != nil {
		return err
	}
	if err := tx.Put(vault.Day, "a", draftRow(r.ID), plain); err != nil {
		return err
	}
	_, err = tx.Exec("UPDATE a SET x=?2 WHERE n=?1", draftRow(r.ID), x)
	return err
}

// draftStays tells whether a draft that is here already stays in place of a
// backup's: when the interview went on here or was thrown away, or when the
// backup is the older of two. Else it makes room.
func draftStays(tx *vault.Tx, r draftRecord) (bool, error) {
	var version, x int64
	ok, err := tx.One("SELECT v,x FROM a WHERE n=?1", []any{draftRow(r.ID)}, &version, &x)
	if !ok || err != nil {
		return false, err
	}
	var have draftRecord
	ok, err = get(tx, "a", draftRow(r.ID), &have)
	if err != nil && civic.CodeOf(err) != civic.RowDamaged {
		return false, err
	}
	// What a backup brings is the first version of its row here.
	if ok && (version > 1 || x != 0 || have.Updated.Wall >= r.Updated.Wall) {
		return true, nil
	}
	_, err = tx.Exec("DELETE FROM a WHERE n=?1", draftRow(r.ID))
	return false, err
}

// document takes in forms and who was restored there; all else is the spare
// kit's own affair. What the centre said last of a form stays.
func (rs *restorer) document(tx *vault.Tx, plain []byte) error {
	var r documentRecord
	if err := decode(plain, &r); err != nil || r.Kind != kindForm && r.Kind != kindInherited {
		return err
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
	var have documentRecord
	if ok, err := get(tx, "l", n, &have); err != nil && civic.CodeOf(err) != civic.RowDamaged {
		return err
	} else if ok && err == nil && have.Order > r.Order {
		r.Order, r.Retired = have.Order, have.Retired
	}
	rs.out.Forms++
	return put(tx, vault.Kit, "l", n, r)
}
