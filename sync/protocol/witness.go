package protocol

import "github.com/askonce/fieldkit/sync/civic"

// LogSeen is a head of the centre's log of looks that a kit holds: the kit is a
// witness. The first call of a pass says the newest; a further one may say an
// older one, or one that another kit brought.
type LogSeen struct {
	Size int64        `cbor:"1,keyasint"` // 0: none yet
	Root civic.Digest `cbor:"2,keyasint,omitempty"`
	// Signature is the log's over that head; sent when the centre asks for it.
	Signature []byte `cbor:"3,keyasint,omitempty"`
	// At is when it was seen, by the centre's clock, seconds; 0: not known. What
	// was seen after a restore is not explained by it.
	At int64 `cbor:"4,keyasint,omitempty"`
}

// LogNews answers it with the newest head and the proof that the seen one leads
// to it. A head that does not lead there has no proof.
type LogNews struct {
	Size      int64          `cbor:"1,keyasint"`
	Root      civic.Digest   `cbor:"2,keyasint"`
	Signature []byte         `cbor:"3,keyasint"`
	Proof     []civic.Digest `cbor:"4,keyasint,omitempty"` // at most witness.MaxProof
	// Gap is the centre's signed note of a restore, a Statement of a LogGap, when
	// that is why the seen head does not lead to the newest.
	Gap []byte `cbor:"5,keyasint,omitempty"`
	// Report asks for the signature of the seen head: the centre does not know it.
	Report bool `cbor:"6,keyasint,omitempty"`
}

// StatementLogGap is the kind of a LogGap, signed by the server key.
const StatementLogGap StatementKind = "askonce/log-gap/v1"

// LogGap says where a restore left a hole in the log: the first Size leaves are
// as they were, what followed them until then is lost.
type LogGap struct {
	Restored int64        `cbor:"1,keyasint"` // seconds since 1970 UTC
	Backup   int64        `cbor:"2,keyasint"` // when the copy was made
	Size     int64        `cbor:"3,keyasint"` // leaves the copy held
	Root     civic.Digest `cbor:"4,keyasint,omitempty"`
	// Outside is the last head known outside when it was restored, as a signed
	// note; empty when none was given.
	Outside []byte `cbor:"5,keyasint,omitempty"`
}
