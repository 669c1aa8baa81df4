package access

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"io"
	"regexp"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// DefaultInvite is how long an enrolment code may be used.
const DefaultInvite = 24 * time.Hour

// areaShape is how an office is written: "mx-20-067".
var areaShape = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

const areaUse = "An office is written in small letters, digits and hyphens, such as mx-20-067."

// Invite makes a code that enrols one kit of an office, once, before it
// expires. The code itself is not kept.
func (a *Access) Invite(ctx context.Context, area civic.Area, life time.Duration, actor string) (protocol.Code, time.Time, error) {
	return a.makeInvite(ctx, area, life, actor, false)
}

// InviteHub makes a code that enrols one hub.
func (a *Access) InviteHub(ctx context.Context, area civic.Area, life time.Duration, actor string) (protocol.Code, time.Time, error) {
	return a.makeInvite(ctx, area, life, actor, true)
}

func (a *Access) makeInvite(ctx context.Context, area civic.Area, life time.Duration, actor string, hub bool) (protocol.Code, time.Time, error) {
	if !areaShape.MatchString(string(area)) {
		return protocol.Code{}, time.Time{}, civic.NewProblem(civic.WrongUse, nil, areaUse)
	}
	if life <= 0 {
		life = DefaultInvite
	}
	var secret [protocol.SecretSize]byte
	if _, err := io.ReadFull(a.o.Rand, secret[:]); err != nil {
		return protocol.Code{}, time.Time{}, err
	}
	now := a.o.Clock()
	expires := now.Add(life)
	hash := sha256.Sum256(secret[:])
	err := a.db.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO access_invite (code_hash, area, created_at, expires_at, hub) VALUES (?1, ?2, ?3, ?4, ?5)",
			hash[:], string(area), now.Unix(), expires.Unix(), hub)
		if err != nil {
			return err
		}
		return a.note(ctx, tx, area, actor, "invite_device", nil, "")
	})
	return protocol.NewCode(secret, a.keys.Pin()), expires, err
}

// Enrol makes the device that sent a request a kit, and gives the bytes of the
// protocol.EnrolAnswer. shown is the key the connection proved. The same code
// with the same keys again gets the same bytes, so that a kit that lost the
// answer goes on; any other use of a used code is refused.
func (a *Access) Enrol(ctx context.Context, r protocol.EnrolRequest, shown ed25519.PublicKey) ([]byte, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	if !bytes.Equal(shown, r.Transport) {
		return nil, civic.NewProblem(civic.RequestMalformed, errors.New("the connection showed another key than the request names"))
	}
	hash := sha256.Sum256(r.Secret)
	var i invite
	find := func(tx ledger.Tx) (err error) {
		i, err = a.invite(ctx, tx, hash, r)
		return err
	}
	// A stranger's code must not cost the opening of an age file.
	if err := a.db.View(ctx, find); err != nil {
		return nil, err
	}
	if a.keys.Opens() { // else the opener finds out when the kit's first batch comes
		if _, err := a.keys.open(r.KitSecret, secretSize); err != nil {
			return nil, civic.NewProblem(civic.RequestMalformed, err)
		}
	}
	err := a.db.Update(ctx, func(tx ledger.Tx) error {
		if err := find(tx); err != nil {
			return err
		}
		if i.answer != nil {
			return a.repeated(ctx, tx, i.area, r)
		}
		answer, err := a.enrol(ctx, tx, i, r)
		if err != nil {
			return err
		}
		i.answer = answer
		by := requester(r)
		_, err = tx.Exec(ctx, "UPDATE access_invite SET used_at = ?2, request = ?3, answer = ?4 WHERE code_hash = ?1",
			hash[:], a.o.Clock().Unix(), by[:], answer)
		return err
	})
	if err != nil {
		return nil, err
	}
	return i.answer, nil
}

// invite is a code as the ledger knows it; answer is nil until it was used.
type invite struct {
	area   civic.Area
	hub    bool
	answer []byte
}

