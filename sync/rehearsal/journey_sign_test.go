package rehearsal

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"path/filepath"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestJourneySignature: what somebody has signed on the kit survives its
// crash, lies on its disk and on the wire in no readable byte, comes to the
// centre as a photo does, and is forgotten with the registration.
func TestJourneySignature(t *testing.T) {
	o := newOffice(t)
	out := o.tablet()
	ctx := t.Context()
	k := out.opened(t)
	o.must("form", "add", sheetsFile(t, map[string]string{
		"survey": `type | name | label | appearance | required
text | given_name | Name
image | sign | Signature | signature | yes`,
		"settings": `form_id | version | form_title
agreement | 1 | Agreement`,
	}))
	until(t, "the form on the kit", func() bool {
		if _, err := k.Sync(ctx, 0, nil); err != nil {
			t.Fatal(err)
		}
		for _, s := range k.Services() {
			if s.Form.ID == "agreement" {
				return true
			}
		}
		return false
	})
	drawn := image.NewPaletted(image.Rect(0, 0, 300, 180), color.Palette{color.White, color.Black})
	for i := range 3000 {
		drawn.Pix[(i*i*7919)%len(drawn.Pix)] = 1
	}
	var sign bytes.Buffer
	if err := png.Encode(&sign, drawn); err != nil {
		t.Fatal(err)
	}
	secret := []string{string(sign.Bytes()[100:140]), "signature.png"}
	iv, err := k.Begin(ctx, "agreement")
	if err != nil {
		t.Fatal(err)
	}
	// The first stroke is sealed before the second is drawn; only the whole travels.
	var stroke bytes.Buffer
	if err := png.Encode(&stroke, drawn.SubImage(image.Rect(0, 0, 100, 180))); err != nil {
		t.Fatal(err)
	}
	var first civic.Attachment
	for _, content := range []*bytes.Buffer{&stroke, &sign} {
		if err := k.Attach(ctx, iv, "sign", "signature.png", bytes.NewReader(content.Bytes())); err != nil {
			t.Fatal(err)
		}
		if first.Name == "" {
			first = iv.Attachments()[0]
		}
	}
	if !itemOf(t, iv, "sign").Signature() {
		t.Error("on the kit the question is no signature any more")
	}
	put(t, iv, "given_name", "Quetzalina")
	look(t, out.home, "drawn", secret)
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}

	k = out.opened(t)
	if iv, err = k.Resume(ctx, iv.ID()); err != nil {
		t.Fatal(err)
	}
	if len(iv.Attachments()) != 1 {
		t.Fatalf("%d attachments after the crash", len(iv.Attachments()))
	}
	a := iv.Attachments()[0]
	if got, err := k.Picture(ctx, a); err != nil || !bytes.Equal(got, sign.Bytes()) {
		t.Fatalf("the signature changed: %v", err)
	}
	for _, ask := range iv.Consents() {
		if err := iv.SetConsent(ctx, civic.Consent{Service: ask.Service, Given: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := iv.SetReadAloud(ctx, true); err != nil {
		t.Fatal(err)
	}
	id, err := k.Seal(ctx, iv)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	out.synced()
	copied := o.must("backup", "--same-disk", filepath.Join(t.TempDir(), "off-host"))
	if copied.number(t, "files") != 2 { // the batch and the signature
		t.Errorf("the centre has %v", copied.json)
	}
	out.synced()
	look(t, out.home, "sent", secret)

	out.must("settings", "--retention", "7")
	for _, clock := range []interface{ Store(int64) }{&out.ahead, &o.ahead} {
		clock.Store(int64(9 * 24 * time.Hour))
	}
	out.must("sync", "--wait", "0s")
	out.refused(civic.RegistrationAbsent, "receipt", id.String())
	k, err = kit.Open(ctx, kit.Options{Home: out.home, LogN: 10, Clock: func() time.Time { return time.Now().Add(9 * 24 * time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = k.Close() }()
	if err := k.Unlock(ctx, journeyPass); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []civic.Attachment{first, a} {
		if got, err := k.Picture(ctx, gone); civic.CodeOf(err) != civic.FileUnreadable {
			t.Fatalf("the signature is still there: %d bytes, %v", len(got), err)
		}
	}
}
