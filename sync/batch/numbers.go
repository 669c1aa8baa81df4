package batch

import "math/bits"

// choice codes one of n numbers under a column and a context.
func (m *model) choice(column, context uint32, n, v int) int {
	width := bits.Len(uint(n - 1))
	a, b := hash(column, 1), hash(hash(column, 2), context)
	got := 0
	for width > 0 {
		w := (width-1)%4 + 1
		width -= w
		// Below the top, a digit is bounded only where the digits above it
		// are those of the greatest number.
		top := 1<<w - 1
		if greatest := (n - 1) >> width; got == greatest>>w {
			top = greatest & top
		}
		in := m.two(a, b, uint32(got))
		d := m.digit(famChoice, &in, w, top, nil, v>>width&(1<<w-1))
		got = got<<w | d
		a, b = a+1, b+1
	}
	return got
}

// ranking is what ranks below n start from: each doubling of the rank is about
// as common as the one before it.
type ranking struct {
	n, width int
	octaves  *[16]uint32
}

// maxRank bounds what a ranking can hold.
const maxRank = 1<<16 - 2

// inOctave is the slope within one octave, for the four bits below the first.
var inOctave = func() *[16]uint32 {
	var w [16]uint32
	for i := range w {
		w[i] = uint32(1 << 20 / (16 + i))
	}
	return oddsOf(w[:], 4)
}()

func newRanking(n int) ranking {
	r := ranking{n: n, width: bits.Len(uint(bits.Len(uint(n)) - 1))}
	var w [16]uint32
	for o := range w {
		first, last := 1<<o, min(1<<(o+1)-1, n)
		if first > last {
			break
		}
		// The sum of 1/x over the octave, by its middle.
		w[o] = uint32((last - first + 1) << 24 / (first + last + 2) * 2)
	}
	if r.width > 0 {
		r.octaves = oddsOf(w[:], r.width)
	}
	return r
}

// rank codes a number below r.n, of which the small ones are common.
func (m *model) rank(column, context uint32, r *ranking, v int) int {
	a, b := hash(column, 3), hash(hash(column, 4), context)
	last := bits.Len(uint(r.n)) - 1
	octave := bits.Len(uint(v+1)) - 1
	if r.width > 0 {
		in := m.two(a, b, 0)
		octave = m.digit(famRank, &in, r.width, last, r.octaves, octave)
	} else {
		octave = 0
	}
	x, odds := 1, inOctave
	for below := octave; below > 0; {
		w := min(below, 4)
		below -= w
		top := 1<<w - 1
		if greatest := r.n >> below; octave == last && x == greatest>>w {
			top = greatest & top
		}
		in := m.two(a, b, uint32(octave<<20|x))
		if w < 4 || top < 15 {
			odds = nil
		}
		x = x<<w | m.digit(famRank, &in, w, top, odds, (v+1)>>below&(1<<w-1))
		odds = nil
	}
	return x - 1
}

// number codes any whole number; those near zero are cheap, and those that come
// again.
func (m *model) number(column, context uint32, v int64) int64 {
	sign, size := 0, uint64(v)
	if v < 0 {
		sign, size = 1, uint64(-v)
	}
	length := bits.Len64(size)
	a, b := hash(column, 5), hash(hash(column, 6), context)
	in := m.two(a, b, 0)
	got := m.digit(famChoice, &in, 4, 15, nil, min(length, 15))
	if got == 15 {
		in = m.two(a, b, 1<<29)
		high := m.digit(famChoice, &in, 4, 12, nil, max(length-15, 0)>>2)
		in = m.two(a, b, 1<<29|uint32(high+1))
		got += high<<2 | m.digit(famChoice, &in, 2, 3, nil, max(length-15, 0)&3)
	}
	length = got
	if length > 64 || length == 0 {
		return 0
	}
	in = m.two(a, b, uint32(length)<<24)
	sign = m.digit(famChoice, &in, 1, 1, nil, sign)
	path, x := hash(uint32(length), uint32(sign)), uint64(1)
	for below := length - 1; below > 0; {
		w := min(below, 4)
		below -= w
		d := int(size >> below & (1<<w - 1))
		if length-below <= 13 {
			// The size alone, the exact number so far, and that in its context.
			at := hash(path, uint32(x))
			in = contexts{of: [3]*line{m.at(hash(a, uint32(length<<8|below))), m.at(hash(a+1, at)), m.at(hash(b, at))}, n: 3}
			d = m.digit(famNumber, &in, w, 1<<w-1, nil, d)
		} else {
			for i := w - 1; i >= 0; i-- {
				d = d&^(1<<i) | m.code(d>>i&1, 1<<15)<<i
			}
		}
		x = x<<w | uint64(d)
	}
	if sign != 0 {
		return -int64(x)
	}
	return int64(x)
}

// two gives the lines of one digit, without and with its context.
func (m *model) two(a, b, at uint32) contexts {
	return contexts{of: [3]*line{m.at(hash(a, at)), m.at(hash(b, at))}, n: 2}
}

// raw codes bytes that nothing foretells.
func (m *model) raw(b []byte) {
	for i := range b {
		v := int(b[i])
		for bit := 7; bit >= 0; bit-- {
			v = v&^(1<<bit) | m.code(v>>bit&1, 1<<15)<<bit
		}
		b[i] = byte(v)
	}
}
