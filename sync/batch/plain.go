package batch

import (
	"bytes"
	"errors"
	"slices"

	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/zstd"

	"github.com/askonce/fieldkit/sync/civic"
)

// maxPlain bounds what a plain body may inflate to.
const maxPlain = 64 << 20

// plainBody is a body written out in full: it needs no form to be read, and
// carries whatever the denser way cannot.
type plainBody struct {
	Breaks  []uint32 `cbor:"1,keyasint"`
	Records []record `cbor:"2,keyasint"`
}

func encodePlain(regs []civic.Registration, breaks []uint32) ([]byte, error) {
	body := plainBody{Breaks: breaks, Records: make([]record, len(regs))}
	for i := range regs {
		body.Records[i] = newRecord(&regs[i])
		if !travels(breaks, i) {
			body.Records[i].Previous = civic.Digest{}
		}
	}
	b, err := canonicalMode.Marshal(body)
	if err != nil {
		return nil, err
	}
	if len(b) > maxPlain {
		return nil, civic.NewProblem(civic.UploadTooLarge, nil, "64 MB")
	}
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return w.EncodeAll(b, nil), nil
}

func decodePlain(c setting, b []byte) ([]civic.Registration, []uint32, error) {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPlain))
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	plain, err := r.DecodeAll(b, nil)
	if err != nil {
		return nil, nil, unreadable(err)
	}
	mode, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxNestedLevels:   8,
		MaxArrayElements:  MaxCount,
		MaxMapPairs:       64,
	}.DecMode()
	if err != nil {
		return nil, nil, err
	}
	var body plainBody
	if err := mode.Unmarshal(plain, &body); err != nil {
		return nil, nil, unreadable(err)
	}
	if len(body.Records) == 0 {
		return nil, nil, unreadable(errors.New("the body holds no registration"))
	}
	regs := make([]civic.Registration, len(body.Records))
	for i := range body.Records {
		if regs[i], err = body.Records[i].registration(); err != nil {
			return nil, nil, err
		}
		if r := &regs[i]; r.Device != c.Device || r.ID != civic.NewRegistrationID(c.public, r.Counter) {
			return nil, nil, unreadable(errors.New("a registration is of another device"))
		}
	}
	return regs, body.Breaks, nil
}

// registration turns a record back.
func (rec *record) registration() (civic.Registration, error) {
	r := civic.Registration{
		Device: rec.Device, Counter: rec.Counter, ID: rec.ID, Previous: rec.Previous,
		Area: civic.Area(rec.Area), Officer: rec.Officer,
		Form:     civic.FormRef{ID: civic.FormID(rec.Form), Version: rec.Version},
		Language: rec.Language, Started: rec.Started.civic(), Sealed: rec.Sealed.civic(),
		SourceRow: rec.SourceRow, Practice: rec.Practice,
	}
	for _, s := range rec.Services {
		r.Services = append(r.Services, civic.ServiceID(s))
	}
	for _, a := range rec.Answers {
		r.Answers = append(r.Answers, civic.Answer{Path: a.Path, Value: a.Value, Stated: a.Stated, Absent: civic.Absence(a.Absent)})
	}
	for _, c := range rec.Consents {
		chosen, err := c.civic()
		if err != nil {
			return r, err
		}
		r.Consents = append(r.Consents, chosen)
	}
	for _, a := range rec.Attachments {
		r.Attachments = append(r.Attachments, civic.Attachment(a))
	}
	switch len(rec.Corrects) {
	case 0:
	case len(r.Corrects):
		copy(r.Corrects[:], rec.Corrects)
	default:
		return r, unreadable(errors.New("the id of a corrected registration has another length"))
	}
	return r, nil
}

func (s stamp) civic() civic.Stamp { return civic.Stamp{Wall: s.Wall, Boot: s.Boot, Mono: s.Mono} }

// same tells whether two registrations have the same canonical bytes, without
// writing them.
func same(a, b *civic.Registration) bool {
	return a.Device == b.Device && a.Counter == b.Counter && a.ID == b.ID && a.Previous == b.Previous &&
		a.Area == b.Area && a.Officer == b.Officer && a.Form == b.Form && a.Language == b.Language &&
		a.Started == b.Started && a.Sealed == b.Sealed && bytes.Equal(a.Corrects[:], b.Corrects[:]) &&
		a.SourceRow == b.SourceRow && a.Practice == b.Practice &&
		slices.Equal(a.Services, b.Services) && slices.Equal(a.Answers, b.Answers) &&
		slices.Equal(a.Consents, b.Consents) && slices.Equal(a.Attachments, b.Attachments)
}
