package capture

import (
	"maps"
	"slices"
	"time"

	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
)

// Planner works out what need not be asked. It holds no state of an interview;
// the same inputs always give the same plan. The zero Planner knows nobody.
type Planner struct {
	Dictionary *attributes.Dictionary
	Agreements *agreement.Set
	Known      *Known
}

// Visit is what a citizen came for and whom it concerns.
type Visit struct {
	Service civic.ServiceID
	// People says who each subject of the form is, where that is known: "" for
	// the one the form is about, "mother", "members[1]" …
	People map[string]Ref
	// Refused: the citizen wants this service to ask everything anew. It costs
	// no service, and other services keep what they may reuse.
	Refused bool
	Now     time.Time
}

func (v Visit) now() time.Time { return v.Now }

// Way is how a question is dealt with.
type Way uint8

// How a question is dealt with.
const (
	Ask     Way = iota // put to the citizen
	Confirm            // shown with "is this still so?"
	Show               // filled in and shown
)

func (w Way) String() string { return [...]string{"ask", "confirm", "reuse"}[w] }

// Why says why a question is asked although it may have been asked before.
type Why string

// Why a question is asked. The translations hold a sentence for each.
const (
	WhyNew       Why = "new"       // nobody has said it yet
	WhyOwn       Why = "own"       // only this service needs it
	WhyUnlisted  Why = "unlisted"  // the dictionary does not know the attribute
	WhyNever     Why = "never"     // always asked: consent, signature, pregnancy
	WhyStale     Why = "stale"     // said too long ago
	WhyAgreement Why = "agreement" // no agreement lets this service reuse it
	WhyConsent   Why = "consent"   // the citizen did not let others use it
	WhyRefused   Why = "refused"   // the citizen wants to be asked anew here
	WhyForm      Why = "form"      // what is held does not fit this form
	WhyChanged   Why = "changed"   // the citizen said something else now
)

// Held is a known answer with where it comes from.
type Held struct {
	Answer    civic.Answer // without a path
	From      Ref
	Service   civic.ServiceID // that collected it
	Area      civic.Area
	At        time.Time
	Days      int    // whole days since
	Agreement string // id of the agreement that lets it be reused, empty for a service's own
	// Disputed tells that another answer that may be reused says otherwise.
	Disputed bool
}

// sameVisit is how long after it was said an answer counts as said in this
// visit: the second service of a visit does not ask "is this still so?".
const sameVisit = 12 * time.Hour

// Look finds out about one attribute of one subject: how to deal with it, why it
// is asked, and what is held. For WhyStale the stale answer comes with it, so that the
// officer can be told what was said when; in every other case of Ask nothing held is shown.
func (p *Planner) Look(v Visit, subject string, attribute civic.Attribute) (Way, Why, Held) {
	switch {
	case attribute == "":
		return Ask, WhyOwn, Held{}
	case p.Known == nil: // a planner that knows nobody
		return Ask, WhyNew, Held{}
	}
	a, listed := p.Dictionary.Get(attribute)
	switch {
	case !listed:
		return Ask, WhyUnlisted, Held{}
	case a.Reuse == attributes.Never:
		return Ask, WhyNever, Held{}
	}
	said := p.said(v, subject, a)
	if len(said) == 0 {
		return Ask, WhyNew, Held{}
	}
	if v.Refused {
		return Ask, WhyRefused, Held{}
	}
	var allowed []candidate
	why := WhyAgreement
	for _, c := range said {
		switch p.mayReuse(v, a, &c) {
		case "":
			allowed = append(allowed, c)
		case WhyConsent:
			why = WhyConsent
		}
	}
	if len(allowed) == 0 {
		return Ask, why, Held{}
	}
	var best, stale *candidate
	disputed := false
	for i := range allowed {
		c := &allowed[i]
		if !a.Fresh(c.claim.At.Time(), v.Now) {
			if stale == nil || c.claim.At.Wall > stale.claim.At.Wall {
				stale = c
			}
			continue
		}
		if best != nil && (best.claim.Value != c.claim.Value || best.claim.Absent != c.claim.Absent) {
			disputed = true
		}
		if best == nil || a.Better(c.claim, best.claim) {
			best = c
		}
	}
	if best == nil {
		return Ask, WhyStale, stale.held(v.Now, false)
	}
	held := best.held(v.Now, disputed)
	justNow := v.Now.Sub(held.At).Abs() < sameVisit
	if (a.Reuse == attributes.Shown || justNow) && !disputed {
		return Show, "", held
	}
	return Confirm, "", held
}

// candidate is a claim that may answer a question.
type candidate struct {
	claim     civic.Claim
	facet     *facet
	agreement string
}

func (c *candidate) held(now time.Time, disputed bool) Held {
	at := c.claim.At.Time()
	return Held{
		Answer: civic.Answer{Value: c.claim.Value, Stated: c.claim.Stated, Absent: c.claim.Absent},
		From:   c.facet.ref, Service: c.facet.source.Service, Area: c.claim.Area, At: at, Days: attributes.Age(at, now),
		Agreement: c.agreement, Disputed: disputed,
	}
}

// said lists what is known of an attribute: of the person, or for what a
// household shares of everybody at home in this visit. "Not known" and "refused"
// are no answers to reuse; "there is none" is one.
func (p *Planner) said(v Visit, subject string, a attributes.Attribute) []candidate {
	var out []candidate
	add := func(f *facet) {
		c, ok := f.said[a.Name]
		if ok && (c.Absent == civic.None || c.Absent == civic.Present && c.Value != "") {
			out = append(out, candidate{claim: c, facet: f})
		}
	}
	if a.About != attributes.Household {
		if someone, ok := p.someone(v, subject); ok {
			for _, f := range someone.facets {
				add(f)
			}
		}
		return out
	}
	seen := map[*facet]bool{}
	once := func(f *facet) {
		if !seen[f] {
			seen[f] = true
			add(f)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.People)) {
		someone, ok := p.someone(v, name)
		if !ok || !atHome(name) {
			continue
		}
		for _, f := range someone.facets {
			if atHome(f.ref.Subject) {
				once(f)
			}
		}
		p.Known.beside(someone, func(f, g *facet, _ *Someone) {
			if atHome(f.ref.Subject) && atHome(g.ref.Subject) {
				once(g)
			}
		})
	}
	return out
}

func (p *Planner) someone(v Visit, subject string) (*Someone, bool) {
	r, ok := v.People[subject]
	if !ok {
		return nil, false
	}
	return p.Known.Someone(r)
}

// atHome tells whether a subject of a form lives in the home the form asks
// about. A father does only where a roster lists him: parents may live apart,
// and one must not learn the other's address from a form about their child.
func atHome(subject string) bool {
	switch name, _ := numbered(subject); name {
	case "", "mother", "members", "siblings":
		return true
	}
	return false
}

// mayReuse says why a claim may not be reused, empty if it may.
func (p *Planner) mayReuse(v Visit, a attributes.Attribute, c *candidate) Why {
	from := c.facet.source
	if from.Service == v.Service {
		return ""
	}
	answer := p.Agreements.Allows(v.Service, from.Service, a.Name, v.Now)
	if !answer.Allowed {
		return WhyAgreement
	}
	given, asked := from.consent(string(answer.Agreement.Agency))
	if asked && !given || !asked && answer.Agreement.Basis == agreement.ByConsent {
		return WhyConsent
	}
	c.agreement = answer.Agreement.ID
	return ""
}
