package protocol

import "github.com/askonce/fieldkit/sync/civic"

// Calls of those who carry for others. A hub is a regional office's machine that
// stores and forwards what kits hand it: it is enrolled like a kit, by a code
// made for a hub. A courier is a kit. Neither reads what it carries.
const (
	PathHub     = "/v1/hub"     // HubRequest -> HubAnswer
	PathRelay   = "/v1/relay"   // RelayRequest -> SyncAnswer
	PathCarried = "/v1/carried" // CarriedRequest -> SyncAnswer
)

// HubRequest asks for a certificate, so that kits which trust the registry's
// root speak to the hub as they speak to the centre.
type HubRequest struct {
	TLS   []byte   `cbor:"1,keyasint"`           // the hub's TLS key, PKIX, DER
	Hosts []string `cbor:"2,keyasint,omitempty"` // further names, at most MaxHosts
}

// MaxHosts bounds the names in a hub's certificate.
const MaxHosts = 16

// HubAnswer is the certificate with the root behind it.
type HubAnswer struct {
	Chain [][]byte `cbor:"1,keyasint"`
}

// RelayRequest is what a kit asked the hub. The centre believes nothing of it:
// all that its answer gives away is signed, or sealed to the kit.
type RelayRequest struct {
	Transport []byte      `cbor:"1,keyasint"` // the key the kit showed the hub
	Ask       SyncRequest `cbor:"2,keyasint"`
}

// CarriedRequest is what a kit of the courier's own office asked on a medium.
// The centre believes nothing of it, keeps nothing of it, and answers the
// cursor and the names of files alone.
type CarriedRequest struct {
	Device civic.DeviceID `cbor:"1,keyasint"`
	Ask    SyncRequest    `cbor:"2,keyasint"`
}
