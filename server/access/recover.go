package access

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Word is somebody's word for a deed: a member of staff and the password.
type Word struct{ Name, Password string }

// Recover releases the keys of a kit to a new officer: for a forgotten
// passphrase, or onto a spare kit of the same office. It takes the words of two
// people of the registry and the recovery key, which lies in a safe otherwise,
// and gives the signed release that the kit takes. No citizen's data are
// touched. A spare kit becomes the successor of the one whose keys it gets;
// succeed, which may be nil, then tells it in the same transaction what was
// decided so far.
func (a *Access) Recover(ctx context.Context, file []byte, recovery []byte, one, two Word,
	succeed func(ctx context.Context, tx ledger.Tx, old, spare Device) error) ([]byte, error) {
	r, err := protocol.ReadRecovery(file)
	if err != nil {
		return nil, err
	}
	if one.Name == two.Name {
		return nil, civic.NewProblem(civic.TwoPeople, nil)
	}
	for _, word := range []Word{one, two} {
		if _, err := a.Confirm(ctx, word.Name, word.Password, ""); err != nil {
			return nil, err
		}
	}
	identities, err := hybridIdentities(recovery)
	if err != nil {
		return nil, err
	}
	var release []byte
	err = a.db.Update(ctx, func(tx ledger.Tx) error {
		asks, err := a.ByID(ctx, tx, r.By)
		if err != nil {
			return err
		}
		if err := r.Verify(asks.Transport); err != nil {
			return err
		}
		whose, err := a.ByID(ctx, tx, r.Device)
		if err != nil {
			return err
		}
		if asks.IsRevoked() {
			return civic.NewProblem(civic.DeviceRevoked, nil)
		}
		if asks.Area != whose.Area {
			return civic.NewProblem(civic.RecoveryForeign, errors.New("the kit that asks is of another office"))
		}
		words, err := protocol.Release(r, identities...)
		if err != nil {
			return err
		}
		if release, err = protocol.Sign(protocol.StatementRecovery, words, a.keys.rootKey); err != nil {
			return err
		}
		if asks.ID != whose.ID {
			_, err := tx.Exec(ctx, "UPDATE access_device SET successor = ?3 WHERE area = ?1 AND device = ?2", string(whose.Area), whose.ID[:], asks.ID[:])
			if err == nil && succeed != nil {
				err = succeed(ctx, tx, whose, asks)
			}
			if err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, a.o.Clock(), []audit.Row{{
			Area: whose.Area, Actor: one.Name, Action: "recover_keys", Object: r.Device[:],
			Detail: fmt.Sprintf("with %s, %d keys, for kit %s", two.Name, len(words.Keys), r.By),
		}})
	})
	return release, err
}

// hybridIdentities reads an identity file: one identity a line.
func hybridIdentities(b []byte) (ids []age.Identity, err error) {
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, err := age.ParseHybridIdentity(line)
		if err != nil {
			return nil, civic.NewProblem(civic.KeyUnreadable, nil, fileRecovery) // never the line itself
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, civic.NewProblem(civic.KeyUnreadable, nil, fileRecovery)
	}
	return ids, nil
}

// TwoReaders checks the words of two people who may read persons, of all offices,
// for a deed that one alone may not do and who runs the servers or makes agreements
// may not do at all, and gives their names:
// civic.TwoPeople, civic.NotYours, or why a password is refused.
func (a *Access) TwoReaders(ctx context.Context, one, two Word) (names [2]string, err error) {
	if one.Name == two.Name {
		return names, civic.NewProblem(civic.TwoPeople, nil)
	}
	for i, word := range []Word{one, two} {
		s, err := a.Confirm(ctx, word.Name, word.Password, "")
		if err != nil {
			return names, err
		}
		if s.Role == Administrator || s.Role == AgreementOfficer || s.Area != "" {
			return names, civic.NewProblem(civic.NotYours, nil)
		}
		names[i] = s.Staff
	}
	return names, nil
}
