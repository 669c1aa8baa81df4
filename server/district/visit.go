package district

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/fxamacker/cbor/v2"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Visit is what a registration leaves behind for packs: with what its receipt
// opens, and what the citizen chose about reuse by other services.
type Visit struct {
	Secret  protocol.ClaimSecret `cbor:"1,keyasint"`
	Service civic.ServiceID      `cbor:"2,keyasint"`
	// Asked tells that the citizen was asked, Given what was chosen.
	Asked bool `cbor:"3,keyasint,omitempty"`
	Given bool `cbor:"4,keyasint,omitempty"`
	// Slip is the code handed out beside the receipt.
	Slip string `cbor:"5,keyasint,omitempty"`
}

// reusePurpose is the purpose kits ask about reuse by other services under.
const reusePurpose civic.Purpose = "reuse"

// unmarshal reads rows that this package sealed itself.
func unmarshal(b []byte, into any) error { return cbor.Unmarshal(b, into) }

// Settled keeps what packs need of registrations that were settled in tx; secret
// is that of their kit.
func (d *District) Settled(ctx context.Context, tx ledger.Tx, secret []byte, regs []*civic.Registration) error {
	rows := make([][]any, 0, len(regs))
	for _, r := range regs {
		v, err := visitOf(r, secret)
		if err != nil {
			return err
		}
		sealed, err := d.seal("visit", r.ID[:], v)
		if err != nil {
			return err
		}
		rows = append(rows, []any{string(r.Area), r.ID[:], sealed})
	}
	_, err := tx.Insert(ctx, "pack_visit", []string{"area", "registration", "said"}, rows, "ON CONFLICT DO NOTHING")
	return err
}

func visitOf(r *civic.Registration, secret []byte) (Visit, error) {
	canonical, err := batch.Canonical(r)
	if err != nil {
		return Visit{}, err
	}
	digest := civic.Digest(sha256.Sum256(canonical))
	v := Visit{
		Secret: protocol.ClaimSecretOf(secret, r.Counter, digest), Slip: protocol.SlipOf(secret, r.Counter, digest),
		Service: civic.ServiceID(r.Form.ID),
	}
	if len(r.Services) > 0 {
		v.Service = r.Services[0]
	}
	for _, c := range r.Consents {
		if c.Service == v.Service && c.Purpose == reusePurpose {
			v.Asked, v.Given = true, c.Given && (v.Given || !v.Asked)
		}
	}
	return v, nil
}

// Visit reads what was kept of a registration; person_absent when nothing was.
func (d *District) Visit(ctx context.Context, tx ledger.Tx, area civic.Area, registration civic.RegistrationID) (Visit, error) {
	var v Visit
	var sealed []byte
	err := tx.QueryRow(ctx, "SELECT said FROM pack_visit WHERE area = ?1 AND registration = ?2", string(area), registration[:]).Scan(&sealed)
	if errors.Is(err, ledger.ErrNoRows) {
		return v, civic.NewProblem(civic.PersonAbsent, err)
	}
	if err != nil {
		return v, err
	}
	return v, d.open("visit", registration[:], sealed, &v)
}
