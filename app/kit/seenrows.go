package kit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// seenRows remembers which rows earlier imports sealed. It is worked out from
// the sealed registrations themselves, so that no crash can fall between
// sealing a row and remembering it. Rows that are equal in a list count as many
// times as they stand there.
type seenRows struct {
	sealed map[civic.Digest]int
	met    map[civic.Digest]int
}

// sealedBefore collects the rows of this form that were sealed before.
func (im *importer) sealedBefore(ctx context.Context) (*seenRows, error) {
	s := &seenRows{sealed: map[civic.Digest]int{}, met: map[civic.Digest]int{}}
	entries, err := im.st.Registrations(ctx, store.Filter{})
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if r := e.Registration; r.Form.ID == im.form.ID && !r.Practice {
			s.sealed[rowDigest(im.form, r.SourceRow, r.Answers)]++
		}
	}
	return s, nil
}

// before tells whether a row was sealed by an earlier run.
func (s *seenRows) before(f *form.Form, row string, answers []civic.Answer) bool {
	d := rowDigest(f, row, answers)
	s.met[d]++
	return s.met[d] <= s.sealed[d]
}

// rowDigest stands for what a row said. What the form fills in by itself, such
// as the time, does not count; the digest never leaves memory.
func rowDigest(f *form.Form, row string, answers []civic.Answer) civic.Digest {
	h := sha256.New()
	put := func(s string) {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(s))))
		h.Write([]byte(s))
	}
	put(string(f.ID))
	put(row)
	for _, a := range answers {
		if q, ok := f.Question(a.Path); ok && !q.Kind.Asked() {
			continue
		}
		put(a.Path)
		put(a.Value)
		put(a.Stated)
		h.Write([]byte{byte(a.Absent)})
	}
	return civic.Digest(h.Sum(nil))
}
