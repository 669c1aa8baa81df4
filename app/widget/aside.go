package widget

import "fyne.io/fyne/v2"

// NewAside makes a button that a tap reaches and the Tab key does not, for what
// is rarely wanted; a key of the page should do the same.
func NewAside(h *Hands, words, key string, do func()) fyne.CanvasObject {
	return newOffer(NewButton(h, Quiet, "", words, key, do))
}
