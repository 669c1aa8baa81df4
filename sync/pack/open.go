package pack

import (
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Sealed gives a piece as it was applied.
type Sealed func(seq uint64) ([]byte, error)

// Open opens a person's layer with the person's key; a wrong key is person_shut.
func (s *State) Open(number uint32, key PersonKey, sealed Sealed) (Layer, error) {
	k, ok := s.people[number]
	if !ok {
		return Layer{}, civic.NewProblem(civic.PersonLeft, nil)
	}
	var out Layer
	for _, at := range k.layers {
		b, err := sealed(at.seq)
		if err != nil {
			return Layer{}, err
		}
		plain, err := openPiece(b, s.key, s.pack, at.seq)
		if err != nil {
			return Layer{}, err
		}
		if len(plain) < 1+saltSize || uint64(at.off)+uint64(at.len) > uint64(len(plain)) {
			return Layer{}, malformed(errShort)
		}
		written, err := openLayer(plain[at.off:at.off+at.len], key, plain[1:1+saltSize], s.pack, k.ID)
		if err != nil {
			return Layer{}, err
		}
		l, err := s.tables.readLayer(written)
		if err != nil {
			return Layer{}, err
		}
		out.Add(l)
	}
	return out, nil
}

// OpenByReceipt finds whom a receipt belongs to and opens that person's layer.
// A receipt of nobody here is receipt_other, one with a wrong secret person_shut.
func (s *State) OpenByReceipt(registration civic.RegistrationID, secret protocol.ClaimSecret, sealed Sealed) (*Known, Layer, error) {
	for _, r := range s.wraps[LocatorOf(s.pack, registration, secret)] {
		k := s.people[r.number]
		l, err := s.Open(r.number, r.wrap.Unwrap(s.pack, k.ID, registration, secret), sealed)
		if civic.CodeOf(err) == civic.PersonShut {
			continue // another receipt of the same locator
		}
		return k, l, err
	}
	return nil, Layer{}, civic.NewProblem(civic.ReceiptOther, nil)
}

// OpenByMaster opens a person's layer for a supervisor.
func (s *State) OpenByMaster(number uint32, m Master, sealed Sealed) (Layer, error) {
	k, ok := s.people[number]
	if !ok {
		return Layer{}, civic.NewProblem(civic.PersonLeft, nil)
	}
	return s.Open(number, m.PersonKey(s.pack, k.ID), sealed)
}
