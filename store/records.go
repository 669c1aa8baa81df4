package store

import (
	"crypto/ed25519"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Sealed rows hold one byte for the format, then CBOR: maps with whole numbers
// as keys. A number keeps its meaning for ever, a new field gets a new one, and
// an old row is read with the new fields zero. docs/store.md lists them.
// Rows that begin with 0 were written before version 1 and are read the same way.
const format1 = 1

var (
	encMode = must(cbor.CoreDetEncOptions().EncMode())
	decMode = must(cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		MaxNestedLevels:  16,
		MaxArrayElements: 1 << 17,
		MaxMapPairs:      1 << 16,
	}.DecMode())
)

// must serves the two constants above: their options are literals, and no test
// of the package would start if they were wrong.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func encode(v any) ([]byte, error) {
	b, err := encMode.Marshal(v)
	if err != nil {
		return nil, err
	}
	return append([]byte{format1}, b...), nil
}

func decode(b []byte, v any) error {
	if len(b) == 0 || b[0] > format1 {
		return civic.NewProblem(civic.StoreNewer, fmt.Errorf("a row of another format"))
	}
	if err := decMode.Unmarshal(b[1:], v); err != nil {
		return civic.NewProblem(civic.RowDamaged, err)
	}
	return nil
}

// put and get are the vault's Put and Get over records.
func put(tx *vault.Tx, k vault.Key, table string, n int64, v any) error {
	b, err := encode(v)
	if err != nil {
		return err
	}
	return tx.Put(k, table, n, b)
}

func get(tx *vault.Tx, table string, n int64, v any) (bool, error) {
	b, ok, err := tx.Get(table, n)
	if !ok {
		return false, err
	}
	return true, decode(b, v)
}

// The records. Where one has the fields of a civic type in the same order, Go
// converts one into the other.

type identityRecord struct {
	Device       civic.DeviceID     `cbor:"1,keyasint"`
	Area         civic.Area         `cbor:"2,keyasint"`
	Server       string             `cbor:"3,keyasint"`
	RootCert     []byte             `cbor:"4,keyasint"`
	TransportKey ed25519.PrivateKey `cbor:"5,keyasint"`
	KitName      string             `cbor:"6,keyasint"`
}

type keysRecord struct {
	Device []byte `cbor:"1,keyasint"` // seed of the Ed25519 key
	Secret []byte `cbor:"2,keyasint"`
}

// chain is the end of the device's chain of registrations.
type chain struct {
	Counter  uint64       `cbor:"1,keyasint"`
	Previous civic.Digest `cbor:"2,keyasint"`
	Practice uint64       `cbor:"3,keyasint,omitempty"` // how many of invented people, which are not in the chain
}

type dayKeyRecord struct {
	Day int64          `cbor:"1,keyasint"`
	ID  protocol.KeyID `cbor:"2,keyasint"`
	Key [32]byte       `cbor:"3,keyasint"`
}

type stampRecord struct {
	Wall int64  `cbor:"1,keyasint"`
	Boot uint32 `cbor:"2,keyasint,omitempty"`
	Mono int64  `cbor:"3,keyasint,omitempty"`
}

type answerRecord struct {
	Path   string        `cbor:"1,keyasint"`
	Value  string        `cbor:"2,keyasint,omitempty"`
	Stated string        `cbor:"3,keyasint,omitempty"`
	Absent civic.Absence `cbor:"4,keyasint,omitempty"`
}

type consentRecord struct {
	Service   civic.ServiceID `cbor:"1,keyasint"`
	Purpose   civic.Purpose   `cbor:"2,keyasint,omitempty"`
	Given     bool            `cbor:"3,keyasint,omitempty"`
	Language  string          `cbor:"4,keyasint,omitempty"`
	ReadAloud bool            `cbor:"5,keyasint,omitempty"`
	Agency    string          `cbor:"6,keyasint,omitempty"`
	Withdrawn bool            `cbor:"7,keyasint,omitempty"`
	Notice    string          `cbor:"8,keyasint,omitempty"`
	Words     []byte          `cbor:"9,keyasint,omitempty"`
	By        civic.Speaker   `cbor:"10,keyasint,omitempty"`
}

func consentRecordOf(c civic.Consent) consentRecord {
	r := consentRecord{c.Service, c.Purpose, c.Given, c.Language, c.ReadAloud, c.Agency, c.Withdrawn, c.Notice, nil, c.By}
	if !c.Words.IsZero() {
		r.Words = c.Words[:]
	}
	return r
}

func (r consentRecord) civic() civic.Consent {
	c := civic.Consent{
		Service: r.Service, Agency: r.Agency, Purpose: r.Purpose, Given: r.Given, Withdrawn: r.Withdrawn,
		Language: r.Language, ReadAloud: r.ReadAloud, Notice: r.Notice, By: r.By,
	}
	copy(c.Words[:], r.Words)
	return c
}

