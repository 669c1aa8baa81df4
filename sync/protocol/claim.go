package protocol

import (
	"encoding/binary"

	"github.com/askonce/fieldkit/sync/civic"
)

// ClaimSecretSize is the length of a receipt's secret, in bytes: 80 bits.
const ClaimSecretSize = 10

// ClaimSecret is what a receipt proves its bearer with: it opens what a
// district pack holds of the person. The zero value is no secret.
type ClaimSecret [ClaimSecretSize]byte

// IsZero tells whether it is no secret.
func (s ClaimSecret) IsZero() bool { return s == ClaimSecret{} }

const infoClaim = "askonce/claim/v0"

// ClaimSecretOf derives the secret of a kit's counter-th registration from the
// kit's secret and the SHA-256 of the registration's canonical bytes. Kit and
// registry come to the same secret and nothing travels but the paper; once the
// kit has forgotten the answers, it cannot work the secret out any more.
func ClaimSecretOf(kitSecret []byte, counter uint64, canonical civic.Digest) ClaimSecret {
	info := binary.BigEndian.AppendUint64([]byte(infoClaim), counter)
	key := derive(kitSecret, string(append(info, canonical[:]...)))
	return ClaimSecret(key[:ClaimSecretSize])
}
