package access

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// Session is a person who signed in at the console.
type Session struct {
	Staff   string
	Area    civic.Area // the office whose affairs may be seen; empty: all
	Role    Role
	CSRF    string // goes into every form of the session
	Expires time.Time
	Second  Second // what is still to come before anything may be done
	id      [sha256.Size]byte
}

const (
	// sessionLife is how long a session holds, sessionIdle how long unused.
	sessionLife = 8 * time.Hour
	sessionIdle = 30 * time.Minute
	// seenEvery is how often the use of a session is written down.
	seenEvery = time.Minute
)

// SignIn checks name and password and opens a session. The token is for a
// cookie; only its hash is kept. Wrong ones are civic.SignInRefused whatever
// was wrong, and civic.TooManyTries after several from one address. from is who
// asks, an address with or without a port.
func (a *Access) SignIn(ctx context.Context, name, password, from string) (token string, s Session, err error) {
	if s, err = a.Confirm(ctx, name, password, from); err != nil {
		return "", Session{}, err
	}
	confirmed := true
	err = a.db.View(ctx, func(tx ledger.Tx) error {
		var has bool
		required, err := Setting(ctx, tx, SecondFactorSetting)
		if err == nil {
			has, err = hasSecond(ctx, tx, name)
		}
		confirmed = required != SecondFactorRequired && !has
		return err
	})
	if err != nil {
		return "", Session{}, err
	}
	return a.session(ctx, s, confirmed, "sign_in")
}

func hasSecond(ctx context.Context, tx ledger.Tx, name string) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, "SELECT count(*) FROM access_staff WHERE name = ?1 AND second IS NOT NULL", name).Scan(&n)
	return n > 0, err
}

// session opens a session and gives its token.
func (a *Access) session(ctx context.Context, s Session, confirmed bool, action string) (token string, opened Session, err error) {
	now := a.o.Clock()
	raw := make([]byte, 48)
	if _, err := io.ReadFull(a.o.Rand, raw); err != nil {
		return "", Session{}, err
	}
	token = base64.RawURLEncoding.EncodeToString(raw[:32])
	s.CSRF, s.Expires, s.id = hex.EncodeToString(raw[32:]), now.Add(sessionLife), sha256.Sum256([]byte(token))
	err = a.db.Update(ctx, func(tx ledger.Tx) error {
		for _, query := range []string{"DELETE FROM access_session WHERE expires_at < ?1", "DELETE FROM access_look WHERE expires_at < ?1"} {
			if _, err := tx.Exec(ctx, query, now.Unix()); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "INSERT INTO access_session (token_hash, staff, csrf, created_at, expires_at, confirmed, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?4)",
			s.id[:], s.Staff, raw[32:], now.Unix(), s.Expires.Unix(), confirmed)
		if err != nil {
			return err
		}
		has, err := hasSecond(ctx, tx, s.Staff)
		if err != nil {
			return err
		}
		s.Second = secondOf(confirmed, has)
		return a.note(ctx, tx, s.Area, s.Staff, action, nil, "")
	})
	return token, s, err
}

// Confirm checks name and password without opening a session: for deeds that
// need somebody's word on the spot. Refusals are those of SignIn.
func (a *Access) Confirm(ctx context.Context, name, password, from string) (Session, error) {
	if len(name) > maxName || len(password) > maxSecret {
		return Session{}, civic.NewProblem(civic.SignInRefused, nil)
	}
	var area, role, hash string
	var disabled int64
	err := a.db.View(ctx, func(tx ledger.Tx) error {
		return tx.QueryRow(ctx, "SELECT area, role, password, disabled_at FROM access_staff WHERE name = ?1", name).
			Scan(&area, &role, &hash, &disabled)
	})
	if err != nil && !errors.Is(err, ledger.ErrNoRows) {
		return Session{}, err
	}
	if host, _, err := net.SplitHostPort(from); err == nil {
		from = host
	}
	who := asker{name, from}
	if wait := a.tries.take(who, a.o.Clock()); wait > 0 {
		return Session{}, civic.NewProblem(civic.TooManyTries, nil, wait.Round(time.Second).String())
	}
	// An unknown name costs as much time as a known one.
	right, herr := a.matches(ctx, hash, password)
	if herr != nil {
		return Session{}, herr
	}
	if !right || err != nil || disabled != 0 {
		if err := a.noteRefused(ctx, name, err == nil, area); err != nil {
			return Session{}, err
		}
		return Session{}, civic.NewProblem(civic.SignInRefused, nil)
	}
	a.tries.right(who)
	return Session{Staff: name, Area: civic.Area(area), Role: Role(role)}, nil
}

// noteRefused writes down that a password was refused. A name that is nobody's
// stays out: it may be a password typed in the wrong place. The row is written
// all the same, so that its time does not tell either.
func (a *Access) noteRefused(ctx context.Context, name string, known bool, area string) error {
	if !known {
		name = "?"
	}
	return a.db.Update(ctx, func(tx ledger.Tx) error {
		return a.note(ctx, tx, civic.Area(area), name, "sign_in_refused", nil, "")
	})
}

// Session finds who a token belongs to; civic.SignInRefused when nobody.
func (a *Access) Session(ctx context.Context, token string) (s Session, err error) {
	id := sha256.Sum256([]byte(token))
	var area, role string
	var csrf []byte
	var expires, confirmed, seen int64
	var second []byte
	now := a.o.Clock()
	err = a.db.View(ctx, func(tx ledger.Tx) error {
		return tx.QueryRow(ctx, `SELECT s.staff, s.csrf, s.expires_at, s.confirmed, s.seen_at, p.area, p.role, p.second FROM access_session s
			JOIN access_staff p ON p.name = s.staff
			WHERE s.token_hash = ?1 AND s.expires_at > ?2 AND p.disabled_at = 0`, id[:], now.Unix()).
			Scan(&s.Staff, &csrf, &expires, &confirmed, &seen, &area, &role, &second)
	})
	if errors.Is(err, ledger.ErrNoRows) || err == nil && now.Sub(time.Unix(seen, 0)) > sessionIdle {
		return Session{}, civic.NewProblem(civic.SignInRefused, nil)
	}
	if err == nil && now.Sub(time.Unix(seen, 0)) > seenEvery {
		err = a.db.Update(ctx, func(tx ledger.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE access_session SET seen_at = ?2 WHERE token_hash = ?1", id[:], now.Unix())
			return err
		})
	}
	s.Area, s.Role, s.CSRF, s.Expires = civic.Area(area), Role(role), hex.EncodeToString(csrf), fromUnix(expires)
	s.id, s.Second = id, secondOf(confirmed != 0, second != nil)
	return s, err
}

// SignOutAll ends every session of whoever has this one.
func (a *Access) SignOutAll(ctx context.Context, s Session) error {
	return a.db.Update(ctx, func(tx ledger.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM access_session WHERE staff = ?1", s.Staff); err != nil {
			return err
		}
		return a.note(ctx, tx, s.Area, s.Staff, "sign_out_all", nil, "")
	})
}

// SignOut ends a session.
func (a *Access) SignOut(ctx context.Context, token string) error {
	id := sha256.Sum256([]byte(token))
	return a.db.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM access_session WHERE token_hash = ?1", id[:])
		return err
	})
}
