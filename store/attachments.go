package store

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Attachments lie in the database, sealed, each once however often it is named:
// one file to keep whole, and one transaction for a registration with its photos.

// PutAttachment keeps a photo, a scan or a signature and names it by its
// content. It may be at most protocol.MaxAttachment bytes less what sealing
// adds, else civic.UploadTooLarge.
func (s *Store) PutAttachment(ctx context.Context, name, media string, plain []byte) (civic.Attachment, error) {
	const room = 4096 // for key id, signature and tag
	if len(plain) > protocol.MaxAttachment-room {
		return civic.Attachment{}, civic.NewProblem(civic.UploadTooLarge, nil, megabytes(uint64(len(plain))))
	}
	a := civic.Attachment{Name: name, Media: media, Size: int64(len(plain)), Digest: sha256.Sum256(plain)}
	err := s.update(ctx, func(tx *vault.Tx) error {
		n, err := tx.Name(vault.Kit, "d", a.Digest[:])
		if err != nil {
			return err
		}
		return tx.Put(vault.Day, "d", n, plain)
	})
	return a, err
}

// Attachment gives the content back; civic.FileUnreadable when the kit does not
// hold it (any more).
func (s *Store) Attachment(ctx context.Context, d civic.Digest) (plain []byte, err error) {
	err = s.view(ctx, func(tx *vault.Tx) error {
		plain, err = attachment(tx, d)
		return err
	})
	return plain, err
}

func attachment(tx *vault.Tx, d civic.Digest) ([]byte, error) {
	n, err := tx.Name(vault.Kit, "d", d[:])
	if err != nil {
		return nil, err
	}
	plain, ok, err := tx.Get("d", n)
	if errors.Is(err, vault.ErrForgotten) || (err == nil && !ok) {
		return nil, civic.NewProblem(civic.FileUnreadable, err, d.String()[:8])
	}
	return plain, err
}

// rehome seals an attachment under today's key, with the registration that
// names it, so that both are forgotten together.
func rehome(tx *vault.Tx, d civic.Digest) error {
	n, err := tx.Name(vault.Kit, "d", d[:])
	if err != nil {
		return err
	}
	today, err := tx.Number(vault.Day)
	if err != nil {
		return err
	}
	var have int64
	if ok, err := tx.One("SELECT e FROM d WHERE n=?1", []any{n}, &have); err != nil || (ok && have == today) {
		return err
	}
	plain, err := attachment(tx, d)
	if err != nil {
		return err
	}
	return tx.Put(vault.Day, "d", n, plain)
}

// UnpackedAttachments gives up to limit attachments of sealed registrations
// that no sealed file of the outbox carries yet.
func (s *Store) UnpackedAttachments(ctx context.Context, limit int) ([]civic.Attachment, error) {
	o, err := s.opened()
	if err != nil {
		return nil, err
	}
	approval, err := s.Approval(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	var wanted []stub
	for _, st := range o.list {
		if !st.Practice && len(st.Attachments) > 0 && (!approval.On || !st.waits()) {
			wanted = append(wanted, *st)
		}
	}
	s.mu.RUnlock()
	var out []civic.Attachment
	seen := map[civic.Digest]bool{}
	err = s.view(ctx, func(tx *vault.Tx) error {
		for _, st := range wanted {
			for _, d := range st.Attachments {
				if len(out) == limit {
					return nil
				}
				if seen[d] {
					continue
				}
				seen[d] = true
				n, err := tx.Name(vault.Kit, "d", d[:])
				if err != nil {
					return err
				}
				var size, o int64
				ok, err := tx.One("SELECT length(s),o FROM d WHERE n=?1", []any{n}, &size, &o)
				if err != nil {
					return err
				}
				if ok && o == carriedNot {
					out = append(out, civic.Attachment{Size: size, Digest: d})
				}
			}
		}
		return nil
	})
	return out, err
}
