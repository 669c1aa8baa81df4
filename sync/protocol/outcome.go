package protocol

import (
	"crypto/ed25519"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// Limits of one message of outcomes.
const (
	MaxOutcomes = 4096
	maxPersons  = 1024
	maxReasons  = 64
	maxWords    = 64
	maxWord     = 1024 // bytes
)

// outcome is a civic.Outcome on the wire. The id is left out where the device
// and the counter give it, and times are told from the one before.
type outcome struct {
	_       struct{} `cbor:",toarray"`
	Counter uint64
	ID      []byte // empty when it follows from the device and the counter
	Status  uint8
	At      int64 // seconds, the first from 1970, the others from the one before
	Persons []personOf
	Reasons []reason
}

type personOf struct {
	_       struct{} `cbor:",toarray"`
	Subject string
	Person  []byte
}

type reason struct {
	_     struct{} `cbor:",toarray"`
	Code  string
	Words []string
}

// PackOutcomes writes the plain body of a DownOutcomes message to a device, at
// most MaxOutcomes of them; seal it with SealDown. Times keep whole seconds.
func PackOutcomes(device ed25519.PublicKey, outcomes []civic.Outcome) ([]byte, error) {
	if len(outcomes) > MaxOutcomes {
		return nil, civic.NewProblem(civic.RequestMalformed, nil)
	}
	wire := make([]outcome, len(outcomes))
	var before int64
	for i, o := range outcomes {
		w := outcome{Counter: o.Counter, ID: []byte{}, Status: uint8(o.Status), At: o.At.Unix() - before, Persons: []personOf{}, Reasons: []reason{}}
		before = o.At.Unix()
		if o.Registration != civic.NewRegistrationID(device, o.Counter) {
			w.ID = o.Registration[:]
		}
		for _, p := range o.Persons {
			w.Persons = append(w.Persons, personOf{Subject: p.Subject, Person: p.Person[:]})
		}
		for _, r := range o.Reasons {
			words := r.Words
			if words == nil {
				words = []string{}
			}
			w.Reasons = append(w.Reasons, reason{Code: string(r.Code), Words: words})
		}
		wire[i] = w
	}
	return Marshal(wire)
}

// OpenOutcomes reads what PackOutcomes wrote for that device.
func OpenOutcomes(device ed25519.PublicKey, b []byte) ([]civic.Outcome, error) {
	var wire []outcome
	if err := Unmarshal(b, &wire); err != nil {
		return nil, err
	}
	malformed := civic.NewProblem(civic.RequestMalformed, nil)
	if len(wire) > MaxOutcomes {
		return nil, malformed
	}
	outcomes := make([]civic.Outcome, len(wire))
	var at int64
	for i, w := range wire {
		at += w.At
		o := civic.Outcome{Counter: w.Counter, Status: civic.Status(w.Status), At: time.Unix(at, 0).UTC()}
		if w.Status > uint8(civic.Quarantined) || len(w.Persons) > maxPersons || len(w.Reasons) > maxReasons {
			return nil, malformed
		}
		switch len(w.ID) {
		case 0:
			o.Registration = civic.NewRegistrationID(device, w.Counter)
		case len(o.Registration):
			o.Registration = civic.RegistrationID(w.ID)
		default:
			return nil, malformed
		}
		for _, p := range w.Persons {
			if len(p.Person) != len(civic.PersonID{}) || len(p.Subject) > maxWord {
				return nil, malformed
			}
			o.Persons = append(o.Persons, civic.PersonOf{Subject: p.Subject, Person: civic.PersonID(p.Person)})
		}
		for _, r := range w.Reasons {
			if !ValidCode(r.Code) || !wordsFit(r.Words) {
				return nil, malformed
			}
			o.Reasons = append(o.Reasons, civic.Reason{Code: civic.Code(r.Code), Words: r.Words})
		}
		outcomes[i] = o
	}
	return outcomes, nil
}

func wordsFit(words []string) bool {
	if len(words) > maxWords {
		return false
	}
	for _, w := range words {
		if len(w) > maxWord {
			return false
		}
	}
	return true
}
