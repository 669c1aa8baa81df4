package agreement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// Set is the agreements of a deployment, each with its revisions.
type Set struct {
	all [][]Agreement // by id, of each the newest version first
}

// NewSet keeps the versions of each agreement. Two agreements that let one
// service reuse for the same purpose and agency are refused: nobody could say
// which of them a reuse rests on.
func NewSet(agreements ...Agreement) (*Set, error) {
	byID := map[string][]Agreement{}
	for _, a := range agreements {
		if !slices.ContainsFunc(byID[a.ID], func(b Agreement) bool { return b.Version == a.Version }) {
			byID[a.ID] = append(byID[a.ID], a)
		}
	}
	s := &Set{}
	purposes := map[string]string{}
	for id, versions := range byID {
		slices.SortFunc(versions, func(a, b Agreement) int { return cmp.Compare(b.Version, a.Version) })
		a := versions[0]
		key := string(a.Service) + " " + string(a.Purpose.Code) + " " + string(a.Agency)
		if other, twice := purposes[key]; twice {
			return nil, fmt.Errorf("agreements %q and %q are for the same service and purpose", id, other)
		}
		purposes[key] = id
		s.all = append(s.all, versions)
	}
	slices.SortFunc(s.all, func(a, b []Agreement) int { return strings.Compare(a[0].ID, b[0].ID) })
	return s, nil
}

// All lists the newest version of each agreement by id.
func (s *Set) All() []Agreement {
	out := make([]Agreement, len(s.all))
	for i, versions := range s.all {
		out[i] = versions[0]
	}
	return out
}

// counting picks the version that counts on a day: the newest that is withdrawn
// or has begun, and where none has begun, the newest.
func counting(versions []Agreement, day string) Agreement {
	for _, a := range versions {
		if a.Lifecycle.State == "withdrawn" || a.Lifecycle.From <= day {
			return a
		}
	}
	return versions[0]
}

// Answer says whether a reuse is allowed and by which agreement. When it is not,
// Agreement is the one that came nearest, zero if the service has none.
type Answer struct {
	Allowed   bool
	Agreement Agreement
}

// Allows asks whether a service may reuse an attribute that another service
// collected, now.
func (s *Set) Allows(service, source civic.ServiceID, attribute civic.Attribute, now time.Time) Answer {
	var near Answer
	day := now.UTC().Format(time.DateOnly)
	for _, versions := range s.all {
		a := counting(versions, day)
		if a.Service != service || !a.Holds(now) {
			continue
		}
		near.Agreement = a
		if a.Covers(attribute) && slices.Contains(a.Sources, source) {
			return Answer{Allowed: true, Agreement: a}
		}
	}
	return near
}
