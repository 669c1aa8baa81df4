package district

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/pack"
	"github.com/askonce/fieldkit/sync/protocol"
)

const secondsADay = 86400

// someone is a person of the district as the plain columns of the registry tell.
type someone struct {
	ref    registry.Ref
	mark   []byte // changes when anything of the person does
	office civic.Area
	seen   int64
}

// members lists who belongs to a district: whoever spoke to one of its offices
// last, those of the own office first, then who came last. Nobody is opened.
func members(ctx context.Context, tx ledger.Tx, s Settings, now int64) ([]someone, error) {
	offices := append([]civic.Area{s.Area}, s.Neighbours...)
	met := map[registry.Ref]bool{}
	var out []someone
	for _, office := range offices {
		var one *someone
		sum := sha256.New()
		end := func() {
			if one != nil && slices.Contains(offices, one.office) && !met[one.ref] {
				met[one.ref] = true
				one.mark = sum.Sum(nil)[:16]
				out = append(out, *one)
			}
			one = nil
			sum.Reset()
		}
		err := ledger.All(ctx, tx, func(r ledger.Row) error {
			var home, subject, at string
			var person, registration []byte
			var said, choices, ended int64
			if err := r.Scan(&home, &person, &registration, &subject, &at, &said, &choices, &ended); err != nil {
				return err
			}
			ref := registry.Ref{Home: civic.Area(home), Person: civic.PersonID(person)}
			if one == nil || one.ref != ref {
				end()
				one = &someone{ref: ref}
			}
			one.office, one.seen = civic.Area(at), said // rows come oldest first
			sum.Write(registration)
			sum.Write([]byte(subject + "\x00" + at + "\x00"))
			sum.Write(binary.BigEndian.AppendUint64(nil, uint64(said)))
			if choices != 0 { // a choice made afterwards is told as well, and a yes that ran out
				sum.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64([]byte("chose"), uint64(choices)), uint64(ended)))
			}
			return nil
		}, `SELECT s.area, s.person, s.registration, s.subject, s.office, s.said_at,
				(SELECT coalesce(max(c.n), 0) FROM share_choice AS c WHERE c.area = s.office AND c.registration = s.registration),
				(SELECT count(*) FROM share_choice AS c WHERE c.area = s.office AND c.registration = s.registration AND c.until <> 0 AND c.until <= ?3)
			FROM (SELECT DISTINCT area, person FROM registry_said WHERE office = ?1) AS here
			JOIN registry_person AS p ON p.area = here.area AND p.person = here.person AND p.state = ?2
			JOIN registry_said AS s ON s.area = here.area AND s.person = here.person AND s.withdrawn_at = 0
			WHERE NOT EXISTS (SELECT 1 FROM pack_withdrawn AS w WHERE w.area = here.area AND w.person = here.person)
			ORDER BY s.area, s.person, s.said_at, s.registration, s.subject`, string(office), int64(registry.Standing), now)
		if err != nil {
			return nil, err
		}
		end()
	}
	slices.SortStableFunc(out, func(a, b someone) int {
		if own := cmp.Compare(btoi(b.office == s.Area), btoi(a.office == s.Area)); own != 0 {
			return own
		}
		return cmp.Compare(b.seen, a.seen)
	})
	return out, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// portrait is one person in both layers, with the receipts that open them.
type portrait struct {
	index    pack.Person
	layer    pack.Layer
	receipts []receiptOf
}

type receiptOf struct {
	registration civic.RegistrationID
	secret       protocol.ClaimSecret
}

