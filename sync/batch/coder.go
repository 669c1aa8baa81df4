package batch

import "math/bits"

// coder is a binary arithmetic coder, both ways: what writes a value and what
// reads it is one piece of code, so the two cannot drift apart. Whole numbers
// only: every machine comes to the same bytes.
type coder struct {
	decoding  bool
	buf       []byte
	pos       int // decoding: how many bytes were taken, those beyond the end included
	low, high uint64
	window    uint64 // decoding: the bytes that lie between low and high
}

// lookahead is how many bytes the decoder holds in its window, and therefore
// how far it may read beyond the end; they count as zero.
const lookahead = 8

func newEncoder() *coder { return &coder{high: 1<<64 - 1} }

func newDecoder(b []byte) *coder {
	c := &coder{decoding: true, buf: b, high: 1<<64 - 1}
	for range lookahead {
		c.window = c.window<<8 | c.next()
	}
	return c
}

func (c *coder) next() uint64 {
	c.pos++
	if c.pos <= len(c.buf) {
		return uint64(c.buf[c.pos-1])
	}
	return 0
}

// code writes bit, or reads and returns it. p is the probability of a 1 in
// 1/65536, neither 0 nor 1.
func (c *coder) code(bit int, p uint32) int {
	mid := c.low + (c.high-c.low)>>16*uint64(p)
	if c.decoding {
		bit = 0
		if c.window <= mid {
			bit = 1
		}
	}
	if bit != 0 {
		c.high = mid
	} else {
		c.low = mid + 1
	}
	for (c.low^c.high)>>56 == 0 {
		if c.decoding {
			c.window = c.window<<8 | c.next()
		} else {
			c.buf = append(c.buf, byte(c.low>>56))
		}
		c.low <<= 8
		c.high = c.high<<8 | 0xff
	}
	return bit
}

// finish gives the bytes written, with as few at the end as tell the last
// interval apart.
func (c *coder) finish() []byte {
	for n := 0; ; n++ {
		// The upper n bytes of high, the others zero as the decoder reads them.
		v := c.high >> (64 - 8*n) << (64 - 8*n)
		if v < c.low {
			continue
		}
		for ; n > 0; n-- {
			c.buf = append(c.buf, byte(v>>56))
			v <<= 8
		}
		return c.buf
	}
}

// beyond tells that the decoder has read what no encoder wrote.
func (c *coder) beyond() bool { return c.decoding && c.pos > len(c.buf)+lookahead }

// whole tells that the decoder has used everything and no more.
func (c *coder) whole() bool { return !c.beyond() && c.pos >= len(c.buf) }

// A slot holds what one context has seen of one decision: the probability of a
// 1 in the upper 22 bits, how often it was met in the lower 10. Zero is a slot
// never met.
type slot = uint32

const (
	slotCount = 10
	slotSeen  = 1<<slotCount - 1
	slotLimit = 400 // from here on old observations fade
)

// newSlot starts with a probability in 1/65536 that counts like some
// observations already made.
func newSlot(p uint32, seen uint32) slot { return p<<16 | seen }

func update(s slot, bit int) slot {
	n := s & slotSeen
	p := int64(s >> slotCount)
	target := int64(bit) * (1<<22 - 1)
	p += (target - p) * int64(adapt[n]) >> 16
	if n < slotLimit {
		n++
	}
	return uint32(p)<<slotCount | n
}

// adapt is how far one observation moves a slot that has seen n others, in
// 1/65536: 1/(n+1.6).
var adapt = func() (t [slotLimit + 1]uint32) {
	for n := range t {
		t[n] = uint32(65536 * 10 / (10*n + 16))
	}
	return t
}()

// confidence groups the number of observations: 0, 1, 2, 3-4, 5-8, 9-32, more.
var confidence = func() (t [slotLimit + 1]uint8) {
	for n := range t {
		switch {
		case n <= 2:
			t[n] = uint8(n)
		case n <= 8:
			t[n] = uint8(bits.Len(uint(n-1))) + 1
		case n <= 32:
			t[n] = 5
		default:
			t[n] = 6
		}
	}
	return t
}()

const confidences = 7

// logistic holds 65536/(1+e^-x) for x from -8 to 8 in steps of a half; between
// them squash draws straight lines.
var logistic = [33]int32{
	22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743,
	32768, 40793, 47911, 53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500, 65514,
}

// squash turns log odds in 1/256, between -2047 and 2047, into a probability in
// 1/65536.
var squash = func() (t [4096]uint16) {
	for i := range t {
		at, rest := i>>7, int32(i&127)
		t[i] = uint16((logistic[at]*(128-rest) + logistic[at+1]*rest) >> 7)
	}
	return t
}()

// stretch is the way back, from a probability in 1/4096.
var stretch = func() (t [4096]int16) {
	at := 0
	for p := range t {
		for at < 4095 && int(squash[at]) < p<<4+8 {
			at++
		}
		t[p] = int16(max(at, 1) - 2048)
	}
	return t
}()
