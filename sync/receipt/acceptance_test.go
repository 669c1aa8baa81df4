//go:build acceptance

package receipt_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/receipt"
)

// shared is the folder of vectors; the run fails without it.
func shared(t *testing.T, parts ...string) string {
	t.Helper()
	root := os.Getenv("SHARED")
	if root == "" {
		t.Fatal("set SHARED to the folder of test vectors: make acceptance SHARED=../shared")
	}
	return filepath.Join(append([]string{root}, parts...)...)
}

// verdict of one vector under our profile.
type verdict struct {
	result receipt.Result
	reason civic.Code
	why    string
}

// The Claim 169 vectors at 2026-11-22. Those marked unsigned carry an empty
// signature: they show the shape, and a verifier must not believe them.
var claim169Verdicts = map[string]verdict{
	"valid/ed25519-signed":      {receipt.Genuine, "", "signed with the key beside it"},
	"valid/ecdsa-p256-signed":   {receipt.Genuine, "", "ES256 is in the profile"},
	"valid/claim169-example":    {receipt.RefusedResult, civic.ReceiptUnreadable, "unsigned"},
	"valid/demographics-full":   {receipt.RefusedResult, civic.ReceiptUnreadable, "unsigned"},
	"valid/minimal":             {receipt.RefusedResult, civic.ReceiptUnreadable, "unsigned"},
	"valid/refugee-identity":    {receipt.RefusedResult, civic.ReceiptUnreadable, "unsigned"},
	"valid/with-all-biometrics": {receipt.RefusedResult, civic.ReceiptUnreadable, "unsigned"},
	"valid/with-face":           {receipt.RefusedResult, civic.ReceiptUnreadable, "unsigned"},
	"valid/with-fingerprints":   {receipt.RefusedResult, civic.ReceiptUnreadable, "unsigned"},
	"valid/encrypted-aes256":    {receipt.RefusedResult, civic.ReceiptUnreadable, "encrypted: out of profile"},
	"valid/encrypted-signed":    {receipt.RefusedResult, civic.ReceiptUnreadable, "encrypted: out of profile"},
	"edge/expired":              {receipt.RefusedResult, civic.ReceiptUnreadable, "unsigned, before its clock counts"},
	"edge/not-yet-valid":        {receipt.RefusedResult, civic.ReceiptUnreadable, "unsigned, before its clock counts"},
	"edge/unknown-fields":       {receipt.RefusedResult, civic.ReceiptUnreadable, "unsigned"},
	"invalid/bad-base45":        {receipt.RefusedResult, civic.ReceiptUnreadable, "Base45 broken"},
	"invalid/bad-zlib":          {receipt.RefusedResult, civic.ReceiptUnreadable, "zlib broken"},
	"invalid/missing-169":       {receipt.RefusedResult, civic.ReceiptUnreadable, "no claim 169"},
	"invalid/not-cose":          {receipt.RefusedResult, civic.ReceiptUnreadable, "no COSE"},
}

func TestAcceptanceClaim169(t *testing.T) {
	paths, err := filepath.Glob(shared(t, "vectors", "qr", "claim169", "*", "*.json"))
	if err != nil || len(paths) != len(claim169Verdicts) {
		t.Fatalf("%d vectors, the table has %d (%v)", len(paths), len(claim169Verdicts), err)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, path := range paths {
		name := filepath.Base(filepath.Dir(path)) + "/" + strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			var vector struct {
				Text string `json:"qr_data"`
				Key  struct {
					Algorithm string `json:"algorithm"`
					Public    string `json:"public_key_hex"`
				} `json:"signing_key"`
				Claims struct {
					FullName string `json:"fullName"`
				} `json:"expected_claim169"`
			}
			readJSON(t, path, &vector)
			keys := func([]byte) (receipt.Key, bool) {
				b, err := hex.DecodeString(vector.Key.Public)
				if err != nil {
					t.Fatal(err)
				}
				if vector.Key.Algorithm == "ES256" {
					return receipt.Key{Public: p256(t, b)}, true
				}
				if len(b) != ed25519.PublicKeySize {
					b = make([]byte, ed25519.PublicKeySize)
				}
				return receipt.Key{Public: ed25519.PublicKey(b)}, true
			}
			want, ok := claim169Verdicts[name]
			if !ok {
				t.Fatal("not in the table of expected verdicts")
			}
			got := receipt.Verify(vector.Text, keys, now)
			if got.Result != want.result || got.Reason != want.reason {
				t.Errorf("got %v (%s), want %v (%s): %s", got.Result, got.Reason, want.result, want.reason, want.why)
			}
			if got.Result == receipt.Genuine && got.Content.Name != vector.Claims.FullName {
				t.Errorf("the name read is not the one signed")
			}
		})
	}
}

