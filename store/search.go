package store

import (
	"context"

	"github.com/askonce/fieldkit/sync/civic"
)

// Search finds citizens of this kit's registrations: names in any order, with
// or without accents, up to two typing errors in a word; a birth year and a
// place narrow it. Best first, at most limit. The index is in memory only.
func (s *Store) Search(ctx context.Context, query string, limit int) ([]Person, error) {
	o, err := s.opened()
	if err != nil {
		return nil, err
	}
	select {
	case <-o.indexed:
	case <-ctx.Done():
		return nil, civic.NewProblem(civic.Stopped, ctx.Err())
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Person
	for _, p := range o.index.Search(query, limit) {
		out = append(out, Person{Registration: o.owners[p.Ref], Subject: p.Subject, Name: p.Name, BirthYear: p.Year, Place: p.Place})
	}
	return out, nil
}
