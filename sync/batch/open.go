package batch

import (
	"crypto/ed25519"
	"errors"
	"slices"

	"github.com/askonce/fieldkit/sync/civic"
)

// Ways of writing the sealed part.
const (
	bodyPlain byte = iota + 1 // canonical records, compressed; needs no form
	bodyDense                 // what the forms tell is left out, the rest foretold and coded; version 0, without all of a consent
	bodyWhole                 // the same with all that is kept of a consent
)

// Open verifies a batch and gives its registrations. Previous is zero where it
// did not travel; Chain fills it in. Problems: batch_truncated,
// batch_signature, need_key when key is another day's, form_version_unknown
// with the form's name, batch_unreadable.
func Open(file []byte, key DayKey, device ed25519.PublicKey, forms Forms) (Manifest, []civic.Registration, error) {
	m, e, err := verifyBatch(file, device)
	if err != nil {
		return m, nil, err
	}
	if m.Key != key.ID {
		return m, nil, civic.NewProblem(civic.NeedKey, nil)
	}
	body, err := e.open(key.Key)
	if err != nil {
		return m, nil, err
	}
	regs, breaks, err := decodeBody(setting{Manifest: m, public: device, forms: forms}, body)
	if err != nil {
		return m, nil, err
	}
	m.Breaks = breaks
	return m, regs, nil
}

// decodeBody reads what encodeBody wrote.
func decodeBody(c setting, body []byte) ([]civic.Registration, []uint32, error) {
	if len(body) == 0 {
		return nil, nil, unreadable(errors.New("the body is empty"))
	}
	var (
		regs   []civic.Registration
		breaks []uint32
		err    error
	)
	switch body[0] {
	case bodyPlain:
		regs, breaks, err = decodePlain(c, body[1:])
	case bodyDense, bodyWhole:
		c.allTold = body[0] == bodyWhole
		regs, breaks, err = decodeDense(c, body[1:])
	default:
		err = unreadable(errors.New("the body is written in a way this program does not know"))
	}
	if err != nil {
		return nil, nil, err
	}
	if err := c.check(regs, breaks); err != nil {
		return nil, nil, err
	}
	return regs, breaks, nil
}

// check holds what came out of a body to what the manifest says.
func (c setting) check(regs []civic.Registration, breaks []uint32) error {
	if uint32(len(regs)) != c.Count || regs[0].Counter != c.First {
		return unreadable(errors.New("the body and the manifest differ"))
	}
	for i, at := range breaks {
		if int(at) >= len(regs) || (i > 0 && at <= breaks[i-1]) {
			return unreadable(errors.New("the breaks of the chain are out of order"))
		}
	}
	for i := range regs {
		r := &regs[i]
		if err := check(r); err != nil {
			return unreadable(err)
		}
		if c.forms == nil {
			continue
		}
		if i > 0 && r.Form == regs[i-1].Form {
			continue
		}
		if _, ok := c.forms.Form(r.Form); !ok {
			return civic.NewProblem(civic.FormVersionUnknown, nil, r.Form.String())
		}
	}
	return nil
}

// travels tells whether the Previous of registration i is in the body.
func travels(breaks []uint32, i int) bool {
	_, found := slices.BinarySearch(breaks, uint32(i))
	return found
}

// Chain fills in the Previous of every registration where it did not travel,
// and gives each one's salted digest. saltOf is protocol.SaltOf with the secret
// of the kit that packed the batch.
func Chain(m Manifest, regs []civic.Registration, saltOf func(counter uint64) [32]byte) ([]civic.Digest, error) {
	digests := make([]civic.Digest, len(regs))
	for i := range regs {
		if i > 0 && !travels(m.Breaks, i) {
			regs[i].Previous = digests[i-1]
		}
		canonical, err := Canonical(&regs[i])
		if err != nil {
			return nil, err
		}
		digests[i] = DigestOf(saltOf(regs[i].Counter), canonical)
	}
	return digests, nil
}
