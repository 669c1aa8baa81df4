package form

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// Catalogue keeps forms by id and version; it is safe for several goroutines.
type Catalogue struct {
	mu    sync.RWMutex
	forms map[civic.FormRef]*kept
	order []civic.FormRef
}

type kept struct {
	form  *Form
	sum   [sha256.Size]byte
	offer Offer
}

// Offer says whether new interviews take a version, and which of several: the
// one with the highest Order, of equals the one that was added last.
type Offer struct {
	Order   uint64 // 0 ships with the program; the centre's counts from 1
	Retired bool   // kept for what was made with it, taken by nothing new
}

// NewCatalogue makes an empty one.
func NewCatalogue() *Catalogue { return &Catalogue{forms: map[civic.FormRef]*kept{}} }

// Add loads a workbook, or a packed form, and keeps it; the same form again
// changes nothing. Another form under a version that is taken is refused:
// answers are read by the version they name.
func (c *Catalogue) Add(b []byte) (*Form, error) {
	f, sum, err := load(bytes.Clone(b))
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if have, ok := c.forms[f.Ref()]; ok {
		if have.sum == sum {
			return have.form, nil
		}
		return nil, versionTaken(f.Version)
	}
	c.forms[f.Ref()] = &kept{form: f, sum: sum}
	c.order = append(c.order, f.Ref())
	return f, nil
}

// Fits tells whether Add would take the form: nil, or the refusal. Nothing is kept.
func (c *Catalogue) Fits(b []byte) (*Form, error) {
	f, sum, err := load(bytes.Clone(b))
	if err != nil {
		return nil, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if have, ok := c.forms[f.Ref()]; ok && have.sum != sum {
		return f, versionTaken(f.Version)
	}
	return f, nil
}

func versionTaken(version string) *Refusal {
	return &Refusal{Dialect: XLSForm, Findings: []Finding{{
		Code: codeSetting, Sheet: "settings", Column: "version", Words: []string{version},
		Message: "Another workbook has the version " + version + " of this form already; give the changed one a new version.",
	}}}
}

// Offer says how a version that is kept stands; an unknown one is passed over.
func (c *Catalogue) Offer(ref civic.FormRef, o Offer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k, ok := c.forms[ref]; ok {
		k.offer = o
	}
}

// Remove lets go of a version nothing needs any more.
func (c *Catalogue) Remove(ref civic.FormRef) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.forms, ref)
	c.order = slices.DeleteFunc(c.order, func(r civic.FormRef) bool { return r == ref })
}

// Form finds one version of a form.
func (c *Catalogue) Form(ref civic.FormRef) (*Form, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	k, ok := c.forms[ref]
	if !ok {
		return nil, false
	}
	return k.form, true
}

// Latest finds the version of a form that new interviews take (see [Offer]).
func (c *Catalogue) Latest(id civic.FormID) (*Form, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var best *kept
	for _, ref := range c.order {
		if k := c.forms[ref]; ref.ID == id && !k.offer.Retired && (best == nil || k.offer.Order >= best.offer.Order) {
			best = k
		}
	}
	if best == nil {
		return nil, false
	}
	return best.form, true
}

// All lists every form kept, by id, then in the order of adding.
func (c *Catalogue) All() []*Form {
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := make([]*Form, 0, len(c.order))
	for _, ref := range c.order {
		out = append(out, c.forms[ref].form)
	}
	slices.SortStableFunc(out, func(a, b *Form) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out
}

func nowIs(t time.Time) func() time.Time { return func() time.Time { return t } }
