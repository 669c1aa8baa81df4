package batch

import (
	"crypto/ed25519"
	"errors"
	"sync"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/protocol"
)

// MaxCount is how many registrations one batch may hold.
const MaxCount = 10_000

// Forms finds the versions of forms that registrations were made with; a
// *form.Catalogue is one. Both ends must hold the same workbook: what it lists
// does not travel.
type Forms interface {
	Form(civic.FormRef) (*form.Form, bool)
}

// Remember keeps what has to be worked out of each form, for whoever opens or
// packs many batches. It is safe for several goroutines.
func Remember(forms Forms) Forms {
	return &remembered{Forms: forms, schemas: map[*form.Form]*schema{}}
}

type remembered struct {
	Forms
	mu      sync.Mutex
	schemas map[*form.Form]*schema
}

func (r *remembered) schema(f *form.Form) *schema {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.schemas[f]
	if !ok {
		s = newSchema(f)
		r.schemas[f] = s
	}
	return s
}

// Manifest is what a batch shows outside: enough to store, order and ask for
// it, nothing about people.
type Manifest struct {
	Device civic.DeviceID `cbor:"1,keyasint"`
	Area   civic.Area     `cbor:"2,keyasint"`
	Key    protocol.KeyID `cbor:"3,keyasint"`
	Seq    uint64         `cbor:"4,keyasint"` // the device's number of this batch
	First  uint64         `cbor:"5,keyasint"` // counter of the first registration
	Count  uint32         `cbor:"6,keyasint"`
	Packed int64          `cbor:"7,keyasint"` // the kit's clock, seconds

	// Breaks lists, in order and from 0, the registrations whose Previous
	// travelled with them. It is sealed: only Open fills it. Chain works out
	// the Previous of all others.
	Breaks []uint32 `cbor:"-"`
}

// ReadManifest reads the outside of a batch, unverified.
func ReadManifest(file []byte) (Manifest, error) {
	m, _, err := readBatch(file)
	return m, err
}

// Verify checks that the batch is whole and that the device it names signed it.
func Verify(file []byte, device ed25519.PublicKey) (Manifest, error) {
	m, _, err := verifyBatch(file, device)
	return m, err
}

func readBatch(file []byte) (Manifest, envelope, error) {
	e, err := readEnvelope(kindBatch, file, protocol.MaxBatchFile)
	if err != nil {
		return Manifest{}, envelope{}, err
	}
	var m Manifest
	if err := protocol.Unmarshal(e.outside, &m); err != nil {
		return Manifest{}, envelope{}, unreadable(err)
	}
	if m.Count == 0 || m.Count > MaxCount || len(m.Area) > MaxText {
		return Manifest{}, envelope{}, unreadable(errors.New("a count is beyond the limit"))
	}
	return m, e, nil
}

func verifyBatch(file []byte, device ed25519.PublicKey) (Manifest, envelope, error) {
	m, e, err := readBatch(file)
	if err != nil {
		return m, e, err
	}
	if m.Device != civic.NewDeviceID(device) {
		return m, e, civic.NewProblem(civic.BatchSignature, errors.New("the batch names another device"))
	}
	return m, e, verifyEnvelope(kindBatch, file, device)
}
