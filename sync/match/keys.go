package match

import (
	"slices"
	"strconv"
)

// Where a record of claims has them among its places.
const (
	municipality = 1
	state        = 2 // too wide to narrow a search
	nationalID   = 0 // among its identifiers
)

// maxKeys bounds the keys of one record.
const maxKeys = 24

// Keys are the keys of a record, see [Prepared.Keys].
func Keys(r Record) []uint64 { return Prepare(r).Keys() }

// Keys gives the hashed keys under which a record is kept and looked for, in
// rising order, none twice. Two records of one person share one of them as long
// as they agree in some pair of: sounds of given name and surnames (in either
// order), parts of the birth date, phone, identifier, a place.
func (p *Prepared) Keys() []uint64 {
	k := make([]uint64, 0, maxKeys)
	add := func(kind byte, parts ...string) {
		for _, s := range parts {
			if s == "" {
				return
			}
		}
		if len(k) < maxKeys {
			k = append(k, hash(kind, parts...))
		}
	}
	given, s1, s2, year, monthDay := p.keyed()
	// names and date; surnames are tried in both orders under one kind, so that
	// a swap finds its way, and so is a given name in the surname's place.
	lo, hi := order(given, s1)
	add('a', lo, hi, year)
	add('b', lo, hi, monthDay)
	if s2 != "" {
		lo, hi := order(given, s2)
		add('a', lo, hi, year)
		add('b', lo, hi, monthDay)
		lo, hi = order(s1, s2)
		add('c', lo, hi, given)
	}
	for _, day := range dayKeys(given, s1, s2, year, monthDay) {
		if len(k) < maxKeys {
			k = append(k, day)
		}
	}
	for _, d := range p.phones {
		add('h', d)
	}
	for i, id := range p.ids {
		add('i', strconv.Itoa(i), id)
	}
	// A municipality is narrow enough to stand in for a date that is missing or
	// wrong; the locality's name alone is not, there is a Centro everywhere.
	if m := sound(at(p.places, municipality)); m != "" {
		lo, hi := order(given, s2)
		add('l', lo, hi, m)
		lo, hi = order(s1, s2)
		add('l', lo, hi, m)
		add('m', s1, year, m)
		add('m', given, year, m)
	}
	if given != "" && s1 != "" {
		lo, hi := order(given, s1)
		for i, place := range p.places {
			if i != state && i < 6 && len(place) > 2 {
				add('j', strconv.Itoa(i), lo, hi, sound(place))
			}
		}
		if p.birth.none() && !filledAny(p.places) && len(p.phones) == 0 {
			add('k', lo, hi)
		}
	}
	slices.Sort(k)
	return slices.Compact(k)
}

// keyed gives what keys are made of, "" for what is not known.
func (p *Prepared) keyed() (given, s1, s2, year, monthDay string) {
	if len(p.given) > 0 {
		given = p.given[0].sound
	}
	s1, s2 = p.surname[0].sound, p.surname[1].sound
	if given == "" && s1 == "" && len(p.full) > 0 { // the whole name only: take its ends
		given, s1 = p.full[0].sound, p.full[len(p.full)-1].sound
	}
	if p.birth.year != 0 {
		year = strconv.Itoa(p.birth.year)
	}
	if p.birth.month != 0 && p.birth.day != 0 {
		monthDay = pad(p.birth.month, 2) + pad(p.birth.day, 2)
	}
	return given, s1, s2, year, monthDay
}

// dayKeys are the keys of a name with a whole date: nobody born on the same day
// shares none of them, unless all names are written otherwise.
func dayKeys(given, s1, s2, year, monthDay string) []uint64 {
	if year == "" || monthDay == "" {
		return nil
	}
	out := make([]uint64, 0, 3)
	if given != "" {
		out = append(out, hash('e', given, year, monthDay))
	}
	for _, s := range [...]string{s1, s2} {
		if s != "" {
			out = append(out, hash('f', s, year, monthDay))
		}
	}
	return out
}

// phoneKeys are the keys of the ways to reach somebody.
func (p *Prepared) phoneKeys() []uint64 {
	out := make([]uint64, len(p.phones))
	for i, d := range p.phones {
		out[i] = hash('h', d)
	}
	return out
}

func filledAny(column []string) bool {
	return slices.ContainsFunc(column, func(s string) bool { return s != "" })
}

func order(a, b string) (string, string) {
	if a == "" || b == "" {
		return "", ""
	}
	return min(a, b), max(a, b)
}

// hash is FNV-1a with a part sign between the parts: quick, and the same for
// ever on kit and centre. It hides nothing; what is stored is blinded by the
// registry.
func hash(kind byte, parts ...string) uint64 {
	const prime = 1099511628211
	h := (uint64(14695981039346656037) ^ uint64(kind)) * prime
	for _, s := range parts {
		for i := 0; i < len(s); i++ {
			h = (h ^ uint64(s[i])) * prime
		}
		h = (h ^ 0x1f) * prime
	}
	h ^= h >> 32 // FNV's high bits are weak on short text
	return h * 0x9e3779b97f4a7c15
}
