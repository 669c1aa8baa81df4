package batch

import (
	"strings"
)

// dictionary grows with the batch: what was spelled once has a number after.
type dictionary struct {
	list []string
	at   map[string]int // kept by whoever writes
}

// maxDictionary bounds a dictionary; what comes later is spelled each time.
const maxDictionary = 1 << 15

// add gives a text that is not in it yet the next number.
func (d *dictionary) add(s string, writing bool) {
	if len(d.list) == maxDictionary {
		return
	}
	if writing {
		if d.at == nil {
			d.at = map[string]int{}
		}
		d.at[s] = len(d.list)
	}
	d.list = append(d.list, s)
}

// textual is what the coding of one column of texts remembers.
type textual struct {
	key    uint32
	words  []string // the form's vocabulary
	wordAt map[string]int
	ranks  ranking
	values dictionary // whole texts that are not in the vocabulary
	mode   uint32     // how the last one was written
	modes  line
}

// How a text is written.
const (
	asWord   = iota // whole, a word of the vocabulary
	asBefore        // whole, as it stood in this column before
	asTokens        // words between single spaces
	asRaw           // byte by byte
)

// How one of its words is written.
const (
	tokenWord    = iota // of the vocabulary
	tokenBefore         // spelled before in this batch
	tokenFigures        // digits and the signs that stand among them
	tokenSpelled
)

const maxTokens = 16

// text codes a text of a column in a context.
func (c *codec) text(t *textual, context uint32, s string) string {
	mode, at := asRaw, 0
	var tokens []string
	if !c.decoding {
		var ok bool
		if at, ok = t.wordAt[s]; ok {
			mode = asWord
		} else if at, ok = t.values.at[s]; ok {
			mode = asBefore
		} else if tokens = strings.Split(s, " "); len(tokens) <= maxTokens {
			mode = asTokens
		}
	}
	mode = c.digit(famChoice, &t.modes, hash(hash(t.key, 9), t.mode), 2, 3, c.modes(t), mode)
	t.mode = uint32(mode) + 1
	switch mode {
	case asWord:
		if len(t.words) == 0 {
			return c.fail()
		}
		s = t.words[c.rank(t.key, context, &t.ranks, at)]
	case asBefore:
		n := len(t.values.list)
		if n == 0 {
			return c.fail()
		}
		r := c.open
		if at = c.rank(hash(t.key, 10), context, &r, at); at >= n {
			return c.fail()
		}
		s = t.values.list[at]
	case asTokens:
		s = c.tokens(t, context, tokens)
		t.values.add(s, !c.decoding)
	default:
		s = c.bytes(t, s)
	}
	c.spend(len(s))
	return s
}

// modes gives what is likely before anything was seen.
func (c *codec) modes(t *textual) *[16]uint32 {
	if len(t.words) > 0 {
		return c.known
	}
	return c.unknown
}

// tokens codes a text word by word.
func (c *codec) tokens(t *textual, context uint32, tokens []string) string {
	n := c.digit(famChoice, c.at(hash(t.key, 11)), hash(hash(t.key, 12), context), 4, maxTokens-1, c.few, len(tokens)-1) + 1
	if c.decoding {
		tokens = make([]string, n)
	}
	for i := range tokens {
		place := uint32(min(i, 3)*4 + min(n, 4))
		tokens[i] = c.token(t, hash(context, place), place, tokens[i])
		if c.failed {
			return ""
		}
	}
	if n == 1 {
		return tokens[0]
	}
	return strings.Join(tokens, " ")
}

func (c *codec) token(t *textual, context, place uint32, s string) string {
	way, at := tokenSpelled, 0
	if !c.decoding {
		var ok bool
		if at, ok = t.wordAt[s]; ok {
			way = tokenWord
		} else if at, ok = c.words.at[s]; ok {
			way = tokenBefore
		} else if figures(s) {
			way = tokenFigures
		}
	}
	way = c.digit(famChoice, c.at(hash(t.key, 13)), hash(hash(t.key, 14), place), 2, 3, nil, way)
	switch way {
	case tokenWord:
		if len(t.words) == 0 {
			return c.fail()
		}
		return t.words[c.rank(hash(t.key, 15), context, &t.ranks, at)]
	case tokenBefore:
		r := c.open
		if at = c.rank(c.key(16), t.key, &r, at); at >= len(c.words.list) {
			return c.fail()
		}
		return c.words.list[at]
	case tokenFigures:
		return c.figures(hash(t.key, place), s)
	default:
		s = c.spell(s)
		c.words.add(s, !c.decoding)
		return s
	}
}

// The signs of a token of figures, in the order of their numbers; the last
// number ends the token.
const (
	figureSigns = "0123456789-.:/+"
	figureEnd   = len(figureSigns)
)

func figures(s string) bool {
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(figureSigns, s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// figures codes a token sign by sign: by its place in the token, and by all
// signs before it.
func (c *codec) figures(key uint32, s string) string {
	var b []byte
	a, path := hash(key, 17), hash(key, 18)
	for i := 0; ; i++ {
		v := figureEnd
		if i < len(s) {
			v = strings.IndexByte(figureSigns, s[i])
		}
		v = c.digit(famFigures, c.at(hash(a, uint32(i))), path, 4, 15, nil, v)
		if v == figureEnd {
			break
		}
		if len(b) == MaxText || c.beyond() {
			return c.fail()
		}
		b = append(b, figureSigns[v])
		path = hash(path, uint32(v))
	}
	return string(b)
}

// spell codes a word letter by letter; the space that cannot stand in it ends
// it.
func (c *codec) spell(s string) string {
	var b []byte
	one, two, three := uint32(' '), uint32(0), uint32(0)
	for i := 0; ; i++ {
		v := byte(' ')
		if i < len(s) {
			v = s[i]
		}
		v = c.letter(one, two, three, v)
		if v == ' ' {
			break
		}
		if len(b) == MaxText || c.beyond() {
			return c.fail()
		}
		b = append(b, v)
		one, two, three = uint32(v), one, two
	}
	return string(b)
}

// letter codes a byte by the one, two and three before it.
func (c *codec) letter(one, two, three uint32, v byte) byte {
	a := hash(c.key(20), one)
	b := hash(a+1, two)
	d := hash(b+1, three)
	high := c.spread(famSpell, [3]*line{c.at(a), c.at(b), c.at(d)}, 4, 15, int(v>>4))
	h := uint32(high + 1)
	in := [3]*line{c.at(hash(a, h)), c.at(hash(b, h)), c.at(hash(d, h))}
	return byte(high<<4 | c.spread(famSpell, in, 4, 15, int(v&15)))
}

// bytes codes a text of any shape.
func (c *codec) bytes(t *textual, s string) string {
	n := c.number(hash(t.key, 21), 0, int64(len(s)))
	if n < 0 || n > MaxText {
		return c.fail()
	}
	b := make([]byte, 0, min(n, 1024))
	one, two, three := uint32(0), uint32(0), uint32(0)
	for i := range int(n) {
		var v byte
		if !c.decoding {
			v = s[i]
		}
		v = c.letter(one, two, three, v)
		if c.beyond() {
			return c.fail()
		}
		b = append(b, v)
		one, two, three = uint32(v), one, two
	}
	return string(b)
}
