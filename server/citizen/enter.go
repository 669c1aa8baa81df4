package citizen

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/district"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/receipt"
)

// After freeTries wrong codes a receipt waits, twice as long each time.
const (
	freeTries = 5
	firstWait = time.Minute
	longWait  = 24 * time.Hour
)

// Enter opens a visit with a receipt's text and its code. Whatever is wrong,
// the receipt, the code, a registration nobody knows, is civic.EntryRefused;
// civic.TooManyTries after several wrong codes for one receipt.
func (c *Citizens) Enter(ctx context.Context, text, code string) (token string, v Visit, err error) {
	if v, err = c.Check(ctx, text, code); err != nil {
		return "", v, err
	}
	raw := make([]byte, 48)
	if _, err := io.ReadFull(c.Rand, raw); err != nil {
		return "", v, err
	}
	token = base64.RawURLEncoding.EncodeToString(raw[:32])
	id := sha256.Sum256([]byte(token))
	now := c.Clock()
	v.FormToken, v.Expires = hex.EncodeToString(raw[32:]), now.Add(visitLife)
	return token, v, c.DB.Update(ctx, func(tx ledger.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM citizen_visit WHERE expires_at < ?1", now.Unix()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO citizen_visit (token_hash, area, registration, factor, form_token, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
			id[:], string(v.Area), v.Registration[:], v.Factor, raw[32:], v.Expires.Unix())
		return err
	})
}

// Check tells whether a receipt and a code belong together, without opening a
// visit: for the counter, where a kit asks for somebody. Refusals are those of
// Enter.
func (c *Citizens) Check(ctx context.Context, text, code string) (v Visit, err error) {
	refused := civic.NewProblem(civic.EntryRefused, nil)
	if len(text) > maxReceipt || len(code) > maxCode {
		return v, refused
	}
	keys, err := c.receiptKeys(ctx)
	if err != nil {
		return v, err
	}
	verdict := receipt.Verify(strings.TrimSpace(text), keys, c.Clock())
	if verdict.Result != receipt.Genuine || verdict.Content.Practice || len(verdict.Content.Secret) != protocol.ClaimSecretSize {
		return v, refused
	}
	v = Visit{Area: verdict.Content.Office, Registration: verdict.Content.Registration}
	before, err := c.try(ctx, v)
	if err != nil {
		return v, err
	}
	factor, known, err := c.right(ctx, v, verdict.Content.Secret, strings.TrimSpace(code))
	if err != nil {
		return v, err
	}
	if !known { // no code was looked at
		return v, errors.Join(refused, c.untry(ctx, v, before))
	}
	if factor == "" {
		return v, errors.Join(refused, c.wrong(ctx, v))
	}
	v.Factor = factor
	return v, c.DB.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM citizen_tries WHERE area = ?1 AND registration = ?2", string(v.Area), v.Registration[:])
		return err
	})
}

// right tells by which factor a code is right, empty for none, and whether the
// registration is known at all.
func (c *Citizens) right(ctx context.Context, v Visit, secret []byte, code string) (factor string, known bool, err error) {
	var slip string
	var hash []byte
	var same bool
	err = c.DB.View(ctx, func(tx ledger.Tx) error {
		kept, err := c.Visit(ctx, tx, v.Area, v.Registration)
		if err != nil {
			return err
		}
		slip, same = kept.Slip, subtle.ConstantTimeCompare(kept.Secret[:], secret) == 1
		err = tx.QueryRow(ctx, "SELECT hash FROM citizen_code WHERE area = ?1 AND registration = ?2", string(v.Area), v.Registration[:]).Scan(&hash)
		if errors.Is(err, ledger.ErrNoRows) {
			return nil
		}
		return err
	})
	if absent(err) || err == nil && !same {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	if hash == nil {
		if protocol.SameSlip(slip, code) {
			return FactorSlip, true, nil
		}
		return "", true, nil
	}
	plain, err := c.Share.Unseal("citizen code"+v.Registration.String(), hash)
	if err != nil {
		return "", true, err
	}
	ok, err := c.Access.MatchesSecret(ctx, string(plain), code)
	if err != nil || !ok {
		return "", true, err
	}
	return FactorCode, true, nil
}

// try counts a try before its code is looked at, so that no two at once pass for
// one; civic.TooManyTries while a registration's codes are not heard. before is
// until when they were not heard.
func (c *Citizens) try(ctx context.Context, v Visit) (before int64, err error) {
	now := c.Clock()
	return before, c.DB.Update(ctx, func(tx ledger.Tx) error {
		var wrong int64
		err := tx.QueryRow(ctx, "SELECT wrong, locked_until FROM citizen_tries WHERE area = ?1 AND registration = ?2", string(v.Area), v.Registration[:]).Scan(&wrong, &before)
		if err != nil && !errors.Is(err, ledger.ErrNoRows) {
			return err
		}
		if left := time.Unix(before, 0).Sub(now); left > 0 {
			return civic.NewProblem(civic.TooManyTries, nil, protocol.Span(left))
		}
		wrong++
		locked := int64(0)
		if wrong >= freeTries {
			locked = now.Add(min(longWait, firstWait<<min(wrong-freeTries, 12))).Unix()
		}
		_, err = tx.Exec(ctx, `INSERT INTO citizen_tries (area, registration, wrong, locked_until) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (area, registration) DO UPDATE SET wrong = excluded.wrong, locked_until = excluded.locked_until`,
			string(v.Area), v.Registration[:], wrong, locked)
		return err
	})
}

// untry takes back the counting of a try for which no code was looked at.
func (c *Citizens) untry(ctx context.Context, v Visit, before int64) error {
	return c.DB.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE citizen_tries SET wrong = wrong - 1, locked_until = ?3 WHERE area = ?1 AND registration = ?2 AND wrong > 0",
			string(v.Area), v.Registration[:], before)
		return err
	})
}

