package district

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"time"

	"filippo.io/age"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Supervisor is an officer who asked to open what packs hold, with a reason.
type Supervisor struct {
	Area      civic.Area
	Device    civic.DeviceID
	Officer   civic.OfficerID
	Recipient string
	// Code is what the officer reads out from his screen to whoever approves, so
	// that nobody else's key is approved.
	Code     string
	Asked    time.Time
	Approved time.Time // zero until somebody did
	Ended    time.Time
}

// CodeOf is the code of a recipient: ten signs of its hash in two groups.
func CodeOf(recipient string) string { return protocol.ApplicantCode(recipient) }

func supervisors(ctx context.Context, tx ledger.Tx, where string, args ...any) (list []Supervisor, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var s Supervisor
		var area string
		var device, officer []byte
		var asked, approved, ended int64
		if err := r.Scan(&area, &device, &officer, &s.Recipient, &asked, &approved, &ended); err != nil {
			return err
		}
		s.Area, s.Device, s.Officer, s.Code = civic.Area(area), civic.DeviceID(device), civic.OfficerID(officer), CodeOf(s.Recipient)
		s.Asked, s.Approved, s.Ended = moment(asked), moment(approved), moment(ended)
		list = append(list, s)
		return nil
	}, "SELECT area, device, officer, recipient, asked_at, approved_at, ended_at FROM pack_supervisor "+where+" ORDER BY area, device, officer", args...)
	return list, err
}

func moment(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}

// Supervisors lists who asked and who is.
func (d *District) Supervisors(ctx context.Context) (list []Supervisor, err error) {
	err = d.DB.View(ctx, func(tx ledger.Tx) error {
		list, err = supervisors(ctx, tx, "")
		return err
	})
	return list, err
}

// maxApplies bounds the officers of one kit who ask.
const maxApplies = 16

// applied keeps who asks to be a supervisor. An officer with another key than
// before has to be approved again.
func (d *District) applied(ctx context.Context, tx ledger.Tx, device access.Device, list []protocol.Applicant) error {
	if len(list) > maxApplies {
		return civic.NewProblem(civic.RequestMalformed, errors.New("too many supervisors"))
	}
	for _, a := range list {
		if _, err := age.ParseHybridRecipient(a.Recipient); err != nil {
			return civic.NewProblem(civic.RequestMalformed, err)
		}
		_, err := tx.Exec(ctx, `INSERT INTO pack_supervisor (area, device, officer, recipient, asked_at) VALUES (?1, ?2, ?3, ?4, ?5)
			ON CONFLICT (area, device, officer) DO UPDATE SET
			approved_at = CASE WHEN pack_supervisor.recipient = excluded.recipient THEN pack_supervisor.approved_at ELSE 0 END,
			ended_at = CASE WHEN pack_supervisor.recipient = excluded.recipient THEN pack_supervisor.ended_at ELSE 0 END,
			recipient = excluded.recipient`,
			string(device.Area), device.ID[:], a.Officer[:], a.Recipient, d.Clock().Unix())
		if err != nil {
			return err
		}
	}
	return nil
}

// Approve lets an officer open what the packs of his kit hold; code is what he
// reads out. With end it is taken back, and the next pack has another key.
func (d *District) Approve(ctx context.Context, device civic.DeviceID, code, actor string, end bool) (Supervisor, error) {
	var out Supervisor
	err := d.DB.Update(ctx, func(tx ledger.Tx) error {
		kit, err := d.Access.ByID(ctx, tx, device)
		if err != nil {
			return err
		}
		list, err := supervisors(ctx, tx, "WHERE area = ?1 AND device = ?2", string(kit.Area), device[:])
		if err != nil {
			return err
		}
		found := false
		for _, s := range list {
			if s.Code == code || hex.EncodeToString(s.Officer[:]) == code && end {
				out, found = s, true
			}
		}
		if !found {
			return civic.NewProblem(civic.OfficerAbsentThere, nil, code)
		}
		now, action := d.Clock().Unix(), "approve_supervisor"
		set := "approved_at = ?4, approved_by = ?5, ended_at = 0"
		if end {
			action, set = "end_supervisor", "ended_at = ?4, approved_by = ?5"
		}
		if _, err := tx.Exec(ctx, "UPDATE pack_supervisor SET "+set+" WHERE area = ?1 AND device = ?2 AND officer = ?3",
			string(out.Area), device[:], out.Officer[:], now, actor); err != nil {
			return err
		}
		// Kits are told with the next version; who was ended knows the old pack's
		// master, so another pack replaces it.
		change := "version = version + 1"
		if end {
			change = "stale = 1"
			if _, err := tx.Exec(ctx, "UPDATE pack_district SET next_at = 0 WHERE area = ?1", string(out.Area)); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, "UPDATE pack SET "+change+" WHERE area = ?1 AND state = ?2", string(out.Area), stateOpen); err != nil {
			return err
		}
		return audit.Write(ctx, tx, d.Clock(), []audit.Row{{Area: out.Area, Actor: actor, Action: action, Object: bytes.Clone(out.Officer[:]), Detail: device.String()}})
	})
	return out, err
}
