package kit

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// settingRows holds the tags of imported rows, by the form's id.
const settingRows = "import_rows."

// rowTag stands for what a row said: the beginning of a keyed hash, from which
// nothing can be guessed without the kit's secret.
type rowTag [8]byte

// seenRows remembers which rows earlier imports sealed. It is worked out from
// the sealed registrations themselves, so that no crash can fall between sealing
// a row and remembering it, and from a list of tags kept after each import,
// which outlives registrations that were forgotten since. Rows that are equal in
// a list count as many times as they stand there.
type seenRows struct {
	form   *form.Form
	secret []byte
	sealed map[rowTag]int
	met    map[rowTag]int
	order  []rowTag // sealed in this run, for keeping
}

// sealedBefore collects the rows of this form that were sealed before.
func (im *importer) sealedBefore(ctx context.Context) (*seenRows, error) {
	s := &seenRows{form: im.form, secret: im.sealer.secret[:], sealed: map[rowTag]int{}, met: map[rowTag]int{}}
	entries, err := im.st.Registrations(ctx, store.Filter{})
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if r := e.Registration; r.Form.ID == im.form.ID && !r.Practice && !e.Forgotten {
			s.sealed[s.tag(r.SourceRow, r.Answers)]++
		}
	}
	kept, err := keptTags(ctx, im.st, im.form.ID)
	if err != nil {
		return nil, err
	}
	times := map[rowTag]int{}
	for _, t := range kept {
		times[t]++
	}
	for t, n := range times {
		s.sealed[t] = max(s.sealed[t], n)
	}
	return s, nil
}

// before tells whether a row was sealed by an earlier run.
func (s *seenRows) before(row string, answers []civic.Answer) (rowTag, bool) {
	t := s.tag(row, answers)
	s.met[t]++
	return t, s.met[t] <= s.sealed[t]
}

// keepTag notes a row that this run sealed.
func (s *seenRows) keepTag(t rowTag) { s.order = append(s.order, t) }

// keep remembers the rows that this run sealed.
func (s *seenRows) keep(ctx context.Context, st *store.Store) error {
	if len(s.order) == 0 {
		return nil
	}
	kept, err := keptTags(ctx, st, s.form.ID)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for _, t := range append(kept, s.order...) {
		b.Write(t[:])
	}
	return st.SetSetting(ctx, settingRows+string(s.form.ID), base64.StdEncoding.EncodeToString(b.Bytes()))
}

func keptTags(ctx context.Context, st *store.Store, id civic.FormID) ([]rowTag, error) {
	text, err := st.Setting(ctx, settingRows+string(id))
	if err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	var tags []rowTag
	for len(b) >= len(rowTag{}) {
		tags = append(tags, rowTag(b[:len(rowTag{})]))
		b = b[len(rowTag{}):]
	}
	return tags, nil
}

// tag is over the source row and the answers a list can give; what the form
// fills in by itself, such as the time, does not count.
func (s *seenRows) tag(row string, answers []civic.Answer) rowTag {
	h := hmac.New(sha256.New, s.secret)
	put := func(text string) {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(text))))
		h.Write([]byte(text))
	}
	put("askonce/import-row/v0")
	put(string(s.form.ID))
	put(row)
	for _, a := range answers {
		if q, ok := s.form.Question(a.Path); ok && !q.Kind.Asked() {
			continue
		}
		put(a.Path)
		put(a.Value)
		put(a.Stated)
		h.Write([]byte{byte(a.Absent)})
	}
	return rowTag(h.Sum(nil)[:len(rowTag{})])
}
