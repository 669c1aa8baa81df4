package registry

import (
	"context"
	"crypto/sha256"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// Capability names a part of what an outside registry can do.
type Capability uint8

// What an outside registry can do.
const (
	CanSearch Capability = 1 << iota // find people by what is known of them
	CanMatch                         // grade the people it finds itself
	CanCreate                        // take in a person it does not know
	CanUpdate                        // change what it knows of a person
	CanNotify                        // be told that a person changed, and do with it what it likes
)

// Has tells whether every part named is there.
func (c Capability) Has(parts Capability) bool { return c&parts == parts }

func (c Capability) String() string {
	s := ""
	for i, name := range []string{"search", "match", "create", "update", "notify"} {
		if c&(1<<i) != 0 {
			if s != "" {
				s += " "
			}
			s += name
		}
	}
	return s
}

// Outside is a registry in somebody else's hands. Implementations lie in the
// packages below; registrytest holds the suite that each must pass. Errors are
// civic.RegistryDown (nobody can say what was done: ask again later),
// civic.RegistryRefused (it said no and will again) and civic.RegistryBroken
// (it answered, and the answer cannot be used).
type Outside interface {
	// Can tells the parts it can do. It may ask the registry, once.
	Can(ctx context.Context) (Capability, error)
	// Find gives people over there who may be the one described, at most
	// MaxForeign, the likeliest first where the registry grades them.
	Find(ctx context.Context, claims []civic.Claim) ([]Foreign, error)
	// Put brings what the registry holds of a person up to a copy. Put again
	// with the same copy changes nothing more, whether the first answer was
	// heard or not.
	Put(ctx context.Context, c Copy) (Kept, error)
}

// MaxForeign is how many people one Find gives.
const MaxForeign = 50

// Foreign is somebody an outside registry knows.
type Foreign struct {
	Registry string // its name; filled in by whoever asked
	ID       string // the number over there, at most MaxForeignID bytes
	Version  string
	// Ours is set where the registry holds the person because we told it.
	Ours   civic.PersonID
	Claims []civic.Claim // with the moment they were written, as far as it is known
}

// MaxForeignID is the longest number of an outside registry, in bytes.
const MaxForeignID = 128

// Copy is a person as an outside registry should hold it.
type Copy struct {
	Person civic.PersonID
	// Key is the same whenever the same state of the same person is put.
	Key        [16]byte
	Active     bool           // false when all it was made of belongs to others now
	Into       civic.PersonID // whose it is then, and its number over there
	ReplacedBy string
	Attributes []Attribute
	ID         string // its number over there, empty when that is not known
	Version    string
	// Adopted tells that the registry knew the person before us: what it holds
	// stays, and ours is added.
	Adopted bool
	// Doubt tells that an earlier try ended without an answer: the person may be
	// there already.
	Doubt bool
}

// Kept is what an outside registry holds after a Put.
type Kept struct {
	ID      string
	Version string
	// Duplicates counts further records over there that carry our number; the
	// registry's people have to join them.
	Duplicates int
}

// Name of the evidence event of people taken over from outside.
const verdictAdopted = "adopted"

// foreignRegistration derives the number under which what an outside registry
// says of somebody stands among the registrations.
func foreignRegistration(registry, id string) civic.RegistrationID {
	h := sha256.New()
	h.Write([]byte("askonce/outside/v0\x00" + registry + "\x00"))
	h.Write([]byte(id))
	return civic.RegistrationID(h.Sum(nil)[:16])
}

// AsPerson makes a person of somebody found outside, at home at the office
// that met him; the same one always gets the same id.
func (f *Foreign) AsPerson(office civic.Area, at int64) *Person {
	reg := foreignRegistration(f.Registry, f.ID)
	said := Said{Registration: reg, Office: office, SourceRow: f.Registry + ":" + f.ID, Claims: make([]civic.Claim, len(f.Claims))}
	for i, c := range f.Claims {
		c.Subject, c.Registration, c.Area = "", reg, office
		said.Claims[i] = c
		said.At = max(said.At, c.At.Wall)
	}
	return &Person{
		Ref: Ref{Home: office, Person: NewPersonID(reg, "")}, State: Standing, Created: at,
		Said: []Said{said}, Foreign: f,
	}
}

// Adoption is the change that takes a person found outside into the registry,
// with what was said of it over there as a visit of its own.
func (p *Person) Adoption(at int64) Change {
	said := p.Said[0]
	return Change{
		Said: said, To: p.Ref, State: Standing, Fresh: true, Keys: match.Keys(match.FromClaims(said.Claims)),
		Actor: "match", Detail: Detail{Verdict: verdictAdopted, Note: p.Foreign.Registry}, At: at, Foreign: p.Foreign,
	}
}

// putKey is the idempotency key of the n-th state of a person.
func putKey(registry string, ref Ref, n int64) [16]byte {
	h := sha256.New()
	h.Write([]byte("askonce/outbox/v0\x00" + registry + "\x00" + string(ref.Home) + "\x00"))
	h.Write(ref.Person[:])
	for i := range 8 {
		h.Write([]byte{byte(n >> (56 - 8*i))})
	}
	return [16]byte(h.Sum(nil)[:16])
}
