package store

import (
	"context"
	"strconv"

	"github.com/askonce/fieldkit/store/vault"
)

const kindAgreement = "agreement"

// PutAgreement keeps one revision of an agreement as the centre sent it, checked
// by the caller. A repeat changes nothing.
func (s *Store) PutAgreement(ctx context.Context, id string, revision int, body []byte) error {
	return s.update(ctx, func(tx *vault.Tx) error {
		version := strconv.Itoa(revision)
		n, err := tx.Name(vault.Kit, "l", []byte("agreement "+id+"@"+version))
		if err != nil {
			return err
		}
		return put(tx, vault.Kit, "l", n, documentRecord{Name: id + "\x00" + version, Kind: kindAgreement, Value: body})
	})
}

// Agreements gives every revision kept, in no promised order.
func (s *Store) Agreements(ctx context.Context) ([][]byte, error) {
	var all [][]byte
	err := s.documents(ctx, kindAgreement, func(_ int64, r documentRecord) error {
		all = append(all, r.Value)
		return nil
	})
	return all, err
}
