package registry

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/crypto/blake2b"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/seal"
)

// maxSaid is the largest sealed row that is opened, in bytes.
const maxSaid = 1 << 20

// seals seals rows and blinds keys with two keys made from the registry's.
type seals struct {
	rows  seal.Key
	blind [32]byte
	rand  io.Reader
	enc   cbor.EncMode
	dec   cbor.DecMode
}

func newSeals(key [32]byte, rand io.Reader) (*seals, error) {
	derive := func(name string) ([32]byte, error) {
		var out [32]byte
		h, err := blake2b.New256(key[:])
		if err != nil {
			return out, err
		}
		h.Write([]byte(name))
		h.Sum(out[:0])
		return out, nil
	}
	rows, err := derive("askonce/registry/rows/v0")
	if err != nil {
		return nil, err
	}
	s := &seals{rows: rows, rand: &inTurn{random: rand}}
	if s.blind, err = derive("askonce/registry/keys/v0"); err != nil {
		return nil, err
	}
	if s.enc, err = cbor.CoreDetEncOptions().EncMode(); err != nil {
		return nil, err
	}
	s.dec, err = cbor.DecOptions{MaxNestedLevels: 8, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden}.DecMode()
	return s, err
}

// claim is a claim as it lies in a row; what the row itself says is left out.
type claim struct {
	_         struct{} `cbor:",toarray"`
	Attribute string
	Value     string
	Stated    string
	Absent    uint8
	Precision uint8
	Evidence  uint8
	Boot      uint32
	Mono      int64
}

type saidRow struct {
	_         struct{} `cbor:",toarray"`
	SourceRow string
	Claims    []claim
}

func (s *seals) said(v *Said) ([]byte, error) {
	row := saidRow{SourceRow: v.SourceRow, Claims: make([]claim, 0, len(v.Claims))}
	for _, c := range v.Claims {
		row.Claims = append(row.Claims, claim{
			Attribute: string(c.Attribute), Value: c.Value, Stated: c.Stated, Absent: uint8(c.Absent),
			Precision: uint8(c.Precision), Evidence: uint8(c.Evidence), Boot: c.At.Boot, Mono: c.At.Mono,
		})
	}
	return s.seal("said", append(v.Registration[:], v.Subject...), row)
}

// openSaid fills what the row's columns do not say.
func (s *seals) openSaid(v *Said, sealed []byte) error {
	var row saidRow
	if err := s.open("said", append(v.Registration[:], v.Subject...), sealed, &row); err != nil {
		return err
	}
	v.SourceRow = row.SourceRow
	v.Claims = make([]civic.Claim, 0, len(row.Claims))
	for _, c := range row.Claims {
		v.Claims = append(v.Claims, civic.Claim{
			Subject: v.Subject, Attribute: civic.Attribute(c.Attribute), Value: c.Value, Stated: c.Stated,
			Absent: civic.Absence(c.Absent), Precision: civic.Precision(c.Precision), Evidence: civic.Evidence(c.Evidence),
			Registration: v.Registration, Area: v.Office, At: civic.Stamp{Wall: v.At, Boot: c.Boot, Mono: c.Mono},
		})
	}
	return nil
}

// seal writes v as CBOR under the rows' key, bound to what it is and whose.
func (s *seals) seal(what string, owner []byte, v any) ([]byte, error) {
	plain, err := s.enc.Marshal(v)
	if err != nil {
		return nil, err
	}
	return s.rows.Seal(plain, boundTo(what, owner), s.rand)
}

// inTurn lets one goroutine at a time read: rows are sealed on every processor.
type inTurn struct {
	mu     sync.Mutex
	random io.Reader
}

func (r *inTurn) Read(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return io.ReadFull(r.random, b)
}

func (s *seals) open(what string, owner, sealed []byte, into any) error {
	if len(sealed) > maxSaid {
		return civic.NewProblem(civic.LedgerDamaged, fmt.Errorf("a sealed row of %d bytes", len(sealed)))
	}
	plain, err := s.rows.Open(sealed, boundTo(what, owner))
	if err != nil {
		return civic.NewProblem(civic.LedgerDamaged, err)
	}
	if err := s.dec.Unmarshal(plain, into); err != nil {
		return civic.NewProblem(civic.LedgerDamaged, err)
	}
	return nil
}

func boundTo(what string, owner []byte) []byte {
	return append(append([]byte("askonce/"+what+"\x00"), owner...), 0)
}

// key blinds a match key: without the registry's key nobody can work out from
// a name under which number a person stands.
func (s *seals) key(k uint64) int64 {
	var b [8 + 32]byte
	binary.BigEndian.PutUint64(b[:8], k)
	copy(b[8:], s.blind[:])
	sum := blake2b.Sum256(b[:])
	return int64(binary.BigEndian.Uint64(sum[:8]))
}
