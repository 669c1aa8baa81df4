package pack

import (
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/askonce/fieldkit/sync/civic"
)

// format is the first byte of an opened piece. Pieces that begin with 0 were
// written before version 1 and are read the same way.
const format = 1

// saltSize is the length of a piece's salt.
const saltSize = 16

// targetPiece is how large pieces are made, in bytes: a slow link that lives
// for twenty seconds carries one.
const targetPiece = 15 << 10

// Change is what happened to one person.
type Change struct {
	Number uint32
	// Gone takes the person out; nothing else counts then.
	Gone bool
	// Person is the index layer of a person that is new or found under other
	// words now; nil when it is as before.
	Person *Person
	Key    PersonKey // seals Layer
	Layer  *Layer    // nil when nothing of it changed
	// ID is needed to seal Layer where Person is nil.
	ID    civic.PersonID
	Wraps []Wrap // further receipts that open the person
	// Keys are further match keys of a person whose index layer is as before.
	Keys []uint32
}

// What a change brings, as one byte.
const (
	hasGone = 1 << iota
	hasPerson
	hasLayer
	hasWraps
	hasKeys
)

// Writer makes the pieces of one pack. It keeps the words that were told;
// Tables gives them to be kept until the next piece.
type Writer struct {
	pack   ID
	key    Key
	random io.Reader
	seq    uint64
	tables Tables
	words  map[string]int
	shared map[string]bool
}

// NewWriter goes on with a pack behind piece last, in the words that were told
// so far. random nil means crypto/rand.
func NewWriter(pack ID, key Key, last uint64, told Tables, random io.Reader) *Writer {
	if random == nil {
		random = rand.Reader
	}
	w := &Writer{pack: pack, key: key, random: random, seq: last, tables: told, words: map[string]int{}, shared: map[string]bool{}}
	for i, s := range told.Words {
		w.words[s] = i
	}
	return w
}

// Tables are the words told so far.
func (w *Writer) Tables() Tables { return w.tables }

// Share lets values stand in the table of words, which every officer can read
// in memory: those that several people have.
func (w *Writer) Share(values map[string]bool) { w.shared = values }

// Piece is a sealed piece with its number.
type Piece struct {
	Seq   uint64
	Bytes []byte
}

// Write makes pieces of changes, which stand in the order of their numbers, no
// person twice.
func (w *Writer) Write(changes []Change) ([]Piece, error) {
	var out []Piece
	for len(changes) > 0 {
		p, n, err := w.piece(changes)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
		changes = changes[n:]
	}
	return out, nil
}

// columns are the parts of a piece; those before raw are compressed together.
type columns struct {
	numbers, flags, names, years, sexes, places, seen, counts, lengths, wraps []byte
	raw, layers                                                               []byte
}

// piece writes as many changes as fit.
func (w *Writer) piece(changes []Change) (Piece, int, error) {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(w.random, salt); err != nil {
		return Piece{}, 0, err
	}
	words, sources, claims := len(w.tables.Words), len(w.tables.Sources), len(w.tables.Claims)
	var c columns
	n, before := 0, uint32(0)
	for ; n < len(changes) && len(changes) > 0; n++ {
		// Names shrink to about a third; ids, keys and layers do not.
		if n > 0 && len(c.raw)+len(c.layers)+(len(c.names)+len(c.places)+len(c.numbers)*3)/2+16*(len(w.tables.Words)-words)/2 > targetPiece {
			break
		}
		if n > 0 && changes[n].Number <= before {
			return Piece{}, 0, fmt.Errorf("person %d comes after person %d", changes[n].Number, before)
		}
		if err := w.change(&c, &changes[n], changes[n].Number-before, salt); err != nil {
			return Piece{}, 0, err
		}
		before = changes[n].Number
	}
	var head []byte
	head = appendUint(head, uint64(len(w.tables.Words)-words))
	for _, s := range w.tables.Words[words:] {
		head = appendText(head, s)
	}
	head = appendUint(head, uint64(len(w.tables.Sources)-sources))
	for _, k := range w.tables.Sources[sources:] {
		head = append(appendText(appendText(head, k.Service), k.Office), k.Flags)
	}
	head = appendUint(head, uint64(len(w.tables.Claims)-claims))
	for _, k := range w.tables.Claims[claims:] {
		head = append(appendText(head, k.Attribute), k.Absent, k.Precision, k.Evidence, k.Flags)
	}
	head = appendUint(head, uint64(n))
	for _, column := range [][]byte{c.numbers, c.flags, c.names, c.years, c.sexes, c.places, c.seen, c.counts, c.lengths, c.wraps} {
		head = append(appendUint(head, uint64(len(column))), column...)
	}
	z, err := compressor()
	if err != nil {
		return Piece{}, 0, err
	}
	packed := z.EncodeAll(head, nil)
	plain := append([]byte{format}, salt...)
	plain = appendUint(plain, uint64(len(packed)))
	plain = append(plain, packed...)
	plain = appendUint(plain, uint64(len(c.raw)))
	plain = append(append(plain, c.raw...), c.layers...)
	w.seq++
	sealed, err := sealPiece(plain, w.key, w.pack, w.seq, w.random)
	if err == nil && len(sealed) > MaxPiece {
		err = fmt.Errorf("a piece of %d bytes", len(sealed))
	}
	return Piece{w.seq, sealed}, n, err
}

