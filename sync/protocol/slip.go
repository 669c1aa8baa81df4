package protocol

import (
	"crypto/subtle"
	"encoding/binary"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

const (
	infoSlip = "askonce/slip/v0"
	// slipSigns are Crockford's: none looks like another when read out.
	slipSigns = "0123456789abcdefghjkmnpqrstvwxyz"
	// slipLength is how many signs a slip has, 5 bits each: with the receipt, and
	// few tries, that is plenty.
	slipLength = 8
)

// SlipOf derives the code of the slip that is handed out apart from a receipt:
// the second factor for those who choose no code of their own. Kit and registry
// come to the same code, as with [ClaimSecretOf], and the receipt does not tell
// it. It is written "k7dm-2x9q".
func SlipOf(kitSecret []byte, counter uint64, canonical civic.Digest) string {
	info := binary.BigEndian.AppendUint64([]byte(infoSlip), counter)
	key := derive(kitSecret, string(append(info, canonical[:]...)))
	var b strings.Builder
	for i := range slipLength {
		if i == slipLength/2 {
			b.WriteByte('-')
		}
		b.WriteByte(slipSigns[key[i]&31])
	}
	return b.String()
}

// SameSlip compares a code as somebody typed it, with or without the hyphen,
// in capitals, with o for 0 and i or l for 1.
func SameSlip(slip, typed string) bool {
	return slip != "" && subtle.ConstantTimeCompare([]byte(plainSlip(slip)), []byte(plainSlip(typed))) == 1
}

func plainSlip(s string) string {
	return strings.NewReplacer("-", "", " ", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(s))
}
