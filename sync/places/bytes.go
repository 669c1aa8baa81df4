package places

import (
	"encoding/binary"
	"strings"
)

// The plain form is columns, each whole before the next: neighbours are alike
// and compress well. Codes leave out what they share with the one before.

type writer struct{ b []byte }

func (w *writer) byte(v byte)     { w.b = append(w.b, v) }
func (w *writer) number(v uint64) { w.b = binary.AppendUvarint(w.b, v) }
func (w *writer) signed(v int64)  { w.b = binary.AppendVarint(w.b, v) }
func (w *writer) text(s string) {
	w.number(uint64(len(s)))
	w.b = append(w.b, s...)
}

func (w *writer) codes(codes []string) {
	w.number(uint64(len(codes)))
	before := ""
	for _, code := range codes {
		n := shared(before, code)
		w.number(uint64(n))
		w.text(code[n:])
		before = code
	}
}

func shared(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func (w *writer) list(all []Place) {
	codes := make([]string, len(all))
	for i, p := range all {
		codes[i] = p.Code
	}
	w.codes(codes)
	for _, p := range all {
		w.text(p.Name)
	}
	for _, p := range all { // the length of a parent that begins the code, else 0 and the parent
		if p.Parent != "" && strings.HasPrefix(p.Code, p.Parent) {
			w.number(uint64(len(p.Parent)))
			continue
		}
		w.number(0)
		w.text(p.Parent)
	}
	before := ""
	for _, p := range all { // 1 for the kind of the one before
		if p.Kind == before {
			w.byte(1)
			continue
		}
		w.byte(0)
		w.text(p.Kind)
		before = p.Kind
	}
	var lat, lon int64
	for _, p := range all {
		if !p.Located {
			w.byte(0)
			continue
		}
		w.byte(1)
		y, x := int64(round(p.Lat)), int64(round(p.Lon))
		w.signed(y - lat)
		w.signed(x - lon)
		lat, lon = y, x
	}
	for _, p := range all {
		w.number(uint64(len(p.Other)))
		for _, o := range p.Other {
			w.text(o)
		}
	}
}

// reader reads and never panics; bad stays set once something was wrong.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad = true
		r.b = nil
		return make([]byte, min(max(n, 0), DigestSize))
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) byte() byte { return r.take(1)[0] }

func (r *reader) number() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) signed() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) text() string {
	n := r.number()
	if n > MaxText {
		r.bad, r.b = true, nil
		return ""
	}
	return string(r.take(int(n)))
}

func (r *reader) count() int {
	n := r.number()
	if n > MaxPlaces || n > uint64(len(r.b)) { // each takes a byte at least
		r.bad, r.b = true, nil
		return 0
	}
	return int(n)
}

func (r *reader) codes() []string {
	out := make([]string, 0, r.count())
	before := ""
	for range cap(out) {
		n := r.number()
		if n > uint64(len(before)) {
			r.bad, r.b = true, nil
			return nil
		}
		code := before[:n] + r.text()
		if len(code) > MaxText || r.bad {
			r.bad, r.b = true, nil
			return nil
		}
		out = append(out, code)
		before = code
	}
	return out
}

func (r *reader) list() []Place {
	codes := r.codes()
	all := make([]Place, len(codes))
	for i := range all {
		all[i].Code = codes[i]
	}
	for i := range all {
		all[i].Name = r.text()
	}
	for i := range all {
		n := r.number()
		switch {
		case n > uint64(len(all[i].Code)):
			r.bad, r.b = true, nil
		case n > 0:
			all[i].Parent = all[i].Code[:n]
		default:
			all[i].Parent = r.text()
		}
	}
	before := ""
	for i := range all {
		if r.byte() == 0 {
			before = r.text()
		}
		all[i].Kind = before
	}
	var lat, lon int64
	for i := range all {
		if r.byte() == 0 {
			continue
		}
		lat, lon = lat+r.signed(), lon+r.signed()
		all[i].Lat, all[i].Lon, all[i].Located = float64(lat)/perUnit, float64(lon)/perUnit, true
	}
	for i := range all {
		n := r.number()
		if n > MaxOther {
			r.bad, r.b = true, nil
			return nil
		}
		for range n {
			all[i].Other = append(all[i].Other, r.text())
		}
	}
	return all
}
