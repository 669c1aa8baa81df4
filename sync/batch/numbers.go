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
		d := m.digit(famChoice, m.at(hash(a, uint32(got))), hash(b, uint32(got)), w, top, nil, v>>width&(1<<w-1))
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
		w[o] = uint32(uint64(last-first+1) << 24 / uint64(first+last+2) * 2)
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
		octave = m.digit(famRank, m.at(a), b, r.width, last, r.octaves, octave)
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
		if w < 4 || top < 15 {
			odds = nil
		}
		at := uint32(octave<<20 | x)
		x = x<<w | m.digit(famRank, m.at(hash(a, at)), hash(b, at), w, top, odds, (v+1)>>below&(1<<w-1))
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
	got := m.digit(famChoice, m.at(a), b, 4, 15, nil, min(length, 15))
	if got == 15 {
		high := m.digit(famChoice, m.at(a+1), b+1, 4, 12, nil, max(length-15, 0)>>2)
		at := uint32(high + 2)
		got += high<<2 | m.digit(famChoice, m.at(a+at), b+at, 2, 3, nil, max(length-15, 0)&3)
	}
	length = got
	if length > 64 || length == 0 {
		return 0
	}
	at := uint32(length) << 24
	sign = m.digit(famChoice, m.at(hash(a, at)), hash(b, at), 1, 1, nil, sign)
	path, x := hash(uint32(length), uint32(sign)), uint64(1)
	for below := length - 1; below > 0; {
		w := min(below, 4)
		below -= w
		d := int(size >> below & (1<<w - 1))
		if length-below <= 13 {
			// The size alone, the exact number so far, and that in its context.
			at := hash(path, uint32(x))
			in := [3]*line{m.at(hash(a, uint32(length<<8|below))), m.at(hash(a+1, at)), m.at(hash(b, at))}
			d = m.spread(famNumber, in, w, 1<<w-1, d)
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
