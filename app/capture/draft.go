package capture

import (
	"context"

	"github.com/askonce/fieldkit/sync/civic"
)

// DraftID names a draft on its kit; random, it never leaves the kit.
type DraftID [16]byte

// IsZero tells whether the id was never set.
func (id DraftID) IsZero() bool { return id == DraftID{} }

// Draft is everything an interview needs to go on after a crash.
type Draft struct {
	ID       DraftID
	Form     civic.FormRef
	Services []civic.ServiceID
	Language string // BCP 47; the language the citizen is asked in
	Answers  []civic.Answer
	Consents []civic.Consent
	// People says which subjects of the form are somebody the kit knows.
	People      map[string]Ref
	Attachments []civic.Attachment
	// Section is the path of the page the officer was on, "" for the first.
	Section  string
	Started  civic.Stamp
	Updated  civic.Stamp
	Corrects civic.RegistrationID // zero unless this corrects a sealed registration
	Practice bool
	// Note is what a supervisor wrote who gave back what this corrects.
	Note string
}

// Keeper keeps drafts. Keep returns only when the draft is on disk.
type Keeper interface {
	Keep(ctx context.Context, d Draft) error
}
