package store

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"errors"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Officers lists who may unlock this kit.
func (s *Store) Officers(ctx context.Context) ([]Officer, error) {
	if _, err := s.opened(); err != nil {
		return nil, err
	}
	all, err := s.vault.Officers(ctx)
	return each(all, func(o vault.Officer) Officer { return Officer(o) }), err
}

// AddOfficer lets another person unlock the kit, with a passphrase of his own.
func (s *Store) AddOfficer(ctx context.Context, name, passphrase string) (civic.OfficerID, error) {
	if _, err := s.opened(); err != nil {
		return civic.OfficerID{}, err
	}
	id, err := s.vault.AddOfficer(ctx, name, passphrase)
	if err != nil {
		return id, s.told(err)
	}
	return id, s.Append(ctx, "officer_added", id.String())
}

// RemoveOfficer ends a person's access. What is written from now on is sealed
// with keys he never had; what he could read before, he could have copied.
func (s *Store) RemoveOfficer(ctx context.Context, id civic.OfficerID) error {
	if _, err := s.opened(); err != nil {
		return err
	}
	if err := s.vault.RemoveOfficer(ctx, id); err != nil {
		return s.told(err)
	}
	return s.Append(ctx, "officer_removed", id.String())
}

// ChangePassphrase gives the officer at work another passphrase; the old one
// must be right.
func (s *Store) ChangePassphrase(ctx context.Context, old, new string) error {
	if _, err := s.opened(); err != nil {
		return err
	}
	if err := s.vault.ChangePassphrase(ctx, old, new); err != nil {
		return s.told(err)
	}
	return s.Append(ctx, "passphrase_changed")
}

// RecoverRequest prepares a new officer for a kit that nobody can unlock, and
// gives the file to bring to the registry. It needs only the new passphrase. The
// request holds wrapped keys, no answer.
func (s *Store) RecoverRequest(ctx context.Context, officer, passphrase string) ([]byte, error) {
	recipient, keys, err := s.vault.Request(ctx, officer, passphrase)
	if err != nil {
		return nil, s.told(err)
	}
	id := s.Identity()
	return protocol.SignRecovery(protocol.RecoveryRequest{
		Device: id.Device, By: id.Device, Recipient: recipient, Officer: officer,
		Keys: each(keys, func(w vault.Wrapped) protocol.RecoveryKey { return protocol.RecoveryKey(w) }),
		Made: s.options.Clock().Unix(),
	}, id.TransportKey)
}

// RecoverApply takes in what the registry released, a statement by its root, and
// unlocks the kit for the new officer. No data are touched.
func (s *Store) RecoverApply(ctx context.Context, statement []byte, passphrase string) error {
	r, err := s.release(statement, s.Identity().Device)
	if err != nil {
		return err
	}
	if err := s.vault.Apply(ctx, passphrase, each(r.Keys, func(k protocol.RecoveryKey) vault.Wrapped { return vault.Wrapped(k) })); err != nil {
		return s.told(err)
	}
	if err := s.load(ctx); err != nil {
		s.Lock()
		return err
	}
	return s.Append(ctx, "recovered")
}

// release opens a statement of the root that is made for this kit and for the
// keys of device.
func (s *Store) release(statement []byte, device civic.DeviceID) (protocol.RecoveryRelease, error) {
	var r protocol.RecoveryRelease
	root, err := rootKey(s.Identity().RootCert)
	if err != nil {
		return r, err
	}
	payload, err := protocol.OpenStatement(protocol.StatementRecovery, statement, root)
	if err != nil {
		return r, err
	}
	if err := protocol.Unmarshal(payload, &r); err != nil {
		return r, err
	}
	if r.Device != device || r.By != s.Identity().Device {
		return r, civic.NewProblem(civic.RecoveryForeign, errors.New("released to another kit"))
	}
	return r, nil
}

func rootKey(der []byte) (ed25519.PublicKey, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, civic.NewProblem(civic.WrongServer, err)
	}
	key, ok := cert.PublicKey.(ed25519.PublicKey)
	if !ok {
		return nil, civic.NewProblem(civic.WrongServer, errors.New("the root's key is no Ed25519 key"))
	}
	return key, nil
}
