package agreement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// Set is the agreements of a deployment.
type Set struct{ all []Agreement }

// NewSet keeps the newest version of each agreement. Two agreements that let
// one service reuse for the same purpose are refused: nobody could say which
// of them a reuse rests on.
func NewSet(agreements ...Agreement) (*Set, error) {
	newest := map[string]Agreement{}
	for _, a := range agreements {
		if have, ok := newest[a.ID]; !ok || a.Version > have.Version {
			newest[a.ID] = a
		}
	}
	s := &Set{}
	purposes := map[string]string{}
	for _, a := range newest {
		key := string(a.Service) + " " + string(a.Purpose.Code) + " " + string(a.Agency)
		if other, twice := purposes[key]; twice {
			return nil, fmt.Errorf("agreements %q and %q are for the same service and purpose", a.ID, other)
		}
		purposes[key] = a.ID
		s.all = append(s.all, a)
	}
	slices.SortFunc(s.all, func(a, b Agreement) int { return strings.Compare(a.ID, b.ID) })
	return s, nil
}

// All lists the agreements by id.
func (s *Set) All() []Agreement { return slices.Clone(s.all) }

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
	for _, a := range s.all {
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
