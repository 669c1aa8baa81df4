package store

import (
	"context"

	"github.com/askonce/fieldkit/store/vault"
)

// Papers are things of the office that the kit keeps sealed as they came: the
// list of places, an office's settings. They hold nothing of a citizen.

const kindPaper = "paper"

// KeepPaper keeps a paper under its name, in place of what stood there.
func (s *Store) KeepPaper(ctx context.Context, name string, value []byte) error {
	return s.update(ctx, func(tx *vault.Tx) error {
		n, err := tx.Name(vault.Kit, "l", []byte(kindPaper+"\x00"+name))
		if err != nil {
			return err
		}
		return put(tx, vault.Kit, "l", n, documentRecord{Name: name, Kind: kindPaper, Value: value})
	})
}

// Paper gives a paper, nil when there is none.
func (s *Store) Paper(ctx context.Context, name string) ([]byte, error) {
	var r documentRecord
	found := false
	err := s.view(ctx, func(tx *vault.Tx) error {
		n, err := tx.Name(vault.Kit, "l", []byte(kindPaper+"\x00"+name))
		if err != nil {
			return err
		}
		found, err = get(tx, "l", n, &r)
		return err
	})
	if err != nil || !found || r.Kind != kindPaper {
		return nil, err
	}
	return r.Value, nil
}
