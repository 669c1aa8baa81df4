package batch

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// schema is what a form's version tells both ends without a word on the wire:
// which questions there are, in what order, with which choices and words.
type schema struct {
	ref     civic.FormRef
	print   [8]byte // of all that follows; the two ends must agree
	columns []*column
	items   []item
	byPath  map[string]*column
}

// column is one question.
type column struct {
	number  uint32 // from 0 in the order of the form
	path    string
	kind    form.Kind
	choices []string
	words   []string
	ranks   ranking // of words

	once     sync.Once
	choiceAt map[string]int // made by whoever writes, see index
	wordAt   map[string]int
}

// item is a question or a repeat, in the order of the form.
type item struct {
	column *column
	repeat string // its path, when column is nil
	items  []item
}

// described is the part of a form that the wire depends on.
type described interface {
	Ref() civic.FormRef
	Questions() []*form.Question
	Words(path string) []string
}

// newSchema reads a form. Notes and whatever else never has an answer stay out.
func newSchema(f described) *schema {
	s := &schema{ref: f.Ref(), byPath: map[string]*column{}}
	repeats := map[string]bool{}
	questions := slices.DeleteFunc(f.Questions(), func(q *form.Question) bool { return q.Kind == form.Note })
	for _, q := range questions {
		if strings.HasPrefix(q.Path, q.Repeat+"/") {
			repeats[q.Repeat] = true
		}
	}
	for _, q := range questions {
		c := &column{number: uint32(len(s.columns)), path: q.Path, kind: q.Kind, words: f.Words(q.Path)}
		for _, choice := range q.Choices {
			c.choices = append(c.choices, choice.Name)
		}
		if len(c.words) > maxRank {
			c.words = c.words[:maxRank]
		}
		if len(c.choices) > maxRank {
			c.choices = nil
		}
		if len(c.words) == 0 && c.kind != form.SelectOne {
			c.words = c.choices
		}
		if len(c.words) > 0 {
			c.ranks = newRanking(len(c.words))
		}
		s.columns = append(s.columns, c)
		s.byPath[c.path] = c
		s.items = nest(s.items, around(q, repeats), c)
	}
	s.print = s.fingerprint()
	return s
}

// around lists the repeats a question stands in, outermost first.
func around(q *form.Question, repeats map[string]bool) []string {
	repeat := q.Repeat
	if !strings.HasPrefix(q.Path, repeat+"/") {
		return nil
	}
	var chain []string
	for i, r := range repeat {
		if r == '/' && repeats[repeat[:i]] {
			chain = append(chain, repeat[:i])
		}
	}
	return append(chain, repeat)
}

// nest puts a column behind the others, inside its repeats.
func nest(items []item, chain []string, c *column) []item {
	if len(chain) == 0 {
		return append(items, item{column: c})
	}
	if n := len(items); n == 0 || items[n-1].repeat != chain[0] {
		items = append(items, item{repeat: chain[0]})
	}
	last := &items[len(items)-1]
	last.items = nest(last.items, chain[1:], c)
	return items
}

// fingerprint stands for everything of the schema that coding depends on.
func (s *schema) fingerprint() [8]byte {
	h := sha256.New()
	text := func(s string) {
		h.Write(binary.AppendUvarint(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	var b []byte
	flush := func(list []string) {
		b = binary.AppendUvarint(b[:0], uint64(len(list)))
		for _, s := range list {
			b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
		}
		h.Write(b)
	}
	for _, c := range s.columns {
		text(c.path)
		text(c.kind.String())
		flush(c.choices)
		flush(c.words)
	}
	var tree func([]item)
	tree = func(items []item) {
		for _, it := range items {
			if it.column == nil {
				text(it.repeat)
				tree(it.items)
			}
			text("")
		}
	}
	tree(s.items)
	return [8]byte(h.Sum(nil)[:8])
}

// index makes the ways back from a choice or a word to its number, for whoever
// writes.
func (c *column) index() {
	c.once.Do(func() { c.choiceAt, c.wordAt = numbered(c.choices), numbered(c.words) })
}

func numbered(list []string) map[string]int {
	at := make(map[string]int, len(list))
	for i, s := range list {
		if _, twice := at[s]; !twice {
			at[s] = i
		}
	}
	return at
}

// plainPath drops the numbers of instances: "members[2]/name" is "members/name".
func plainPath(path string) string {
	if !strings.Contains(path, "[") {
		return path
	}
	var b strings.Builder
	inside := false
	for _, r := range path {
		switch {
		case r == '[':
			inside = true
		case r == ']' && inside:
			inside = false
		case !inside:
			b.WriteRune(r)
		}
	}
	return b.String()
}
