package store

import (
	"context"

	"github.com/askonce/fieldkit/store/vault"
)

// rowSession is the last TLS session (outer): it stands apart from the list in
// store.go because it may be lost without loss.
const rowSession = vault.FirstRow + 200

// LostTail is civic.StoreTail when the disk once damaged the log of this memory
// before writes that had been acknowledged; the evidence is kept.
func (s *Store) LostTail() error { return s.vault.LostTail() }

// Session gives the last TLS session with the centre or a hub, nil when there is
// none; see protocol.Sessions. It needs no passphrase, as the transport key.
func (s *Store) Session(ctx context.Context) (session []byte, err error) {
	err = s.vault.View(ctx, func(tx *vault.Tx) error {
		session, _, err = tx.Get("m", rowSession)
		return err
	})
	return session, err
}

// KeepSession keeps the last TLS session.
func (s *Store) KeepSession(ctx context.Context, session []byte) error {
	return s.told(s.vault.Update(ctx, func(tx *vault.Tx) error { return tx.Put(vault.Outer, "m", rowSession, session) }))
}