// The EU's cases under our profile: their payload is another one (no claim 169),
// so even a sound one is refused, but at a later step than a broken one. What
// tells the steps apart is the reason: forged and the clock are judged before
// the content, broken text before all.
var dccVerdicts = map[string]verdict{
	"B1":   {receipt.RefusedResult, civic.ReceiptUnreadable, "Base45 broken"},
	"CBO1": {receipt.RefusedResult, civic.ReceiptUnreadable, "CBOR broken"},
	"CBO2": {receipt.RefusedResult, civic.ReceiptUnreadable, "CWT broken"},
	"CO1":  {receipt.RefusedResult, civic.ReceiptUnreadable, "RSA: out of profile"},
	"CO2":  {receipt.RefusedResult, civic.ReceiptUnreadable, "RSA: out of profile"},
	"CO5":  {receipt.RefusedResult, civic.ReceiptForged, "signature invalid"},
	"CO16": {receipt.RefusedResult, civic.ReceiptNotYet, "before issued"},
	"CO17": {receipt.RefusedResult, civic.ReceiptExpired, "after expiry"},
	"CO20": {receipt.RefusedResult, civic.ReceiptUnreadable, "the algorithm stands unprotected"},
	"CO22": {receipt.RefusedResult, civic.ReceiptUnreadable, "the algorithm stands unprotected, the protected key name is wrong"},
	"CO23": {receipt.RefusedResult, civic.ReceiptUnreadable, "the algorithm stands unprotected, the key name is wrong"},
	"Z1":   {receipt.RefusedResult, civic.ReceiptUnreadable, "zlib broken"},
	"Z2":   {receipt.RefusedResult, civic.ReceiptUnreadable, "not deflated"},
	"Q1":   {receipt.RefusedResult, civic.ReceiptUnreadable, "only its picture is broken; sound text, no claim 169"},
}

// soundDCC are well-made certificates whose signature, key and clock must be
// accepted: shown by the reason, which is the missing claim 169 and nothing
// earlier .
var soundDCC = []string{"CO3", "CO6", "CO7", "CO8", "CO9", "CO10", "CO11", "CO12", "CO13", "CO14", "CO15",
	"CO18", "CO19", "CO21", "CO28", "DGC1", "DGC2", "DGC3", "DGC4", "DGC5", "DGC6", "H1", "H2", "H3"}

type dcc struct {
	Prefixed string `json:"PREFIX"`
	Base45   string `json:"BASE45"`
	Context  struct {
		Certificate string    `json:"CERTIFICATE"`
		Clock       time.Time `json:"VALIDATIONCLOCK"`
	} `json:"TESTCTX"`
}

func TestAcceptanceDCC(t *testing.T) {
	paths, err := filepath.Glob(shared(t, "vectors", "qr", "dcc-common", "*.json"))
	if err != nil || len(paths) != len(dccVerdicts)+len(soundDCC) {
		t.Fatalf("%d vectors, the tables have %d (%v)", len(paths), len(dccVerdicts)+len(soundDCC), err)
	}
	for _, name := range soundDCC {
		dccVerdicts[name] = verdict{receipt.RefusedResult, civic.ReceiptUnreadable, "sound, but no claim 169"}
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			var vector dcc
			readJSON(t, path, &vector)
			want, ok := dccVerdicts[name]
			if !ok {
				t.Fatal("not in the table of expected verdicts")
			}
			keys := certificateKey(t, vector)
			if v := receipt.Verify(vector.Prefixed, keys, vector.Context.Clock); v.Result == receipt.Genuine {
				t.Error("a prefix is not in the profile and must be refused")
			}
			got := receipt.Verify(withoutPrefix(vector), keys, vector.Context.Clock)
			if got.Result != want.result || got.Reason != want.reason {
				t.Errorf("got %v (%s), want %v (%s): %s", got.Result, got.Reason, want.result, want.reason, want.why)
			}
			// A sound one must have passed the signature: with another key it is forged.
			if want.why == "sound, but no claim 169" {
				other := func([]byte) (receipt.Key, bool) { return receipt.Key{Public: newKit(9).key.Public()}, true }
				if v := receipt.Verify(withoutPrefix(vector), keys, vector.Context.Clock.AddDate(-50, 0, 0)); v.Reason != civic.ReceiptNotYet {
					t.Errorf("its signature or shape was not accepted: %s", v.Reason)
				}
				if v := receipt.Verify(withoutPrefix(vector), other, vector.Context.Clock); v.Result == receipt.Genuine {
					t.Error("believed under another key")
				}
			}
		})
	}
}

// withoutPrefix gives the Base45 text: the EU writes "HC1:" (or, in the H
// cases, something wrong) before it, our profile nothing.
func withoutPrefix(v dcc) string {
	if v.Base45 != "" {
		return v.Base45
	}
	return strings.TrimPrefix(v.Prefixed, "HC1:")
}

// certificateKey names the key as the EU does: the first 8 bytes of the
// certificate's SHA-256.
func certificateKey(t *testing.T, v dcc) receipt.Keys {
	t.Helper()
	der, err := base64.StdEncoding.DecodeString(v.Context.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	kid := sha256.Sum256(der)
	return func(got []byte) (receipt.Key, bool) {
		return receipt.Key{Public: cert.PublicKey}, string(got) == string(kid[:8])
	}
}

func p256(t *testing.T, b []byte) *ecdsa.PublicKey {
	t.Helper()
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), b)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}
