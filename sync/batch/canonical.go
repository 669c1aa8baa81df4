package batch

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"github.com/askonce/fieldkit/sync/civic"
)

// Limits of one registration, counted by Canonical before anything is sealed,
// so that what an officer closed can always be packed and opened again.
const (
	MaxText        = 64 << 10 // bytes of any one text
	MaxAnswers     = 4096
	MaxServices    = 64
	MaxConsents    = 64
	MaxAttachments = 256
	// MaxRegistration bounds all texts of one registration together.
	MaxRegistration = 1 << 20
)

// record is a registration in the form its digest is over: a CBOR map with
// whole numbers as keys, in the one deterministic order of RFC 8949, 4.2.1.
// Keys are never given another meaning.
type record struct {
	Device      civic.DeviceID       `cbor:"1,keyasint"`
	Counter     uint64               `cbor:"2,keyasint"`
	ID          civic.RegistrationID `cbor:"3,keyasint"`
	Previous    civic.Digest         `cbor:"4,keyasint"`
	Area        string               `cbor:"5,keyasint"`
	Officer     civic.OfficerID      `cbor:"6,keyasint"`
	Form        string               `cbor:"7,keyasint"`
	Version     string               `cbor:"8,keyasint"`
	Services    []string             `cbor:"9,keyasint,omitempty"`
	Language    string               `cbor:"10,keyasint,omitempty"`
	Started     stamp                `cbor:"11,keyasint"`
	Sealed      stamp                `cbor:"12,keyasint"`
	Answers     []answer             `cbor:"13,keyasint,omitempty"`
	Consents    []consent            `cbor:"14,keyasint,omitempty"`
	Attachments []attachment         `cbor:"15,keyasint,omitempty"`
	Corrects    []byte               `cbor:"16,keyasint,omitempty"` // 16 bytes
	SourceRow   string               `cbor:"17,keyasint,omitempty"`
	Practice    bool                 `cbor:"18,keyasint,omitempty"`
}

type stamp struct {
	_    struct{} `cbor:",toarray"`
	Wall int64
	Boot uint32
	Mono int64
}

type answer struct {
	Path   string `cbor:"1,keyasint"`
	Value  string `cbor:"2,keyasint,omitempty"`
	Stated string `cbor:"3,keyasint,omitempty"`
	Absent uint8  `cbor:"4,keyasint,omitempty"`
}

type consent struct {
	Service   string `cbor:"1,keyasint"`
	Purpose   string `cbor:"2,keyasint,omitempty"`
	Given     bool   `cbor:"3,keyasint,omitempty"`
	Language  string `cbor:"4,keyasint,omitempty"`
	ReadAloud bool   `cbor:"5,keyasint,omitempty"`
	Agency    string `cbor:"6,keyasint,omitempty"`
	Withdrawn bool   `cbor:"7,keyasint,omitempty"`
	Notice    string `cbor:"8,keyasint,omitempty"`
	Words     []byte `cbor:"9,keyasint,omitempty"` // 32 bytes
	By        uint8  `cbor:"10,keyasint,omitempty"`
}

func newConsent(c civic.Consent) consent {
	out := consent{
		Service: string(c.Service), Purpose: string(c.Purpose), Given: c.Given, Language: c.Language, ReadAloud: c.ReadAloud,
		Agency: c.Agency, Withdrawn: c.Withdrawn, Notice: c.Notice, By: uint8(c.By),
	}
	if !c.Words.IsZero() {
		out.Words = c.Words[:]
	}
	return out
}

func (c consent) civic() (civic.Consent, error) {
	out := civic.Consent{
		Service: civic.ServiceID(c.Service), Purpose: civic.Purpose(c.Purpose), Given: c.Given, Language: c.Language, ReadAloud: c.ReadAloud,
		Agency: c.Agency, Withdrawn: c.Withdrawn, Notice: c.Notice, By: civic.Speaker(c.By),
	}
	if n := copy(out.Words[:], c.Words); n != len(c.Words) || n != 0 && n != len(out.Words) {
		return out, unreadable(errors.New("the digest of a notice has another length"))
	}
	return out, nil
}

type attachment struct {
	Name   string       `cbor:"1,keyasint"`
	Media  string       `cbor:"2,keyasint,omitempty"`
	Size   int64        `cbor:"3,keyasint,omitempty"`
	Digest civic.Digest `cbor:"4,keyasint"`
}

