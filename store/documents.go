package store

import (
	"context"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
)

// Settings need no passphrase and must hold nothing of a citizen: the language
// of the screen, the size of letters, the bandwidth window.

// Setting gives a setting, empty when it was never set.
func (s *Store) Setting(ctx context.Context, key string) (string, error) {
	var r documentRecord
	err := s.vault.View(ctx, func(tx *vault.Tx) error {
		n, err := tx.Name(vault.Outer, "l", []byte(key))
		if err != nil {
			return err
		}
		_, err = get(tx, "l", n, &r)
		return err
	})
	return string(r.Value), err
}

// SetSetting keeps a setting.
func (s *Store) SetSetting(ctx context.Context, key, value string) error {
	return s.told(s.vault.Update(ctx, func(tx *vault.Tx) error {
		n, err := tx.Name(vault.Outer, "l", []byte(key))
		if err != nil {
			return err
		}
		return put(tx, vault.Outer, "l", n, documentRecord{Name: key, Value: []byte(value)})
	}))
}

const kindForm = "form"

// KeepForm keeps a version of a form as the workbook it came in.
func (s *Store) KeepForm(ctx context.Context, f civic.FormRef, workbook []byte) error {
	return s.PutForm(ctx, f, FormDocument{Bytes: workbook})
}

// Forms gives every form kept, as workbooks or packed forms.
func (s *Store) Forms(ctx context.Context) (map[civic.FormRef][]byte, error) {
	docs, err := s.FormDocuments(ctx)
	forms := make(map[civic.FormRef][]byte, len(docs))
	for ref, d := range docs {
		if len(d.Bytes) > 0 {
			forms[ref] = d.Bytes
		}
	}
	return forms, err
}