// portray makes the two layers of persons.
func (d *District) portray(ctx context.Context, tx ledger.Tx, refs []registry.Ref) (map[registry.Ref]portrait, error) {
	persons, err := d.Registry.Known(ctx, tx, refs)
	if err != nil {
		return nil, err
	}
	out := make(map[registry.Ref]portrait, len(persons))
	allowed, err := d.reusable(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, p := range persons {
		v, err := d.portrait(ctx, tx, p, allowed)
		if err != nil {
			return nil, err
		}
		out[p.Ref] = v
	}
	return out, nil
}

func (d *District) portrait(ctx context.Context, tx ledger.Tx, p *registry.Person, allowed reusable) (portrait, error) {
	out := portrait{layer: pack.Layer{Whole: true}}
	visits := map[civic.RegistrationID]visited{}
	for _, s := range p.Said {
		v, err := d.Visit(ctx, tx, s.Office, s.Registration)
		if civic.CodeOf(err) == civic.PersonAbsent { // an agency's table, or from before packs
			if visits[s.Registration], err = d.sourceOf(ctx, tx, &s); err != nil {
				return out, err
			}
			continue
		}
		if err != nil {
			return out, err
		}
		visits[s.Registration] = visited{Visit: v}
		// Only the one a registration is about holds its receipt.
		if s.Subject == "" && !v.Secret.IsZero() {
			out.receipts = append(out.receipts, receiptOf{s.Registration, v.Secret})
		}
	}
	choices, err := chosen(ctx, tx, p.Said)
	if err != nil {
		return out, err
	}
	held := registry.Fold(p)
	claims := make([]civic.Claim, 0, len(held))
	sources := map[civic.RegistrationID]int{}
	for _, a := range held {
		c := a.Holds
		claims = append(claims, c)
		entry, listed := d.Attributes.Get(a.Name)
		if !listed || entry.Reuse == attributes.Never || visits[c.Registration].table && !allowed.lets(visits[c.Registration].Service, a.Name) {
			continue
		}
		i, ok := sources[c.Registration]
		if !ok {
			i = len(out.layer.Sources)
			sources[c.Registration] = i
			v := visits[c.Registration]
			asked, given := v.Asked, v.Given
			if len(choices) > 0 { // the last word, wherever it was said
				if a, g := reuse(choices, c.Registration, v.Service, d.Clock().Unix()); a {
					asked, given = a, g
				}
			}
			out.layer.Sources = append(out.layer.Sources, pack.Source{
				Service: v.Service, Office: c.Area, Day: int32(c.At.Wall / secondsADay), Asked: asked, Given: given,
			})
		}
		out.layer.Claims = append(out.layer.Claims, pack.Claim{
			Attribute: c.Attribute, Value: c.Value, Stated: c.Stated, Absent: c.Absent, Precision: c.Precision, Evidence: c.Evidence, Source: i,
		})
	}
	out.index = indexOf(p.Person, claims)
	for _, s := range p.Said {
		out.index.Seen = max(out.index.Seen, int32(s.At/secondsADay))
	}
	return out, nil
}

// indexOf makes the index layer of what is held true.
func indexOf(id civic.PersonID, claims []civic.Claim) pack.Person {
	r := match.FromClaims(claims)
	p := pack.Person{ID: id, Full: r.Full, Sex: r.Sex, Year: r.Birth.Year, Keys: pack.HiddenKeys(r)}
	for i, g := range r.Given {
		if i > 0 {
			p.Given += " "
		}
		p.Given += g
	}
	if len(r.Surnames) > 0 {
		p.Surname = r.Surnames[0]
	}
	if len(r.Surnames) > 1 {
		p.Second = r.Surnames[1]
	}
	if len(r.Places) > 2 {
		p.Locality, p.Municipality, p.State = r.Places[0], r.Places[1], r.Places[2]
	}
	return p
}

// told is what kits were told of a person, as far as it is needed to tell them
// of a change.
type told struct {
	Index    [8]byte                     `cbor:"1,keyasint"`
	Claims   map[civic.Attribute][8]byte `cbor:"2,keyasint"`
	Receipts []civic.RegistrationID      `cbor:"3,keyasint"`
	Keys     []uint32                    `cbor:"4,keyasint"`
}

func sumOf(v any) (out [8]byte, err error) {
	b, err := protocol.Marshal(v)
	if err != nil {
		return out, err
	}
	h := sha256.Sum256(b)
	copy(out[:], h[:8])
	return out, nil
}

// change works out what has to be told of a person, given what was; nothing
// when before is as it is now.
func (p *portrait) change(number uint32, id pack.ID, master pack.Master, before *told) (*pack.Change, told, error) {
	index := p.index
	index.Number, index.Seen, index.Keys = number, 0, nil // when somebody came last is told with the rest, not by itself
	now := told{Claims: map[civic.Attribute][8]byte{}}
	var err error
	if now.Index, err = sumOf(index); err != nil {
		return nil, now, err
	}
	key := master.PersonKey(id, p.index.ID)
	c := &pack.Change{Number: number, ID: p.index.ID, Key: key}
	patch := pack.Layer{}
	moved := map[int]int{}
	for _, claim := range p.layer.Claims {
		source := p.layer.Sources[claim.Source]
		at := claim
		at.Source = 0
		sum, err := sumOf(struct {
			Claim  pack.Claim  `cbor:"1,keyasint"`
			Source pack.Source `cbor:"2,keyasint"`
		}{at, source})
		if err != nil {
			return nil, now, err
		}
		now.Claims[claim.Attribute] = sum
		if before == nil || before.Claims[claim.Attribute] == sum {
			continue
		}
		n, ok := moved[claim.Source]
		if !ok {
			n = len(patch.Sources)
			moved[claim.Source] = n
			patch.Sources = append(patch.Sources, source)
		}
		claim.Source = n
		patch.Claims = append(patch.Claims, claim)
	}
	index.Seen, index.Keys, now.Keys = p.index.Seen, p.index.Keys, p.index.Keys
	if before == nil {
		c.Person, c.Layer = &index, &p.layer
	} else {
		for name := range before.Claims {
			if _, still := now.Claims[name]; !still {
				patch.Claims = append(patch.Claims, pack.Claim{Attribute: name, Gone: true})
			}
		}
		if now.Index != before.Index {
			c.Person = &index
		} else {
			// A key once told stays: a former telephone may still be named.
			now.Keys = slices.Clone(before.Keys)
			for _, k := range p.index.Keys {
				if !slices.Contains(before.Keys, k) {
					c.Keys, now.Keys = append(c.Keys, k), append(now.Keys, k)
				}
			}
		}
		if len(patch.Claims) > 0 {
			c.Layer = &patch
		}
	}
	had := map[civic.RegistrationID]bool{}
	if before != nil {
		for _, r := range before.Receipts {
			had[r] = true
		}
	}
	for _, r := range p.receipts {
		now.Receipts = append(now.Receipts, r.registration)
		if !had[r.registration] {
			c.Wraps = append(c.Wraps, pack.NewWrap(key, id, p.index.ID, r.registration, r.secret))
		}
	}
	if c.Person == nil && c.Layer == nil && len(c.Wraps) == 0 && len(c.Keys) == 0 {
		return nil, now, nil
	}
	return c, now, nil
}

// values counts in how many layers each value stands.
func values(all []portrait) map[string]bool {
	count := map[string]int{}
	for i := range all {
		for _, c := range all[i].layer.Claims {
			count[c.Value]++
		}
	}
	const several = 3
	shared := map[string]bool{}
	for v, n := range count {
		if n >= several {
			shared[v] = true
		}
	}
	return shared
}
