package protocol

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"

	"github.com/askonce/fieldkit/sync/civic"
)

// StatementMarks is signed by the server key over [Marks].
const StatementMarks StatementKind = "askonce/marks/v1"

// Marks name the messages of one answer, in their order: the centre's word that
// these numbers, kinds and bodies are a kit's, and that none lies between them.
// Without it whoever stands between, a hub for one, could give a message another
// kind or number, and the kit would pass over it for good.
type Marks struct {
	Transport ed25519.PublicKey `cbor:"1,keyasint"` // the kit's
	All       []Mark            `cbor:"2,keyasint"`
}

// Mark is one message.
type Mark struct {
	Seq  uint64       `cbor:"1,keyasint"`
	Kind DownKind     `cbor:"2,keyasint"`
	Body civic.Digest `cbor:"3,keyasint"` // SHA-256
}

// MarksOf marks the messages for a kit.
func MarksOf(transport ed25519.PublicKey, down []Down) Marks {
	m := Marks{Transport: transport}
	for _, d := range down {
		m.All = append(m.All, markOf(d))
	}
	return m
}

func markOf(d Down) Mark { return Mark{Seq: d.Seq, Kind: d.Kind, Body: sha256.Sum256(d.Body)} }

// CheckMarks tells whether messages above a cursor are the first of those that a
// statement marks above it. The messages are in their order, all above the
// cursor.
func CheckMarks(statement []byte, server, transport ed25519.PublicKey, cursor uint64, down []Down) error {
	var m Marks
	if err := Open(StatementMarks, statement, server, &m); err != nil {
		return err
	}
	if !bytes.Equal(m.Transport, transport) {
		return civic.NewProblem(civic.StatementForged, errors.New("the messages are another kit's"))
	}
	next := 0
	for _, d := range down {
		for next < len(m.All) && m.All[next].Seq <= cursor {
			next++
		}
		if next == len(m.All) || m.All[next] != markOf(d) {
			return civic.NewProblem(civic.StatementForged, errors.New("a message is not the one the centre marked"))
		}
		next++
	}
	return nil
}
