package screen

import (
	"strings"

	"github.com/askonce/fieldkit/app/widget"
)

// mostOffered is how many options a search gives: more than a page shows.
const mostOffered = 50

// offerList is a long list to find options in while somebody types: each label is
// made comparable once, so that a keystroke only looks.
type offerList struct {
	all    []widget.Option
	folded []string // by demand
}

func (l *offerList) ready() {
	if l.folded != nil || len(l.all) == 0 {
		return
	}
	l.folded = make([]string, len(l.all))
	for i, o := range l.all {
		l.folded[i] = fold(o.Label)
	}
}

// matching finds the options with what was typed at the beginning of a word,
// those that begin with it first, at most mostOffered.
func (l *offerList) matching(typed string) []widget.Option {
	l.ready()
	typed = fold(typed)
	var first, later []int
	within := " " + typed
	for i, label := range l.folded {
		switch {
		case strings.HasPrefix(label, typed):
			if first = append(first, i); len(first) == mostOffered {
				return l.options(first)
			}
		case len(later) < mostOffered && strings.Contains(label, within):
			later = append(later, i)
		}
	}
	return l.options(append(first, later[:min(len(later), mostOffered-len(first))]...))
}

func (l *offerList) options(places []int) []widget.Option {
	out := make([]widget.Option, len(places))
	for i, p := range places {
		out[i] = l.all[p]
	}
	return out
}

func (l *offerList) nameOf(typed string) string {
	l.ready()
	want := fold(typed)
	for i, label := range l.folded {
		if label == want {
			return l.all[i].Name
		}
	}
	return strings.TrimSpace(typed)
}

func (l *offerList) labelOf(name string) string {
	for _, o := range l.all {
		if o.Name == name {
			return o.Label
		}
	}
	return name
}

func (l *offerList) took(widget.Option) {}

// plainLetters turns what is written with signs above into what is typed
// without.
var plainLetters = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ü", "u", "ñ", "n")

// fold makes "Édzná" and "edzna" the same.
func fold(s string) string {
	return plainLetters.Replace(strings.ToLower(strings.TrimSpace(s)))
}
