// Package people makes up populations for measuring matching: a registry of
// known people and a day's incoming registrations, each labelled with who it
// truly is. A seed makes the same people for ever; nobody in it exists, and how
// common each name and place is was made up for this project.
//
// # The Mexican population, [Mexico]
//
// Known: households with two surnames each, given names alone or in pairs, a
// birth date, sex, locality, municipality, state and, for six in ten, a phone.
// Half of the incoming are known people, as a clerk on another day would write
// them:
//
//	10 %  miss the second surname
//	 4 %  have the surnames swapped
//	10 %  have a birth date that is off: a digit, day and month, or a year
//	 5 %  have no birth date
//	20 %  of names carry a typo or another spelling (b/v, s/z/c, h, ll/y, x/j)
//	 1 %  have one of two given names left out: nothing tells such a record from
//	      that of a twin, so it is labelled indistinguishable
//	10 %  have moved to another municipality, 20 % have another phone
//
// The others are new to the registry, and among all incoming are
//
//	2 %  twins of a known person: same surnames, day, home; other given names.
//	     Of those one in fifty carries a part of the twin's names
//	     (indistinguishable)
//	3 %  namesakes: given names and surnames alike, all else by chance
//	2 %  parent or child of a known person, of the same first name and first
//	     surname, 17 to 45 years apart, mostly at the same home
package people
