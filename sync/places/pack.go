package places

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/askonce/fieldkit/sync/civic"
)

// Limits of what is opened, in bytes.
const (
	MaxPacked = 16 << 20
	maxPlain  = 96 << 20
)

// The first byte of the plain form says what follows.
const (
	formWhole = 1
	formDelta = 2
)

// DigestSize is the size of a digest.
const DigestSize = sha256.Size

// Digest names the content: two catalogues of the same places have the same.
func (c *Catalogue) Digest() [DigestSize]byte { return sha256.Sum256(c.plain()) }

// Pack writes the whole catalogue, compressed.
func (c *Catalogue) Pack() ([]byte, error) { return compress(c.plain()) }

// Open reads what Pack wrote; civic.PlacesUnreadable when it is anything else.
func Open(packed []byte) (*Catalogue, error) {
	plain, err := expand(packed)
	if err != nil {
		return nil, unreadable(err)
	}
	r := &reader{b: plain}
	if r.byte() != formWhole {
		return nil, unreadable(errors.New("no catalogue"))
	}
	list := r.list()
	if r.bad || len(r.b) > 0 {
		return nil, unreadable(errors.New("broken off, or something follows"))
	}
	return New(list)
}

// Diff writes what makes a newer catalogue of an older one.
func Diff(from, to *Catalogue) ([]byte, error) {
	w := &writer{}
	w.byte(formDelta)
	old, now := from.Digest(), to.Digest()
	w.b = append(append(w.b, old[:]...), now[:]...)
	var gone []string
	for i := range from.rows {
		if _, ok := to.index(from.rows[i].code); !ok {
			gone = append(gone, from.rows[i].code)
		}
	}
	w.codes(gone)
	var changed []Place
	for i := range to.rows {
		p := to.place(int32(i))
		if was, ok := from.Get(p.Code); !ok || !equal(was, p) {
			changed = append(changed, p)
		}
	}
	w.list(changed)
	return compress(w.b)
}

// Apply makes the newer catalogue; civic.PlacesUnreadable when the delta is
// broken, not for this catalogue, or does not give what it promises.
func Apply(from *Catalogue, delta []byte) (*Catalogue, error) {
	plain, err := expand(delta)
	if err != nil {
		return nil, unreadable(err)
	}
	r := &reader{b: plain}
	if r.byte() != formDelta {
		return nil, unreadable(errors.New("no delta"))
	}
	old, now := r.take(DigestSize), r.take(DigestSize)
	if have := from.Digest(); !bytes.Equal(old, have[:]) {
		return nil, unreadable(errors.New("for another catalogue"))
	}
	gone := map[string]bool{}
	for _, code := range r.codes() {
		gone[code] = true
	}
	changed := r.list()
	if r.bad || len(r.b) > 0 {
		return nil, unreadable(errors.New("broken off, or something follows"))
	}
	for _, p := range changed {
		gone[p.Code] = true
	}
	list := slices.DeleteFunc(from.All(), func(p Place) bool { return gone[p.Code] })
	c, err := New(append(list, changed...))
	if err != nil {
		return nil, err
	}
	if got := c.Digest(); !bytes.Equal(now, got[:]) {
		return nil, unreadable(errors.New("the result is another one"))
	}
	return c, nil
}

func unreadable(err error) error { return civic.NewProblem(civic.PlacesUnreadable, err) }

func equal(a, b Place) bool {
	return a.Code == b.Code && a.Name == b.Name && a.Parent == b.Parent && a.Kind == b.Kind &&
		a.Lat == b.Lat && a.Lon == b.Lon && a.Located == b.Located && slices.Equal(a.Other, b.Other)
}

func (c *Catalogue) plain() []byte {
	w := &writer{b: make([]byte, 0, 24*len(c.rows))}
	w.byte(formWhole)
	w.list(c.All())
	return w.b
}

func compress(plain []byte) ([]byte, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return z.EncodeAll(plain, nil), nil
}

func expand(packed []byte) ([]byte, error) {
	if len(packed) > MaxPacked {
		return nil, errors.New("too large")
	}
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPlain))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return z.DecodeAll(packed, nil)
}