type attachmentRecord struct {
	Name   string       `cbor:"1,keyasint"`
	Media  string       `cbor:"2,keyasint"`
	Size   int64        `cbor:"3,keyasint"`
	Digest civic.Digest `cbor:"4,keyasint"`
}

type formRecord struct {
	ID      civic.FormID `cbor:"1,keyasint"`
	Version string       `cbor:"2,keyasint"`
}

type personOfRecord struct {
	Subject string         `cbor:"1,keyasint,omitempty"`
	Person  civic.PersonID `cbor:"2,keyasint"`
}

type reasonRecord struct {
	Code  civic.Code `cbor:"1,keyasint"`
	Words []string   `cbor:"2,keyasint,omitempty"`
}

// registrationRecord is the readable copy: the registration, what seals it and
// the text of its receipt.
type registrationRecord struct {
	Device      civic.DeviceID       `cbor:"1,keyasint"`
	ID          civic.RegistrationID `cbor:"2,keyasint"`
	Counter     uint64               `cbor:"3,keyasint"`
	Previous    civic.Digest         `cbor:"4,keyasint"`
	Area        civic.Area           `cbor:"5,keyasint"`
	Officer     civic.OfficerID      `cbor:"6,keyasint"`
	Form        formRecord           `cbor:"7,keyasint"`
	Services    []civic.ServiceID    `cbor:"8,keyasint,omitempty"`
	Language    string               `cbor:"9,keyasint,omitempty"`
	Started     stampRecord          `cbor:"10,keyasint"`
	Sealed      stampRecord          `cbor:"11,keyasint"`
	Answers     []answerRecord       `cbor:"12,keyasint,omitempty"`
	Consents    []consentRecord      `cbor:"13,keyasint,omitempty"`
	Attachments []attachmentRecord   `cbor:"14,keyasint,omitempty"`
	Corrects    []byte               `cbor:"15,keyasint,omitempty"`
	SourceRow   string               `cbor:"16,keyasint,omitempty"`
	Practice    bool                 `cbor:"17,keyasint,omitempty"`
	Digest      civic.Digest         `cbor:"18,keyasint"`
	Receipt     string               `cbor:"19,keyasint,omitempty"`
}

type draftRecord struct {
	ID          DraftID            `cbor:"1,keyasint"`
	Form        formRecord         `cbor:"2,keyasint"`
	Services    []civic.ServiceID  `cbor:"3,keyasint,omitempty"`
	Language    string             `cbor:"4,keyasint,omitempty"`
	Answers     []answerRecord     `cbor:"5,keyasint,omitempty"`
	Consents    []consentRecord    `cbor:"6,keyasint,omitempty"`
	Attachments []attachmentRecord `cbor:"7,keyasint,omitempty"`
	Section     string             `cbor:"8,keyasint,omitempty"`
	Corrects    []byte             `cbor:"9,keyasint,omitempty"`
	Started     stampRecord        `cbor:"10,keyasint"`
	Updated     stampRecord        `cbor:"11,keyasint"`
	Practice    bool               `cbor:"12,keyasint,omitempty"`
	People      []personRefRecord  `cbor:"13,keyasint,omitempty"`
	Refused     []civic.ServiceID  `cbor:"14,keyasint,omitempty"`
	Note        string             `cbor:"15,keyasint,omitempty"`
}

type personRefRecord struct {
	Subject      string               `cbor:"1,keyasint,omitempty"`
	Registration civic.RegistrationID `cbor:"2,keyasint"`
	Of           string               `cbor:"3,keyasint,omitempty"`
}

// stubRecord is what stays when everything else is forgotten: no answer in it.
type stubRecord struct {
	ID          civic.RegistrationID `cbor:"1,keyasint"`
	Counter     uint64               `cbor:"2,keyasint"`
	Digest      civic.Digest         `cbor:"3,keyasint"`
	Form        formRecord           `cbor:"4,keyasint"`
	Services    []civic.ServiceID    `cbor:"5,keyasint,omitempty"`
	Sealed      stampRecord          `cbor:"6,keyasint"`
	Status      civic.Status         `cbor:"7,keyasint"`
	Safe        bool                 `cbor:"8,keyasint,omitempty"`
	Persons     []personOfRecord     `cbor:"9,keyasint,omitempty"`
	Reasons     []reasonRecord       `cbor:"10,keyasint,omitempty"`
	Settled     int64                `cbor:"11,keyasint,omitempty"`
	Practice    bool                 `cbor:"12,keyasint,omitempty"`
	Attachments []civic.Digest       `cbor:"13,keyasint,omitempty"`
	Draft       []byte               `cbor:"14,keyasint,omitempty"`
	Device      []byte               `cbor:"15,keyasint,omitempty"` // of a lost kit whose backup was restored here
}

