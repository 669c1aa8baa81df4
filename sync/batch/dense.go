package batch

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"

	"github.com/askonce/fieldkit/sync/civic"
)

// maxForms bounds the forms of one batch.
const maxForms = 64

// encodeDense writes the registrations of forms that both ends know. ok is false
// where a form is not known here.
func encodeDense(s setting, regs []civic.Registration, breaks []uint32) (body []byte, ok bool) {
	k := newEncoder()
	c := newCodec(s, k)
	c.breaks = breaks
	var refs []civic.FormRef
	for i := range regs {
		if slices.Contains(refs, regs[i].Form) {
			continue
		}
		f, known := s.find(regs[i].Form)
		if !known || len(refs) == maxForms || len(f.ref.ID) > 255 || len(f.ref.Version) > 255 {
			return nil, false
		}
		refs = append(refs, f.ref)
		sh := c.use(f)
		sh.relate(regs)
	}
	c.head()
	sum := crc32.New(castagnoli)
	for i := range regs {
		r := regs[i] // the codec writes into what it is given
		r.Services, r.Answers = slices.Clone(r.Services), slices.Clone(r.Answers)
		r.Consents, r.Attachments = slices.Clone(r.Consents), slices.Clone(r.Attachments)
		if !travels(breaks, i) {
			r.Previous = civic.Digest{}
		}
		sum.Write(c.flat(&r))
		c.registration(i, &r)
		if c.failed {
			return nil, false
		}
	}
	return append(binary.BigEndian.AppendUint32(nil, sum.Sum32()), k.finish()...), true
}

// decodeDense reads what encodeDense wrote.
func decodeDense(s setting, body []byte) ([]civic.Registration, []uint32, error) {
	if len(body) < 4 {
		return nil, nil, unreadable(errShort)
	}
	c := newCodec(s, newDecoder(body[4:]))
	if err := c.headRead(); err != nil {
		return nil, nil, err
	}
	sum := crc32.New(castagnoli)
	regs := make([]civic.Registration, 0, min(s.Count, 1024))
	for i := range int(s.Count) {
		regs = append(regs, civic.Registration{})
		r := &regs[i]
		c.registration(i, r)
		if c.failed || c.beyond() {
			return nil, nil, unreadable(errShort)
		}
		sum.Write(c.flat(r))
		r.ID = civic.NewRegistrationID(s.public, r.Counter)
	}
	if !c.whole() || sum.Sum32() != binary.BigEndian.Uint32(body) {
		return nil, nil, unreadable(errors.New("the registrations do not add up"))
	}
	return regs, c.breaks, nil
}

var errShort = errors.New("the body ends too early or was not written by this program")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// find gives the schema of a form known here.
func (c setting) find(ref civic.FormRef) (*schema, bool) {
	if c.forms == nil {
		return nil, false
	}
	f, ok := c.forms.Form(ref)
	if !ok || f == nil {
		return nil, false
	}
	if r, ok := c.forms.(*remembered); ok {
		return r.schema(f), true
	}
	return newSchema(f), true
}

// head codes which forms there are, by name, version and fingerprint, and which
// questions tell of each other.
func (c *codec) head() {
	c.number(c.key(80), 0, int64(len(c.forms)))
	for _, sh := range c.forms {
		for _, s := range []string{string(sh.ref.ID), sh.ref.Version} {
			c.raw([]byte{byte(len(s))})
			c.raw([]byte(s))
		}
		print := sh.print
		c.raw(print[:])
		c.relations(sh)
	}
}

func (c *codec) headRead() error {
	n := int(c.number(c.key(80), 0, 0))
	if n < 1 || n > maxForms {
		return unreadable(errShort)
	}
	for range n {
		var texts [2]string
		for i := range texts {
			length := []byte{0}
			c.raw(length)
			text := make([]byte, length[0])
			c.raw(text)
			texts[i] = string(text)
		}
		var print [8]byte
		c.raw(print[:])
		if c.beyond() {
			return unreadable(errShort)
		}
		ref := civic.FormRef{ID: civic.FormID(texts[0]), Version: texts[1]}
		f, ok := c.find(ref)
		if !ok {
			return civic.NewProblem(civic.FormVersionUnknown, nil, ref.String())
		}
		if f.print != print {
			return civic.NewProblem(civic.FormVersionUnknown, errors.New("this end has other questions or words under the same version"), ref.String())
		}
		c.relations(c.use(f))
	}
	return nil
}

// relations codes the questions that tell of each other.
func (c *codec) relations(sh *sheet) {
	has, repeats := newSlot(12000, 4), newSlot(6000, 4)
	for i, q := range sh.questions {
		parent, source := i, -1
		if !c.decoding {
			parent = int(q.parent.number)
			if q.source != nil {
				source = int(q.source.number)
			}
		}
		if i > 0 && c.flag(&has, parent != i) {
			q.parent = sh.questions[c.choice(c.key(81), 0, i+1, parent)]
		}
		if c.flag(&repeats, source >= 0) {
			q.source = sh.questions[c.choice(c.key(82), 0, i+1, source)]
		}
	}
}

// flat lays a registration out for the checksum. Id and device are left out:
// they are worked out and checked.
func (c *codec) flat(r *civic.Registration) []byte {
	b := c.scratch[:0]
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	number := func(v int64) { b = binary.AppendVarint(b, v) }
	number(int64(r.Counter))
	b = append(append(append(b, r.Previous[:]...), r.Officer[:]...), r.Corrects[:]...)
	for _, s := range []string{string(r.Area), string(r.Form.ID), r.Form.Version, r.Language, r.SourceRow} {
		text(s)
	}
	for _, s := range []civic.Stamp{r.Started, r.Sealed} {
		number(s.Wall)
		number(int64(s.Boot))
		number(s.Mono)
	}
	for _, s := range r.Services {
		text(string(s))
	}
	number(int64(len(r.Answers)))
	for i := range r.Answers {
		a := &r.Answers[i]
		text(a.Path)
		text(a.Value)
		text(a.Stated)
		b = append(b, byte(a.Absent))
	}
	number(int64(len(r.Consents)))
	for _, d := range r.Consents {
		text(string(d.Service))
		text(string(d.Purpose))
		text(d.Language)
		b = append(b, byte(asBit(d.Given)), byte(asBit(d.ReadAloud)))
		if c.allTold {
			text(d.Agency)
			text(d.Notice)
			b = append(append(b, d.Words[:]...), byte(asBit(d.Withdrawn)), byte(d.By))
		}
	}
	for _, a := range r.Attachments {
		text(a.Name)
		text(a.Media)
		number(a.Size)
		b = append(b, a.Digest[:]...)
	}
	c.scratch = b
	return b
}
