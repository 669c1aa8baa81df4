package witness

import (
	"crypto/ed25519"
	"slices"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Limits of a book.
const (
	maxKept   = 16
	maxAsk    = 64
	maxAlarms = 16
)

// Book is what one witness remembers: heads of the centre's log, and what was
// wrong with them. It is a value to be kept as CBOR ([protocol.Marshal]); the
// zero Book has seen nothing.
type Book struct {
	Kept   []Seen  `cbor:"1,keyasint,omitempty"` // of one history, the newest last
	Ask    []Seen  `cbor:"2,keyasint,omitempty"` // brought by others, not yet compared
	Report bool    `cbor:"3,keyasint,omitempty"` // the centre asked for the newest with its signature
	Alarms []Alarm `cbor:"4,keyasint,omitempty"`
}

// Seen is a head with when it was seen, in seconds by the centre's clock as the
// witness knows it; 0 when nobody knows. A restore explains only what was seen
// before it.
type Seen struct {
	Head
	At int64 `cbor:"4,keyasint,omitempty"`
}

// Alarm is something wrong, with the evidence. Two heads that the log signed
// and that do not lead to one another convict it before anybody.
type Alarm struct {
	Code  civic.Code     `cbor:"1,keyasint"` // LogForked, LogGap or LogSignature
	At    int64          `cbor:"2,keyasint"` // seconds, the witness's best clock
	Held  Seen           `cbor:"3,keyasint"`
	Shown Head           `cbor:"4,keyasint"`
	Proof []civic.Digest `cbor:"5,keyasint,omitempty"` // that was offered
	Gap   []byte         `cbor:"6,keyasint,omitempty"` // the centre's signed note of the restore
	Lost  int64          `cbor:"7,keyasint,omitempty"` // leaves that only the held head covers
	// Told says that the alarm stands in the witness's own journal.
	Told bool `cbor:"8,keyasint,omitempty"`
}

// Newest is the newest head kept, zero for none.
func (b *Book) Newest() Seen {
	if len(b.Kept) == 0 {
		return Seen{}
	}
	return b.Kept[len(b.Kept)-1]
}

// Next is what to tell the centre next. more says that there is something to
// ask beside the newest head.
func (b *Book) Next() (seen protocol.LogSeen, more bool) {
	h := b.Newest()
	signed := b.Report
	if len(b.Ask) > 0 && len(b.Kept) > 0 && !b.Report {
		h, signed = b.Ask[0], true
	}
	seen = protocol.LogSeen{Size: h.Size, Root: h.Root, At: h.At}
	if signed && !h.IsZero() {
		seen.Signature = h.Signature[:]
	}
	return seen, b.Report || len(b.Ask) > 0 && len(b.Kept) > 0
}

// find gives the head that was told of.
func (b *Book) find(seen protocol.LogSeen) (h Seen, brought bool) {
	for _, h := range b.Kept {
		if h.Size == seen.Size && h.Root == seen.Root {
			return h, false
		}
	}
	for _, h := range b.Ask {
		if h.Size == seen.Size && h.Root == seen.Root {
			return h, true
		}
	}
	return Seen{}, false
}

// Hear takes in what the centre answered. server is the key that signs the
// centre's statements, at the witness's clock in seconds. The alarm is nil when
// the log only grew.
func (b *Book) Hear(log Log, server ed25519.PublicKey, at int64, seen protocol.LogSeen, news protocol.LogNews) *Alarm {
	held, brought := b.find(seen)
	if held.IsZero() && seen.Size > 0 {
		return nil // it was dropped meanwhile
	}
	b.Ask = slices.DeleteFunc(b.Ask, func(h Seen) bool { return h.Checkpoint == held.Checkpoint })
	if !brought {
		b.Report = false
	}
	shown := Head{Checkpoint: Checkpoint{Size: news.Size, Root: news.Root}}
	a := Alarm{Code: civic.LogSignature, At: at, Held: held, Shown: shown, Proof: news.Proof}
	if len(news.Proof) > MaxProof || len(news.Gap) > 2*MaxNote {
		return b.raise(a)
	}
	if len(news.Signature) == len(shown.Signature) {
		shown.Signature = [ed25519.SignatureSize]byte(news.Signature)
	}
	a.Shown = shown
	if log.Check(shown) != nil {
		return b.raise(a)
	}
	if held.IsZero() {
		b.keep(Seen{shown, at})
		return nil
	}
	if held.Size <= shown.Size && held.Grows(shown.Checkpoint, news.Proof) == nil {
		if !brought {
			b.keep(Seen{shown, at})
		}
		return nil
	}
	a.Code = civic.LogForked
	var gap protocol.LogGap
	if len(news.Gap) > 0 && protocol.Open(protocol.StatementLogGap, news.Gap, server, &gap) == nil && gap.Size < held.Size && gap.Size <= shown.Size &&
		held.At <= gap.Restored {
		a.Code, a.Gap, a.Lost = civic.LogGap, news.Gap, held.Size-gap.Size
		if !brought {
			// What a restore lost is told and let go; what was seen before the copy
			// was made must still be the beginning, and is asked about next.
			b.Kept = slices.DeleteFunc(b.Kept, func(h Seen) bool { return h.Size > gap.Size })
			if len(b.Kept) == 0 {
				b.keep(Seen{shown, at})
			}
		}
	}
	b.Report = b.Report || news.Report && !brought && a.Code == civic.LogForked
	return b.raise(a)
}

// keep puts the newest head behind the others. Of older ones those stay whose
// ages differ most, so that some reach far back.
func (b *Book) keep(h Seen) {
	if b.Newest().Checkpoint == h.Checkpoint {
		return
	}
	b.Kept = append(b.Kept, h)
	b.Ask = slices.DeleteFunc(b.Ask, func(a Seen) bool { return a.Checkpoint == h.Checkpoint })
	for len(b.Kept) > maxKept {
		// Behind half of them, every other one goes: the far past thins out, the
		// near past stays.
		drop := 1
		for i := 2; i < maxKept/2; i++ {
			if b.Kept[i+1].Size-b.Kept[i-1].Size < b.Kept[drop+1].Size-b.Kept[drop-1].Size {
				drop = i
			}
		}
		b.Kept = slices.Delete(b.Kept, drop, drop+1)
	}
}

// raise keeps an alarm once: the first evidence stays.
func (b *Book) raise(a Alarm) *Alarm {
	for _, old := range b.Alarms {
		if old.Code == a.Code && old.Held.Checkpoint == a.Held.Checkpoint {
			return &a
		}
	}
	if len(b.Alarms) < maxAlarms {
		b.Alarms = append(b.Alarms, a)
	}
	return &a
}

// Meet takes in a head that another witness handed over as a signed note, and
// says it saw at a moment (0: does not say). One
// of the same size with another root is a fork at once; others are compared at
// the next talk with the centre.
func (b *Book) Meet(log Log, at int64, note []byte, seen int64) (*Alarm, error) {
	h, err := log.Open(note)
	if err != nil {
		return nil, err
	}
	for _, k := range b.Kept {
		if k.Size != h.Size {
			continue
		}
		if k.Root == h.Root {
			return nil, nil
		}
		return b.raise(Alarm{Code: civic.LogForked, At: at, Held: k, Shown: h}), nil
	}
	if _, known := b.find(protocol.LogSeen{Size: h.Size, Root: h.Root}); !known && len(b.Ask) < maxAsk {
		b.Ask = append(b.Ask, Seen{h, max(0, seen)})
	}
	return nil, nil
}

// ReadBook reads a book as it was kept.
func ReadBook(b []byte) (Book, error) {
	var book Book
	if err := protocol.Unmarshal(b, &book); err != nil {
		return Book{}, err
	}
	if len(book.Kept) > maxKept || len(book.Ask) > maxAsk || len(book.Alarms) > maxAlarms {
		return Book{}, civic.NewProblem(civic.LogMalformed, nil)
	}
	return book, nil
}
