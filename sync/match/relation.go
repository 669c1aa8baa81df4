package match

import (
	"strings"
	"unicode"
)

// homeBits is what sharing a place must say for two people to be of one home.
const homeBits = 3.5

// houseBits is what places that agree must say for two people to be of one
// house: more than a town and its quarter do.
const houseBits = 11

// relate says what two people seem to be to each other, from what is personal
// (given names, day of birth, identifier, sex) against what families share
// (surnames, places, phone). Ambiguous pairs look like one person and like two
// at once; thin ones are one person unless the name is common where they live.
//
// families tells whether their surnames name two families, see contradict.
func relate(fields []plan, p pattern, a, b *Prepared, families bool) (rel Relation, ambiguous, thin bool) {
	var given, surname, full, birth, sex, phone, ids, place int
	var house float64  // bits of the places that agree
	var elsewhere bool // a place is known of both, and differs
	var numbers bool   // a number is known of both, and differs
	var unlike bool    // wholly, which happens where a number is another's, or made up
	var slipped bool   // it differs in a digit, and is made of nothing else
	for i := range fields {
		level := p.level(i)
		switch fields[i].kind {
		case kindGiven:
			given = level
		case kindSurname:
			surname = level
		case kindFull:
			full = level
		case kindBirth:
			birth = level
		case kindSex:
			sex = level
		case kindPhone:
			phone = level
		case kindID:
			n := fields[i].index
			made := (level == textAlike || level == other) && (spoken(at(a.ids, n)) || spoken(at(b.ids, n)))
			switch {
			case level == textEqual:
				ids++
			case made && (level == textAlike || n == nationalID):
				numbers = true
			case level == textAlike:
				slipped = true
			case level == other && n == nationalID:
				unlike = true
			}
		case kindPlace:
			elsewhere = elsewhere || level == other
			// A shared state is no home.
			if level == textEqual && (fields[i].weights == nil || fields[i].weights[textEqual] >= homeBits) {
				place++
				if fields[i].weights != nil {
					house += fields[i].weights[textEqual]
				}
			}
		}
	}
	whole := given == missing && surname == missing && full != missing
	if whole {
		given, surname = ofWhole(full)
	}
	family := surname >= surnameOne
	home := phone >= textAlike || place > 0
	years := a.birth.year - b.birth.year
	if years < 0 {
		years = -years
	}
	sameDay := birth == birthEqual || birth == birthTypo || birth == birthPartial
	differs := given == other || (given == givenShared && apart(a.given, b.given))
	leftOut := given == givenPart && whole && begins(a.names(), b.names()) // a surname

	switch {
	case ids > 0 && (!differs || birth >= birthYear) && sex != other:
		return Same, false, false
	case given == missing && ids == 0:
		// Nothing personal: a day of birth and a home are many people's.
		if surname == other {
			return Stranger, false, false
		}
		return Unknown, false, false
	case differs && ids == 0:
		switch {
		case !family:
			return Stranger, false, false
		case birth == missing && !home:
			return Unknown, false, false
		case birth == other && years >= 14 && home:
			return Parent, false, false
		case sameDay || home || birth >= birthNear || years < 14:
			return Sibling, false, false
		}
		return Stranger, false, false
	case sex == other && birth == birthEqual && given != givenEqual && given != givenCrossed && family:
		return Sibling, false, false
	case birth == other && years >= 13 && family && given != missing:
		if home || surname == surnameOne || surname == surnameFirst || surname == surnameSingle || surname == surnameEqual {
			if home {
				return Parent, false, false
			}
			return Namesake, false, false
		}
		return Namesake, false, false
	case surname == other && ids == 0:
		if given != missing && birth == birthEqual && home {
			return Unknown, false, false // a married or changed name
		}
		return Stranger, false, false
	case (birth == other || birth == birthNear || birth == birthYear) && ids == 0:
		if home && birth != other {
			return Same, true, false
		}
		return Namesake, false, false
	case given == givenPart && !leftOut, given == givenShared, given == givenInitial:
		// A twin may carry the longer name, all else equal.
		return Same, family && ids == 0, false
	case ids == 0 && families:
		// Two families' names. Who shares a town with many of the same name shares
		// the day of birth with one of them sooner or later.
		return Same, true, false
	case ids == 0 && (numbers || unlike && (birth != birthEqual || phone < textAlike && house < houseBits)):
		// Two numbers are two people, or one of them is wrong: then the day and the
		// house must say so.
		return Same, true, false
	case ids == 0 && given == givenAlike && (otherNames(a.given, b.given) || whole && otherNames(a.names(), b.names())):
		return Same, true, false
	case surname == surnameOne && ids == 0:
		return Same, !home, false
	case sex == other:
		return Same, true, false
	case (birth == birthTypo || birth == birthTwoParts) && ids == 0 && phone < textAlike && place < 2 && (phone == other || elsewhere):
		// A slip of the pen, or a namesake of the same town born close by? With
		// another phone or another home within the town nobody can tell.
		return Same, true, false
	}
	// Without one exact date that both give, names and places are all there is,
	// and a whole town may share those.
	return Same, false, birth != birthEqual && ids == 0 && phone < textAlike && !slipped
}

// spoken tells whether a number is made of the name and the day of birth, as a
// CURP or an RFC is: letters and digits, and long. Those of namesakes and twins
// are alike by themselves.
func spoken(number string) bool {
	const least = 10
	return len(number) >= least && strings.ContainsAny(number, "0123456789") && strings.ContainsFunc(number, unicode.IsLetter)
}

// begins tells whether one of two whole names is the beginning of the other.
func begins(a, b names) bool {
	for i := range min(len(a), len(b)) {
		if !alikeNames(a[i], b[i]) {
			return false
		}
	}
	return true
}

// apart tells whether two given names share a part and differ in another, as
// those of siblings do: María Fernanda, María Guadalupe.
func apart(a, b names) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	rest := func(x, y names) bool {
		for _, n := range x {
			found := false
			for _, m := range y {
				if alikeNames(n, m) || initial(n.text, m.text) {
					found = true
					break
				}
			}
			if !found {
				return true
			}
		}
		return false
	}
	return rest(a, b) && rest(b, a)
}
