package store

import (
	"context"
	"time"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
)

// Forgotten tells what Forget did.
type Forgotten struct {
	Days          int // whose keys were destroyed
	Registrations int
	Attachments   int
}

// evidence is how long a damaged draft, or a damaged row of a registration that
// is not safe, keeps its day after it was found.
const evidence = 90 * 24 * time.Hour

// Forget destroys the keys of the days whose registrations are all safe at the
// centre for longer than retention, with what they sealed: answers, receipts,
// names for the search, photos. The stubs stay. A day with anything that the
// centre does not hold safely, with a draft under way or with a photo of one, is
// kept whole, and for a while one of which such a thing was set aside as damaged. Practice counts as safe. When it returns nil the log is empty, and
// the logical image of the disk holds nothing of those days.
func (s *Store) Forget(ctx context.Context, retention time.Duration) (Forgotten, error) {
	o, err := s.opened()
	if err != nil {
		return Forgotten{}, err
	}
	s.sealing.Lock()
	defer s.sealing.Unlock()
	now := s.options.Clock()
	if server, at, err := s.ServerTime(ctx); err == nil && server != 0 && now.Unix() < at.Wall {
		now = time.Unix(server, 0) // a clock that was set back must not keep things for ever
	}
	before := now.Add(-retention).Unix()
	var out Forgotten
	err = s.update(ctx, func(tx *vault.Tx) error {
		if err := purgeDrafts(tx, s.options.Clock()); err != nil {
			return err
		}
		keep, err := s.keepers(tx, o, before)
		if err != nil {
			return err
		}
		return tx.DayKeys(func(n, day int64) error {
			if day >= before/86400 || keep.days[n] {
				return nil
			}
			return forgetDay(tx, n, keep, &out)
		})
	})
	if err != nil || out.Days == 0 && !s.unforgotten {
		return out, err
	}
	s.unforgotten = true // until all of what follows was done, now or at the next call
	if err := s.vault.Checkpoint(ctx); err != nil {
		return out, s.told(err)
	}
	if err := s.load(ctx); err != nil { // names leave the search
		return out, err
	}
	if err := s.Append(ctx, "forgotten"); err != nil {
		return out, err
	}
	s.unforgotten = false
	return out, nil
}

// keepers are the day keys that must stay, and the attachments still needed.
type keepers struct {
	days        map[int64]bool
	attachments map[int64]bool // rows of d
	toSend      map[int64]bool // rows of d that must reach the centre first
}

func (s *Store) keepers(tx *vault.Tx, o *opened, before int64) (keepers, error) {
	k := keepers{map[int64]bool{}, map[int64]bool{}, map[int64]bool{}}
	note := func(into map[int64]bool, ds []civic.Digest) error {
		for _, d := range ds {
			n, err := tx.Name(vault.Kit, "d", d[:])
			if err != nil {
				return err
			}
			into[n] = true
		}
		return nil
	}
	busy := map[int64]bool{} // rows of b that must stay readable
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, st := range o.list {
		if !st.Practice {
			if err := note(k.toSend, st.Attachments); err != nil {
				return k, err
			}
		}
		if (st.Safe || st.Practice) && st.Sealed.Wall < before {
			continue
		}
		busy[st.row] = true
		if err := note(k.attachments, st.Attachments); err != nil {
			return k, err
		}
	}
	if err := tx.Query("SELECT n,v,e,s FROM a", func(scan func(...any) error) error {
		var row vault.Row
		if err := scan(&row.N, &row.Version, &row.Key, &row.Sealed); err != nil {
			return err
		}
		k.days[row.Key] = true
		var r draftRecord
		if ok, err := openRow(tx, "a", row, &r); !ok {
			return err
		}
		return note(k.attachments, each(r.Attachments, func(a attachmentRecord) civic.Digest { return a.Digest }))
	}); err != nil {
		return k, err
	}
	if err := keepDays(tx, "SELECT n,e,-1 FROM b", k.days, func(n, _ int64) bool { return busy[n] }); err != nil {
		return k, err
	}
	// What was set aside of something only this kit may hold is evidence that
	// somebody may still read, for a while.
	since := s.options.Clock().Add(-evidence).Unix()
	if err := tx.Query("SELECT t,r,e FROM z WHERE t IN ('a','b','d') AND w>?1", func(scan func(...any) error) error {
		var table string
		var n, e int64
		if err := scan(&table, &n, &e); err != nil {
			return err
		}
		if table == "a" || table == "b" && busy[n] || table == "d" && k.attachments[n] {
			k.days[e] = true
		}
		return nil
	}, since); err != nil {
		return k, err
	}
	// An attachment that is not safe at the centre, or that something needs,
	// keeps its day; one that nothing names any more does not.
	return k, keepDays(tx, "SELECT n,e,o FROM d", k.days, func(n, o int64) bool {
		return k.attachments[n] || o > 0 || (o == carriedNot && k.toSend[n])
	})
}

func keepDays(tx *vault.Tx, query string, days map[int64]bool, stays func(n, o int64) bool) error {
	return tx.Query(query, func(scan func(...any) error) error {
		var n, e, o int64
		if err := scan(&n, &e, &o); err != nil {
			return err
		}
		if stays(n, o) {
			days[e] = true
		}
		return nil
	})
}

func forgetDay(tx *vault.Tx, n int64, k keepers, out *Forgotten) error {
	registrations, err := tx.Exec("DELETE FROM b WHERE e=?1", n)
	if err != nil {
		return err
	}
	attachments, err := tx.Exec("DELETE FROM d WHERE e=?1", n)
	if err != nil {
		return err
	}
	for _, q := range []string{"UPDATE c SET g=0, h=NULL WHERE g=?1", "DELETE FROM a WHERE e=?1", "DELETE FROM z WHERE e=?1"} {
		if _, err := tx.Exec(q, n); err != nil {
			return err
		}
	}
	out.Days++
	out.Registrations += int(registrations)
	out.Attachments += int(attachments)
	return tx.DestroyKey(n)
}
