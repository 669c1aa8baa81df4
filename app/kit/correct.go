package kit

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

// withCorrected puts to registrations those that they correct: first and
// correction go out together.
func withCorrected(ctx context.Context, st *store.Store, ids []civic.RegistrationID) ([]civic.RegistrationID, error) {
	all := slices.Clone(ids)
	for i := 0; i < len(all); i++ { // a correction may have been corrected
		e, err := st.Registration(ctx, all[i])
		if civic.CodeOf(err) == civic.RegistrationAbsent {
			continue
		}
		if err != nil {
			return nil, err
		}
		if c := e.Registration.Corrects; !c.IsZero() && !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	return all, nil
}

// GiveBack asks an officer to ask again: the registration stays as it was sealed
// and waits, and a draft that corrects it, with the supervisor's note, lies among
// the drafts. Where nobody corrects it in time it goes out as it is.
func (k *Kit) GiveBack(ctx context.Context, id civic.RegistrationID, note string) error {
	st, err := k.open()
	if err != nil {
		return err
	}
	by, err := k.leader(ctx, st)
	if err != nil {
		return err
	}
	if note = strings.TrimSpace(note); note == "" || len(note) > mostNote {
		return civic.NewProblem(civic.WordsWanted, nil)
	}
	d, err := correction(ctx, st, id)
	if err != nil {
		return problem(err)
	}
	d.Note = note
	return problem(st.GiveBack(ctx, by, id, d))
}

// correction is a draft with all that a registration says, to be corrected.
func correction(ctx context.Context, st *store.Store, id civic.RegistrationID) (store.Draft, error) {
	e, err := st.Registration(ctx, id)
	if err != nil {
		return store.Draft{}, err
	}
	if e.Forgotten {
		return store.Draft{}, civic.NewProblem(civic.RegistrationAbsent, nil, id.String())
	}
	r := e.Registration
	return store.Draft{
		Form: r.Form, Services: r.Services, Language: r.Language, Answers: r.Answers, Consents: r.Consents, Attachments: r.Attachments,
		Corrects: id, Started: st.Stamp(), Updated: st.Stamp(), Practice: r.Practice,
	}, nil
}

// Correct begins the correction of a registration that the centre returned: a
// draft with all that was said. The registration itself stays as it was sealed.
func (k *Kit) Correct(ctx context.Context, id civic.RegistrationID) (DraftInfo, error) {
	st, err := k.open()
	if err != nil {
		return DraftInfo{}, err
	}
	drafts, err := st.Drafts(ctx)
	if err != nil {
		return DraftInfo{}, problem(err)
	}
	for _, d := range drafts {
		if d.Corrects == id {
			return DraftInfo{ID: d.ID, Form: d.Form}, nil // begun already
		}
	}
	if err := k.checkBefore(ctx, st); err != nil {
		return DraftInfo{}, err
	}
	d, err := correction(ctx, st, id)
	if err == nil {
		_, err = rand.Read(d.ID[:])
	}
	if err == nil {
		err = st.SaveDraft(ctx, d)
	}
	return DraftInfo{ID: d.ID, Form: d.Form}, problem(err)
}
