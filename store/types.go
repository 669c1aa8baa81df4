package store

import (
	"crypto/ed25519"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Identity is who this kit is on the wire. It lies outside what the passphrase
// protects, so that sending at night needs no officer.
type Identity struct {
	Device       civic.DeviceID
	Area         civic.Area
	Server       string // URL of the centre
	RootCert     []byte // the registry's root certificate, DER
	TransportKey ed25519.PrivateKey
	KitName      string // what people call this kit
}

// Setup is what a new store starts with.
type Setup struct {
	Officer    string // the first officer's name
	Passphrase string
	Identity   Identity // its TransportKey may be empty when TransportKey below is set

	DeviceKey    ed25519.PrivateKey // signs batches and receipts
	TransportKey ed25519.PrivateKey
	KitSecret    [32]byte
	Recovery     string // the registry's recovery recipient, age hybrid ("age1pq1…")

	Options
}

// Options are what Open needs from outside. The zero value is right in
// production, but for Heads.
type Options struct {
	Clock func() time.Time // nil means time.Now
	// LogN sets scrypt's work factor for new passphrases; 0 measures the
	// machine. Production never sets it.
	LogN int
	// Heads tells what Search shall find of a registration; nil finds nothing.
	Heads func(*civic.Registration) []Person
	// FreeSpace tells how many bytes are free where dir lies; nil asks the system.
	FreeSpace func(dir string) (uint64, error)
	// MaxBytes bounds the database, for tests of a full disk; 0 means no bound.
	MaxBytes int64
	// VFS names the SQLite file system to use, for tests of power cuts.
	VFS string
}

// Officer is a person who may unlock the kit.
type Officer struct {
	ID   civic.OfficerID
	Name string
}

// DraftID names an interview under way.
type DraftID = [16]byte

// Draft is an interview under way, as far as it came.
type Draft struct {
	ID          DraftID
	Form        civic.FormRef
	Services    []civic.ServiceID
	Language    string
	Answers     []civic.Answer
	Consents    []civic.Consent
	Attachments []civic.Attachment
	Section     string // path of the section that was on the screen
	Corrects    civic.RegistrationID
	Started     civic.Stamp
	Updated     civic.Stamp
	Practice    bool
	// People says which subjects of the draft are persons of earlier
	// registrations, so that answers reused from there keep their origin.
	People []PersonRef
	// Refused are the services for which the citizen wants to be asked anew.
	Refused []civic.ServiceID
	// Note is what a supervisor wrote who gave back what this draft corrects.
	Note string
	// Discarded is when it was thrown away, zero if it was not; until a day
	// later RestoreDraft brings it back.
	Discarded time.Time
}

// PersonRef says that Subject of a draft is Of in an earlier registration.
type PersonRef struct {
	Subject      string
	Registration civic.RegistrationID
	Of           string
}

// Entry is a registration as the kit knows it now.
type Entry struct {
	Registration civic.Registration
	Digest       civic.Digest // salted, as batches and receipts carry it
	Status       civic.Status
	Safe         bool // covered by the centre's off-host copy
	// Forgotten tells that only the stub is left: no answers, no receipt.
	Forgotten bool
	// Unseen tells that it waits for a supervisor, where that is wanted.
	Unseen  bool
	Persons []civic.PersonOf
	Reasons []civic.Reason
	Settled time.Time // server's clock, zero before an outcome came
	Receipt string
}

// Filter chooses registrations; the zero Filter chooses all, newest first.
type Filter struct {
	Statuses []civic.Status // empty means any
	IDs      []civic.RegistrationID
	Since    time.Time // sealed at or after, by the kit's clock
	Offset   int
	Limit    int // 0 means all
}

// Counts are the figures of the home screen.
type Counts struct {
	Total    int
	Today    int // sealed on the clock's current day
	Unseen   int // wait for a supervisor, where that is wanted; among Waiting
	Waiting  int // sealed, approved or sent: the centre has not confirmed them
	Settled  int // registered or merged
	Held     int
	Returned int
	Safe     int
	Drafts   int
	People   int // whom Search looks through
	// Refused counts the centre's messages that could not be taken in; they
	// are kept and tried again.
	Refused int
	// Damaged counts the entries that were set aside.
	Damaged  int
	ByStatus map[civic.Status]int
}

// Outgoing is one sealed file for the outbox.
type Outgoing struct {
	Kind  protocol.ItemKind
	Bytes []byte
	Key   protocol.KeyID
	// Covers are the counters of the registrations in a batch; they count as
	// packed from the same transaction on.
	Covers []uint64
	// Device is the lost kit whose registrations those are, zero for this one.
	Device civic.DeviceID
	// Attachment is what a sealed attachment holds, by its content's digest.
	Attachment civic.Digest
}

// DayKey is the key that batches and attachments of one day are sealed under.
// It has the shape of sync/batch's DayKey and converts to it.
type DayKey struct {
	ID  protocol.KeyID
	Key [32]byte
}

// Person is what the search knows of a citizen.
type Person struct {
	Registration civic.RegistrationID
	Subject      string // empty for the one the registration is about, else "mother" …
	Name         string
	BirthYear    int // 0 when not known
	Place        string
}
