package form

import (
	"slices"
	"strings"
)

// Drawn tells whether a question is answered by drawing: an image with the
// appearance "signature" or "draw". What is drawn is asked for each time, never
// filled in from what somebody holds.
func (it Item) Drawn() bool { return drawn(it.Kind, it.Appearance) }

// Signature tells whether what is drawn is a person's signature.
func (it Item) Signature() bool {
	return it.Drawn() && slices.Contains(strings.Fields(it.Appearance), "signature")
}

func drawn(k Kind, appearance string) bool {
	return k == Image && slices.ContainsFunc(strings.Fields(appearance), func(a string) bool { return a == "signature" || a == "draw" })
}
