package protocol

import (
	"crypto/sha256"

	"github.com/askonce/fieldkit/sync/civic"
)

// Paths of the calls.
const (
	PathBundle  = "/v1/bundle"
	PathEnrol   = "/v1/enrol"
	PathSync    = "/v1/sync"
	PathUploads = "/v1/uploads"
	PathHealth  = "/v1/healthz"
	PathPerson  = "/v1/person"
)

// Limits of one message, in bytes or pieces. A decoder refuses what is larger
// before it makes room for it.
const (
	MaxMessage     = 4 << 20
	MaxBatchFile   = 8 << 20
	MaxAttachment  = 8 << 20
	MaxKeyFile     = 64 << 10 // a day key's header file
	MaxDownPerCall = 512
	MaxWaitSeconds = 30
	MaxAsked       = 4096 // digests of a kind in one SyncRequest
	MaxName        = 200  // bytes of a kit's name
	// MaxSealedSecret limits EnrolRequest.KitSecret: one age file to a few
	// hybrid recipients.
	MaxSealedSecret = 64 << 10
)

// KeyBundle is what the registry's root vouches for; it travels as a Statement
// of kind StatementBundle and is renewed without touching kits.
type KeyBundle struct {
	Registry   string   `cbor:"1,keyasint"` // name shown to people
	Issued     int64    `cbor:"2,keyasint"` // server time, seconds
	Expires    int64    `cbor:"3,keyasint"`
	Serial     uint64   `cbor:"4,keyasint"` // grows; a kit never goes back
	Recipients []string `cbor:"5,keyasint"` // age recipients batches are sealed to (hybrid)
	Recovery   string   `cbor:"6,keyasint"` // age recipient every data key is wrapped to
	Server     []byte   `cbor:"7,keyasint"` // Ed25519 key that signs acknowledgements
	Kits       []KitKey `cbor:"8,keyasint,omitempty"`
	// Log is the name and key of the log of looks, as signed notes have them.
	Log string `cbor:"9,keyasint,omitempty"`
}

// KitKey is a kit's receipt key as verifiers may rely on it.
type KitKey struct {
	Device civic.DeviceID `cbor:"1,keyasint"` // its first 8 bytes are the kid in receipts
	Public []byte         `cbor:"2,keyasint"`
	Office civic.Area     `cbor:"3,keyasint"`
	// UpTo is the last counter whose receipts count, when the kit was lost; 0
	// means no limit.
	UpTo uint64 `cbor:"4,keyasint,omitempty"`
}

// Lease permits new interviews until Expires, counted in server time. It never
// limits export, sync or rescue.
type Lease struct {
	Device  civic.DeviceID `cbor:"1,keyasint"`
	Issued  int64          `cbor:"2,keyasint"`
	Expires int64          `cbor:"3,keyasint"`
	Revoked bool           `cbor:"4,keyasint,omitempty"`
	// Wipe orders: seal what is unsent to the registry, hand it over, then
	// destroy the keys.
	Wipe bool `cbor:"5,keyasint,omitempty"`
}

// BundleAnswer is what GET on PathBundle says, to anyone.
type BundleAnswer struct {
	Root       []byte `cbor:"1,keyasint"` // the root's certificate, DER
	Bundle     []byte `cbor:"2,keyasint"` // Statement of a KeyBundle by the root
	ServerTime int64  `cbor:"3,keyasint"`
}

// EnrolRequest is the first word of a new device.
type EnrolRequest struct {
	Secret    []byte `cbor:"1,keyasint"` // the one-time secret of the code, 10 bytes
	Device    []byte `cbor:"2,keyasint"` // Ed25519 public key that signs batches and receipts
	Transport []byte `cbor:"3,keyasint"` // Ed25519 public key of the client certificate
	// KitSecret is 32 random bytes sealed by age to the bundle's Recipients;
	// both ends derive the receipt salts and the key of messages down from it.
	KitSecret []byte `cbor:"4,keyasint"`
	Name      string `cbor:"5,keyasint"` // what people call this kit
	// Proof is the device key's Statement over the request with Proof empty.
	Proof []byte `cbor:"6,keyasint,omitempty"`
}

// EnrolAnswer makes the device a kit of its office. A repeat, the same code by
// the same device key, is answered as the first time.
type EnrolAnswer struct {
	Device     civic.DeviceID `cbor:"1,keyasint"`
	Area       civic.Area     `cbor:"2,keyasint"`
	Lease      []byte         `cbor:"3,keyasint"` // Statement of a Lease by the server key
	Bundle     []byte         `cbor:"4,keyasint"` // Statement of a KeyBundle by the root
	ServerTime int64          `cbor:"5,keyasint"`
}

