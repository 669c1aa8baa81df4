package vault

import (
	"bytes"
	"errors"
	"strings"

	"filippo.io/age"
	"golang.org/x/crypto/scrypt"
	"golang.org/x/text/unicode/norm"

	"github.com/askonce/fieldkit/sync/civic"
)

// Bounds of scrypt's work factor: below the floor a stolen disk is searched too
// fast, above the ceiling (128 MiB) a tablet with 2 GB cannot unlock.
const (
	floorLogN   = 15
	ceilingLogN = 17
	// minWords is what a passphrase needs: four words of a list of 7,776 are
	// 51 bits, out of reach at the floor.
	minWords = 4
	// minWordBytes is three Latin letters, or one Chinese sign, which says as
	// much.
	minWordBytes = 3
)

// CheckPassphrase refuses a passphrase that is easy to guess, with
// civic.WeakPassphrase.
func CheckPassphrase(passphrase string) error {
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(normal(passphrase), func(r rune) bool { return r == ' ' || r == '-' || r == '.' || r == '_' }) {
		if len(w) >= minWordBytes {
			words[strings.ToLower(w)] = true
		}
	}
	if len(words) < minWords {
		return civic.NewProblem(civic.WeakPassphrase, nil)
	}
	return nil
}

// normal writes a passphrase the same way whatever keyboard composed its
// accents.
func normal(passphrase string) string { return norm.NFC.String(strings.TrimSpace(passphrase)) }

// workFactor measures this machine: the largest factor within the bounds that
// costs about a second.
func (v *Vault) workFactor() (int, error) {
	if v.options.LogN != 0 {
		return v.options.LogN, nil
	}
	start := v.options.Clock()
	if _, err := scrypt.Key([]byte("measure"), []byte("measure"), 1<<floorLogN, 8, 1, 32); err != nil {
		return 0, err
	}
	cost := v.options.Clock().Sub(start)
	logN := floorLogN
	for logN < ceilingLogN && cost > 0 && cost.Seconds()*2 <= 1 {
		cost *= 2
		logN++
	}
	return logN, nil
}

func (v *Vault) lockIdentity(id *age.HybridIdentity, passphrase string) ([]byte, error) {
	r, err := age.NewScryptRecipient(normal(passphrase))
	if err != nil {
		return nil, err
	}
	logN, err := v.workFactor()
	if err != nil {
		return nil, err
	}
	r.SetWorkFactor(logN)
	return sealAge([]byte(id.String()), r)
}

// openEither opens an identity that lies twice; the copies differ only when one
// is damaged.
func openEither(file, again []byte, passphrase string) (*age.HybridIdentity, error) {
	id, err := openIdentity(file, passphrase)
	if err == nil || len(again) == 0 || bytes.Equal(file, again) {
		return id, err
	}
	return openIdentity(again, passphrase)
}

func openIdentity(file []byte, passphrase string) (*age.HybridIdentity, error) {
	pass := normal(passphrase)
	if pass == "" {
		return nil, civic.NewProblem(civic.WrongPassphrase, nil)
	}
	s, err := age.NewScryptIdentity(pass)
	if err != nil {
		return nil, err
	}
	s.SetMaxWorkFactor(ceilingLogN)
	text, err := openAge(file, s)
	var mismatch *age.NoIdentityMatchError
	if errors.As(err, &mismatch) {
		return nil, civic.NewProblem(civic.WrongPassphrase, nil)
	}
	if err != nil {
		return nil, civic.NewProblem(civic.RowDamaged, err)
	}
	id, err := age.ParseHybridIdentity(string(text))
	if err != nil {
		return nil, civic.NewProblem(civic.RowDamaged, err)
	}
	return id, nil
}
