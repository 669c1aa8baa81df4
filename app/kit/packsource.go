package kit

import (
	"crypto/sha256"
	"slices"
	"strconv"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/pack"
)

// openedPerson is somebody whose answers were opened on this kit.
type openedPerson struct {
	person pack.Person
	layer  pack.Layer
}

// packRef is how the planner names somebody of the pack: a registration that
// nobody made. i counts the visits that are held of the person.
func packRef(person civic.PersonID, i int) capture.Ref {
	h := sha256.New()
	h.Write([]byte("askonce/pack/ref/v0\x00"))
	h.Write(person[:])
	h.Write([]byte(strconv.Itoa(i)))
	return capture.Ref{Registration: civic.RegistrationID(h.Sum(nil)[:16])}
}

// sources tell the planner what is held of an opened person, one for each visit
// that claims come from.
func (o *openedPerson) sources() []capture.Source {
	var out []capture.Source
	for i, s := range o.layer.Sources {
		ref := packRef(o.person.ID, len(out))
		v := capture.Source{Registration: ref.Registration, Service: s.Service, Persons: []civic.PersonOf{{Person: o.person.ID}}}
		if s.Asked {
			v.Consents = []civic.Consent{{Service: s.Service, Purpose: capture.ReusePurpose, Given: s.Given}}
		}
		for _, c := range o.layer.Claims {
			if c.Source != i {
				continue
			}
			v.Claims = append(v.Claims, civic.Claim{
				Attribute: c.Attribute, Value: c.Value, Stated: c.Stated, Absent: c.Absent, Precision: c.Precision, Evidence: c.Evidence,
				Registration: ref.Registration, Area: s.Office, At: civic.Stamp{Wall: int64(s.Day) * secondsADay},
			})
		}
		if len(v.Claims) > 0 {
			out = append(out, v)
		}
	}
	return out
}

const secondsADay = 86400

// packSources adds what was opened of the people asked about, and of the people
// that own registrations speak of.
func (k *Kit) packSources(practice bool, of []capture.Ref, own []capture.Source) []capture.Source {
	if practice {
		return own
	}
	n := &k.neighbours
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.opened) == 0 {
		return own
	}
	wanted := map[civic.PersonID]bool{}
	for id := range n.opened {
		wanted[id] = slices.Contains(of, packRef(id, 0))
	}
	for _, s := range own {
		for _, p := range s.Persons {
			if _, ok := n.opened[p.Person]; ok {
				wanted[p.Person] = true
			}
		}
	}
	out := own
	for id, o := range n.opened {
		if wanted[id] {
			out = append(out, o.sources()...)
		}
	}
	return out
}
