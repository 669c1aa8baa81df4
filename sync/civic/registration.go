package civic

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Registration is one sealed visit. It is never changed: a correction is a new
// registration that names this one in Corrects.
type Registration struct {
	// Device and Counter make the id (see ID). Counter starts at 1 and has no
	// gaps; a gap or a repeat with another digest tells of a lost or cloned kit.
	Device  DeviceID
	ID      RegistrationID
	Counter uint64
	// Previous is the salted digest of the device's registration before this
	// one, zero for the first: a chain that shows removal.
	Previous Digest

	Area     Area
	Officer  OfficerID
	Form     FormRef
	Services []ServiceID
	Language string // the language the interview was held in, BCP 47

	Started Stamp
	Sealed  Stamp

	// Answers in the order of the form, one for each relevant question that
	// was answered in any way, "not known" and "refused" included.
	Answers     []Answer
	Consents    []Consent
	Attachments []Attachment

	// Corrects is the registration this one corrects, zero if none.
	Corrects RegistrationID
	// SourceRow is the first column of the row this came from when a list was
	// imported, empty otherwise.
	SourceRow string
	// Practice marks invented people; such a registration never leaves the kit.
	Practice bool
}

// NewRegistrationID derives the id of a device's counter-th registration.
func NewRegistrationID(devicePublicKey []byte, counter uint64) RegistrationID {
	h := sha256.New()
	h.Write([]byte("askonce/registration/v0\x00"))
	h.Write(devicePublicKey)
	h.Write(binary.BigEndian.AppendUint64(nil, counter))
	return RegistrationID(h.Sum(nil)[:16])
}

// NewDeviceID derives a device's id from its public signing key.
func NewDeviceID(devicePublicKey []byte) DeviceID {
	h := sha256.Sum256(append([]byte("askonce/device/v0\x00"), devicePublicKey...))
	return DeviceID(h[:16])
}

// Stamp is a moment as the kit knew it. A tablet's wall clock can be wrong, so
// the count since boot travels with it and the centre can tell.
type Stamp struct {
	Wall int64  // seconds since 1970 UTC by the kit's clock
	Boot uint32 // how often the kit's program has started on this device
	Mono int64  // whole seconds since that start, from a clock that is never set
}

// Time returns the wall clock's reading in UTC.
func (s Stamp) Time() time.Time { return time.Unix(s.Wall, 0).UTC() }

// Answer is what was said to one question.
type Answer struct {
	// Path is the question's place in the form without the root, with the
	// number of the instance in a repeat: "members[2]/given_name".
	Path string
	// Value in the form's own writing: text, 42, 1956-04-09 (or 1956-04, 1956,
	// 1956~ for a partial or estimated date), yes, "red green" for several
	// choices, or the name of an attachment.
	Value string
	// Stated is what was said or written when Value cannot carry it, such as
	// "the year of the flood" or a date that does not exist.
	Stated string
	Absent Absence
}

// Absence says why a question has no value.
type Absence uint8

// Why a question has no value.
const (
	Present Absence = iota // it has one
	Unknown                // the citizen does not know
	Refused                // the citizen does not want to say
	None                   // there is nothing to say: no surname, no address
)

// Consent is what the citizen chose about reuse for one service. Refusing costs
// no service. With the registration's own fields it holds what ISO/IEC TS 27560
// keeps of a choice: whose it is, about what, in which words, told how, by whom,
// when.
type Consent struct {
	Service ServiceID
	// Agency is the one agency the choice is about, as agreements name it; empty
	// for all.
	Agency    string
	Purpose   Purpose
	Given     bool
	Withdrawn bool   // takes back an earlier yes; only with Given false
	Language  string // the language the choice was explained in
	ReadAloud bool
	// Notice names the words that were shown or read, Words is their digest (see
	// [NoticeDigest]): which version of them, to the letter.
	Notice string
	Words  Digest
	By     Speaker
}

// Speaker says who made a choice for the person.
type Speaker uint8

// Who made a choice.
const (
	Themselves    Speaker = iota // the person
	ByGuardian                   // a parent or guardian, in the person's place
	ByIntroducer                 // the person, assisted by whoever introduces them
	ByInterpreter                // the person, through an interpreter
)

// Speakers lists who may speak.
func Speakers() []Speaker { return []Speaker{Themselves, ByGuardian, ByIntroducer, ByInterpreter} }

func (s Speaker) String() string {
	names := [...]string{"individual", "guardian", "introducer", "interpreter"}
	if int(s) < len(names) {
		return names[s]
	}
	return "unknown"
}

// NoticeDigest stands for the words a choice was explained with: SHA-256 over
// "askonce/notice/v1", the notice's name, the language and each text, every one
// of them followed by a zero byte.
func NoticeDigest(name, language string, texts ...string) Digest {
	h := sha256.New()
	for _, s := range append([]string{"askonce/notice/v1", name, language}, texts...) {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return Digest(h.Sum(nil))
}

// Attachment names a photo, a scan or a signature by its content.
type Attachment struct {
	Name   string // as the answer names it, such as "photo-1.jpg"
	Media  string // image/jpeg or image/png
	Size   int64  // bytes
	Digest Digest // SHA-256 of the content
}

// Outcome is what the centre made of a registration.
type Outcome struct {
	Registration RegistrationID
	Counter      uint64 // the device's counter of that registration
	Status       Status // Registered, Merged, Held, Returned or Quarantined
	Persons      []PersonOf
	Reasons      []Reason
	At           time.Time // the server's clock
}

// PersonOf says which person of the registry a subject of the registration is.
// Subject is empty for the one the registration is about, else "mother",
// "members[2]" and the like.
type PersonOf struct {
	Subject string
	Person  PersonID
}

// Reason is a code with the words that fill it, told to the officer in his
// language: the words are paths or services, never an answer.
type Reason struct {
	Code  Code
	Words []string
}

// Claim is one thing said of one person, with who said so. Claims are never
// overwritten: a person is what its claims fold to (see [Better]).
type Claim struct {
	Subject   string // as in PersonOf
	Attribute Attribute
	Value     string
	Stated    string
	Absent    Absence
	Precision Precision
	Evidence  Evidence

	Registration RegistrationID
	Area         Area
	At           Stamp
}

// Evidence ranks what a claim rests on: the higher, the better.
type Evidence uint8

// What a claim rests on, weakest first.
const (
	SelfDeclared Evidence = iota
	TwoWitnesses
	Introducer
	HeadOfFamily
	Document
)

// Better tells whether claim a wins over b for the same attribute: evidence
// first, then freshness, then the registration's id so that every office comes
// to the same answer in whatever order claims arrive.
func Better(a, b Claim) bool {
	if (a.Absent == Present) != (b.Absent == Present) {
		return a.Absent == Present
	}
	if a.Evidence != b.Evidence {
		return a.Evidence > b.Evidence
	}
	if a.At.Wall != b.At.Wall {
		return a.At.Wall > b.At.Wall
	}
	return string(a.Registration[:]) > string(b.Registration[:])
}
