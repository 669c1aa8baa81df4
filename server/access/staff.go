package access

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
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

// The roles of staff. An account has one: who runs the servers (the operator
// of the glossary) reads nobody's data, and who reads runs no servers.
const (
	Administrator    Role = "administrator" // kits, accounts, copies; no person
	Reviewer         Role = "reviewer"      // who is who
	Supervisor       Role = "supervisor"    // a reviewer's second pair of eyes, objections
	AgreementOfficer Role = "agreements"    // drafts or approves agreements
	Auditor          Role = "auditor"       // who looked, at what, why
)

// Roles are all of them.
func Roles() []Role {
	return []Role{Administrator, Reviewer, Supervisor, AgreementOfficer, Auditor}
}

const (
	maxName   = 64
	maxSecret = 256 // bytes of a password
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
	Second   bool      // a second factor is set up
}

// ListStaff lists every account by name.
func (a *Access) ListStaff(ctx context.Context) (all []Staff, err error) {
	err = a.db.View(ctx, func(tx ledger.Tx) error {
		all = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var s Staff
			var area, role string
			var made, disabled int64
			var second []byte
			err := r.Scan(&s.Name, &area, &role, &made, &disabled, &second)
			s.Second = second != nil
			s.Area, s.Role, s.Made, s.Disabled = civic.Area(area), Role(role), fromUnix(made), fromUnix(disabled)
			all = append(all, s)
			return err
		}, "SELECT name, area, role, created_at, disabled_at, second FROM access_staff ORDER BY name")
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

// HashSecret writes a secret that somebody chose in the PHC way, argon2id.
func (a *Access) HashSecret(secret string) (string, error) { return a.hash(secret) }

// MatchesSecret checks a secret against what HashSecret wrote.
func (a *Access) MatchesSecret(ctx context.Context, phc, secret string) (bool, error) {
	return a.matches(ctx, phc, secret)
}
