package registry

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// Span is a time during which somebody's registrations belonged to a person,
// from and to included, in seconds since 1970 UTC.
type Span struct {
	Ref
	From, To int64
}

// Spans tells who somebody was: for each thing said of the person, all persons
// it belonged to and when. A person that was joined to another and parted
// again was both for that time only.
func (e *Embedded) Spans(ctx context.Context, tx ledger.Tx, ref Ref) ([]Span, error) {
	type subject struct {
		office       civic.Area
		registration []byte
		name         string
	}
	var said []subject
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var s subject
		err := r.Scan(&s.office, &s.registration, &s.name)
		said = append(said, s)
		return err
	}, "SELECT office, registration, subject FROM registry_said WHERE area = ?1 AND person = ?2 ORDER BY registration, subject", string(ref.Home), ref.Person[:])
	if err != nil {
		return nil, err
	}
	var out []Span
	for _, s := range said {
		open := Span{To: -1}
		err := ledger.All(ctx, tx, func(r ledger.Row) error {
			var person []byte
			var home civic.Area
			var at int64
			if err := r.Scan(&home, &person, &at); err != nil {
				return err
			}
			if open.To == 0 {
				open.To = at
				out = append(out, open)
			}
			open = Span{Ref: Ref{Home: home, Person: civic.PersonID(person)}, From: at}
			return nil
		}, "SELECT home, person, at FROM registry_event WHERE area = ?1 AND registration = ?2 AND subject = ?3 ORDER BY n", string(s.office), s.registration, s.name)
		if err != nil {
			return nil, err
		}
		if open.To == 0 {
			open.To = math.MaxInt64
			out = append(out, open)
		}
	}
	if len(out) == 0 {
		return []Span{{Ref: ref, To: math.MaxInt64}}, nil
	}
	return united(out), nil
}

// united joins spans of one person that touch, so that no row is met twice; it
// never bridges a time between two.
func united(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int {
		return cmp.Or(cmp.Compare(a.Home, b.Home), bytes.Compare(a.Person[:], b.Person[:]), cmp.Compare(a.From, b.From))
	})
	out := spans[:1]
	for _, s := range spans[1:] {
		if last := &out[len(out)-1]; last.Ref == s.Ref && s.From <= last.To {
			last.To = max(last.To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}
