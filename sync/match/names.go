package match

import (
	"math/bits"
	"strings"
)

// farLetters is how many letters only one of two names may hold before they are
// not looked at closer: one slip changes two at most.
const farLetters = 5

// crossed tells whether given name and surname changed places.
func crossed(a, b *Prepared) bool {
	if len(a.given) == 0 || len(b.given) == 0 || a.surname[0].none() || b.surname[0].none() {
		return false
	}
	return alikeNames(a.given[0], b.surname[0]) && alikeNames(a.surname[0], b.given[0])
}

// alikeNames tells whether one name may have been written for the other.
func alikeNames(a, b name) bool {
	if a.none() || b.none() {
		return false
	}
	if sameName(a, b) {
		return true
	}
	if a.roman != "" || b.roman != "" {
		// Signs of one reading are typed for each other; signs of other readings
		// are other names, however alike their letters.
		return a.roman == b.roman || signs(a.text) > 1 && signs(b.text) > 1 && a.roman != "" && b.roman != "" && edits(a.text, b.text, 1) <= 1
	}
	if a.letters != 0 && b.letters != 0 && bits.OnesCount32(a.letters^b.letters) > farLetters {
		return len(a.text) >= 4 && len(b.text) >= 4 && a.sound == b.sound && len(a.sound) > 1
	}
	if len(a.text) >= 4 && len(b.text) >= 4 && a.sound == b.sound && len(a.sound) > 1 {
		return true
	}
	limit := 1
	if min(len(a.text), len(b.text)) >= 7 {
		limit = 2
	}
	if min(len(a.text), len(b.text)) >= 4 && edits(a.text, b.text, limit) <= limit {
		return true
	}
	return jaroWinkler(a.text, b.text) >= 0.9
}

// givenLevel compares given names: all of them, some of them, one for another.
func givenLevel(a, b names) int {
	if len(a) == 0 || len(b) == 0 {
		return missing
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	var used uint
	equal, alike, initials := 0, 0, 0
	for _, x := range a { // exact ones first, so that they are not taken by likeness
		for j, y := range b {
			if used&(1<<j) == 0 && sameName(x, y) {
				used |= 1 << j
				equal++
				break
			}
		}
	}
	if equal < len(a) {
		for _, x := range a {
			if hasName(b, x) {
				continue
			}
			for j, y := range b {
				if used&(1<<j) != 0 {
					continue
				}
				if initial(x.text, y.text) {
					used |= 1 << j
					initials++
					break
				}
				if alikeNames(x, y) {
					used |= 1 << j
					alike++
					break
				}
			}
		}
	}
	switch found := equal + alike + initials; {
	case equal == len(b):
		return givenEqual
	case found == len(a) && initials > 0 && equal+alike == 0:
		return givenInitial
	case found == len(b):
		return givenAlike
	case found == len(a) && len(a) < len(b) && equal > 0 && alike == 0:
		return givenPart
	case found == len(a) && len(a) < len(b):
		return givenShared
	case found > 0:
		return givenShared
	case len(a) == 1 && len(b) > 1 && sameName(a[0], whole(b)):
		return givenEqual
	case len(a) == 1 && len(b) > 1 && alikeNames(a[0], whole(b)), len(a) == 1 && len(b) == 1 && prefixed(a[0].text, b[0].text):
		return givenAlike
	}
	return other
}

func has(ns names, text string) bool {
	for _, n := range ns {
		if n.text == text {
			return true
		}
	}
	return false
}

func hasName(ns names, x name) bool {
	for _, n := range ns {
		if sameName(n, x) {
			return true
		}
	}
	return false
}

func initial(a, b string) bool {
	return a != "" && b != "" && (signs(a) == 1 || signs(b) == 1) && first(a, 1) == first(b, 1)
}

// prefixed tells whether one name is the short form of the other: Rob, Robert.
func prefixed(a, b string) bool {
	return min(len(a), len(b)) >= 3 && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a))
}

// surnameLevel compares first and second surname as a pair.
func surnameLevel(a, b *[2]name) int {
	haveA, haveB := !a[0].none() || !a[1].none(), !b[0].none() || !b[1].none()
	if !haveA || !haveB {
		return missing
	}
	twoA, twoB := !a[0].none() && !a[1].none(), !b[0].none() && !b[1].none()
	switch {
	case twoA && twoB:
		switch {
		case sameName(a[0], b[0]) && sameName(a[1], b[1]):
			return surnameEqual
		case alikeNames(a[0], b[0]) && alikeNames(a[1], b[1]):
			return surnameBothAlike
		case alikeNames(a[0], b[1]) && alikeNames(a[1], b[0]):
			return surnameSwapped
		case alikeNames(a[0], b[0]), alikeNames(a[1], b[1]), alikeNames(a[0], b[1]), alikeNames(a[1], b[0]):
			return surnameOne
		}
		return joined(a, b)
	case !twoA && !twoB:
		x, y := only(a), only(b)
		switch {
		case sameName(x, y):
			return surnameSingle
		case alikeNames(x, y), prefixed(x.text, y.text):
			return surnameAlike
		}
		return other
	}
	if twoB {
		a, b = b, a
	}
	x := only(b) // a has two, b one
	switch {
	case sameName(a[0], x):
		return surnameFirst
	case alikeNames(a[0], x):
		return surnameAlike
	case alikeNames(a[1], x):
		return surnameOne
	}
	return joined(a, b)
}

// joined finds surnames that were written as one word.
func joined(a, b *[2]name) int {
	if x, y := a[0].text+a[1].text, b[0].text+b[1].text; x == y || (len(x) >= 6 && edits(x, y, 1) <= 1) {
		return surnameAlike
	}
	return other
}

func only(s *[2]name) name {
	if s[0].none() {
		return s[1]
	}
	return s[0]
}

// fullLevel compares whole names as sets of names.
func fullLevel(a, b names) int {
	if len(a) == 0 || len(b) == 0 {
		return missing
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	var used uint
	equal, alike := 0, 0
	for _, x := range a {
		for j, y := range b {
			if used&(1<<j) == 0 && sameName(x, y) {
				used |= 1 << j
				equal++
				break
			}
		}
	}
	for _, x := range a {
		if hasName(b, x) {
			continue
		}
		for j, y := range b {
			if used&(1<<j) == 0 && (alikeNames(x, y) || initial(x.text, y.text)) {
				used |= 1 << j
				alike++
				break
			}
		}
	}
	switch {
	case equal == len(b):
		return fullEqual
	case equal+alike == len(b):
		return fullAlike
	case equal+alike == len(a) && len(a) > 1:
		return fullPart
	case equal+alike > 0:
		return fullWeak
	}
	return other
}
