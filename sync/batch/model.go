package batch

import "math/bits"

// model foretells every decision of a batch from those before it and codes it.
// A decision is looked up in a few contexts, from the most general to the most
// particular; a mixer weighs what they say by how much they have seen, and
// learns the weights as it goes.
type model struct {
	*coder
	lines []line
	mixes [families * confidences * confidences]mix
}

// line holds the 15 decisions of one four-bit digit in one context; [0] tells
// which context.
type line [16]uint32

// mix holds the weights of up to three contexts, in 1/65536.
type mix [3]int32

// family groups decisions of the same nature: they share mixers.
type family int

// The families.
const (
	famFlag family = iota
	famChoice
	famRank
	famNumber
	famSpell
	famFigures
	families
)

// newModel makes room for a batch of n registrations. Both ends must know n.
func newModel(c *coder, n int) *model {
	size := 1 << min(max(bits.Len(uint(n*64)), 10), 17)
	m := &model{coder: c, lines: make([]line, size)}
	for f := range families {
		for first := range confidences {
			for second := range confidences {
				m.mixes[(int(f)*confidences+first)*confidences+second] = firstMix(f, first, second)
			}
		}
	}
	return m
}

// firstMix is how a mixer begins: the most particular context counts by what it
// has seen, the next one by what is left, the most general one for the rest.
func firstMix(f family, particular, next int) mix {
	trust := [confidences]int32{0, 18000, 26000, 34000, 42000, 50000, 56000}
	w := trust[particular]
	rest := 65536 - w
	if f == famNumber || f == famSpell {
		v := trust[next] * (rest >> 8) >> 8
		return mix{rest - v, v, w}
	}
	return mix{0, rest, w}
}

// hash spreads two numbers over 32 bits.
func hash(a, b uint32) uint32 {
	h := a*0x9E3779B1 ^ (b+0x7F4A7C15)*0x85EBCA6B
	h ^= h >> 15
	h *= 0xC2B2AE35
	return h ^ h>>13
}

func hashText(s string) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return hash(h, uint32(len(s)))
}

// at finds the line of a context, or gives it one; a line that saw less makes
// room.
func (m *model) at(context uint32) *line {
	tag := context | 1
	i := hash(context, 0x51ED) & uint32(len(m.lines)-1)
	first, second := &m.lines[i], &m.lines[i^1]
	switch {
	case first[0] == tag:
		return first
	case second[0] == tag:
		return second
	}
	if first[0] != 0 && (second[0] == 0 || second[1]&(1<<slotCount-1) < first[1]&(1<<slotCount-1)) {
		first = second
	}
	*first = line{tag}
	return first
}

// flag codes a yes or no with one slot of its own.
func (m *model) flag(s *slot, yes bool) bool {
	bit := 0
	if yes {
		bit = 1
	}
	p := min(max(*s>>16, surest), 65536-surest)
	bit = m.code(bit, p)
	*s = update(*s, bit)
	return bit != 0
}

// contexts are the lines a digit is looked up in, the most particular last.
type contexts struct {
	of [3]*line
	n  int // 2 or 3
}

// mixed codes one decision. node is its place in the lines, prior the
// probability that a line never met starts from.
func (m *model) mixed(f family, in *contexts, node int, prior uint32, bit int) int {
	var (
		drawn [3]int32
		seen  [3]uint32
	)
	for i := 0; i < in.n; i++ {
		s := in.of[i][node]
		if s == 0 {
			s = newSlot(prior, 0)
			in.of[i][node] = s
		}
		seen[i] = s & (1<<slotCount - 1)
		drawn[i] = int32(stretch[s>>20])
	}
	particular, next := confidence[seen[in.n-1]], confidence[seen[in.n-2]]
	w := &m.mixes[(int(f)*confidences+int(particular))*confidences+int(next)]
	skip := 3 - in.n // families with two contexts use the last two weights
	var dot int64
	for i := 0; i < in.n; i++ {
		dot += int64(w[skip+i]) * int64(drawn[i])
	}
	p := uint32(squash[min(max(dot>>16, -2047), 2047)+2048])
	p = min(max(p, surest), 65536-surest)
	bit = m.code(bit, p)
	miss := int64(bit<<16) - int64(p)
	for i := 0; i < in.n; i++ {
		w[skip+i] += int32((int64(drawn[i])*miss*learning + 1<<17) >> 18)
		in.of[i][node] = update(in.of[i][node], bit)
	}
	return bit
}

const (
	learning = 6  // how fast weights move
	surest   = 24 // no decision is foretold more surely than this, in 1/65536
)

// digit codes a number of up to four bits, at most max; width is its length.
// odds, when given, are the probabilities of a 1 that the nodes start from;
// else all numbers are alike.
func (m *model) digit(f family, in *contexts, width, max int, odds *[16]uint32, v int) int {
	node := 1
	for i := width - 1; i >= 0; i-- {
		// left and right are how many numbers the two ways lead to.
		left := 1 << i
		right := min(left, max+1-(node<<(i+1)-1<<width)-left)
		bit := 0
		if right > 0 {
			prior := uint32(right << 16 / (left + right))
			if odds != nil {
				prior = odds[node]
			}
			bit = m.mixed(f, in, node, prior, v>>i&1)
		}
		node = node<<1 | bit
	}
	return node - 1<<width
}

// oddsOf turns the weights of up to 16 numbers into what digit starts from.
func oddsOf(weights []uint32, width int) *[16]uint32 {
	var odds [16]uint32
	for node := 1; node < 1<<width; node++ {
		length := 0
		for node>>length > 1 {
			length++
		}
		size := 1 << (width - length)
		from := node<<(width-length) - 1<<width
		var left, right uint64
		for i := from; i < from+size && i < len(weights); i++ {
			if i < from+size/2 {
				left += uint64(weights[i])
			} else {
				right += uint64(weights[i])
			}
		}
		odds[node] = 1 << 15
		if left+right > 0 {
			odds[node] = uint32(min(max(right<<16/(left+right), surest), 65536-surest))
		}
	}
	return &odds
}