// wrong tells the person in the log that a wrong code was tried.
func (c *Citizens) wrong(ctx context.Context, v Visit) error {
	return c.DB.Update(ctx, func(tx ledger.Tx) error {
		who, err := c.person(ctx, tx, v)
		if absent(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return translog.Append(ctx, tx, c.Clock(), []translog.Entry{{
			Area: who.Home, Person: who.Person, Kind: translog.Citizen, Action: translog.Denial, Code: civic.EntryRefused,
			Records: []civic.RegistrationID{v.Registration},
		}})
	})
}

// Visiting finds the visit of a token; civic.EntryRefused when it is over.
func (c *Citizens) Visiting(ctx context.Context, token string) (v Visit, err error) {
	id := sha256.Sum256([]byte(token))
	var area string
	var registration, form []byte
	var expires int64
	err = c.DB.View(ctx, func(tx ledger.Tx) error {
		return tx.QueryRow(ctx, "SELECT area, registration, factor, form_token, expires_at FROM citizen_visit WHERE token_hash = ?1 AND expires_at > ?2",
			id[:], c.Clock().Unix()).Scan(&area, &registration, &v.Factor, &form, &expires)
	})
	if errors.Is(err, ledger.ErrNoRows) {
		return v, civic.NewProblem(civic.EntryRefused, nil)
	}
	v.Area, v.FormToken, v.Expires = civic.Area(area), hex.EncodeToString(form), time.Unix(expires, 0)
	copy(v.Registration[:], registration)
	return v, err
}

// Leave ends a visit.
func (c *Citizens) Leave(ctx context.Context, token string) error {
	id := sha256.Sum256([]byte(token))
	return c.DB.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM citizen_visit WHERE token_hash = ?1", id[:])
		return err
	})
}

// SetCode puts a code of the citizen's own in the place of the slip's. It has
// at least six signs; civic.CodeWeak when it has fewer or is one sign repeated.
func (c *Citizens) SetCode(ctx context.Context, v Visit, code string) error {
	code = strings.TrimSpace(code)
	first, _ := utf8.DecodeRuneInString(code)
	if utf8.RuneCountInString(code) < minCode || len(code) > maxCode || !utf8.ValidString(code) || strings.Trim(code, string(first)) == "" {
		return civic.NewProblem(civic.CodeWeak, nil)
	}
	hash, err := c.Access.HashSecret(code)
	if err != nil {
		return err
	}
	sealed, err := c.Share.Seal("citizen code"+v.Registration.String(), []byte(hash))
	if err != nil {
		return err
	}
	var kept district.Visit
	err = c.DB.View(ctx, func(tx ledger.Tx) error {
		kept, err = c.Visit(ctx, tx, v.Area, v.Registration)
		return err
	})
	if err != nil {
		return err
	}
	key, err := protocol.LooksKeyOf(kept.Secret, code, false)
	if err != nil {
		return err
	}
	sealedKey, err := c.Share.Seal("looks key"+v.Registration.String(), key[:])
	if err != nil {
		return err
	}
	return c.DB.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO citizen_code (area, registration, hash, at, looks_key) VALUES (?1, ?2, ?3, ?4, ?5)
			ON CONFLICT (area, registration) DO UPDATE SET hash = excluded.hash, at = excluded.at, looks_key = excluded.looks_key`,
			string(v.Area), v.Registration[:], sealed, c.Clock().Unix(), sealedKey)
		return err
	})
}

// ForgetCode takes a code of the citizen's own away, so that the slip's counts
// again: somebody forgot theirs and proved at the counter who they are. The
// person reads in the log that it was done.
func (c *Citizens) ForgetCode(ctx context.Context, staff string, area civic.Area, id civic.RegistrationID) error {
	return c.DB.Update(ctx, func(tx ledger.Tx) error {
		who, err := c.person(ctx, tx, Visit{Area: area, Registration: id})
		if absent(err) {
			return civic.NewProblem(civic.RegistrationAbsent, err, id.String())
		}
		if err != nil {
			return err
		}
		for _, table := range []string{"citizen_code", "citizen_tries"} {
			if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE area = ?1 AND registration = ?2", string(area), id[:]); err != nil {
				return err
			}
		}
		if err := audit.Write(ctx, tx, c.Clock(), []audit.Row{{Area: area, Actor: staff, Action: "forget_citizen_code", Object: id[:]}}); err != nil {
			return err
		}
		return translog.Append(ctx, tx, c.Clock(), []translog.Entry{{
			Area: who.Home, Person: who.Person, Kind: translog.Staff, Actor: staff, Action: translog.Answer, Procedure: "forget_code",
			Records: []civic.RegistrationID{id},
		}})
	})
}
