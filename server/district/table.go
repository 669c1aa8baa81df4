package district

import (
	"context"
	"errors"
	"strings"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// visited is a visit, or a row of an agency's table that stands for one.
type visited struct {
	Visit
	table bool
}

// sourceOf tells which agency's table a row came from. Nobody asked the citizen
// about it, and no receipt opens it.
func (d *District) sourceOf(ctx context.Context, tx ledger.Tx, s *registry.Said) (visited, error) {
	var form string
	err := tx.QueryRow(ctx, "SELECT form FROM outcome WHERE area = ?1 AND registration = ?2", string(s.Office), s.Registration[:]).Scan(&form)
	if errors.Is(err, ledger.ErrNoRows) {
		return visited{}, nil
	}
	id, _, _ := strings.Cut(form, "@")
	source, ok := civic.ClaimsSource(civic.FormID(id))
	return visited{Visit: Visit{Service: source}, table: ok}, err
}

// reusable are the agreements that hold now: of an agency's table only what one
// of them lets some service reuse reaches kits. One that rests on consent lets
// nothing of it be reused: nobody was asked.
type reusable []agreement.Agreement

func (d *District) reusable(ctx context.Context, tx ledger.Tx) (reusable, error) {
	if d.Agreements == nil {
		return nil, nil
	}
	return d.Agreements(ctx, tx)
}

func (r reusable) lets(source civic.ServiceID, a civic.Attribute) bool {
	for i := range r {
		if r[i].Basis == agreement.ByConsent {
			continue
		}
		for _, s := range r[i].Sources {
			if s == source && r[i].Covers(a) {
				return true
			}
		}
	}
	return false
}
