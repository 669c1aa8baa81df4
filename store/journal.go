package store

import (
	"context"
	"crypto/sha256"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// The journal tells what officers did. Each row's hash covers the one before
// and the sealed bytes, so that the chain can be checked without a key, and
// after its day was forgotten.

// Event is one line of the journal.
type Event struct {
	At      civic.Stamp
	Officer civic.OfficerID
	Event   civic.Code
	Words   []string
}

// Append writes a line into the journal. Words are ids and counts, never an
// answer.
func (s *Store) Append(ctx context.Context, event civic.Code, words ...string) error {
	return s.update(ctx, func(tx *vault.Tx) error { return s.journal(tx, event, words...) })
}

func (s *Store) journal(tx *vault.Tx, event civic.Code, words ...string) error {
	var n int64
	var last []byte
	if _, err := tx.One("SELECT n,h FROM j ORDER BY n DESC LIMIT 1", nil, &n, &last); err != nil {
		return err
	}
	officer := tx.Officer()
	plain, err := encode(eventRecord{stampRecord(s.Stamp()), officer, event, words})
	if err != nil {
		return err
	}
	r, err := tx.Seal(vault.Day, "j", n+1, 1, plain)
	if err != nil {
		return err
	}
	_, err = tx.Exec("INSERT INTO j(n,v,e,s,h) VALUES(?1,?2,?3,?4,?5)", r.N, r.Version, r.Key, r.Sealed, link(last, r.Sealed))
	return err
}

func link(last, sealed []byte) []byte {
	h := sha256.New()
	h.Write([]byte("askonce/journal/v0\x00"))
	h.Write(last)
	h.Write(sealed)
	return h.Sum(nil)
}

// Journal is the head of the chain, which each sync anchors at the centre. It
// needs no passphrase.
func (s *Store) Journal(ctx context.Context) (protocol.Head, error) {
	var head protocol.Head
	err := s.vault.View(ctx, func(tx *vault.Tx) error {
		var h []byte
		_, err := tx.One("SELECT n,h FROM j ORDER BY n DESC LIMIT 1", nil, &head.Length, &h)
		copy(head.Hash[:], h)
		return err
	})
	return head, err
}

// Events lists the journal, oldest first; lines of forgotten days are left out.
// whole is false when the chain does not hold: a line was changed or removed.
func (s *Store) Events(ctx context.Context) (events []Event, whole bool, err error) {
	whole = true
	var last []byte
	var count int64
	err = s.view(ctx, func(tx *vault.Tx) error {
		return tx.Query("SELECT n,v,e,s,h FROM j ORDER BY n", func(scan func(...any) error) error {
			var row vault.Row
			var h []byte
			if err := scan(&row.N, &row.Version, &row.Key, &row.Sealed, &h); err != nil {
				return err
			}
			count++
			if row.N != count || string(link(last, row.Sealed)) != string(h) {
				whole = false
			}
			last = h
			var r eventRecord
			if ok, err := openRow(tx, "j", row, &r); !ok {
				return err
			}
			events = append(events, Event{civic.Stamp(r.At), r.Officer, r.Event, r.Words})
			return nil
		})
	})
	return events, whole, err
}

// EventsSince lists the lines of the journal from a moment on, by the kit's
// clock, oldest first. It reads from the end, and stops at the first line that
// is a day older: clocks are set back by less than that without being noticed.
func (s *Store) EventsSince(ctx context.Context, since time.Time) ([]Event, error) {
	var events []Event
	const chunk = 500
	err := s.view(ctx, func(tx *vault.Tx) error {
		events = nil
		last := int64(math.MaxInt64)
		for more := true; more; {
			more = false
			before := last
			if err := tx.Query("SELECT n,v,e,s FROM j WHERE n<?1 ORDER BY n DESC LIMIT ?2", func(scan func(...any) error) error {
				var row vault.Row
				if err := scan(&row.N, &row.Version, &row.Key, &row.Sealed); err != nil {
					return err
				}
				last, more = row.N, true
				var r eventRecord
				if ok, err := openRow(tx, "j", row, &r); !ok {
					return err
				}
				if at := r.At.Wall; at >= since.Unix() {
					events = append(events, Event{civic.Stamp(r.At), r.Officer, r.Event, r.Words})
				} else if at < since.Add(-24*time.Hour).Unix() {
					before = 0 // far enough
				}
				return nil
			}, before, int64(chunk)); err != nil {
				return err
			}
			more = more && before != 0
		}
		return nil
	})
	slices.Reverse(events)
	return events, err
}

func cut(name string) (id, version string, ok bool) { return strings.Cut(name, "\x00") }
