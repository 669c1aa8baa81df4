package share

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// MayWrite tells whether an agreement lets its agency tell the registry
// something, beside or instead of reading: its data_use says data_source.
func MayWrite(a *agreement.Agreement) bool {
	return a != nil && (a.DataUse == "data_source" || a.DataUse == "data_source_and_data_using_service")
}

// claimed is a form of an agency's: what it said is what it means.
type claimed []civic.Claim

func (c claimed) Claims(*civic.Registration) []civic.Claim { return c }

// Write takes in what an agency says of a person, as a registration of its own
// that nothing overwrites; of a known person when ref names one, else of
// whoever matching finds or founds. request makes it the same one when repeated;
// something else under the same number is taken for nothing of the kind: its
// outcome is civic.Quarantined.
func (s *Share) Write(ctx context.Context, tx ledger.Tx, settle Settler, a *agreement.Agreement, request string, area civic.Area, values map[civic.Attribute]string, ref *registry.Ref) (civic.Outcome, error) {
	now := s.Clock()
	sum := sha256.Sum256([]byte("askonce/agency/" + string(a.Agency) + "\x00" + request))
	device := sha256.Sum256([]byte("askonce/agency/" + string(a.Agency)))
	r := &civic.Registration{
		Device: civic.DeviceID(device[:16]), ID: civic.RegistrationID(sum[:16]), Area: area, Services: []civic.ServiceID{a.Service},
		Form: civic.FormRef{ID: "agency", Version: "1"}, Sealed: civic.Stamp{Wall: now.Unix()},
	}
	if ref != nil {
		known, err := s.Registry.Known(ctx, tx, []registry.Ref{*ref})
		if err != nil {
			return civic.Outcome{}, err
		}
		for _, p := range known {
			for _, said := range p.Said {
				if said.Subject == "" {
					r.Area, r.Corrects = said.Office, said.Registration
				}
			}
		}
		if r.Corrects.IsZero() {
			return civic.Outcome{}, civic.NewProblem(civic.PersonAbsent, nil)
		}
	}
	digest := sha256.New()
	digest.Write(r.ID[:])
	if ref != nil {
		digest.Write(ref.Person[:])
	}
	var claims claimed
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(digest, "%q=%q", name, values[name])
		claims = append(claims, civic.Claim{Attribute: name, Value: values[name], Evidence: civic.Document, Registration: r.ID, Area: r.Area, At: r.Sealed})
	}
	outcomes, err := settle.Settle(ctx, tx, r.Area, []reconcile.Incoming{{Registration: r, Digest: civic.Digest(digest.Sum(nil)), Form: claims}})
	if err != nil {
		return civic.Outcome{}, err
	}
	if outcomes[0].Status == civic.Quarantined {
		return outcomes[0], nil
	}
	_, err = tx.Exec(ctx, "INSERT INTO share_written (area, registration, agency, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (area, registration) DO NOTHING",
		string(r.Area), r.ID[:], string(a.Agency), now.Unix())
	return outcomes[0], err
}

// Withdraw takes back what an agency itself wrote of a person and tells how
// many registrations that were. The claims stay; they are no longer handed out.
func (s *Share) Withdraw(ctx context.Context, tx ledger.Tx, agency agreement.AgencyID, ref registry.Ref) (n int64, err error) {
	known, err := s.Registry.Known(ctx, tx, []registry.Ref{ref})
	if err != nil {
		return 0, err
	}
	for _, p := range known {
		for _, said := range p.Said {
			one, err := tx.Exec(ctx, `INSERT INTO share_withdrawn (area, registration, agency, at)
				SELECT area, registration, agency, ?4 FROM share_written WHERE area = ?1 AND registration = ?2 AND agency = ?3
				ON CONFLICT (area, registration) DO NOTHING`, string(said.Office), said.Registration[:], string(agency), s.Clock().Unix())
			if err != nil {
				return n, err
			}
			n += one
		}
	}
	return n, nil
}

func withdrawnOf(ctx context.Context, tx ledger.Tx, area civic.Area, ids []civic.RegistrationID) (map[civic.RegistrationID]bool, error) {
	out := map[civic.RegistrationID]bool{}
	err := ofRegistrations(ctx, tx, area, ids, "SELECT registration FROM share_withdrawn", func(r ledger.Row) error {
		var id []byte
		err := r.Scan(&id)
		out[civic.RegistrationID(id)] = true
		return err
	})
	return out, err
}
