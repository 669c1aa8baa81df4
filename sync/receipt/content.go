package receipt

import (
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// SecretSize is the length of a receipt's secret, in bytes.
const SecretSize = 10

// Content is what a receipt says.
type Content struct {
	Registration civic.RegistrationID
	Binding      [16]byte // first 16 bytes of the registration's salted digest
	Counter      uint64   // the kit's counter of the registration
	Office       civic.Area
	Issued       time.Time // to the second
	NotBefore    time.Time // zero: from Issued on
	Expires      time.Time // zero: never

	Reference string     // what people read out, such as "mx-20-067/123"
	Language  string     // BCP 47, such as "es"
	Name      string     // full name; shortened when the code would grow too large
	Birth     civic.Date // may be partial
	Sex       Sex
	Guardian  string
	Location  string // place code
	Country   string // ISO 3166

	Services []Service
	Practice bool // an invented person: worth nothing, and says so

	// Secret is 10 bytes that only this paper, its kit for as long as it knows
	// the answers, and the registry hold (protocol.ClaimSecret); empty on old
	// receipts. It opens what a district pack holds of the person.
	Secret []byte
}

// Service is one service asked for, and whether the citizen lets others reuse
// what was said for it.
type Service struct {
	_     struct{}        `cbor:",toarray"`
	ID    civic.ServiceID // short code
	Reuse bool
}

// Sex as Claim 169 counts it.
type Sex uint8

// Sex as Claim 169 counts it; 0 is not said.
const (
	Male   Sex = 1
	Female Sex = 2
	Other  Sex = 3
)

// The CWT payload. Private claims lie below -65536, as RFC 8392 wants.
type payload struct {
	Issuer    string    `cbor:"1,keyasint,omitempty"`
	Expires   int64     `cbor:"4,keyasint,omitempty"`
	NotBefore int64     `cbor:"5,keyasint,omitempty"`
	Issued    int64     `cbor:"6,keyasint,omitempty"`
	ID        []byte    `cbor:"7,keyasint,omitempty"`
	Identity  *identity `cbor:"169,keyasint,omitempty"`
	Binding   []byte    `cbor:"-65537,keyasint,omitempty"`
	Counter   uint64    `cbor:"-65538,keyasint,omitempty"`
	Services  []Service `cbor:"-65539,keyasint,omitempty"`
	Practice  bool      `cbor:"-65540,keyasint,omitempty"`
	Secret    []byte    `cbor:"-65541,keyasint,omitempty"`
}

// Claim 169, the keys this profile uses. Others may stand beside them.
type identity struct {
	Reference string `cbor:"1,keyasint,omitempty"`
	Language  string `cbor:"3,keyasint,omitempty"`
	Name      string `cbor:"4,keyasint,omitempty"`
	Birth     string `cbor:"8,keyasint,omitempty"`
	Sex       uint8  `cbor:"9,keyasint,omitempty"`
	Guardian  string `cbor:"15,keyasint,omitempty"`
	Location  string `cbor:"21,keyasint,omitempty"`
	Country   string `cbor:"23,keyasint,omitempty"`
}

func (c Content) payload() payload {
	return payload{
		Issuer:    string(c.Office),
		Expires:   seconds(c.Expires),
		NotBefore: seconds(c.NotBefore),
		Issued:    seconds(c.Issued),
		ID:        c.Registration[:],
		Binding:   c.Binding[:],
		Counter:   c.Counter,
		Services:  c.Services,
		Practice:  c.Practice,
		Secret:    c.Secret,
		Identity: &identity{
			Reference: c.Reference,
			Language:  threeLetters(c.Language),
			Name:      c.Name,
			Birth:     strings.NewReplacer("-", "", "~", "").Replace(c.Birth.String()),
			Sex:       uint8(c.Sex),
			Guardian:  c.Guardian,
			Location:  c.Location,
			Country:   c.Country,
		},
	}
}

func (p payload) content() Content {
	c := Content{
		Counter: p.Counter, Office: civic.Area(p.Issuer),
		Issued: moment(p.Issued), NotBefore: moment(p.NotBefore), Expires: moment(p.Expires),
		Services: p.Services, Practice: p.Practice, Secret: p.Secret,
		Reference: p.Identity.Reference, Language: p.Identity.Language, Name: p.Identity.Name,
		Birth: birthDate(p.Identity.Birth), Sex: Sex(p.Identity.Sex), Guardian: p.Identity.Guardian,
		Location: p.Identity.Location, Country: p.Identity.Country,
	}
	copy(c.Registration[:], p.ID)
	copy(c.Binding[:], p.Binding)
	return c
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func moment(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}

// birthDate reads YYYYMMDD with or without dashes, a year or a month alone too;
// what it cannot read is no date.
func birthDate(s string) civic.Date {
	s = strings.ReplaceAll(s, "-", "")
	written := s
	if len(s) >= 6 {
		written = s[:4] + "-" + s[4:6]
	}
	if len(s) == 8 {
		written += "-" + s[6:]
	}
	d, err := civic.ParseDate(written)
	if err != nil {
		return civic.Date{}
	}
	return d
}

// threeLetters gives the ISO 639-3 code Claim 169 wants; a code not listed goes
// through as it is.
func threeLetters(language string) string {
	base, _, _ := strings.Cut(language, "-")
	switch base {
	case "es":
		return "spa"
	case "en":
		return "eng"
	case "zh":
		return "zho"
	}
	return base
}
