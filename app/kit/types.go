package kit

import (
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/sync/civic"
)

// State says what the kit is ready for.
type State uint8

// What the kit is ready for.
const (
	NotEnrolled State = iota // Enrol is the only thing to do
	Locked                   // Unlock, Sync, Status, Verify and Home's counts work
	Unlocked
)

func (s State) String() string { return [...]string{"not enrolled", "locked", "unlocked"}[s] }

// EnrolInput is what an officer types on the first day.
type EnrolInput struct {
	Server     string // https://host:port
	Code       string // the one-time code, grouped as printed or not
	Officer    string // the first officer's name as shown on the screen
	Passphrase string
	KitName    string // what people call this tablet; may be empty
}

// Identity says which kit this is.
type Identity struct {
	Device  civic.DeviceID
	Office  civic.Area
	Server  string
	KitName string
}

// Home is what the first page shows.
type Home struct {
	Office      civic.Area
	Officer     string
	KitName     string
	LastContact time.Time // server's clock at the last answer, zero if never
	Today       int       // sealed today, in the kit's time zone
	Carried     Carrier   // who has what the centre has not signed for
	Unseen      int       // wait for a supervisor, where that is wanted; among Counts.Sealed
	UnseenGoes  time.Time // when the oldest of them goes by itself
	Counts      Counts
	Drafts      []DraftInfo // newest first
	Alerts      []Alert
	Practice    bool // interviews begun now are about invented people
}

// Carrier is what a hub or a courier has put its name to of this kit's files;
// zero when nobody has any.
type Carrier struct {
	Files int
	Since time.Time
	Hub   bool // else a courier
}

// Counts are registrations by where they stand; the states Sealed to
// Quarantined exclude one another and add up to all registrations.
type Counts struct {
	Drafts      int
	Sealed      int // wait on this kit
	Sent        int // handed to a link, not yet confirmed
	Received    int // on the centre's disk
	Settled     int // registered or merged
	Held        int
	Returned    int
	Quarantined int
	Safe        int // covered by the centre's second copy; counts across states
	People      int // people known to this kit
	Damaged     int // entries that were set aside; the evidence is kept
	// Partial tells that the kit is locked and only what is on its way to the
	// centre was counted.
	Partial bool
}

// Waiting is what has not reached the centre yet.
func (c Counts) Waiting() int { return c.Sealed + c.Sent }

// Alert is something that needs a person; Code is looked up in the
// translations with Words in its places.
type Alert struct {
	Code  civic.Code
	Words []string
}

// DraftInfo is a draft in a list.
type DraftInfo struct {
	ID       capture.DraftID
	Form     civic.FormRef
	Title    map[string]string // the form's title by language
	Name     string            // whom it is about, as far as it was answered
	Section  string
	Started  time.Time
	Updated  time.Time
	Answered int
	// Note is what a supervisor wrote who gave back what the draft corrects.
	Note     string
	Corrects civic.RegistrationID // zero if none
}

// Service is something a citizen can come for on this kit.
type Service struct {
	ID        civic.ServiceID
	Form      civic.FormRef
	Titles    map[string]string // by language
	Languages []string          // BCP 47, the form's default first
	Questions int
}

// ListService is the service of forms that lists are imported with: nobody comes
// to the counter for it, so that it is offered to no interview.
const ListService civic.ServiceID = "list"

// Title is the service's name in a language, else in the form's default one.
func (s Service) Title(lang string) string {
	if t := s.Titles[lang]; t != "" {
		return t
	}
	if len(s.Languages) > 0 && s.Titles[s.Languages[0]] != "" {
		return s.Titles[s.Languages[0]]
	}
	return string(s.ID)
}

// Filter narrows a list of registrations. The zero Filter lists all, newest first.
type Filter struct {
	Query    string         // a name or the beginning of an id
	Statuses []civic.Status // empty for every status
	Unseen   bool           // only what waits for a supervisor
	Limit    int            // 0 for 200
}

// Row is a registration in a list.
type Row struct {
	ID        civic.RegistrationID
	Reference string // what people read out
	Name      string // empty when nothing was said of it
	Services  []civic.ServiceID
	Sealed    time.Time
	Status    civic.Status
	Safe      bool
	Reasons   []civic.Reason // why it was held, returned or set aside
	Practice  bool
	Forgotten bool // safe at the centre and no longer readable here
	Unseen    bool // waits for a supervisor before it may leave the kit
}

// Entry is one registration whole.
type Entry struct {
	Row
	Form        civic.FormRef
	Language    string
	Sections    []capture.ReviewSection // answers as the form shows them
	Consents    []civic.Consent
	Attachments []civic.Attachment
	Persons     []civic.PersonOf
	Corrects    civic.RegistrationID
}

// Person is someone this kit knows.
type Person struct {
	Name         string
	BirthDate    string // as civic.Date writes it, may be partial or empty
	Place        string
	Person       civic.PersonID // zero until the centre has settled it
	Registration civic.RegistrationID
	Subject      string // who in the registration: empty for the principal, else "mother" …
	Status       civic.Status
	// District marks somebody of the district pack, of whom only the index layer
	// is known until Opened.
	District bool
	Opened   bool
}

// Receipt is the signed text with the lines printed beside the QR.
type Receipt struct {
	Registration civic.RegistrationID
	Text         string // Base45, what the QR holds
	Reference    string // what people read out
	Name         string
	BirthDate    string
	Office       civic.Area
	Services     []civic.ServiceID
	Issued       time.Time
	Practice     bool
	// Slip is the code handed out apart from the receipt: both together open the
	// citizen's own pages.
	Slip string
}

// Verdict is what a check of a receipt says.
type Verdict struct {
	Text         string // of the receipt, as it was read
	Valid        bool
	Unknown      bool       // well made, but by a kit whose key has not arrived here
	Reason       civic.Code // empty when valid
	Reference    string
	Registration civic.RegistrationID
	Office       civic.Area
	Issued       time.Time
	Name         string
	BirthDate    string
	Services     []civic.ServiceID
	Practice     bool
}

// Progress tells how far long work has come.
type Progress struct {
	Phase string // "pack", "send", "receive", "district", "import"
	Done  int64  // bytes for a sync, rows for an import
	Total int64
	Rate  float64       // Done per second so far
	Left  time.Duration // estimate, 0 when unknown
}

// SyncResult says what one pass did. Sent to Returned count registrations that
// came to that state during the pass.
type SyncResult struct {
	Sent      int
	Received  int
	Settled   int
	Held      int
	Returned  int
	Attempts  int
	BytesUp   int64 // HTTP heads and bodies, TLS not counted
	BytesDown int64
	At        time.Time // the server's clock
	Pending   int       // registrations of this kit the centre has not decided yet
	// Locked tells that outcomes came in while the kit was locked; they are
	// applied at the next unlock.
	Locked bool
	// Ended tells that the registry ordered the kit's end, that everything was
	// at the centre, and that the kit is empty now.
	Ended bool
}
