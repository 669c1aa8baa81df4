package district

import (
	"context"
	"encoding/hex"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// The states of an opening in the ledger.
const (
	openingCame   = 1
	openingLogged = 2
	openingBad    = 3
)

// Tend does what is due: packs whose time has come are refreshed, kits get
// their heads, openings that came are written into the log. It is called every
// few seconds and does nothing most of the time. What is wrong with one office's
// pack keeps back neither the others' nor what belongs into the log.
func (d *District) Tend(ctx context.Context) error {
	all, err := d.Settings(ctx, "")
	if err != nil {
		return err
	}
	var wrong []error
	for _, s := range all {
		if d.Clock().Before(s.Next) {
			continue
		}
		mine, err := d.claim(ctx, s)
		if err == nil && mine { // else another process was quicker
			_, err = d.Build(ctx, s.Area, false)
		}
		wrong = append(wrong, err)
	}
	wrong = append(wrong, d.heads(ctx))
	for {
		n, err := d.logOpenings(ctx)
		if err != nil || n == 0 {
			return errors.Join(append(wrong, err)...)
		}
	}
}

// claim takes the turn to refresh an office's pack.
func (d *District) claim(ctx context.Context, s Settings) (mine bool, err error) {
	err = d.DB.Update(ctx, func(tx ledger.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE pack_district SET next_at = ?2 WHERE area = ?1 AND next_at = ?3",
			string(s.Area), d.Clock().Add(s.Every).Unix(), s.Next.Unix())
		mine = n == 1
		return err
	})
	return mine, err
}

// openingsAtOnce is how many are logged in one transaction.
const openingsAtOnce = 100

// opening is a row that came.
type opening struct {
	area   civic.Area
	device civic.DeviceID
	n      int64
	body   []byte
	at     int64
}

func (d *District) logOpenings(ctx context.Context) (done int, err error) {
	err = d.DB.Update(ctx, func(tx ledger.Tx) error {
		done = 0
		var list []opening
		err := ledger.All(ctx, tx, func(r ledger.Row) error {
			var area string
			var device []byte
			var o opening
			if err := r.Scan(&area, &device, &o.n, &o.body, &o.at); err != nil {
				return err
			}
			o.area, o.device = civic.Area(area), civic.DeviceID(device)
			list = append(list, o)
			return nil
		}, "SELECT area, device, n, body, at FROM pack_opening WHERE state = ?1 ORDER BY at, area, device, n LIMIT ?2", openingCame, openingsAtOnce)
		if err != nil {
			return err
		}
		for _, o := range list {
			if err := d.logOpening(ctx, tx, o); err != nil {
				return err
			}
			done++
		}
		return nil
	})
	return done, err
}

// logOpening makes an access row of an opening. One that cannot be read is kept
// as it came, and an audit row says so: a kit tells of it, or somebody forged it.
func (d *District) logOpening(ctx context.Context, tx ledger.Tx, o opening) error {
	state := openingLogged
	e, err := d.read(ctx, tx, o)
	switch civic.CodeOf(err) {
	case "":
		if err != nil {
			return err
		}
		if err := translog.Append(ctx, tx, d.Clock(), []translog.Entry{e}); err != nil {
			return err
		}
	case civic.StatementForged, civic.RequestMalformed:
		state = openingBad
		row := audit.Row{Area: o.area, Actor: "district", Action: "opening_unreadable", Object: o.device[:]}
		if err := audit.Write(ctx, tx, d.Clock(), []audit.Row{row}); err != nil {
			return err
		}
	default:
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE pack_opening SET state = ?4 WHERE area = ?1 AND device = ?2 AND n = ?3", string(o.area), o.device[:], o.n, state)
	return err
}

func (d *District) read(ctx context.Context, tx ledger.Tx, o opening) (translog.Entry, error) {
	device, err := d.Access.ByID(ctx, tx, o.device)
	if err != nil {
		return translog.Entry{}, err
	}
	secret, err := d.Access.Secret(device)
	if err != nil {
		return translog.Entry{}, err
	}
	plain, err := protocol.OpenUp(secret, uint64(o.n), o.body)
	if err != nil {
		return translog.Entry{}, err
	}
	v, err := protocol.ReadOpening(plain)
	if err != nil {
		return translog.Entry{}, err
	}
	home, err := d.homeOf(ctx, tx, device.Area, v.Person)
	if err != nil {
		return translog.Entry{}, err
	}
	e := translog.Entry{
		Area: home.Home, Person: home.Person, Kind: translog.Officer, Actor: ActorOf(device.ID, v.Officer), Action: translog.PackOpening,
		Code: civic.Code("opened_by_" + v.Way.String()), Reason: cutText(v.Reason, protocol.MaxReason), Procedure: cutText(string(v.Service), translog.MaxText),
		Explicit: v.Way == protocol.ByReceipt, Request: civic.Stamp(v.At).Time().UTC().Format(time.RFC3339),
	}
	if !v.Registration.IsZero() {
		e.Records = []civic.RegistrationID{v.Registration}
	}
	if v.Way == protocol.BySupervisor {
		e.OnBehalf, e.Actor = e.Actor, ActorOf(device.ID, v.Supervisor)
	}
	return e, nil
}

// ActorOf names an officer of a kit in the log.
func ActorOf(device civic.DeviceID, officer civic.OfficerID) string {
	return device.String() + "/" + hex.EncodeToString(officer[:])
}

func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	cut := n
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}

// homeOf finds the home of a person that a kit names. One that the office's
// pack does not hold any more is logged under the office.
func (d *District) homeOf(ctx context.Context, tx ledger.Tx, area civic.Area, person civic.PersonID) (registry.Ref, error) {
	ref := registry.Ref{Home: area, Person: person}
	err := tx.QueryRow(ctx, "SELECT r.home FROM pack_person AS r JOIN pack AS p ON p.area = r.area AND p.pack = r.pack WHERE r.area = ?1 AND p.state = ?2 AND r.person = ?3",
		string(area), stateOpen, person[:]).Scan(&ref.Home)
	if errors.Is(err, ledger.ErrNoRows) {
		return ref, nil
	}
	return ref, err
}

// MissingOpenings counts openings that came and do not stand in the log yet.
func (d *District) MissingOpenings(ctx context.Context) (n int, err error) {
	err = d.DB.View(ctx, func(tx ledger.Tx) error {
		return tx.QueryRow(ctx, "SELECT count(*) FROM pack_opening WHERE state = ?1", openingCame).Scan(&n)
	})
	return n, err
}
