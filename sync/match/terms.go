package match

import "math"

// least says that no value is taken as rarer than this: a misspelt name is
// unique and yet says little.
const least = 2e-5

// of gives the share of records that hold a value.
func (t *Terms) of(text string) float64 {
	n := t.Counts[term(text)]
	return max(float64(n)/float64(max(t.Total, 1)), least)
}

func term(text string) uint32 { return uint32(hash('t', text)) }

// correction is what the rarity of an agreed value adds to the weight of its
// level, or takes from it, in bits.
func (t *Terms) correction(k kind, index, level int, a, b *Prepared) float64 {
	var share float64
	switch {
	case k == kindGiven && (level == givenEqual || level == givenPart):
		share = 1
		short := a.given
		if len(b.given) < len(short) {
			short = b.given
		}
		for _, n := range short {
			share *= t.of(n.text)
		}
	case k == kindSurname && level == surnameEqual:
		share = t.of(a.surname[0].text) * t.of(a.surname[1].text)
	case k == kindSurname && (level == surnameSingle || level == surnameFirst):
		share = t.of(only(&a.surname).text)
	case k == kindPlace && level == textEqual:
		share = t.of(at(a.places, index))
	case k == kindOther && level == textEqual:
		share = t.of(at(a.others, index))
	default:
		return 0
	}
	return math.Log2(max(t.Shared, least) / max(share, least))
}

// countTerms counts how common the values of names, places and other words are.
func countTerms(records []*Prepared, plans []plan, fields []string) map[string]*Terms {
	out := map[string]*Terms{}
	for i, p := range plans {
		var values func(r *Prepared, say func(string))
		switch p.kind {
		case kindGiven:
			values = func(r *Prepared, say func(string)) {
				for _, n := range r.given {
					say(n.text)
				}
			}
		case kindSurname:
			values = func(r *Prepared, say func(string)) {
				for _, n := range r.surname {
					if !n.none() {
						say(n.text)
					}
				}
			}
		case kindFull:
			values = func(r *Prepared, say func(string)) {
				for _, n := range r.full {
					say(n.text)
				}
			}
		case kindPlace:
			values = func(r *Prepared, say func(string)) { say(at(r.places, p.index)) }
		case kindOther:
			values = func(r *Prepared, say func(string)) { say(at(r.others, p.index)) }
		default:
			continue
		}
		t := &Terms{Counts: map[uint32]int{}}
		for _, r := range records {
			values(r, func(s string) {
				if s != "" {
					t.Counts[term(s)]++
					t.Total++
				}
			})
		}
		if t.Total == 0 {
			continue
		}
		for _, n := range t.Counts {
			f := float64(n) / float64(t.Total)
			t.Shared += f * f
		}
		out[fields[i]] = t
	}
	return out
}
