package policy_test

import (
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// The oracle says from the rules as they stand in docs/agencies.md whether a
// claim may cross. It shares no code with the policies: no Cedar, no fold, and
// it reads the dictionary's words from a table of its own.
type oracle struct {
	never     map[string]bool   // attributes nobody hands on
	sensitive map[string]string // the word of the dictionary
}

// mayCross is the rule book, read from top to bottom.
func (o oracle) mayCross(r policy.Request, p policy.Person, said policy.Said, attribute string) bool {
	a := r.Agreement
	if a == nil || a.Agency != r.Agency {
		return false
	}
	if !r.Active || !r.Approved || a.Lifecycle.State != "active" {
		return false
	}
	today := time.Date(r.Now.UTC().Year(), r.Now.UTC().Month(), r.Now.UTC().Day(), 0, 0, 0, 0, time.UTC)
	first, err := time.Parse("2006-01-02", a.Lifecycle.From)
	if err != nil || today.Before(first) {
		return false
	}
	if a.Lifecycle.Until != "" {
		last, err := time.Parse("2006-01-02", a.Lifecycle.Until)
		if err != nil || today.After(last) {
			return false
		}
	}
	if string(r.Purpose) != string(a.Purpose.Code) {
		return false
	}
	if (a.ExplicitRequest && !r.Explicit) || (a.Preview && !r.Previewed) || p.Doubtful {
		return false
	}
	if !o.named(a, attribute) || o.never[attribute] || !o.inAreas(a, string(said.Area)) {
		return false
	}
	for _, s := range said.Services {
		agreed := false
		for _, t := range a.Sources {
			agreed = agreed || s == t
		}
		if !agreed {
			return false
		}
	}
	obliged := a.Basis == "legal_obligation" || a.Basis == "vital_interest"
	if p.Objected && (a.Basis == "public_task" || a.Basis == "legitimate_interest") {
		return false
	}
	yes, no := o.choices(r, p, said)
	if no && !obliged {
		return false
	}
	if a.Basis == "consent" && !yes {
		return false
	}
	return true
}

func (o oracle) named(a *agreement.Agreement, attribute string) bool {
	rank := map[string]int{"basic": 1, "personal": 2, "sensitive": 3, "special": 4}
	named, ceiling := false, ""
	for _, c := range a.Attributes {
		if string(c.Name) == attribute {
			named = true
			if c.Sensitivity != "" {
				ceiling = c.Sensitivity
			}
		}
	}
	word, described := o.sensitive[attribute]
	if !named || !described {
		return false
	}
	return ceiling == "" || rank[word] <= rank[ceiling]
}

func (o oracle) inAreas(a *agreement.Agreement, office string) bool {
	if len(a.Areas) == 0 {
		return true
	}
	parts := strings.Split(office, "-")
	for _, in := range a.Areas {
		for n := 1; n <= len(parts); n++ {
			if strings.Join(parts[:n], "-") == string(in) {
				return true
			}
		}
	}
	return false
}

// choices says whether every service the answers were given to has a standing
// yes, and whether any of them has a no.
func (o oracle) choices(r policy.Request, p policy.Person, said policy.Said) (yes, no bool) {
	services := said.Services
	if len(services) == 0 {
		services = []civic.ServiceID{""}
	}
	yes = true
	for _, service := range services {
		switch o.choice(r, p, said, string(service)) {
		case 'y':
		case 'n':
			yes, no = false, true
		default:
			yes = false
		}
	}
	return yes, no
}

// choice looks from the narrowest wish to the widest, and within one width from
// the newest to the oldest.
func (o oracle) choice(r policy.Request, p policy.Person, said policy.Said, service string) byte {
	type wish struct {
		agency, purpose, target, source string
	}
	fits := func(e policy.Event) bool {
		ok := func(have, want string) bool { return have == "" || have == want }
		return (e.Own || e.Registration == said.Registration) && ok(string(e.Scope.Agency), string(r.Agency)) &&
			ok(string(e.Scope.Purpose), string(r.Agreement.Purpose.Code)) && ok(string(e.Scope.Target), string(r.Agreement.Service)) &&
			ok(string(e.Scope.Source), service)
	}
	newestFirst := []policy.Event{}
	for _, e := range p.Events { // insertion: later ones, and later in the list, come first
		if !fits(e) || e.State == policy.Requested {
			continue
		}
		at := 0
		for at < len(newestFirst) && newestFirst[at].At > e.At {
			at++
		}
		newestFirst = append(newestFirst[:at], append([]policy.Event{e}, newestFirst[at:]...)...)
	}
	blank := func(keep bool, s string) string {
		if keep {
			return s
		}
		return ""
	}
	for mask := 15; mask >= 0; mask-- {
		w := wish{
			agency: blank(mask&8 != 0, string(r.Agency)), purpose: blank(mask&4 != 0, string(r.Agreement.Purpose.Code)),
			target: blank(mask&2 != 0, string(r.Agreement.Service)), source: blank(mask&1 != 0, service),
		}
		// A part that is empty in the request itself has no narrower form.
		if (mask&8 != 0 && w.agency == "") || (mask&4 != 0 && w.purpose == "") || (mask&2 != 0 && w.target == "") || (mask&1 != 0 && w.source == "") {
			continue
		}
		for i, e := range newestFirst {
			if (wish{string(e.Scope.Agency), string(e.Scope.Purpose), string(e.Scope.Target), string(e.Scope.Source)}) != w {
				continue
			}
			if e.State == policy.Refused || e.State == policy.Withdrawn {
				return 'n'
			}
			// A yes, or what is left of one: taken back since by a wider word?
			for _, later := range newestFirst[:i] {
				s := later.Scope
				if later.State == policy.Withdrawn && (s.Agency == "" || string(s.Agency) == w.agency) && (s.Purpose == "" || string(s.Purpose) == w.purpose) &&
					(s.Target == "" || string(s.Target) == w.target) && (s.Source == "" || string(s.Source) == w.source) {
					return 'n'
				}
			}
			if e.State == policy.Expired || e.Until != 0 && r.Now.Unix() >= e.Until {
				return '?'
			}
			return 'y'
		}
	}
	return '?'
}
