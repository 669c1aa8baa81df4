package kit

import (
	"context"
	"strings"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

// RefOf finds somebody by what people type: a registration's id, with ":mother"
// or the like behind it for another of its subjects, or the id of a person as
// the centre gave it.
func (k *Kit) RefOf(ctx context.Context, said string) (capture.Ref, error) {
	st, err := k.open()
	if err != nil {
		return capture.Ref{}, err
	}
	text, subject, _ := strings.Cut(said, ":")
	absent := civic.NewProblem(civic.RegistrationAbsent, nil, text)
	id, err := civic.ParseRegistrationID(text)
	if err != nil {
		return capture.Ref{}, absent
	}
	if _, err := st.Registration(ctx, id); err == nil {
		return capture.Ref{Registration: id, Subject: subject}, nil
	}
	entries, err := st.Registrations(ctx, store.Filter{})
	if err != nil {
		return capture.Ref{}, problem(err)
	}
	for _, e := range entries { // the newest first
		for _, p := range e.Persons {
			if p.Person == civic.PersonID(id) && !e.Forgotten {
				return capture.Ref{Registration: e.Registration.ID, Subject: p.Subject}, nil
			}
		}
	}
	return capture.Ref{}, absent
}
