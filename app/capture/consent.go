package capture

import (
	"context"
	"slices"
	"time"

	"github.com/askonce/fieldkit/sync/agreement"
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
		if i := iv.consent(s, ""); i >= 0 {
			ask.Asked, ask.Given = true, iv.draft.Consents[i].Given
		}
		out = append(out, ask)
	}
	return out
}

// SetConsent keeps the citizen's choice for one service, or for one agency of
// those that may use what it was told. What the choice does not say is filled
// in: the purpose, the language of the interview, and whether a no takes back a
// yes that this kit knows of. How it was told and who spoke are said with
// [Interview.SetReadAloud] and [Interview.SetSpeaker], before or after.
func (iv *Interview) SetConsent(ctx context.Context, c civic.Consent) error {
	return iv.change(ctx, func() error {
		c.Purpose = ReusePurpose
		if c.Language == "" {
			c.Language = iv.draft.Language
		}
		c.Withdrawn = !c.Given && iv.saidYes(c.Service, c.Agency)
		i := iv.consent(c.Service, c.Agency)
		c.ReadAloud, c.By = iv.heard[c.Words] || iv.aloud, iv.toldBy()
		if i >= 0 {
			was := iv.draft.Consents[i]
			c.ReadAloud = c.ReadAloud || (was.ReadAloud && was.Words == c.Words) // chosen otherwise, in the same words
			iv.draft.Consents = slices.Clone(iv.draft.Consents)
			iv.draft.Consents[i] = c
			return nil
		}
		iv.draft.Consents = append(slices.Clone(iv.draft.Consents), c)
		return nil
	})
}

// DropConsent takes back what was chosen for one agency alone: what was said for
// the service counts for it again.
func (iv *Interview) DropConsent(ctx context.Context, service civic.ServiceID, agency string) error {
	return iv.change(ctx, func() error {
		iv.draft.Consents = slices.DeleteFunc(slices.Clone(iv.draft.Consents), func(c civic.Consent) bool {
			return c.Purpose == ReusePurpose && c.Service == service && c.Agency == agency
		})
		return nil
	})
}

// Told is how choices were put before the citizen, and who made them.
type Told struct {
	ReadAloud bool
	By        civic.Speaker
}

// Told says how the choices of this interview are told so far: read aloud, if
// each for a service was. Before anything was chosen, whoever the answers name
// speaks: a guardian, or an introducer.
func (iv *Interview) Told() Told {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	t := Told{ReadAloud: iv.aloud, By: iv.toldBy()}
	first := true
	for _, c := range iv.draft.Consents {
		if c.Purpose == ReusePurpose && c.Agency == "" {
			t.ReadAloud = c.ReadAloud && (first || t.ReadAloud)
			first = false
		}
	}
	return t
}

// SetReadAloud is the officer's own word for how the choices were explained:
// whether he read them out. It holds for every choice, of those to come as well,
// whatever a voice has read before.
func (iv *Interview) SetReadAloud(ctx context.Context, aloud bool) error {
	return iv.change(ctx, func() error {
		iv.aloud, iv.heard = aloud, nil
		iv.draft.Consents = slices.Clone(iv.draft.Consents)
		for i := range iv.draft.Consents {
			iv.draft.Consents[i].ReadAloud = aloud
		}
		return nil
	})
}

// SetSpeaker says who made the choices, of those to come as well.
func (iv *Interview) SetSpeaker(ctx context.Context, by civic.Speaker) error {
	return iv.change(ctx, func() error {
		iv.by = &by
		iv.draft.Consents = slices.Clone(iv.draft.Consents)
		for i := range iv.draft.Consents {
			iv.draft.Consents[i].By = by
		}
		return nil
	})
}

