package receipt

import (
	"bytes"
	"compress/zlib"
	"crypto"
	"crypto/rand"
	"fmt"
	"unicode/utf8"

	"github.com/dasio/base45"
	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"

	"github.com/askonce/fieldkit/sync/civic"
)

// MaxText is the longest text of a receipt: QR version 12 at correction M.
const MaxText = 419

// KeyID is what a receipt names its key by: the first 8 bytes of the device's id.
func KeyID(device civic.DeviceID) []byte { return bytes.Clone(device[:8]) }

// Sign makes the text of a receipt, at most MaxText signs of QR's alphanumeric
// set, signed with the device's Ed25519 key. A name or guardian too long for the
// code is shortened with an ellipsis; the binding still covers the whole.
func Sign(c Content, device civic.DeviceID, key crypto.Signer) (string, error) {
	for {
		text, err := sign(c, device, key)
		if err != nil || len(text) <= MaxText {
			return text, err
		}
		switch {
		case utf8.RuneCountInString(c.Guardian) > 12:
			c.Guardian = shorten(c.Guardian)
		case utf8.RuneCountInString(c.Name) > 12:
			c.Name = shorten(c.Name)
		case c.Guardian != "":
			c.Guardian = ""
		default:
			return "", fmt.Errorf("the receipt needs %d signs, %d is the most a code takes", len(text), MaxText)
		}
	}
}

// shorten takes a tenth off, at least three letters, and marks that it did.
func shorten(s string) string {
	r := []rune(s)
	return string(r[:len(r)-max(3, len(r)/10)]) + "…"
}

func sign(c Content, device civic.DeviceID, key crypto.Signer) (string, error) {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return "", err
	}
	body, err := mode.Marshal(c.payload())
	if err != nil {
		return "", err
	}
	signer, err := cose.NewSigner(cose.AlgorithmEdDSA, key)
	if err != nil {
		return "", err
	}
	headers := cose.Headers{Protected: cose.ProtectedHeader{
		cose.HeaderLabelAlgorithm: cose.AlgorithmEdDSA,
		cose.HeaderLabelKeyID:     KeyID(device),
	}}
	signed, err := cose.Sign1(rand.Reader, signer, headers, body, nil)
	if err != nil {
		return "", err
	}
	var packed bytes.Buffer
	w, err := zlib.NewWriterLevel(&packed, zlib.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(signed); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return base45.EncodeToString(packed.Bytes()), nil
}
