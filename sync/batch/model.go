package batch

import "math/bits"

// model foretells every decision of a batch from those before it and codes it.
// A decision is looked up in a few contexts, from the most general to the most
// particular; a mixer weighs what they say by how much they have seen, and
// learns the weights as it goes.
type model struct {
	*coder
	lines []line
	spare line
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
	size := 1 << min(max(bits.Len(uint(n*32)), 11), 17)
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
	if first[0] != 0 && (second[0] == 0 || second[1]&slotSeen < first[1]&slotSeen) {
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

// digit codes a number of up to four bits, at most max, in a general context and
// a particular one; width is its length. odds, when given, are the
// probabilities of a 1 that the nodes start from; else all numbers are alike.
// Where the general context is sure of itself the particular one is not even
// looked up, which keeps what hardly ever varies cheap in time as well.
func (m *model) digit(f family, general *line, particular uint32, width, max int, odds *[16]uint32, v int) int {
	var other *line
	node := 1
	for i := width - 1; i >= 0; i-- {
		prior, forced := priorOf(odds, node, i, width, max)
		if forced {
			node <<= 1
			continue
		}
		s := &general[node]
		if *s == 0 {
			*s = newSlot(prior, 0)
		}
		bit := v >> i & 1
		if p := *s >> 16; *s&slotSeen >= sureSeen && (p < sure || p > 65536-sure) {
			bit = m.code(bit, min(max16(p), 65536-surest))
			*s = update(*s, bit)
		} else {
			if other == nil {
				if other = m.at(particular); other == general {
					other = &m.spare
					*other = line{}
				}
			}
			t := &other[node]
			if *t == 0 {
				*t = newSlot(prior, 0)
			}
			w := &m.mixes[(int(f)*confidences+int(confidence[*t&slotSeen]))*confidences+int(confidence[*s&slotSeen])]
			x, y := int64(stretch[*s>>20]), int64(stretch[*t>>20])
			dot := (int64(w[1])*x + int64(w[2])*y) >> 16
			p := uint32(squash[min(maxOdds, max64(dot))+2048])
			bit = m.code(bit, p)
			miss := (int64(bit)<<16 - int64(p)) * learning
			w[1] += int32((x*miss + 1<<17) >> 18)
			w[2] += int32((y*miss + 1<<17) >> 18)
			*s, *t = update(*s, bit), update(*t, bit)
		}
		node = node<<1 | bit
	}
	return node - 1<<width
}

// spread codes a number in three contexts, the most particular last.
func (m *model) spread(f family, in [3]*line, width, max int, v int) int {
	node := 1
	for i := width - 1; i >= 0; i-- {
		prior, forced := priorOf(nil, node, i, width, max)
		if forced {
			node <<= 1
			continue
		}
		var (
			drawn [3]int64
			seen  [3]uint32
		)
		for j, l := range in {
			if l[node] == 0 {
				l[node] = newSlot(prior, 0)
			}
			seen[j] = l[node] & slotSeen
			drawn[j] = int64(stretch[l[node]>>20])
		}
		w := &m.mixes[(int(f)*confidences+int(confidence[seen[2]]))*confidences+int(confidence[seen[1]])]
		dot := (int64(w[0])*drawn[0] + int64(w[1])*drawn[1] + int64(w[2])*drawn[2]) >> 16
		p := uint32(squash[min(maxOdds, max64(dot))+2048])
		bit := m.code(v>>i&1, p)
		miss := (int64(bit)<<16 - int64(p)) * learning
		for j, l := range in {
			w[j] += int32((drawn[j]*miss + 1<<17) >> 18)
			l[node] = update(l[node], bit)
		}
		node = node<<1 | bit
	}
	return node - 1<<width
}

// priorOf gives the probability of a 1 that a node starts from; forced tells
// that a 1 would lead beyond max.
func priorOf(odds *[16]uint32, node, i, width, max int) (prior uint32, forced bool) {
	// left and right are how many numbers the two ways lead to.
	left := 1 << i
	right := min(left, max+1-(node<<(i+1)-1<<width)-left)
	if right <= 0 {
		return 0, true
	}
	if odds != nil {
		return odds[node], false
	}
	return uint32(right << 16 / (left + right)), false
}

const (
	learning = 12   // how fast weights move
	surest   = 24   // no decision is foretold more surely than this, in 1/65536
	sure     = 256  // what counts as sure, in 1/65536,
	sureSeen = 30   // after so many observations
	maxOdds  = 2047 // of squash
)

func max16(p uint32) uint32 { return max(p, surest) }

func max64(x int64) int64 { return max(x, -maxOdds) }

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