type headRecord struct {
	Subject   string `cbor:"1,keyasint,omitempty"`
	Name      string `cbor:"2,keyasint"`
	BirthYear int    `cbor:"3,keyasint,omitempty"`
	Place     string `cbor:"4,keyasint,omitempty"`
}

// signedRecord keeps a statement with what was read out of it.
type signedRecord struct {
	Statement []byte `cbor:"1,keyasint"`
	Payload   []byte `cbor:"2,keyasint"`
}

type timeRecord struct {
	Server int64       `cbor:"1,keyasint"`
	At     stampRecord `cbor:"2,keyasint"`
	Ran    int64       `cbor:"3,keyasint,omitempty"` // seconds in the starts since, up to the last orderly end
}

type eventRecord struct {
	At      stampRecord     `cbor:"1,keyasint"`
	Officer civic.OfficerID `cbor:"2,keyasint"`
	Event   civic.Code      `cbor:"3,keyasint"`
	Words   []string        `cbor:"4,keyasint,omitempty"`
}

type documentRecord struct {
	Name  string `cbor:"1,keyasint"`
	Kind  string `cbor:"2,keyasint,omitempty"`
	Value []byte `cbor:"3,keyasint"`
	// Of a form: what the centre said last of it.
	Order   uint64 `cbor:"4,keyasint,omitempty"`
	Retired bool   `cbor:"5,keyasint,omitempty"`
}

func each[A, B any](in []A, f func(A) B) []B {
	if in == nil {
		return nil
	}
	out := make([]B, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}

func optional(id civic.RegistrationID) []byte {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

func (r registrationRecord) civic() civic.Registration {
	out := civic.Registration{
		Device: r.Device, ID: r.ID, Counter: r.Counter, Previous: r.Previous, Area: r.Area, Officer: r.Officer,
		Form: civic.FormRef(r.Form), Services: r.Services, Language: r.Language,
		Started: civic.Stamp(r.Started), Sealed: civic.Stamp(r.Sealed),
		Answers:     each(r.Answers, func(a answerRecord) civic.Answer { return civic.Answer(a) }),
		Consents:    each(r.Consents, consentRecord.civic),
		Attachments: each(r.Attachments, func(a attachmentRecord) civic.Attachment { return civic.Attachment(a) }),
		SourceRow:   r.SourceRow, Practice: r.Practice,
	}
	copy(out.Corrects[:], r.Corrects)
	return out
}

func recordOf(r *civic.Registration, digest civic.Digest, receipt string) registrationRecord {
	return registrationRecord{
		Device: r.Device, ID: r.ID, Counter: r.Counter, Previous: r.Previous, Area: r.Area, Officer: r.Officer,
		Form: formRecord(r.Form), Services: r.Services, Language: r.Language,
		Started: stampRecord(r.Started), Sealed: stampRecord(r.Sealed),
		Answers:     each(r.Answers, func(a civic.Answer) answerRecord { return answerRecord(a) }),
		Consents:    each(r.Consents, consentRecordOf),
		Attachments: each(r.Attachments, func(a civic.Attachment) attachmentRecord { return attachmentRecord(a) }),
		Corrects:    optional(r.Corrects), SourceRow: r.SourceRow, Practice: r.Practice,
		Digest: digest, Receipt: receipt,
	}
}

func (r draftRecord) draft() Draft {
	out := Draft{
		ID: r.ID, Form: civic.FormRef(r.Form), Services: r.Services, Language: r.Language,
		Answers:     each(r.Answers, func(a answerRecord) civic.Answer { return civic.Answer(a) }),
		Consents:    each(r.Consents, consentRecord.civic),
		Attachments: each(r.Attachments, func(a attachmentRecord) civic.Attachment { return civic.Attachment(a) }),
		Section:     r.Section, Started: civic.Stamp(r.Started), Updated: civic.Stamp(r.Updated), Practice: r.Practice,
		People: each(r.People, func(p personRefRecord) PersonRef { return PersonRef(p) }), Refused: r.Refused, Note: r.Note,
	}
	copy(out.Corrects[:], r.Corrects)
	return out
}

func recordOfDraft(d Draft) draftRecord {
	return draftRecord{
		ID: d.ID, Form: formRecord(d.Form), Services: d.Services, Language: d.Language,
		Answers:     each(d.Answers, func(a civic.Answer) answerRecord { return answerRecord(a) }),
		Consents:    each(d.Consents, consentRecordOf),
		Attachments: each(d.Attachments, func(a civic.Attachment) attachmentRecord { return attachmentRecord(a) }),
		Section:     d.Section, Corrects: optional(d.Corrects),
		Started: stampRecord(d.Started), Updated: stampRecord(d.Updated), Practice: d.Practice,
		People: each(d.People, func(p PersonRef) personRefRecord { return personRefRecord(p) }), Refused: d.Refused, Note: d.Note,
	}
}
