package kit

import (
	"context"
	"crypto/ed25519"
	"slices"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// takeAgreement keeps a revision of an agreement that the centre signed.
func (k *Kit) takeAgreement(ctx context.Context, st *store.Store, statement []byte, server ed25519.PublicKey) error {
	var body []byte
	if err := protocol.Open(protocol.StatementAgreement, statement, server, &body); err != nil {
		return err
	}
	// One that only a later program can read is kept as well: see rulesHere.
	id, version, err := agreement.Named(body)
	if err != nil {
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	return st.PutAgreement(ctx, id, version, body)
}

// Readers lists the agencies that may use what the services of an interview are
// told, as the agreements that are in force say.
func (k *Kit) Readers(ctx context.Context, iv *capture.Interview) ([]capture.Reader, error) {
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	r, err := rulesHere(ctx, st)
	if err != nil {
		return nil, problem(err)
	}
	return iv.Readers(r.agreements, st.Identity().Area, st.Stamp().Time()), nil
}

// rulesHere are the dictionary, and the agreements that came from the centre
// before those that ship. A revision that only a later program can read ends
// those before it: what it would allow is asked, and what they allowed may be
// what it took back.
func rulesHere(ctx context.Context, st *store.Store) (rules, error) {
	shipped, err := shippedRules()
	if err != nil {
		return rules{}, err
	}
	bodies, err := st.Agreements(ctx)
	if err != nil {
		return rules{}, err
	}
	all := make([]agreement.Agreement, 0, len(bodies))
	later := map[string]int{}
	for _, b := range bodies {
		a, err := agreement.Read(b)
		if err == nil {
			all = append(all, a)
		} else if id, version, err := agreement.Named(b); err == nil {
			later[id] = max(later[id], version)
		}
	}
	// Of one version the centre's own writing comes first and counts.
	all = slices.DeleteFunc(append(all, shipped.agreements.All()...), func(a agreement.Agreement) bool { return a.Version < later[a.ID] })
	set, err := agreement.NewSet(all...)
	return rules{shipped.dictionary, set}, err
}
