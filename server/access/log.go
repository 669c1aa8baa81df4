package access

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/askonce/fieldkit/server/durable"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/witness"
)

// LogKey is the name of the log of looks and the key that signs its heads, in
// words; empty in an intake whose folder was made before there was a log.
func (k *Keys) LogKey() string { return k.logKey }

// LogSigner signs the heads of the log of looks; nil in an intake, which
// therefore cannot make a history of its own.
func (k *Keys) LogSigner() ed25519.PrivateKey { return k.log }

// LogOrigin is the log's name: it tells this registry from any other.
func (k *Keys) LogOrigin() string {
	pin := k.Pin()
	return witness.Origin(pin[:])
}

// readLog reads the log's key, and makes it where there is none yet. An intake
// has only the public half.
func (k *Keys) readLog() error {
	unreadable := func(err error, file string) error { return civic.NewProblem(civic.KeyUnreadable, err, file) }
	if !k.Opens() {
		b, err := os.ReadFile(filepath.Join(k.dir, fileLogPub))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		k.logKey = strings.TrimSpace(string(b))
		if err == nil {
			_, err = witness.NewLog(k.logKey)
		}
		if err != nil {
			return unreadable(err, fileLogPub)
		}
		return nil
	}
	path := filepath.Join(k.dir, fileLog)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, fresh, gerr := ed25519.GenerateKey(rand.Reader)
		if gerr != nil {
			return gerr
		}
		b, err = pkcs8(fresh), durable.WriteFile(path, pkcs8(fresh))
	}
	if err == nil {
		k.log, err = readEd25519(b)
	}
	if err == nil {
		k.logKey, err = witness.KeyOf(k.LogOrigin(), k.log.Public().(ed25519.PublicKey))
	}
	if err != nil {
		return unreadable(err, fileLog)
	}
	return nil
}
