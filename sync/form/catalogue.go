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
	forms map[civic.FormRef]kept
	order []civic.FormRef
}

type kept struct {
	form *Form
	sum  [sha256.Size]byte
}

// NewCatalogue makes an empty one.
func NewCatalogue() *Catalogue { return &Catalogue{forms: map[civic.FormRef]kept{}} }

// Add loads a workbook and keeps it; the same workbook again changes nothing.
// Another workbook under a version that is taken is refused: answers are read
// by the version they name.
func (c *Catalogue) Add(b []byte) (*Form, error) {
	f, err := Load(bytes.Clone(b))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	if have, ok := c.forms[f.Ref()]; ok {
		if have.sum == sum {
			return have.form, nil
		}
		return nil, &Refusal{Dialect: XLSForm, Findings: []Finding{{
			Code: codeSetting, Sheet: "settings", Column: "version", Words: []string{f.Version},
			Message: "Another workbook has the version " + f.Version + " of this form already; give the changed one a new version.",
		}}}
	}
	c.forms[f.Ref()] = kept{f, sum}
	c.order = append(c.order, f.Ref())
	return f, nil
}

// Form finds one version of a form.
func (c *Catalogue) Form(ref civic.FormRef) (*Form, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	k, ok := c.forms[ref]
	return k.form, ok
}

// Latest finds the version of a form that was added last.
func (c *Catalogue) Latest(id civic.FormID) (*Form, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for i := len(c.order) - 1; i >= 0; i-- {
		if c.order[i].ID == id {
			return c.forms[c.order[i]].form, true
		}
	}
	return nil, false
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
