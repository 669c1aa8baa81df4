package access

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"net"
	"strings"
	"time"

	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/seal"
)

// SecondFactorSetting is the setting that makes every account give a code by
// the clock after its password: SecondFactorRequired. Otherwise only those give
// one who have set it up.
const (
	SecondFactorSetting  = "second_factor"
	SecondFactorRequired = "required"
)

const (
	secondStep   = 30 // seconds a code is good for
	secondSkew   = 1  // steps that a clock may be off, either way
	secondSecret = 20 // bytes
)

// Second is what a session lacks before it may do anything.
type Second uint8

// The states of a session's second factor.
const (
	SecondDone  Second = iota // given, or not asked for
	SecondCode                // a code of the account's device is to be given
	SecondSetUp               // the account has none yet and must set one up
)

// NewSecond begins setting a second factor up and gives the key as a phone's
// authenticator reads it, "otpauth://totp/…". It counts once a code of it was
// given. An account that has one is refused: civic.NotYours.
func (a *Access) NewSecond(ctx context.Context, s Session) (uri string, err error) {
	var next, have []byte
	err = a.db.View(ctx, func(tx ledger.Tx) error {
		return tx.QueryRow(ctx, "SELECT second, second_next FROM access_staff WHERE name = ?1", s.Staff).Scan(&have, &next)
	})
	if err != nil {
		return "", err
	}
	if have != nil {
		return "", civic.NewProblem(civic.NotYours, nil)
	}
	var secret []byte
	if next != nil { // a page that is loaded again shows the same key
		text, err := a.openSecond(s.Staff, next)
		if err != nil {
			return "", err
		}
		if secret, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(string(text)); err != nil {
			return "", civic.NewProblem(civic.LedgerDamaged, err)
		}
	}
	o := totp.GenerateOpts{Issuer: a.o.Registry, AccountName: s.Staff, Period: secondStep, SecretSize: secondSecret, Secret: secret, Rand: a.o.Rand}
	key, err := totp.Generate(o)
	if err != nil {
		return "", err
	}
	if next != nil {
		return key.URL(), nil
	}
	sealed, err := a.sealSecond(s.Staff, key.Secret())
	if err != nil {
		return "", err
	}
	return key.URL(), a.db.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE access_staff SET second_next = ?2 WHERE name = ?1 AND second IS NULL", s.Staff, sealed)
		return err
	})
}

// GiveSecond takes the code of a session that lacks it and gives the session
// anew under another token, so that one known before is worth nothing. Wrong
// codes are civic.SignInRefused, and civic.TooManyTries after several. from is
// who gives it, an address with or without a port.
func (a *Access) GiveSecond(ctx context.Context, token, code, from string) (fresh string, s Session, err error) {
	if s, err = a.Session(ctx, token); err != nil {
		return "", s, err
	}
	if s.Second == SecondDone {
		return token, s, nil
	}
	if host, _, err := net.SplitHostPort(from); err == nil {
		from = host
	}
	// Counted for the account, wherever it is tried from: who comes this far has
	// the password, and a code has but six digits.
	who := asker{"second factor of " + s.Staff, ""}
	if wait := a.tries.take(who, a.o.Clock()); wait > 0 {
		return "", s, civic.NewProblem(civic.TooManyTries, nil, wait.Round(time.Second).String())
	}
	code = strings.Join(strings.Fields(code), "")
	right := false
	err = a.db.Update(ctx, func(tx ledger.Tx) error {
		if right, err = a.takeCode(ctx, tx, s, code); err != nil || right {
			return err
		}
		return a.note(ctx, tx, s.Area, s.Staff, "second_factor_refused", nil, from)
	})
	if err != nil {
		return "", s, err
	}
	if !right {
		return "", s, civic.NewProblem(civic.SignInRefused, nil)
	}
	a.tries.right(who)
	if err := a.SignOut(ctx, token); err != nil {
		return "", s, err
	}
	return a.session(ctx, s, true, "second_factor")
}

// takeCode checks a code and, if it is right, marks its time step as used.
func (a *Access) takeCode(ctx context.Context, tx ledger.Tx, s Session, code string) (bool, error) {
	var have, next []byte
	var last int64
	err := tx.QueryRow(ctx, "SELECT second, second_next, second_step FROM access_staff WHERE name = ?1", s.Staff).Scan(&have, &next, &last)
	if err != nil {
		return false, err
	}
	sealed := have
	if sealed == nil {
		sealed = next
	}
	if sealed == nil {
		return false, nil
	}
	secret, err := a.openSecond(s.Staff, sealed)
	if err != nil {
		return false, err
	}
	step := matchingStep(string(secret), code, a.o.Clock(), last)
	if step == 0 {
		return false, nil
	}
	_, err = tx.Exec(ctx, "UPDATE access_staff SET second = ?2, second_next = NULL, second_step = ?3 WHERE name = ?1", s.Staff, sealed, step)
	if err == nil && have == nil {
		err = a.note(ctx, tx, s.Area, s.Staff, "set_up_second_factor", nil, "")
	}
	return true, err
}

// matchingStep is the time step a code is right for, later than the last one
// that was used; 0 for none.
func matchingStep(secret, code string, now time.Time, last int64) (found int64) {
	for step := now.Unix()/secondStep - secondSkew; step <= now.Unix()/secondStep+secondSkew; step++ {
		want, err := hotp.GenerateCode(secret, uint64(step))
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > last {
			found = step
		}
	}
	return found
}

// ResetSecond takes an account's second factor away, and ends its sessions: a
// phone was lost. civic.StaffAbsent for an unknown name.
func (a *Access) ResetSecond(ctx context.Context, name, actor string) error {
	return a.changeStaff(ctx, name, actor, "reset_second_factor",
		"UPDATE access_staff SET second = NULL, second_next = NULL, second_step = ?2 WHERE name = ?1 RETURNING area", 0)
}

// secondOf tells what a session lacks.
func secondOf(confirmed, has bool) Second {
	switch {
	case confirmed:
		return SecondDone
	case has:
		return SecondCode
	}
	return SecondSetUp
}

func (a *Access) secondKey() (key seal.Key, err error) {
	data := a.keys.Data()
	b, err := hkdf.Key(sha256.New, data[:], nil, "askonce/staff-second-factor/v1", len(key))
	copy(key[:], b)
	return key, err
}

// sealSecond seals a secret for one account.
func (a *Access) sealSecond(name, secret string) ([]byte, error) {
	key, err := a.secondKey()
	if err != nil {
		return nil, err
	}
	return key.Seal([]byte(secret), []byte(name), rand.Reader)
}

func (a *Access) openSecond(name string, sealed []byte) ([]byte, error) {
	key, err := a.secondKey()
	if err != nil {
		return nil, err
	}
	plain, err := key.Open(sealed, []byte(name))
	if err != nil {
		return nil, civic.NewProblem(civic.LedgerDamaged, err)
	}
	return plain, nil
}