// requester stands for the keys that used a code.
func requester(r protocol.EnrolRequest) [32]byte {
	return sha256.Sum256(append(bytes.Clone(r.Device), r.Transport...))
}

// invite finds a code that this request may use or has used.
func (a *Access) invite(ctx context.Context, tx ledger.Tx, hash [32]byte, r protocol.EnrolRequest) (i invite, err error) {
	var area string
	var expires, used int64
	var by []byte
	err = tx.QueryRow(ctx, "SELECT area, expires_at, used_at, request, answer, hub FROM access_invite WHERE code_hash = ?1", hash[:]).
		Scan(&area, &expires, &used, &by, &i.answer, &i.hub)
	self := requester(r)
	switch {
	case errors.Is(err, ledger.ErrNoRows):
		err = civic.NewProblem(civic.CodeUnknown, nil)
	case err != nil:
	case used != 0 && !bytes.Equal(by, self[:]):
		err = civic.NewProblem(civic.CodeUsed, nil)
	case used == 0 && a.o.Clock().Unix() >= expires:
		err = civic.NewProblem(civic.CodeExpired, nil)
	}
	i.area = civic.Area(area)
	return i, err
}

// repeated takes the kit secret of a kit that asks again because the answer was
// lost: it may have drawn a new one. Once the kit has spoken, its secret stands.
func (a *Access) repeated(ctx context.Context, tx ledger.Tx, area civic.Area, r protocol.EnrolRequest) error {
	id := civic.NewDeviceID(r.Device)
	a.mu.Lock()
	delete(a.secrets, id)
	a.mu.Unlock()
	_, err := tx.Exec(ctx, "UPDATE access_device SET kit_secret = ?3 WHERE area = ?1 AND device = ?2 AND seen_at = 0", string(area), id[:], r.KitSecret)
	return err
}

func (a *Access) enrol(ctx context.Context, tx ledger.Tx, i invite, r protocol.EnrolRequest) ([]byte, error) {
	now, area := a.o.Clock(), i.area
	d := Device{Area: area, ID: civic.NewDeviceID(r.Device), Name: r.Name, Sign: r.Device, Transport: r.Transport, Enrolled: now}
	var taken int
	err := tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM access_device_area WHERE device = ?1) +
		(SELECT count(*) FROM access_transport WHERE transport = ?2)`, d.ID[:], r.Transport).Scan(&taken)
	if err != nil {
		return nil, err
	}
	if taken > 0 {
		return nil, civic.NewProblem(civic.AlreadyEnrolled, nil)
	}
	for _, s := range []struct {
		query string
		args  []any
	}{
		{"INSERT INTO access_device_area (device, area) VALUES (?1, ?2)", []any{d.ID[:], string(area)}},
		{"INSERT INTO access_transport (transport, area, device) VALUES (?1, ?2, ?3)", []any{r.Transport, string(area), d.ID[:]}},
		{`INSERT INTO access_device (area, device, name, sign_key, transport, kit_secret, enrolled_at, hub)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`, []any{string(area), d.ID[:], r.Name, r.Device, r.Transport, r.KitSecret, now.Unix(), i.hub}},
	} {
		if _, err := tx.Exec(ctx, s.query, s.args...); err != nil {
			return nil, err
		}
	}
	if err := staleBundle(ctx, tx); err != nil {
		return nil, err
	}
	bundle, _, err := a.bundle(ctx, tx)
	if err != nil {
		return nil, err
	}
	lease, err := a.Lease(d)
	if err != nil {
		return nil, err
	}
	if err := a.note(ctx, tx, area, "ingest", "enrol_device", d.ID[:], ""); err != nil {
		return nil, err
	}
	return protocol.Marshal(protocol.EnrolAnswer{Device: d.ID, Area: area, Lease: lease, Bundle: bundle, ServerTime: now.Unix()})
}
