package share

import (
	"context"
	"io/fs"

	"github.com/askonce/fieldkit/server/ledger"
)

// Seed gives a new centre the agreements that ship, with the agencies they
// name, drafted by the program and approved by whoever set the centre up. A
// centre that has any agreement is left alone.
func (s *Share) Seed(ctx context.Context, db ledger.DB, shipped fs.FS, actor string) error {
	have := 0
	count := func(tx ledger.Tx) error {
		return tx.QueryRow(ctx, "SELECT count(*) FROM share_revision").Scan(&have)
	}
	if err := db.View(ctx, count); err != nil || have > 0 {
		return err
	}
	names, err := fs.Glob(shipped, "agreements/*.json")
	if err != nil {
		return err
	}
	return db.Update(ctx, func(tx ledger.Tx) error {
		if err := count(tx); err != nil || have > 0 {
			return err
		}
		for _, name := range names {
			body, err := fs.ReadFile(shipped, name)
			if err != nil {
				return err
			}
			r, err := s.Draft(ctx, tx, body, By{Name: "shipped", Role: programRole})
			if err != nil {
				return err
			}
			a := r.Agreement
			if a.Agency != "" {
				if err := s.AddAgency(ctx, tx, Agency{ID: a.Agency, Name: a.Controller, Level: a.Level}, actor); err != nil {
					return err
				}
			}
			if _, err := s.Approve(ctx, tx, a.ID, a.Version, By{Name: actor, Role: "founder"}); err != nil {
				return err
			}
		}
		return nil
	})
}

// programRole marks what ships with the program.
const programRole = "program"
