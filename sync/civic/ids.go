package civic

import (
	"encoding/hex"
	"fmt"
)

// RegistrationID names one registration for ever: the first 16 bytes of
// SHA-256 over the device's public key and its counter (see [NewRegistrationID]),
// so that it need not travel beside them and no two devices can share one.
type RegistrationID [16]byte

// DeviceID names one kit instance: the first 16 bytes of SHA-256 over the
// device's public signing key. A restored or cloned kit has another key and
// therefore another id.
type DeviceID [16]byte

// OfficerID names an officer on the kits of an office.
type OfficerID [8]byte

// PersonID names one person in the registry.
type PersonID [16]byte

// Digest is 32 bytes that stand for content: SHA-256, or HMAC-SHA256 where the
// content could be guessed.
type Digest [32]byte

// Area names an office with the district it serves, such as "mx-20-067".
// It is the first column of every table at the centre.
type Area string

// FormID names a form whatever its version.
type FormID string

// FormRef names one version of a form.
type FormRef struct {
	ID      FormID
	Version string
}

func (f FormRef) String() string { return string(f.ID) + "@" + f.Version }

// ServiceID names a service a citizen can come for, such as "birth".
type ServiceID string

// Purpose names why data are used, as an agreement words it.
type Purpose string

// Attribute names one thing that can be known of a person, a household or a
// place, such as "given_name". The attribute dictionary lists them.
type Attribute string

func (id RegistrationID) String() string { return hex.EncodeToString(id[:]) }
func (id DeviceID) String() string       { return hex.EncodeToString(id[:]) }
func (id OfficerID) String() string      { return hex.EncodeToString(id[:]) }
func (id PersonID) String() string       { return hex.EncodeToString(id[:]) }
func (d Digest) String() string          { return hex.EncodeToString(d[:]) }

// IsZero tells whether the id was never set.
func (id RegistrationID) IsZero() bool { return id == RegistrationID{} }

// IsZero tells whether the id was never set.
func (id DeviceID) IsZero() bool { return id == DeviceID{} }

// IsZero tells whether the id was never set.
func (id PersonID) IsZero() bool { return id == PersonID{} }

// IsZero tells whether the digest was never set.
func (d Digest) IsZero() bool { return d == Digest{} }

// ParseRegistrationID reads the 32 hexadecimal digits that String writes.
func ParseRegistrationID(s string) (RegistrationID, error) {
	var id RegistrationID
	err := parseHex("registration", id[:], s)
	return id, err
}

// ParseDeviceID reads the 32 hexadecimal digits that String writes.
func ParseDeviceID(s string) (DeviceID, error) {
	var id DeviceID
	err := parseHex("device", id[:], s)
	return id, err
}

// ParsePersonID reads the 32 hexadecimal digits that String writes.
func ParsePersonID(s string) (PersonID, error) {
	var id PersonID
	err := parseHex("person", id[:], s)
	return id, err
}

// ParseDigest reads the 64 hexadecimal digits that String writes.
func ParseDigest(s string) (Digest, error) {
	var id Digest
	err := parseHex("digest", id[:], s)
	return id, err
}

func parseHex(what string, into []byte, s string) error {
	if len(s) != 2*len(into) {
		return fmt.Errorf("a %s id has %d hexadecimal digits, this has %d", what, 2*len(into), len(s))
	}
	if _, err := hex.Decode(into, []byte(s)); err != nil {
		return fmt.Errorf("a %s id has only the digits 0-9 and a-f", what)
	}
	return nil
}
