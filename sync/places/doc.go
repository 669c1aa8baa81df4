// Package places is a deployment's list of places: states, municipalities,
// localities, each with its code, the one it lies in, other names and, where
// known, its position.
//
// [New] makes a [Catalogue] of places and checks it; [Catalogue.Pack] and [Open]
// are its bytes as they travel and lie on a kit, [Diff] and [Apply] what has
// changed since an older one. [NewFinder] finds places while somebody types:
// by the beginning of any word, without marks and glottal stops, by sound
// (Oaxaca, Oajaca, Wajaka) and with a slip of the finger, and by what lies
// around them ("juchitán oax").
//
// A catalogue holds nothing of a citizen, but a kit keeps it sealed all the
// same: a list of places says where a tablet was used.
package places