// SyncRequest asks what is new and says what the kit holds.
type SyncRequest struct {
	Cursor      uint64         `cbor:"1,keyasint"`           // last down message taken in
	Batches     []civic.Digest `cbor:"2,keyasint,omitempty"` // without an acknowledgement, or received but not safe
	Attachments []civic.Digest `cbor:"3,keyasint,omitempty"` // sealed bytes the kit could send
	Keys        []KeyID        `cbor:"4,keyasint,omitempty"` // day keys the kit could send
	Clock       Stamp          `cbor:"5,keyasint"`
	Bundle      uint64         `cbor:"6,keyasint,omitempty"` // serial of the bundle held
	Wait        uint8          `cbor:"7,keyasint,omitempty"` // seconds to wait for outcomes
	Journal     Head           `cbor:"8,keyasint,omitempty"` // head of the kit's journal, anchored at the centre
	// Meters are what interviews came to that the centre has not said it has, by
	// their counters.
	Meters []Meter `cbor:"22,keyasint,omitempty"`
	// Pack says which district pack the kit holds; nil when it wants none now.
	Pack *PackAsk `cbor:"20,keyasint,omitempty"`
	// Log is a head of the centre's log of looks that this kit holds.
	Log *LogSeen `cbor:"30,keyasint,omitempty"`
	// Openings tell of every known person whose answers were opened on the kit,
	// sealed; oldest first, those the centre has not said it has.
	Openings []SealedOpening `cbor:"21,keyasint,omitempty"`
	// Acked has a bit for each of Batches, then Attachments, that the centre has
	// acknowledged to the kit. A hub that does not know the kit yet leaves those
	// where they are.
	Acked []byte `cbor:"40,keyasint,omitempty"`
}

// Stamp is a civic.Stamp as it travels; Go converts one into the other.
type Stamp struct {
	Wall int64  `cbor:"1,keyasint"`
	Boot uint32 `cbor:"2,keyasint,omitempty"`
	Mono int64  `cbor:"3,keyasint,omitempty"`
}

// Head is the end of a hash chain.
type Head struct {
	Length uint64       `cbor:"1,keyasint,omitempty"`
	Hash   civic.Digest `cbor:"2,keyasint,omitempty"`
}

// KeyID names one day key of one kit: the beginning of a hash over the key
// (see [NewKeyID]), so that two keys can never share one id.
type KeyID [8]byte

// NewKeyID works out the id of a day key.
func NewKeyID(key [32]byte) KeyID {
	h := sha256.Sum256(append([]byte("askonce/day-key/v0\x00"), key[:]...))
	return KeyID(h[:8])
}

// SyncAnswer is the centre's half.
type SyncAnswer struct {
	ServerTime int64 `cbor:"1,keyasint"`
	// Acks is a Statement of kind StatementAck by the server key over
	// []BatchAck, for the batches asked about.
	Acks    []byte         `cbor:"2,keyasint,omitempty"`
	Want    []civic.Digest `cbor:"3,keyasint,omitempty"` // batches and attachments to send
	WantKey []KeyID        `cbor:"4,keyasint,omitempty"`
	Down    []Down         `cbor:"5,keyasint,omitempty"`
	More    bool           `cbor:"6,keyasint,omitempty"` // ask again at once with the new cursor
	Pending uint32         `cbor:"7,keyasint,omitempty"` // registrations of this kit not decided yet
	Bundle  []byte         `cbor:"8,keyasint,omitempty"` // when newer than the kit's
	Lease   []byte         `cbor:"9,keyasint,omitempty"`
	// Pack brings a part of the district pack, when nothing else is down.
	Pack *PackNews `cbor:"20,keyasint,omitempty"`
	// Log answers a head that the kit holds and is not the newest.
	Log *LogNews `cbor:"30,keyasint,omitempty"`
	// Opened is the highest number of an opening that the centre has, with all
	// below it.
	Opened uint64 `cbor:"21,keyasint,omitempty"`
	// Metered is the last counter of the request's meters: the centre has them.
	Metered uint64 `cbor:"22,keyasint,omitempty"`
	// Custody is a hub's receipt for files the centre has not acknowledged yet:
	// see SignCustody.
	Custody []byte `cbor:"40,keyasint,omitempty"`
	// Marks is a Statement of kind StatementMarks by the server key over Marks,
	// for the messages in Down or a longer list that begins with them.
	Marks []byte `cbor:"41,keyasint,omitempty"`
}

// BatchState is what the centre did with a batch.
type BatchState uint8

// What the centre did with a batch or an attachment.
const (
	BatchAbsent      BatchState = iota // never came whole
	BatchReceived                      // durable on the server's disk
	BatchQuarantined                   // durable, set aside with Reason
	BatchNeedsKey                      // durable, waits for the day's key
)

// BatchAck says for one batch or attachment what happened. Safe means: covered
// by an off-host copy; only then may a kit forget.
type BatchAck struct {
	Batch  civic.Digest `cbor:"1,keyasint"`
	State  BatchState   `cbor:"2,keyasint"`
	Reason civic.Code   `cbor:"3,keyasint,omitempty"`
	Safe   bool         `cbor:"4,keyasint,omitempty"`
}

// DownKind is what a message to the kit holds.
type DownKind uint8

// What a message to the kit holds.
const (
	DownOutcomes DownKind = iota + 1 // outcomes (PackOutcomes), sealed to the device (SealDown)
	DownForm                         // a part of a form (FormPart), sealed to the device (SealDown)
	DownPlaces
	DownPack // a district pack: its head is sealed under this kind
)

// DownAgreement is a Statement of kind StatementAgreement: agreements are public.
const (
	DownAgreement DownKind = 9
)

// Down is one message to a kit. Seq is the server's number: the cursor.
type Down struct {
	Seq  uint64   `cbor:"1,keyasint"`
	Kind DownKind `cbor:"2,keyasint"`
	Body []byte   `cbor:"3,keyasint"`
}