// Heard says that a voice has read words to their end, each by its
// civic.NoticeDigest. A choice counts as read aloud if it was put in one of
// them, whether it was made before or is made later; others stay as they are.
func (iv *Interview) Heard(ctx context.Context, words ...civic.Digest) error {
	return iv.change(ctx, func() error {
		if iv.heard == nil {
			iv.heard = map[civic.Digest]bool{}
		}
		for _, w := range words {
			iv.heard[w] = !w.IsZero()
		}
		iv.draft.Consents = slices.Clone(iv.draft.Consents)
		for i, c := range iv.draft.Consents {
			iv.draft.Consents[i].ReadAloud = c.ReadAloud || iv.heard[c.Words]
		}
		return nil
	})
}

// WasHeard tells whether a voice has read all these words to their end since the
// interview was opened.
func (iv *Interview) WasHeard(words ...civic.Digest) bool {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	for _, w := range words {
		if !iv.heard[w] {
			return false
		}
	}
	return len(words) > 0
}

// toldBy is who was said to choose; of an interview that was taken up again it
// is known from the choices.
func (iv *Interview) toldBy() civic.Speaker {
	if iv.by != nil {
		return *iv.by
	}
	for _, c := range iv.draft.Consents {
		if c.Purpose == ReusePurpose {
			return c.By
		}
	}
	return iv.speaker()
}

// speaker is who speaks by what the answers say: whoever they name as the
// person's guardian or introducer.
func (iv *Interview) speaker() civic.Speaker {
	by := civic.Themselves
	r := civic.Registration{Answers: iv.session.Answers(), Form: iv.draft.Form}
	for _, c := range iv.form.Claims(&r) {
		if c.Subject != "" || c.Absent != civic.Present || c.Value == "" {
			continue
		}
		switch c.Attribute {
		case "guardian":
			return civic.ByGuardian
		case "introducer":
			by = civic.ByIntroducer
		}
	}
	return by
}

// saidYes tells whether the kit knows that the person allowed before what is
// refused now.
func (iv *Interview) saidYes(service civic.ServiceID, agency string) bool {
	if iv.reuse == nil || iv.reuse.planner.Known == nil {
		return false
	}
	p, known := iv.reuse.planner.someone(iv.visit(), "")
	if !known {
		return false
	}
	newest, yes := int64(-1), false
	for _, f := range p.facets {
		s := f.source
		if f.ref.Subject != "" || s.Service != service || s.sealed() < newest {
			continue
		}
		if given, asked := s.consent(agency); asked {
			newest, yes = s.sealed(), given
		}
	}
	return yes
}

// Reader is an agency that an agreement lets use what a service is told.
type Reader struct {
	Service   civic.ServiceID // that is told
	Agreement agreement.Agreement
	// Asked tells that a choice was made for this agency alone; Given which.
	Asked, Given bool
}

// MayRefuse tells whether a no of the citizen is heard by this agency. What the
// law obliges it to is told as such, and never as a consent.
func (r Reader) MayRefuse() bool {
	return r.Agreement.Basis != agreement.LegalObligation && r.Agreement.Basis != agreement.VitalInterest
}

// Readers lists the agencies whose agreements in force let them use what the
// services of this interview are told, in an area.
func (iv *Interview) Readers(agreements *agreement.Set, area civic.Area, now time.Time) []Reader {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	var out []Reader
	for _, s := range iv.draft.Services {
		for _, a := range agreements.All() {
			if a.Agency == "" || !a.Holds(now) || !a.Reaches(area) || !slices.Contains(a.Sources, s) || a.Service == s {
				continue
			}
			if slices.ContainsFunc(out, func(r Reader) bool { return r.Service == s && r.Agreement.Agency == a.Agency }) {
				continue // a choice is about the agency, whatever its purposes
			}
			r := Reader{Service: s, Agreement: a}
			if i := iv.consent(s, string(a.Agency)); i >= 0 {
				r.Asked, r.Given = true, iv.draft.Consents[i].Given
			}
			out = append(out, r)
		}
	}
	return out
}

func (iv *Interview) consent(service civic.ServiceID, agency string) int {
	return slices.IndexFunc(iv.draft.Consents, func(c civic.Consent) bool {
		return c.Service == service && c.Purpose == ReusePurpose && c.Agency == agency
	})
}
