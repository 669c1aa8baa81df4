package capture

import (
	"context"

	"github.com/askonce/fieldkit/sync/civic"
)

// Known is an answer the state already holds: shown to confirm, not asked.
type Known struct {
	Path   string
	Answer civic.Answer
	Source string // what it rests on, as the officer reads it
	At     civic.Stamp
}

// Prefill sets answers that are known, where the form asks for them and nothing
// was answered yet, and gives the paths it filled.
func (iv *Interview) Prefill(ctx context.Context, known []Known) ([]string, error) {
	var filled []string
	err := iv.change(ctx, func() error {
		for _, k := range known {
			st := iv.session.State(k.Path)
			if !st.Relevant || st.ReadOnly || st.Answer.Value != "" || st.Answer.Absent != civic.Present {
				continue
			}
			a := k.Answer
			a.Path = k.Path
			if err := iv.session.Set(k.Path, a); err != nil {
				return err
			}
			filled = append(filled, k.Path)
		}
		return nil
	})
	return filled, err
}
