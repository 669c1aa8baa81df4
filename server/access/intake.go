package access

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/durable"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// A centre may run as two processes, under two users or on two hosts. The
// intake faces the network: it takes in sealed files, answers kits and signs
// acknowledgements. The opener holds what opens: the registry's private key,
// the key of its rows, the root. They meet in the ledger and in the folder of
// files, and nowhere else. What only the root can sign for the intake, its own
// certificate and those of hubs, it asks for in the ledger.

// Opens tells whether these keys open what kits send: those of a whole centre
// or of an opener do, an intake's do not.
func (k *Keys) Opens() bool { return len(k.registry) > 0 }

// intake tells whether the folder is an intake's.
func (k *Keys) intake() bool {
	_, err := os.Stat(filepath.Join(k.dir, fileRegistryPub))
	return err == nil
}

// MakeIntake makes a folder of keys for an intake out of a whole centre's. The
// folder must hold no keys yet: civic.AlreadyInitialised.
func (k *Keys) MakeIntake(dir string) error {
	if !k.Opens() {
		return civic.NewProblem(civic.NeedsOpener, nil)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return civic.NewProblem(civic.FileUnwritable, err, dir)
	}
	if _, err := os.Lstat(filepath.Join(dir, fileRootCert)); !errors.Is(err, os.ErrNotExist) {
		return civic.NewProblem(civic.AlreadyInitialised, err, dir)
	}
	// The root's certificate comes last: where it is, the others are.
	for _, f := range []struct {
		name string
		text []byte
	}{
		{fileRegistryPub, []byte(k.recipient + "\n")},
		{fileRecoveryPub, []byte(k.recovery + "\n")},
		{fileLogPub, []byte(k.logKey + "\n")},
		{fileStatements, pkcs8(k.statements)},
		{fileRootCert, pemOf("CERTIFICATE", k.Root.Raw)},
	} {
		if err := durable.WriteFile(filepath.Join(dir, f.name), f.text); err != nil {
			return civic.NewProblem(civic.FileUnwritable, err, filepath.Join(dir, f.name))
		}
	}
	return nil
}

const (
	// askEvery is how often an intake looks whether the opener has signed.
	askEvery = 200 * time.Millisecond
	// askFor is how long it waits for that.
	askFor = 10 * time.Second
	// askedLife is how long a request is kept.
	askedLife = 24 * time.Hour
	// maxAsked bounds the requests signed in one round.
	maxAsked = 64
)

// certify has the root sign a server's certificate for a key and names, itself
// or through the ledger by the opener; civic.OpenerAway when that one is silent.
func (a *Access) certify(ctx context.Context, key any, hosts []string) ([]byte, error) {
	if a.keys.Opens() {
		return a.keys.certify(key, hosts, a.o.Clock(), a.o.Rand)
	}
	spki, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, civic.NewProblem(civic.RequestMalformed, err)
	}
	hosts = slices.Compact(slices.Sorted(slices.Values(hosts)))
	names := strings.Join(hosts, "\n")
	id := sha256.Sum256(append(bytes.Clone(spki), names...))
	err = a.db.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO opener_certificate (request, public, names, asked_at) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (request) DO UPDATE SET asked_at = excluded.asked_at, signed = NULL`, id[:], spki, names, a.o.Clock().Unix())
		return err
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		var der []byte
		err := a.db.View(ctx, func(tx ledger.Tx) error {
			return tx.QueryRow(ctx, "SELECT signed FROM opener_certificate WHERE request = ?1", id[:]).Scan(&der)
		})
		if err == nil && der != nil {
			return der, nil
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, ledger.ErrNoRows) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, civic.NewProblem(civic.OpenerAway, ctx.Err())
		case <-tick.C:
		}
	}
}

// Attend does for intakes what only the root can do: signs the certificates
// they ask for and a new bundle when kits came or went. It is called every
// second or so by the process that opens.
func (a *Access) Attend(ctx context.Context) error {
	if _, _, err := a.Bundle(ctx); err != nil {
		return err
	}
	var asked []certificateRequest
	err := a.db.View(ctx, func(tx ledger.Tx) error {
		asked = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var q certificateRequest
			err := r.Scan(&q.id, &q.public, &q.names)
			asked = append(asked, q)
			return err
		}, "SELECT request, public, names FROM opener_certificate WHERE signed IS NULL ORDER BY asked_at LIMIT ?1", int64(maxAsked))
	})
	if err != nil || len(asked) == 0 {
		return err
	}
	now := a.o.Clock()
	for i, q := range asked {
		key, err := x509.ParsePKIXPublicKey(q.public)
		if err == nil {
			asked[i].signed, err = a.keys.certify(key, strings.Split(q.names, "\n"), now, a.o.Rand)
		}
		if err != nil { // a key of a kind nobody signs: forgotten below, its asker gives up
			asked[i].signed = nil
		}
	}
	return a.db.Update(ctx, func(tx ledger.Tx) error {
		for _, q := range asked {
			query, args := "UPDATE opener_certificate SET signed = ?2 WHERE request = ?1", []any{q.id, q.signed}
			if q.signed == nil {
				query, args = "DELETE FROM opener_certificate WHERE request = ?1", args[:1]
			} else if err := a.note(ctx, tx, "", "opener", "sign_certificate", q.id, ""); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, query, args...); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "DELETE FROM opener_certificate WHERE asked_at < ?1", now.Add(-askedLife).Unix())
		return err
	})
}

// certificateRequest is a certificate that an intake asks for.
type certificateRequest struct {
	id, public []byte
	names      string // one a line
	signed     []byte // DER
}
