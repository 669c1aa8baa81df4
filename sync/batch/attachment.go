package batch

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"io"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// SealAttachment seals a photo or a scan under the day's key and signs it;
// random nil means crypto/rand. The centre finds what it belongs to by the
// digest of the content, which the registration names.
func SealAttachment(k DayKey, device civic.DeviceID, plain []byte, sign ed25519.PrivateKey, random io.Reader) ([]byte, error) {
	if len(plain) > protocol.MaxAttachment-1<<10 {
		return nil, civic.NewProblem(civic.UploadTooLarge, nil, "8 MB")
	}
	e := envelope{kind: kindAttachment, outside: outsideOf(device, k.ID)}
	var err error
	if e.inside, err = e.seal(k.Key, plain, orSystem(random)); err != nil {
		return nil, err
	}
	return e.sign(sign)
}

// ReadAttachment tells who sealed it and under which key, unverified.
func ReadAttachment(file []byte) (civic.DeviceID, protocol.KeyID, error) {
	e, err := readEnvelope(kindAttachment, file, protocol.MaxAttachment)
	if err != nil {
		return civic.DeviceID{}, protocol.KeyID{}, err
	}
	return readOutside(e)
}

// VerifyAttachment checks that the device signed it; it needs no secret.
func VerifyAttachment(file []byte, device ed25519.PublicKey) (protocol.KeyID, error) {
	named, id, err := ReadAttachment(file)
	if err != nil {
		return id, err
	}
	if named != civic.NewDeviceID(device) {
		return id, civic.NewProblem(civic.BatchSignature, errors.New("the file names another device"))
	}
	return id, verifyEnvelope(kindAttachment, file, device)
}

// OpenAttachment verifies and opens it. The digest is that of the content, as
// registrations name their attachments. Another day's key is need_key.
func OpenAttachment(file []byte, key DayKey, device ed25519.PublicKey) ([]byte, civic.Digest, error) {
	id, err := VerifyAttachment(file, device)
	if err != nil {
		return nil, civic.Digest{}, err
	}
	if id != key.ID {
		return nil, civic.Digest{}, civic.NewProblem(civic.NeedKey, nil)
	}
	e, err := readEnvelope(kindAttachment, file, protocol.MaxAttachment)
	if err != nil {
		return nil, civic.Digest{}, err
	}
	plain, err := e.open(key.Key)
	if err != nil {
		return nil, civic.Digest{}, err
	}
	return plain, sha256.Sum256(plain), nil
}
