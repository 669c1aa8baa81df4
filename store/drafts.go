package store

import (
	"context"
	"encoding/binary"
	"errors"
	"sort"
	"time"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
)

// undo is how long a draft that was thrown away can be brought back.
const undo = 24 * time.Hour

func draftRow(id DraftID) int64 { return int64(binary.BigEndian.Uint64(id[:8]) >> 1) }

// SaveDraft writes the draft as it stands; when it returns nil the draft
// survives a flat battery. A draft needs an ID of random bytes. One that was
// thrown away is taken up again; one that was sealed is civic.WrongUse, for what
// a late save would add to it must not be lost in silence.
func (s *Store) SaveDraft(ctx context.Context, d Draft) error {
	if d.ID == (DraftID{}) {
		return civic.NewProblem(civic.RequestMalformed, errors.New("a draft needs an id"))
	}
	s.sealing.Lock()
	defer s.sealing.Unlock()
	if _, ok := s.sealedAs(d.ID); ok {
		return civic.NewProblem(civic.WrongUse, nil, "This interview is sealed already.")
	}
	return s.update(ctx, func(tx *vault.Tx) error {
		if err := put(tx, vault.Day, "a", draftRow(d.ID), recordOfDraft(d)); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE a SET x=0 WHERE n=?1 AND x<>0", draftRow(d.ID))
		return err
	})
}

// Drafts lists the interviews under way, the one touched last first.
func (s *Store) Drafts(ctx context.Context) ([]Draft, error) { return s.drafts(ctx, false) }

// Discarded lists the drafts that RestoreDraft can still bring back.
func (s *Store) Discarded(ctx context.Context) ([]Draft, error) { return s.drafts(ctx, true) }

func (s *Store) drafts(ctx context.Context, discarded bool) ([]Draft, error) {
	var all []Draft
	err := s.view(ctx, func(tx *vault.Tx) error {
		since := s.options.Clock().Add(-undo).Unix()
		return tx.Query("SELECT n,v,e,s,x FROM a", func(scan func(...any) error) error {
			var row vault.Row
			var x int64
			if err := scan(&row.N, &row.Version, &row.Key, &row.Sealed, &x); err != nil {
				return err
			}
			if (x != 0) != discarded || (discarded && x < since) {
				return nil
			}
			var r draftRecord
			if ok, err := openRow(tx, "a", row, &r); !ok {
				return err
			}
			d := r.draft()
			if x != 0 {
				d.Discarded = time.Unix(x, 0).UTC()
			}
			all = append(all, d)
			return nil
		})
	})
	sort.SliceStable(all, func(i, j int) bool { return all[i].Updated.Wall > all[j].Updated.Wall })
	return all, err
}

// Draft gives one draft; one that was thrown away or sealed is
// civic.RegistrationAbsent.
func (s *Store) Draft(ctx context.Context, id DraftID) (Draft, error) {
	var r draftRecord
	err := s.view(ctx, func(tx *vault.Tx) error {
		var x int64
		if _, err := tx.One("SELECT x FROM a WHERE n=?1", []any{draftRow(id)}, &x); err != nil {
			return err
		}
		ok, err := get(tx, "a", draftRow(id), &r)
		if err == nil && (!ok || x != 0) {
			err = civic.NewProblem(civic.RegistrationAbsent, nil, "")
		}
		return err
	})
	return r.draft(), err
}

// DiscardDraft throws a draft away; for a day RestoreDraft brings it back.
func (s *Store) DiscardDraft(ctx context.Context, id DraftID) error {
	return s.mark(ctx, id, s.options.Clock().Unix(), "draft_discarded")
}

// RestoreDraft brings back a draft that was thrown away within a day.
func (s *Store) RestoreDraft(ctx context.Context, id DraftID) error {
	return s.mark(ctx, id, 0, "draft_restored")
}

func (s *Store) mark(ctx context.Context, id DraftID, x int64, event civic.Code) error {
	return s.update(ctx, func(tx *vault.Tx) error {
		n, err := tx.Exec("UPDATE a SET x=?2 WHERE n=?1", draftRow(id), x)
		if err != nil {
			return err
		}
		if n == 0 {
			return civic.NewProblem(civic.RegistrationAbsent, nil, "")
		}
		return s.journal(tx, event)
	})
}

// purgeDrafts drops what was thrown away more than a day ago. A clock that was
// set forward shortens the day; one set back only lengthens it.
func purgeDrafts(tx *vault.Tx, now time.Time) error {
	_, err := tx.Exec("DELETE FROM a WHERE x<>0 AND x<?1", now.Add(-undo).Unix())
	return err
}
