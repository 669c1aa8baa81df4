// Package attributes is the dictionary of what can be known of a person, a
// household or a place: how sensitive it is, how long an answer stays fresh,
// whether it may be reused at all, which evidence counts most.
//
// [Read] takes the CSV that ships in the assets, or an office's own, and
// refuses one that contradicts itself. [Dictionary.Get] finds an attribute; one
// that is not listed is a fact nobody described, so it is never reused.
package attributes