func (w *Writer) change(c *columns, ch *Change, step uint32, salt []byte) error {
	c.numbers = appendUint(c.numbers, uint64(step))
	if ch.Gone {
		c.flags = append(c.flags, hasGone)
		return nil
	}
	var flags byte
	id := ch.ID
	if p := ch.Person; p != nil {
		flags |= hasPerson
		id = p.ID
		if err := w.person(c, p); err != nil {
			return err
		}
	}
	if ch.Person == nil && len(ch.Keys) > 0 {
		flags |= hasKeys
		if err := c.keys(ch.Keys); err != nil {
			return err
		}
	}
	if ch.Layer != nil {
		flags |= hasLayer
		plain, err := w.writeLayer(ch.Layer)
		if err != nil {
			return err
		}
		sealed, err := sealLayer(plain, ch.Key, salt, w.pack, id)
		if err != nil {
			return err
		}
		c.lengths = appendUint(c.lengths, uint64(len(sealed)))
		c.layers = append(c.layers, sealed...)
	}
	if len(ch.Wraps) > 0 {
		flags |= hasWraps
		wraps := ch.Wraps[:min(len(ch.Wraps), maxWraps)]
		c.wraps = append(c.wraps, byte(len(wraps)))
		for _, wrap := range wraps {
			c.raw = append(append(c.raw, wrap.At[:]...), wrap.Padded[:]...)
		}
	}
	c.flags = append(c.flags, flags)
	return nil
}

// person writes the index layer; names go word by word, because words repeat.
func (w *Writer) person(c *columns, p *Person) error {
	for _, name := range []string{p.Given, p.Surname, p.Second, p.Full} {
		var parts []string
		if name != "" {
			parts = strings.Split(name, " ")
		}
		if len(parts) > maxWords {
			parts = append(parts[:maxWords-1:maxWords-1], strings.Join(parts[maxWords-1:], "_"))
		}
		c.names = append(c.names, byte(len(parts)))
		for _, s := range parts {
			c.names = appendUint(c.names, uint64(w.word(cut(s, maxString))))
		}
	}
	year := 0
	if p.Year >= 1 && p.Year < 1<<14 {
		year = p.Year
	}
	c.years = appendUint(c.years, uint64(year))
	c.sexes = appendUint(c.sexes, uint64(w.word(cut(p.Sex, maxString))))
	for _, s := range []string{p.Locality, p.Municipality, p.State} {
		c.places = appendUint(c.places, uint64(w.word(cut(s, maxString))))
	}
	c.seen = appendUint(c.seen, zigzag(int64(p.Seen)-firstDay))
	c.raw = append(c.raw, p.ID[:]...)
	return c.keys(p.Keys)
}

func (c *columns) keys(keys []uint32) error {
	if len(keys) > maxKeys {
		return fmt.Errorf("%d match keys", len(keys))
	}
	c.counts = append(c.counts, byte(len(keys)))
	for _, k := range keys {
		c.raw = append(c.raw, byte(k>>16), byte(k>>8), byte(k))
	}
	return nil
}

// cut shortens a text to n bytes at a letter's end.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

var compressor = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
})

var expander = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxInflated))
})
