package pack

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// How a value is written, in the two low bits of its first number.
const (
	valueWord   = iota // number of a word of the table
	valueText          // length, then UTF-8
	valueDigits        // how many, then two to a byte
	valueDate          // 0: no value; 1: year, month and day in three bytes
)

// firstDay is the day that days of sources count from: 2000-01-01.
const firstDay = 10957

// firstYear is the year that a date of three bytes counts from.
const firstYear = 1850

// writeLayer writes a layer in the words of the tables.
func (w *Writer) writeLayer(l *Layer) ([]byte, error) {
	if len(l.Sources) > maxSources || len(l.Claims) > maxClaims {
		return nil, fmt.Errorf("a person of %d sources and %d claims", len(l.Sources), len(l.Claims))
	}
	head := uint64(len(l.Sources)) << 1
	if l.Whole {
		head |= 1
	}
	b := appendUint(nil, head)
	for _, s := range l.Sources {
		b = appendUint(b, uint64(w.sourceKind(kindOfSource(s))))
		b = appendUint(b, zigzag(int64(s.Day)-firstDay))
	}
	for _, c := range l.Claims {
		b = appendUint(b, uint64(w.claimKind(kindOfClaim(c))))
		if c.Gone {
			continue
		}
		if len(l.Sources) > 1 {
			b = appendUint(b, uint64(c.Source))
		}
		b = w.appendValue(b, c.Value)
		if c.Stated != "" {
			b = w.appendValue(b, c.Stated)
		}
	}
	return b, nil
}

func zigzag(x int64) uint64   { return uint64(x<<1) ^ uint64(x>>63) }
func unzigzag(x uint64) int64 { return int64(x>>1) ^ -int64(x&1) }

func (w *Writer) appendValue(b []byte, s string) []byte {
	if s == "" {
		return appendUint(b, valueDate)
	}
	if d, ok := shortDate(s); ok {
		return append(appendUint(b, 1<<2|valueDate), d[:]...)
	}
	if n, ok := w.known(s); ok {
		return appendUint(b, uint64(n)<<2) // valueWord
	}
	if len(s) > 1 && allDigits(s) {
		b = appendUint(b, uint64(len(s))<<2|valueDigits)
		for i := 0; i < len(s); i += 2 {
			x := (s[i] - '0') << 4
			if i+1 < len(s) {
				x |= s[i+1] - '0'
			}
			b = append(b, x)
		}
		return b
	}
	return append(appendUint(b, uint64(len(s))<<2|valueText), s...)
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// shortDate packs a date of the form 1990-05-31.
func shortDate(s string) (b [3]byte, ok bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' || !allDigits(s[:4]+s[5:7]+s[8:]) {
		return b, false
	}
	year, _ := strconv.Atoi(s[:4])
	month, _ := strconv.Atoi(s[5:7])
	day, _ := strconv.Atoi(s[8:])
	if year < firstYear || year >= firstYear+256 || month > 31 || day > 99 {
		return b, false
	}
	return [3]byte{byte(year - firstYear), byte(month), byte(day)}, true
}

// readLayer reads what writeLayer wrote.
func (t *Tables) readLayer(b []byte) (Layer, error) {
	r := &reader{b: b}
	head := r.uint(maxSources<<1 + 2)
	l := Layer{Whole: head&1 == 1}
	for range head >> 1 {
		kind := r.uint(uint64(len(t.Sources)))
		day := unzigzag(r.uint(1 << 24))
		if r.err != nil {
			break
		}
		l.Sources = append(l.Sources, t.Sources[kind].source(int32(day+firstDay)))
	}
	for len(r.b) > 0 && r.err == nil {
		if len(l.Claims) == maxClaims {
			r.fail(errors.New("too many claims"))
			break
		}
		kind := r.uint(uint64(len(t.Claims)))
		if r.err != nil {
			break
		}
		c := t.Claims[kind].claim()
		if !c.Gone {
			switch len(l.Sources) {
			case 0:
				r.fail(errors.New("a claim without a source"))
			case 1:
			default:
				c.Source = int(r.uint(uint64(len(l.Sources))))
			}
			c.Value = t.readValue(r)
			if t.Claims[kind].Flags&flagStated != 0 {
				c.Stated = t.readValue(r)
			}
		}
		l.Claims = append(l.Claims, c)
	}
	if r.err != nil {
		return Layer{}, malformed(r.err)
	}
	return l, nil
}

func (t *Tables) readValue(r *reader) string {
	head := r.uint(max(uint64(len(t.Words)), maxValue+1) << 2)
	n := head >> 2
	switch head & 3 {
	case valueWord:
		if n >= uint64(len(t.Words)) {
			r.fail(errors.New("a word that was not told"))
			return ""
		}
		return t.Words[n]
	case valueText:
		if n > maxValue {
			r.fail(errors.New("a value beyond its limit"))
			return ""
		}
		s := r.bytes(int(n))
		if !utf8.Valid(s) {
			r.fail(errors.New("a value that is no text"))
		}
		return string(s)
	case valueDigits:
		if n > maxValue {
			r.fail(errors.New("a value beyond its limit"))
			return ""
		}
		packed := r.bytes(int(n+1) / 2)
		if r.err != nil {
			return ""
		}
		out := make([]byte, 0, n+1)
		for _, x := range packed {
			if x>>4 > 9 || x&15 > 9 {
				r.fail(errors.New("a figure that is none"))
				return ""
			}
			out = append(out, '0'+x>>4, '0'+x&15)
		}
		return string(out[:n])
	}
	if n == 0 {
		return ""
	}
	d := r.bytes(3)
	if n != 1 || r.err != nil {
		r.fail(errors.New("a date that is none"))
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", firstYear+int(d[0]), d[1], d[2])
}

// word gives the number of a word, telling it first when it is new.
func (w *Writer) word(s string) int {
	if n, ok := w.words[s]; ok {
		return n
	}
	n := len(w.tables.Words)
	w.words[s] = n
	w.tables.Words = append(w.tables.Words, s)
	return n
}

// known gives the number of a value that may stand in the table.
func (w *Writer) known(s string) (int, bool) {
	if n, ok := w.words[s]; ok {
		return n, true
	}
	if !w.shared[s] || len(s) > maxString {
		return 0, false
	}
	return w.word(s), true
}

func (w *Writer) sourceKind(k sourceKind) int {
	if n := slices.Index(w.tables.Sources, k); n >= 0 {
		return n
	}
	w.tables.Sources = append(w.tables.Sources, k)
	return len(w.tables.Sources) - 1
}

func (w *Writer) claimKind(k claimKind) int {
	if n := slices.Index(w.tables.Claims, k); n >= 0 {
		return n
	}
	w.tables.Claims = append(w.tables.Claims, k)
	return len(w.tables.Claims) - 1
}
