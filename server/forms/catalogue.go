package forms

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// lookEvery is how often a process looks for what another one published.
const lookEvery = time.Second

// Refresh takes into the catalogue what was published since the last look, by
// any process, and tells how many versions are new.
func (f *Forms) Refresh(ctx context.Context) (int, error) {
	f.mu.Lock()
	seen := f.seen
	f.mu.Unlock()
	type row struct {
		added  int64
		packed []byte
	}
	var fresh []row
	err := f.DB.View(ctx, func(tx ledger.Tx) error {
		fresh = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var v row
			err := r.Scan(&v.added, &v.packed)
			fresh = append(fresh, v)
			return err
		}, "SELECT added, packed FROM forms_version WHERE added > ?1 ORDER BY added", seen)
	})
	if err != nil {
		return 0, err
	}
	for _, v := range fresh {
		if _, err := f.Catalogue.Add(v.packed); err != nil {
			// It was whole when it was published: another program's forms that
			// ship have the same version. What was made with it waits.
			f.Logger.Error("a form of the ledger cannot be used", "added", v.added, "code", civic.CodeOf(err))
		}
		f.mu.Lock()
		f.seen = max(f.seen, v.added)
		f.mu.Unlock()
	}
	return len(fresh), nil
}

// Form finds a version for whoever opens or judges registrations; it looks into
// the ledger for one that is not in the catalogue yet.
func (f *Forms) Form(ref civic.FormRef) (*form.Form, bool) {
	if found, ok := f.Catalogue.Form(ref); ok {
		return found, true
	}
	// Whoever asks has no context to give; the look is one short query.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if n, err := f.Refresh(ctx); err != nil || n == 0 {
		return nil, false
	}
	return f.Catalogue.Form(ref)
}

// List gives every version, shipped and published, by form and then as they
// came, with the offers of an office and of all; of every office when area is
// empty.
func (f *Forms) List(ctx context.Context, area civic.Area) (list []Version, err error) {
	byRef := map[civic.FormRef]*Version{}
	err = f.DB.View(ctx, func(tx ledger.Tx) error {
		list = nil
		if err := ledger.All(ctx, tx, func(r ledger.Row) error {
			var v Version
			var id string
			var at int64
			if err := r.Scan(&id, &v.Version, &v.Title, &v.Questions, &v.Packed, &at); err != nil {
				return err
			}
			v.Form, v.At = civic.FormID(id), time.Unix(at, 0).UTC()
			list = append(list, v)
			return nil
		}, "SELECT form, version, title, questions, length(packed), at FROM forms_version ORDER BY form, added"); err != nil {
			return err
		}
		published := map[civic.FormRef]bool{}
		for _, v := range list {
			published[v.Ref()] = true
		}
		for _, s := range f.Catalogue.All() {
			if !published[s.Ref()] {
				list = append(list, Version{Form: s.ID, Version: s.Version, Title: s.Title(""), Questions: count(s), Shipped: true})
			}
		}
		slices.SortStableFunc(list, func(a, b Version) int { return strings.Compare(string(a.Form), string(b.Form)) })
		clear(byRef)
		for i := range list {
			byRef[list[i].Ref()] = &list[i]
		}
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var o Offered
			var in, id, version string
			var at int64
			if err := r.Scan(&in, &id, &version, &o.Order, &o.Retired, &o.Actor, &at); err != nil {
				return err
			}
			o.Area, o.At = civic.Area(in), time.Unix(at, 0).UTC()
			if v := byRef[civic.FormRef{ID: civic.FormID(id), Version: version}]; v != nil {
				v.Offers = append(v.Offers, o)
			}
			return nil
		}, "SELECT area, form, version, ord, retired, actor, at FROM forms_offer WHERE area = '' OR area = ?1 OR ?1 = '' ORDER BY ord", string(area))
	})
	return list, err
}

// Run looks for what other processes published and, where deliver is true, tells
// kits of it, until the context ends. fresh is called after new versions came.
func (f *Forms) Run(ctx context.Context, deliver bool, fresh func(context.Context)) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		n, err := f.Refresh(ctx)
		if err == nil && n > 0 && fresh != nil {
			fresh(ctx)
		}
		if err == nil && deliver {
			_, err = f.Deliver(ctx)
		}
		if err != nil && ctx.Err() == nil {
			f.Logger.Error("the catalogue of forms cannot be kept up", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
