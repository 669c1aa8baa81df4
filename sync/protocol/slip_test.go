package protocol_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

func TestSlip(t *testing.T) {
	secret := bytes.Repeat([]byte{7}, 32)
	slip := protocol.SlipOf(secret, 3, civic.Digest{1})
	if len(slip) != 9 || slip[4] != '-' || slip != protocol.SlipOf(secret, 3, civic.Digest{1}) {
		t.Fatal(slip)
	}
	for _, other := range []string{
		protocol.SlipOf(secret, 4, civic.Digest{1}), protocol.SlipOf(secret, 3, civic.Digest{2}), protocol.SlipOf(bytes.Repeat([]byte{8}, 32), 3, civic.Digest{1}),
	} {
		if protocol.SameSlip(slip, other) {
			t.Errorf("%s is %s", slip, other)
		}
	}
	for _, typed := range []string{slip, strings.ToUpper(slip), strings.ReplaceAll(slip, "-", ""), " " + slip[:2] + " " + slip[2:]} {
		if !protocol.SameSlip(slip, typed) {
			t.Errorf("%q is not taken for %q", typed, slip)
		}
	}
	if protocol.SameSlip("0k1d-0000", "oKLd-oooo") != true || protocol.SameSlip("", "") || protocol.SameSlip(slip, slip[:8]) {
		t.Error("what looks alike is told apart, or nothing is taken for a code")
	}
}
