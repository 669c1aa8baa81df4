package capture

import (
	"context"
	"slices"

	"github.com/askonce/fieldkit/sync/civic"
)

// ReusePurpose is the purpose a citizen is asked about while no agreement names
// a finer one: may these answers be used again by other services?
const ReusePurpose civic.Purpose = "reuse"

// ConsentAsk is one choice to put before the citizen. Refusing costs nothing.
type ConsentAsk struct {
	Service civic.ServiceID
	Purpose civic.Purpose
	Asked   bool // a choice was made
	Given   bool
}

// Consents are the choices to ask for, one for each service.
func (iv *Interview) Consents() []ConsentAsk {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	out := make([]ConsentAsk, 0, len(iv.draft.Services))
	for _, s := range iv.draft.Services {
		ask := ConsentAsk{Service: s, Purpose: ReusePurpose}
		if i := iv.consent(s); i >= 0 {
			ask.Asked, ask.Given = true, iv.draft.Consents[i].Given
		}
		out = append(out, ask)
	}
	return out
}

// SetConsent keeps the citizen's choice for one service, with the language it
// was explained in and whether it was read aloud.
func (iv *Interview) SetConsent(ctx context.Context, service civic.ServiceID, given, readAloud bool) error {
	return iv.change(ctx, func() error {
		c := civic.Consent{Service: service, Purpose: ReusePurpose, Given: given, Language: iv.draft.Language, ReadAloud: readAloud}
		if i := iv.consent(service); i >= 0 {
			iv.draft.Consents[i] = c
			return nil
		}
		iv.draft.Consents = append(slices.Clone(iv.draft.Consents), c)
		return nil
	})
}

func (iv *Interview) consent(service civic.ServiceID) int {
	return slices.IndexFunc(iv.draft.Consents, func(c civic.Consent) bool { return c.Service == service && c.Purpose == ReusePurpose })
}