// canonicalMode never changes after it is made.
var canonicalMode = func() cbor.EncMode {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // the options are constants: a test would fail first
	}
	return mode
}()

// Canonical gives the bytes that stand for a registration: every field of it,
// in deterministic CBOR. A registration beyond the limits, or with a text that
// is not UTF-8, is refused with answers_invalid and the path or field.
func Canonical(r *civic.Registration) ([]byte, error) {
	if err := check(r); err != nil {
		return nil, err
	}
	rec := newRecord(r)
	return canonicalMode.Marshal(&rec)
}

func newRecord(r *civic.Registration) record {
	rec := record{
		Device: r.Device, Counter: r.Counter, ID: r.ID, Previous: r.Previous,
		Area: string(r.Area), Officer: r.Officer, Form: string(r.Form.ID), Version: r.Form.Version,
		Language: r.Language, Started: newStamp(r.Started), Sealed: newStamp(r.Sealed),
		SourceRow: r.SourceRow, Practice: r.Practice,
	}
	for _, s := range r.Services {
		rec.Services = append(rec.Services, string(s))
	}
	rec.Answers = make([]answer, len(r.Answers))
	for i, a := range r.Answers {
		rec.Answers[i] = answer{Path: a.Path, Value: a.Value, Stated: a.Stated, Absent: uint8(a.Absent)}
	}
	for _, c := range r.Consents {
		rec.Consents = append(rec.Consents, newConsent(c))
	}
	for _, a := range r.Attachments {
		rec.Attachments = append(rec.Attachments, attachment{a.Name, a.Media, a.Size, a.Digest})
	}
	if !r.Corrects.IsZero() {
		rec.Corrects = r.Corrects[:]
	}
	return rec
}

// DigestOf is the salted digest of a registration: HMAC-SHA256 over its
// canonical bytes. The salt (protocol.SaltOf) is shared by kit and centre only,
// so that nobody who reads the digest on a receipt can try out names on it.
func DigestOf(salt [32]byte, canonical []byte) civic.Digest {
	mac := hmac.New(sha256.New, salt[:])
	mac.Write(canonical)
	return civic.Digest(mac.Sum(nil))
}

func newStamp(s civic.Stamp) stamp { return stamp{Wall: s.Wall, Boot: s.Boot, Mono: s.Mono} }

// check holds a registration to the limits.
func check(r *civic.Registration) error {
	total := 0
	text := func(where, s string) error {
		total += len(s)
		switch {
		case len(s) > MaxText:
			return outside(where, "it is longer than %d bytes", MaxText)
		case !utf8.ValidString(s):
			return outside(where, "it is not UTF-8")
		}
		return nil
	}
	switch {
	case len(r.Answers) > MaxAnswers:
		return outside("answers", "more than %d", MaxAnswers)
	case len(r.Services) > MaxServices:
		return outside("services", "more than %d", MaxServices)
	case len(r.Consents) > MaxConsents:
		return outside("consents", "more than %d", MaxConsents)
	case len(r.Attachments) > MaxAttachments:
		return outside("attachments", "more than %d", MaxAttachments)
	}
	fields := []struct{ where, text string }{
		{"area", string(r.Area)}, {"form", string(r.Form.ID)}, {"version", r.Form.Version},
		{"language", r.Language}, {"source row", r.SourceRow},
	}
	for _, s := range r.Services {
		fields = append(fields, struct{ where, text string }{"services", string(s)})
	}
	for _, c := range r.Consents {
		for _, s := range []string{string(c.Service), c.Agency, string(c.Purpose), c.Language, c.Notice} {
			fields = append(fields, struct{ where, text string }{"consents", s})
		}
	}
	for _, a := range r.Attachments {
		for _, s := range []string{a.Name, a.Media} {
			fields = append(fields, struct{ where, text string }{"attachments", s})
		}
	}
	for _, f := range fields {
		if err := text(f.where, f.text); err != nil {
			return err
		}
	}
	for _, a := range r.Answers {
		if !utf8.ValidString(a.Path) {
			return outside("answers", "a path is not UTF-8")
		}
		for _, s := range []string{a.Path, a.Value, a.Stated} {
			if err := text(a.Path, s); err != nil {
				return err
			}
		}
	}
	if total > MaxRegistration {
		return outside("answers", "together they are longer than %d bytes", MaxRegistration)
	}
	return nil
}

func outside(where, why string, args ...any) error {
	return civic.NewProblem(civic.AnswersInvalid, fmt.Errorf(why, args...), where)
}
