package receipt

import (
	"bytes"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// TestReadPictureReadsWhatPNGDraws: every code this package draws is read, not
// only most of them.
func TestReadPictureReadsWhatPNGDraws(t *testing.T) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	public, _ := key.Public().(ed25519.PublicKey)
	device := civic.NewDeviceID(public)
	for n := range uint64(120) {
		text, err := Sign(Content{
			Registration: civic.NewRegistrationID(public, n), Counter: n, Office: "mx-20-067", Issued: time.Unix(1_700_000_000+int64(n), 0),
			Language: "es", Name: "Ana Paz Núñez", Birth: civic.Date{Year: 1990, Month: 2}, Services: []Service{{ID: "birth", Reuse: true}},
		}, device, key)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := PNG(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ReadPicture(bytes.NewReader(picture)); err != nil || got != text {
			t.Errorf("receipt %d is not read: %v", n, err)
		}
	}
}
