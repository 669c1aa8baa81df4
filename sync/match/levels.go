package match

import "strings"

// pattern holds the level of each field, four bits a field.
type pattern uint64

func (p pattern) level(i int) int { return int(p>>(4*i)) & 15 }

func (p pattern) with(i, level int) pattern { return p | pattern(level)<<(4*i) }

// Levels of agreement by name; see levelNames.
const (
	missing = 0
	other   = 1

	givenInitial = 2
	givenShared  = 3
	givenAlike   = 4
	givenPart    = 5
	givenEqual   = 6
	givenCrossed = 7

	surnameOne       = 2
	surnameAlike     = 3
	surnameSwapped   = 4
	surnameFirst     = 5
	surnameSingle    = 6
	surnameBothAlike = 7
	surnameEqual     = 8
	surnameCrossed   = 9

	fullWeak  = 2
	fullAlike = 3
	fullPart  = 4
	fullEqual = 5

	birthNear     = 2
	birthYear     = 3
	birthTwoParts = 4
	birthTypo     = 5
	birthPartial  = 6
	birthEqual    = 7

	sexEqual = 2

	textAlike = 2
	textEqual = 3
)

// compare puts each field of the plan on its level.
//
// A part of the name that differs may stand elsewhere in the other's name: the
// two changed places, or it is a part of the whole name beside.
func compare(fields []plan, a, b *Prepared) pattern {
	var p pattern
	given, surname, full := -1, -1, -1
	for i := range fields {
		f := &fields[i]
		level := missing
		switch f.kind {
		case kindGiven:
			level, given = givenLevel(a.given, b.given), i
		case kindSurname:
			level, surname = surnameLevel(&a.surname, &b.surname), i
		case kindFull:
			level, full = fullLevel(a.full, b.full), i
		case kindBirth:
			level = birthLevel(&a.birth, &b.birth)
		case kindSex:
			if a.sex != 0 && b.sex != 0 {
				level = other
				if a.sex == b.sex {
					level = sexEqual
				}
			}
		case kindPhone:
			level = phoneLevel(a.phones, b.phones)
		case kindPlace:
			level = textLevel(at(a.places, f.index), at(b.places, f.index))
		case kindID:
			level = idLevel(at(a.ids, f.index), at(b.ids, f.index))
		case kindOther:
			level = textLevel(at(a.others, f.index), at(b.others, f.index))
		}
		p = p.with(i, level)
	}
	if full >= 0 && given >= 0 && surname >= 0 {
		// Beside its parts a whole name says nothing of its own.
		p &^= 15 << (4 * full)
		if p.level(given) == missing && p.level(surname) == missing {
			p = p.with(full, fullLevel(a.names(), b.names()))
		}
	}
	if given >= 0 && surname >= 0 && p.level(given) == other && p.level(surname) == other && crossed(a, b) {
		p = p&^(15<<(4*given))&^(15<<(4*surname)) | pattern(givenCrossed)<<(4*given) | pattern(surnameCrossed)<<(4*surname)
	}
	if len(a.full) > 0 && len(b.full) > 0 {
		if given >= 0 && p.level(given) == other && (within(a.given, b.full) || within(b.given, a.full)) {
			p = p&^(15<<(4*given)) | givenShared<<(4*given)
		}
		if surname >= 0 && p.level(surname) == other && (within(a.surname[:1], b.full) || within(b.surname[:1], a.full)) {
			p = p&^(15<<(4*surname)) | surnameOne<<(4*surname)
		}
	}
	return p
}

// names are all of a person's names, in whatever parts they were given.
func (p *Prepared) names() names {
	if len(p.full) > 0 {
		return p.full
	}
	out := make(names, 0, maxNames)
	for _, n := range append(append(out, p.given...), p.surname[:]...) {
		if !n.none() {
			out = append(out, n)
		}
	}
	return out
}

// within tells whether names stand in a whole name, in any place.
func within(part, whole names) bool {
	for _, n := range part {
		if n.none() || !has(whole, n.text) {
			return false
		}
	}
	return len(part) > 0
}

func at(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return ""
}

// birthLevel compares dates that may be known in part.
func birthLevel(a, b *birth) int {
	if a.none() || b.none() {
		return missing
	}
	if a.digits != "" && b.digits != "" {
		if a.digits == b.digits {
			if a.estimated || b.estimated {
				return birthPartial
			}
			return birthEqual
		}
		parts := 0
		for _, same := range [...]bool{a.year == b.year, a.month == b.month, a.day == b.day} {
			if same {
				parts++
			}
		}
		switch {
		case edits(a.digits, b.digits, 1) <= 1, a.year == b.year && a.month == b.day && a.day == b.month:
			return birthTypo
		case parts == 2:
			return birthTwoParts
		case a.year == b.year:
			return birthYear
		}
		return near(a, b)
	}
	if a.year == b.year {
		if a.month != 0 && b.month != 0 && a.month != b.month {
			return birthYear
		}
		return birthPartial
	}
	return near(a, b)
}

func near(a, b *birth) int {
	reach := 1
	if a.estimated || b.estimated {
		reach = 3
	}
	if d := a.year - b.year; d >= -reach && d <= reach {
		return birthNear
	}
	return other
}

func phoneLevel(a, b []string) int {
	if len(a) == 0 || len(b) == 0 {
		return missing
	}
	level := other
	for _, x := range a {
		for _, y := range b {
			switch {
			case x == y, len(x) >= 7 && strings.HasSuffix(y, x), len(y) >= 7 && strings.HasSuffix(x, y):
				return textEqual
			case edits(x, y, 1) <= 1:
				level = textAlike
			}
		}
	}
	return level
}

func idLevel(a, b string) int {
	switch {
	case a == "" || b == "":
		return missing
	case a == b:
		return textEqual
	case edits(a, b, 1) <= 1, len(a) >= 12 && edits(a, b, 2) <= 2:
		return textAlike
	}
	return other
}

// textLevel compares places and other words.
func textLevel(a, b string) int {
	switch {
	case a == "" || b == "":
		return missing
	case a == b:
		return textEqual
	case len(a) >= 4 && len(b) >= 4 && a[0] == b[0] && (jaroWinkler(a, b) >= 0.88 || contains(a, b)):
		return textAlike
	case len(a) >= 4 && len(b) >= 4 && a[0] != b[0] && (edits(a, b, 1) <= 1 || contains(a, b)):
		return textAlike
	case len(a) <= 5 && len(b) <= 5 && min(len(a), len(b)) >= 3 && edits(a, b, 1) <= 1:
		return textAlike
	}
	return other
}

// contains tells whether one text is the whole words of the other's head or tail.
func contains(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return strings.HasPrefix(b, a+" ") || strings.HasSuffix(b, " "+a)
}
