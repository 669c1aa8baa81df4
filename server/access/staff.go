package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// PasswordCost is what argon2id spends on one password.
type PasswordCost struct {
	Time      uint32
	MemoryKiB uint32
	Threads   uint8
}

// Role says what a person at the centre may do.
type Role string

// The roles of staff.
const (
	Administrator Role = "administrator"
	Reviewer      Role = "reviewer"
	Auditor       Role = "auditor"
)

// Session is a person who signed in at the console.
type Session struct {
	Staff   string
	Area    civic.Area // the office whose affairs may be seen; empty: all
	Role    Role
	CSRF    string // goes into every form of the session
	Expires time.Time
}

const (
	sessionLife = 8 * time.Hour
	maxName     = 64
	maxSecret   = 256 // bytes of a password
)

// staffShape is how an account is called: it becomes part of a file's name.
var staffShape = regexp.MustCompile(`^[\pL\pN][\pL\pN._@-]*$`)

// AddStaff makes an account and gives its password: 100 random bits. A name that
// is taken is refused: civic.WrongUse.
func (a *Access) AddStaff(ctx context.Context, name string, area civic.Area, role Role, actor string) (password string, err error) {
	if len(name) > maxName || !staffShape.MatchString(name) {
		return "", civic.NewProblem(civic.WrongUse, nil, "An account's name is made of letters, digits, points, hyphens and @, at most 64 bytes.")
	}
	if area != "" && !areaShape.MatchString(string(area)) {
		return "", civic.NewProblem(civic.WrongUse, nil, areaUse)
	}
	password, hash, err := a.newPassword()
	if err != nil {
		return "", err
	}
	err = a.db.Update(ctx, func(tx ledger.Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO access_staff (name, area, role, password, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
			ON CONFLICT (name) DO NOTHING`, name, string(area), string(role), hash, a.o.Clock().Unix())
		if err != nil {
			return err
		}
		if n == 0 {
			return civic.NewProblem(civic.WrongUse, nil, "This account is there already: staff password gives it a new password.")
		}
		return a.note(ctx, tx, area, actor, "add_staff", nil, name)
	})
	return password, err
}

// ResetPassword gives an account a new password, lets it in again if it was
// disabled, and ends its open sessions; civic.StaffAbsent for an unknown name.
func (a *Access) ResetPassword(ctx context.Context, name, actor string) (password string, err error) {
	password, hash, err := a.newPassword()
	if err != nil {
		return "", err
	}
	return password, a.changeStaff(ctx, name, actor, "staff_password",
		"UPDATE access_staff SET password = ?2, disabled_at = 0 WHERE name = ?1 RETURNING area", hash)
}

// DisableStaff ends an account and its open sessions; civic.StaffAbsent for an
// unknown name.
func (a *Access) DisableStaff(ctx context.Context, name, actor string) error {
	return a.changeStaff(ctx, name, actor, "disable_staff",
		"UPDATE access_staff SET disabled_at = ?2 WHERE name = ?1 RETURNING area", a.o.Clock().Unix())
}

// changeStaff changes one account, ends its sessions and writes that down.
func (a *Access) changeStaff(ctx context.Context, name, actor, action, query string, value any) error {
	return a.db.Update(ctx, func(tx ledger.Tx) error {
		var area string
		err := tx.QueryRow(ctx, query, name, value).Scan(&area)
		if errors.Is(err, ledger.ErrNoRows) {
			return civic.NewProblem(civic.StaffAbsent, err, name)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM access_session WHERE staff = ?1", name); err != nil {
			return err
		}
		return a.note(ctx, tx, civic.Area(area), actor, action, nil, name)
	})
}

// Staff is an account.
type Staff struct {
	Name     string
	Area     civic.Area
	Role     Role
	Made     time.Time
	Disabled time.Time // zero for never
}

// ListStaff lists every account by name.
func (a *Access) ListStaff(ctx context.Context) (all []Staff, err error) {
	err = a.db.View(ctx, func(tx ledger.Tx) error {
		all = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var s Staff
			var area, role string
			var made, disabled int64
			err := r.Scan(&s.Name, &area, &role, &made, &disabled)
			s.Area, s.Role, s.Made, s.Disabled = civic.Area(area), Role(role), fromUnix(made), fromUnix(disabled)
			all = append(all, s)
			return err
		}, "SELECT name, area, role, created_at, disabled_at FROM access_staff ORDER BY name")
	})
	return all, err
}

// newPassword makes a password and what is kept of it.
func (a *Access) newPassword() (password, hash string, err error) {
	raw := make([]byte, 20)
	if _, err := io.ReadFull(a.o.Rand, raw); err != nil {
		return "", "", err
	}
	const signs = "0123456789abcdefghjkmnpqrstvwxyz"
	var b strings.Builder
	for i, c := range raw {
		if i > 0 && i%5 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(signs[c&31])
	}
	password = b.String()
	hash, err = a.hash(password)
	return password, hash, err
}

// SignIn checks name and password and opens a session. The token is for a
// cookie; only its hash is kept. Wrong ones are civic.SignInRefused whatever
// was wrong, and civic.TooManyTries after several from one address. from is who
// asks, an address with or without a port.
func (a *Access) SignIn(ctx context.Context, name, password, from string) (token string, s Session, err error) {
	if s, err = a.Confirm(ctx, name, password, from); err != nil {
		return "", Session{}, err
	}
	now := a.o.Clock()
	raw := make([]byte, 48)
	if _, err := io.ReadFull(a.o.Rand, raw); err != nil {
		return "", Session{}, err
	}
	token = base64.RawURLEncoding.EncodeToString(raw[:32])
	s.CSRF, s.Expires = hex.EncodeToString(raw[32:]), now.Add(sessionLife)
	id := sha256.Sum256([]byte(token))
	err = a.db.Update(ctx, func(tx ledger.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM access_session WHERE expires_at < ?1", now.Unix()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO access_session (token_hash, staff, csrf, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
			id[:], name, raw[32:], now.Unix(), s.Expires.Unix())
		if err != nil {
			return err
		}
		return a.note(ctx, tx, s.Area, name, "sign_in", nil, "")
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
	if wait := a.tries.wait(who, a.o.Clock()); wait > 0 {
		return Session{}, civic.NewProblem(civic.TooManyTries, nil, wait.Round(time.Second).String())
	}
	// An unknown name costs as much time as a known one.
	right, herr := a.matches(ctx, hash, password)
	if herr != nil {
		return Session{}, herr
	}
	if !right || err != nil || disabled != 0 {
		a.tries.wrong(who, a.o.Clock())
		return Session{}, civic.NewProblem(civic.SignInRefused, nil)
	}
	a.tries.right(who)
	return Session{Staff: name, Area: civic.Area(area), Role: Role(role)}, nil
}

// Session finds who a token belongs to; civic.SignInRefused when nobody.
func (a *Access) Session(ctx context.Context, token string) (s Session, err error) {
	id := sha256.Sum256([]byte(token))
	var area, role string
	var csrf []byte
	var expires int64
	err = a.db.View(ctx, func(tx ledger.Tx) error {
		return tx.QueryRow(ctx, `SELECT s.staff, s.csrf, s.expires_at, p.area, p.role FROM access_session s
			JOIN access_staff p ON p.name = s.staff
			WHERE s.token_hash = ?1 AND s.expires_at > ?2 AND p.disabled_at = 0`, id[:], a.o.Clock().Unix()).
			Scan(&s.Staff, &csrf, &expires, &area, &role)
	})
	if errors.Is(err, ledger.ErrNoRows) {
		return Session{}, civic.NewProblem(civic.SignInRefused, nil)
	}
	s.Area, s.Role, s.CSRF, s.Expires = civic.Area(area), Role(role), hex.EncodeToString(csrf), fromUnix(expires)
	return s, err
}

// SignOut ends a session.
func (a *Access) SignOut(ctx context.Context, token string) error {
	id := sha256.Sum256([]byte(token))
	return a.db.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM access_session WHERE token_hash = ?1", id[:])
		return err
	})
}

// hash writes a password in the PHC way.
func (a *Access) hash(password string) (string, error) {
	salt := make([]byte, 16)
	if _, err := io.ReadFull(a.o.Rand, salt); err != nil {
		return "", err
	}
	c := a.o.PasswordCost
	key := argon2.IDKey([]byte(password), salt, c.Time, c.MemoryKiB, c.Threads, 32)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", c.MemoryKiB, c.Time, c.Threads, b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// matches checks a password against what hash wrote; an empty or strange hash
// matches nothing, at the usual cost.
func (a *Access) matches(ctx context.Context, phc, password string) (bool, error) {
	select {
	case a.hashing <- struct{}{}:
		defer func() { <-a.hashing }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	c, salt, want := a.o.PasswordCost, make([]byte, 16), []byte(nil)
	if parts := strings.Split(phc, "$"); len(parts) == 6 && parts[1] == "argon2id" {
		var read PasswordCost
		_, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &read.MemoryKiB, &read.Time, &read.Threads)
		s, serr := base64.RawStdEncoding.DecodeString(parts[4])
		k, kerr := base64.RawStdEncoding.DecodeString(parts[5])
		if err == nil && serr == nil && kerr == nil && len(k) == 32 && read.Time > 0 && read.Threads > 0 {
			c, salt, want = read, s, k
		}
	}
	got := argon2.IDKey([]byte(password), salt, c.Time, c.MemoryKiB, c.Threads, 32)
	return want != nil && subtle.ConstantTimeCompare(got, want) == 1, nil
}
