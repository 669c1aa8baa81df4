package kit

import (
	"context"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/identity"
)

// maxVouched bounds how many registrations are looked at to count whom an
// introducer vouched for.
const maxVouched = 2000

// Doubts says what is doubtful about who vouches for the person an interview is
// about: a witness twice, nobody named, an introducer who has vouched for as
// many as one may, and weak evidence of an earlier visit that should be
// strengthened. They are warnings: the centre holds what must not stand. Of an
// introducer's people only those of this kit are counted here.
func (k *Kit) Doubts(ctx context.Context, iv *capture.Interview) ([]Alert, error) {
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	settings, err := k.IdentitySettings(ctx)
	if err != nil {
		return nil, err
	}
	claims := iv.Form().Claims(&civic.Registration{Answers: iv.Answers(), Sealed: st.Stamp()})
	var out []Alert
	for _, code := range identity.Check(claims, "") {
		out = append(out, Alert{Code: code})
	}
	d := iv.Draft()
	_, known := d.People[""]
	if who := identity.IntroducerOf(claims, ""); who != "" && !known {
		n, err := k.vouchedFor(ctx, st, who, d.Practice)
		if err != nil {
			return nil, err
		}
		if settings.Rules.Over(n) {
			out = append(out, Alert{Code: civic.IntroducerLimit})
		}
	}
	if now, stated := identity.Stated(claims, ""); known && (!stated || identity.Weak(now)) {
		due, weak, err := k.evidenceDue(ctx, st, settings.Rules, d)
		if err != nil {
			return nil, err
		}
		if weak {
			out = append(out, Alert{Code: civic.EvidenceDue, Words: []string{due.Format(time.DateOnly)}})
		}
	}
	return out, nil
}

// vouchedFor counts the registrations of the last year that rest on an
// introducer.
func (k *Kit) vouchedFor(ctx context.Context, st *store.Store, who string, practice bool) (int, error) {
	entries, err := st.Registrations(ctx, store.Filter{Since: k.o.Clock().Add(-identity.Year), Limit: maxVouched})
	if err != nil {
		return 0, problem(err)
	}
	n := 0
	for _, e := range entries {
		r := &e.Registration
		f, ok := k.forms.Form(r.Form)
		if ok && !e.Forgotten && r.Practice == practice && r.Corrects.IsZero() && identity.IntroducerOf(f.Claims(r), "") == who {
			n++
		}
	}
	return n, nil
}

// evidenceDue is by when the evidence of a known person should be strengthened;
// false when something strong was shown at any visit.
func (k *Kit) evidenceDue(ctx context.Context, st *store.Store, rules identity.Rules, d capture.Draft) (due time.Time, weak bool, err error) {
	sources, err := k.sources(ctx, st, d.Practice, refs(d.People))
	if err != nil {
		return due, false, err
	}
	someone, ok := capture.Know(sources).Someone(d.People[""])
	if !ok {
		return due, false, nil
	}
	mine := map[capture.Ref]bool{}
	for _, r := range someone.Refs() {
		mine[r] = true
	}
	for _, s := range sources {
		for _, c := range s.Claims {
			if c.Attribute != civic.EvidenceAttribute || !mine[capture.Ref{Registration: s.Registration, Subject: c.Subject}] {
				continue
			}
			e, ok := civic.ParseEvidence(c.Value)
			if !ok {
				continue
			}
			by, ok := rules.ReviewBy(e, c.At.Time())
			if !ok {
				return due, false, nil
			}
			if !weak || by.Before(due) {
				due, weak = by, true
			}
		}
	}
	return due, weak, nil
}

// Events is the calendar of events that the date fields offer, oldest first.
func (k *Kit) Events(ctx context.Context) ([]identity.Event, error) {
	s, err := k.IdentitySettings(ctx)
	return s.Events, err
}
