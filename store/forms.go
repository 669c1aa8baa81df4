package store

import (
	"context"
	"encoding/hex"
	"strconv"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
)

// FormDocument is a version of a form as the centre told of it. Bytes is empty
// when only its standing was told, of a form that ships with the program.
type FormDocument struct {
	Bytes   []byte
	Order   uint64 // of what the centre said last, 0 for one that never came from it
	Retired bool
}

// PutForm keeps a version of a form with its standing. Empty Bytes leave those
// that are kept as they are; an older order than the one kept changes nothing.
func (s *Store) PutForm(ctx context.Context, f civic.FormRef, d FormDocument) error {
	return s.update(ctx, func(tx *vault.Tx) error {
		n, err := tx.Name(vault.Kit, "l", []byte(f.String()))
		if err != nil {
			return err
		}
		r := documentRecord{Name: string(f.ID) + "\x00" + f.Version, Kind: kindForm}
		var have documentRecord
		ok, err := get(tx, "l", n, &have)
		if err != nil {
			return err
		}
		if ok && have.Kind == kindForm {
			r = have
		}
		if len(d.Bytes) > 0 {
			r.Value = d.Bytes
		}
		if !ok || d.Order >= r.Order {
			r.Order, r.Retired = d.Order, d.Retired
		}
		return put(tx, vault.Kit, "l", n, r)
	})
}

// FormDocuments gives every form kept with its standing.
func (s *Store) FormDocuments(ctx context.Context) (map[civic.FormRef]FormDocument, error) {
	forms := map[civic.FormRef]FormDocument{}
	err := s.documents(ctx, kindForm, func(_ int64, r documentRecord) error {
		id, version, _ := cut(r.Name)
		forms[civic.FormRef{ID: civic.FormID(id), Version: version}] = FormDocument{r.Value, r.Order, r.Retired}
		return nil
	})
	return forms, err
}

// DropForm forgets a version's bytes that nothing on the kit needs any more.
func (s *Store) DropForm(ctx context.Context, f civic.FormRef) error {
	return s.update(ctx, func(tx *vault.Tx) error {
		n, err := tx.Name(vault.Kit, "l", []byte(f.String()))
		if err != nil {
			return err
		}
		_, err = tx.Exec("DELETE FROM l WHERE n=?1", n)
		return err
	})
}

// FormsInUse names the versions that a draft, one thrown away that can still be
// brought back, or a registration that can still be read was made with.
func (s *Store) FormsInUse(ctx context.Context) (map[civic.FormRef]bool, error) {
	used := map[civic.FormRef]bool{}
	for _, list := range []func(context.Context) ([]Draft, error){s.Drafts, s.Discarded} {
		drafts, err := list(ctx)
		if err != nil {
			return nil, err
		}
		for _, d := range drafts {
			used[d.Form] = true
		}
	}
	entries, err := s.Registrations(ctx, Filter{})
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.Forgotten {
			used[e.Registration.Form] = true
		}
	}
	return used, nil
}

// kindPart is a piece of something that comes down in several messages.
const kindPart = "part"

// KeepPart keeps a piece until the others are here. A repeat changes nothing.
func (s *Store) KeepPart(ctx context.Context, whole civic.Digest, index int, piece []byte) error {
	return s.update(ctx, func(tx *vault.Tx) error {
		name := partName(whole, index)
		n, err := tx.Name(vault.Kit, "l", []byte(name[0]+"@"+name[1]))
		if err != nil {
			return err
		}
		return put(tx, vault.Kit, "l", n, documentRecord{Name: name[0] + "\x00" + name[1], Kind: kindPart, Value: piece})
	})
}

// Parts gives the pieces of one thing that are here, by their number.
func (s *Store) Parts(ctx context.Context, whole civic.Digest) (map[int][]byte, error) {
	pieces := map[int][]byte{}
	err := s.documents(ctx, kindPart, func(_ int64, r documentRecord) error {
		of, index, _ := cut(r.Name)
		if i, err := strconv.Atoi(index); err == nil && of == hex.EncodeToString(whole[:]) {
			pieces[i] = r.Value
		}
		return nil
	})
	return pieces, err
}

// DropParts forgets the pieces of one thing.
func (s *Store) DropParts(ctx context.Context, whole civic.Digest) error {
	var rows []int64
	err := s.documents(ctx, kindPart, func(n int64, r documentRecord) error {
		if of, _, _ := cut(r.Name); of == hex.EncodeToString(whole[:]) {
			rows = append(rows, n)
		}
		return nil
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	return s.update(ctx, func(tx *vault.Tx) error {
		for _, n := range rows {
			if _, err := tx.Exec("DELETE FROM l WHERE n=?1", n); err != nil {
				return err
			}
		}
		return nil
	})
}

func partName(whole civic.Digest, index int) [2]string {
	return [2]string{hex.EncodeToString(whole[:]), strconv.Itoa(index)}
}

// documents reads the sealed documents of one kind.
func (s *Store) documents(ctx context.Context, kind string, each func(n int64, r documentRecord) error) error {
	return s.view(ctx, func(tx *vault.Tx) error {
		return tx.Query("SELECT n,v,e,s FROM l WHERE e<>0", func(scan func(...any) error) error {
			var row vault.Row
			if err := scan(&row.N, &row.Version, &row.Key, &row.Sealed); err != nil {
				return err
			}
			var r documentRecord
			if ok, err := openRow(tx, "l", row, &r); !ok || r.Kind != kind {
				return err
			}
			return each(row.N, r)
		})
	})
}
