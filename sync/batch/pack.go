package batch

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Packing is what a batch is made with.
type Packing struct {
	Device civic.DeviceID // of Sign's public half
	Area   civic.Area
	Seq    uint64
	Key    DayKey
	Sign   ed25519.PrivateKey
	// Forms should hold the form of every registration; without it they still
	// pack, only larger.
	Forms Forms
	Now   func() time.Time
	// SaltOf gives the salt of a counter's digest (protocol.SaltOf with the
	// kit's secret). With it a Previous that the centre can work out stays at
	// home; without it each costs 32 bytes.
	SaltOf func(counter uint64) [32]byte
	Rand   io.Reader // crypto/rand when nil
}

// Pack makes the sealed and signed file of a batch. All registrations must be
// the device's own, none invented for practice. What it returns was opened
// again and compared; a batch that would be larger than protocol.MaxBatchFile is
// upload_too_large: pack fewer.
func Pack(p Packing, regs []civic.Registration) ([]byte, error) {
	if err := p.fits(regs); err != nil {
		return nil, err
	}
	breaks, err := p.breaks(regs)
	if err != nil {
		return nil, err
	}
	public, _ := p.Sign.Public().(ed25519.PublicKey)
	m := Manifest{
		Device: p.Device, Area: p.Area, Key: p.Key.ID, Seq: p.Seq,
		First: regs[0].Counter, Count: uint32(len(regs)), Packed: p.Now().Unix(),
	}
	body, err := encodeBody(setting{Manifest: m, public: public, forms: p.Forms}, regs, breaks)
	if err != nil {
		return nil, err
	}
	e := envelope{kind: kindBatch}
	if e.outside, err = protocol.Marshal(m); err != nil {
		return nil, err
	}
	if len(e.outside) > maxOutside {
		return nil, errors.New("the name of the area is too long")
	}
	if e.inside, err = e.seal(p.Key.Key, body, orSystem(p.Rand)); err != nil {
		return nil, err
	}
	if headSize+len(e.outside)+len(e.inside)+signatureSize > protocol.MaxBatchFile {
		return nil, civic.NewProblem(civic.UploadTooLarge, nil, fmt.Sprint(len(regs)))
	}
	return e.sign(p.Sign)
}

// fits tells whether this kit may pack these registrations together.
func (p Packing) fits(regs []civic.Registration) error {
	public, ok := p.Sign.Public().(ed25519.PublicKey)
	switch {
	case len(p.Sign) != ed25519.PrivateKeySize || !ok || p.Device != civic.NewDeviceID(public):
		return errors.New("the signing key is not the device's")
	case p.Key.ID != protocol.NewKeyID(p.Key.Key):
		return errors.New("the day key and its id do not belong together")
	case p.Now == nil:
		return errors.New("packing needs a clock")
	case len(regs) == 0 || len(regs) > MaxCount:
		return fmt.Errorf("a batch holds between 1 and %d registrations", MaxCount)
	}
	answers := 0
	for i := range regs {
		r := &regs[i]
		if answers += len(r.Answers); answers > maxAnswers {
			return civic.NewProblem(civic.UploadTooLarge, nil, fmt.Sprint(len(regs)))
		}
		if r.Practice {
			return civic.NewProblem(civic.WrongUse, nil, "A registration made for practice never leaves the kit.")
		}
		if r.Device != p.Device || r.ID != civic.NewRegistrationID(public, r.Counter) {
			return civic.NewProblem(civic.BatchForeign, errors.New("a registration is of another device"))
		}
		if err := check(r); err != nil {
			return err
		}
	}
	return nil
}

// breaks lists the registrations whose Previous must travel: the first, and
// each that is not the salted digest of the one before it.
func (p Packing) breaks(regs []civic.Registration) ([]uint32, error) {
	list := []uint32{0}
	for i := 1; i < len(regs); i++ {
		derived := false
		if p.SaltOf != nil {
			canonical, err := Canonical(&regs[i-1])
			if err != nil {
				return nil, err
			}
			derived = regs[i].Previous == DigestOf(p.SaltOf(regs[i-1].Counter), canonical)
		}
		if !derived {
			list = append(list, uint32(i))
		}
	}
	return list, nil
}

// setting is what both ends know of a batch beside its sealed body.
type setting struct {
	Manifest
	public ed25519.PublicKey
	forms  Forms
	// allTold says that consents are written with all that is kept of them.
	allTold bool
}

// encodeBody writes the sealed part: one byte that names the way of writing,
// then the registrations. The plain way serves where another one cannot bring
// every registration back exactly as it was.
func encodeBody(c setting, regs []civic.Registration, breaks []uint32) ([]byte, error) {
	c.allTold = true
	if dense, ok := encodeDense(c, regs, breaks); ok {
		if body := append([]byte{bodyWhole}, dense...); brings(c, body, regs, breaks) {
			return body, nil
		}
	}
	body, err := encodePlain(regs, breaks)
	if err != nil {
		return nil, err
	}
	body = append([]byte{bodyPlain}, body...)
	if !brings(c, body, regs, breaks) {
		return nil, errors.New("the batch cannot be written without loss")
	}
	return body, nil
}

// brings tells whether a body opens to exactly these registrations.
func brings(c setting, body []byte, regs []civic.Registration, breaks []uint32) bool {
	again, travelled, err := decodeBody(c, body)
	if err != nil || len(again) != len(regs) || !reflect.DeepEqual(travelled, breaks) {
		return false
	}
	for i := range again {
		want := regs[i]
		if !travels(breaks, i) {
			want.Previous = civic.Digest{}
		}
		if !same(&again[i], &want) {
			return false
		}
	}
	return true
}
