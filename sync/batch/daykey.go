package batch

import (
	"bytes"
	"crypto/ed25519"
	"crypto/subtle"
	"errors"
	"io"

	"filippo.io/age"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// MaxRecipients bounds to how many keys of the registry a day's key is wrapped.
const MaxRecipients = 8

// maxDayKey bounds the age file in a header: 1,660 bytes for one hybrid
// recipient, 1,560 more for each further one.
const maxDayKey = 4096 + MaxRecipients*2048

// boundDevice is how much of the device's id stands before the sealed key.
const boundDevice = 8

// DayKey is the key everything of one day is sealed under. ID is worked out
// from Key, so that two keys can never share one id.
type DayKey struct {
	ID  protocol.KeyID
	Key [32]byte
}

// NewDayKey makes a fresh key; random nil means crypto/rand.
func NewDayKey(random io.Reader) (DayKey, error) {
	var k DayKey
	if _, err := io.ReadFull(orSystem(random), k.Key[:]); err != nil {
		return DayKey{}, err
	}
	k.ID = protocol.NewKeyID(k.Key)
	return k, nil
}

// WrapDayKey makes the day's header file: device and key id outside, one age
// file to the registry's hybrid recipients ("age1pq1…") inside, signed.
func WrapDayKey(k DayKey, device civic.DeviceID, recipients []string, sign ed25519.PrivateKey) ([]byte, error) {
	if len(recipients) == 0 || len(recipients) > MaxRecipients {
		return nil, errors.New("a day key needs at least one recipient and at most eight")
	}
	if k.ID != protocol.NewKeyID(k.Key) {
		return nil, errors.New("the day key and its id do not belong together")
	}
	to := make([]age.Recipient, len(recipients))
	for i, s := range recipients {
		r, err := age.ParseHybridRecipient(s)
		if err != nil {
			return nil, errors.New("a recipient of the bundle is no hybrid age recipient")
		}
		to[i] = r
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to...)
	if err != nil {
		return nil, err
	}
	// The device is inside too, half of its id to save bytes: a header cannot
	// be passed off as another kit's.
	if _, err := w.Write(append(device[:boundDevice:boundDevice], k.Key[:]...)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	e := envelope{kind: kindDayKey, outside: outsideOf(device, k.ID), inside: sealed.Bytes()}
	return e.sign(sign)
}

// ReadDayKey tells whose header this is and of which key, unverified.
func ReadDayKey(file []byte) (civic.DeviceID, protocol.KeyID, error) {
	e, err := readEnvelope(kindDayKey, file, maxDayKey)
	if err != nil {
		return civic.DeviceID{}, protocol.KeyID{}, err
	}
	return readOutside(e)
}

// VerifyDayKey checks that the device signed the header; it needs no secret.
func VerifyDayKey(file []byte, device ed25519.PublicKey) (protocol.KeyID, error) {
	named, id, err := ReadDayKey(file)
	if err != nil {
		return id, err
	}
	if named != civic.NewDeviceID(device) {
		return id, civic.NewProblem(civic.BatchSignature, errors.New("the file names another device"))
	}
	return id, verifyEnvelope(kindDayKey, file, device)
}

// OpenDayKey verifies the header and opens it with the registry's identities.
// A key wrapped for another registry is batch_foreign.
func OpenDayKey(file []byte, device ed25519.PublicKey, ids ...age.Identity) (DayKey, error) {
	id, err := VerifyDayKey(file, device)
	if err != nil {
		return DayKey{}, err
	}
	e, err := readEnvelope(kindDayKey, file, maxDayKey)
	if err != nil {
		return DayKey{}, err
	}
	r, err := age.Decrypt(bytes.NewReader(e.inside), ids...)
	if err != nil {
		var none *age.NoIdentityMatchError
		if errors.As(err, &none) {
			return DayKey{}, civic.NewProblem(civic.BatchForeign, err)
		}
		return DayKey{}, unreadable(err)
	}
	named := civic.NewDeviceID(device)
	plain, err := io.ReadAll(io.LimitReader(r, 64))
	if err != nil {
		return DayKey{}, unreadable(err)
	}
	if len(plain) != boundDevice+32 || !bytes.Equal(plain[:boundDevice], named[:boundDevice]) {
		return DayKey{}, unreadable(errors.New("the header holds no key of this device"))
	}
	k := DayKey{Key: [32]byte(plain[boundDevice:])}
	k.ID = protocol.NewKeyID(k.Key)
	if subtle.ConstantTimeCompare(k.ID[:], id[:]) != 1 {
		return DayKey{}, unreadable(errors.New("the header holds another key than it names"))
	}
	return k, nil
}

// outsideOf and readOutside write and read what headers and attachments show:
// the device and the key.
func outsideOf(device civic.DeviceID, key protocol.KeyID) []byte {
	return append(append(make([]byte, 0, len(device)+len(key)), device[:]...), key[:]...)
}

func readOutside(e envelope) (civic.DeviceID, protocol.KeyID, error) {
	if len(e.outside) != len(civic.DeviceID{})+len(protocol.KeyID{}) {
		return civic.DeviceID{}, protocol.KeyID{}, unreadable(errors.New("the outside has another length"))
	}
	return civic.DeviceID(e.outside[:16]), protocol.KeyID(e.outside[16:]), nil
}
