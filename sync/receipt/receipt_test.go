package receipt_test

import (
	"bytes"
	"crypto/ed25519"
	"image"
	"image/jpeg"
	"image/png"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/receipt"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// kit is a device with its key and the keyring that knows it.
type kit struct {
	id  civic.DeviceID
	key ed25519.PrivateKey
}

func newKit(seed byte) kit {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
	return kit{civic.NewDeviceID(key.Public().(ed25519.PublicKey)), key}
}

func (k kit) keys(office civic.Area, upTo uint64) receipt.Keys {
	return func(kid []byte) (receipt.Key, bool) {
		return receipt.Key{Public: k.key.Public(), Office: office, UpTo: upTo}, bytes.Equal(kid, receipt.KeyID(k.id))
	}
}

func sample(k kit) receipt.Content {
	return receipt.Content{
		Registration: civic.NewRegistrationID(k.key.Public().(ed25519.PublicKey), 7),
		Binding:      [16]byte{1, 2, 3, 250, 251, 252, 77, 99, 200, 13, 90, 40, 31, 8, 3, 2},
		Counter:      7, Office: "mx-20-067", Issued: noon, Reference: "mx-20-067/7", Language: "es",
		Name: "María Xóchitl García Hernández", Birth: civic.Date{Year: 1988, Month: 4, Day: 9}, Sex: receipt.Female,
		Guardian: "Juana Hernández Cruz", Location: "200670001", Country: "MX",
		Services: []receipt.Service{{ID: "birth", Reuse: true}, {ID: "cash"}},
	}
}

func TestReceiptRoundTripStaysWithinTheCode(t *testing.T) {
	k := newKit(1)
	text, err := receipt.Sign(sample(k), k.id, k.key)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d signs", len(text))
	if len(text) > receipt.MaxText {
		t.Fatalf("%d signs are more than %d", len(text), receipt.MaxText)
	}
	v := receipt.Verify(text, k.keys("mx-20-067", 0), noon.Add(time.Hour))
	want := sample(k)
	want.Language = "spa"
	if v.Result != receipt.Genuine || v.Content.Name != want.Name || v.Content.Birth != want.Birth ||
		v.Content.Registration != want.Registration || v.Content.Binding != want.Binding || len(v.Content.Services) != 2 ||
		!v.Content.Services[0].Reuse || v.Content.Services[1].Reuse || !v.Content.Issued.Equal(noon) {
		t.Fatalf("got %v %+v", v, v.Content)
	}
}

func TestLongNamesAreShortened(t *testing.T) {
	k := newKit(1)
	c := sample(k)
	c.Name = strings.Repeat("Teotihuacan Nezahualcóyotl ", 12)
	c.Guardian = strings.Repeat("Guardián Ñuu Savi ", 10)
	text, err := receipt.Sign(c, k.id, k.key)
	if err != nil || len(text) > receipt.MaxText {
		t.Fatalf("%d signs, %v", len(text), err)
	}
	if v := receipt.Verify(text, k.keys("", 0), noon); v.Result != receipt.Genuine || !strings.HasSuffix(v.Content.Name, "…") {
		t.Fatalf("got %+v", v)
	}
}

func TestVerdicts(t *testing.T) {
	k, other := newKit(1), newKit(2)
	expiring := sample(k)
	expiring.Expires = noon.Add(24 * time.Hour)
	sign := func(c receipt.Content, by kit, as civic.DeviceID) string {
		text, err := receipt.Sign(c, as, by.key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	cases := []struct {
		name   string
		text   string
		keys   receipt.Keys
		now    time.Time
		result receipt.Result
		reason civic.Code
	}{
		{"genuine", sign(sample(k), k, k.id), k.keys("mx-20-067", 0), noon, receipt.Genuine, ""},
		{"kit not known here", sign(sample(other), other, other.id), k.keys("", 0), noon, receipt.NotKnownYet, civic.ReceiptIssuer},
		{"another kit's name", sign(sample(other), other, k.id), k.keys("", 0), noon, receipt.RefusedResult, civic.ReceiptForged},
		{"another office's name", sign(sample(k), k, k.id), k.keys("mx-07-001", 0), noon, receipt.RefusedResult, civic.ReceiptForged},
		{"after the kit was lost", sign(sample(k), k, k.id), k.keys("", 6), noon, receipt.RefusedResult, civic.ReceiptForged},
		{"before the kit was lost", sign(sample(k), k, k.id), k.keys("", 7), noon, receipt.Genuine, ""},
		{"from the future", sign(sample(k), k, k.id), k.keys("", 0), noon.Add(-time.Hour), receipt.RefusedResult, civic.ReceiptNotYet},
		{"a clock a little behind", sign(sample(k), k, k.id), k.keys("", 0), noon.Add(-4 * time.Minute), receipt.Genuine, ""},
		{"expired", sign(expiring, k, k.id), k.keys("", 0), noon.Add(24 * time.Hour), receipt.RefusedResult, civic.ReceiptExpired},
		{"empty", "", k.keys("", 0), noon, receipt.RefusedResult, civic.ReceiptUnreadable},
		{"a word", "hello", k.keys("", 0), noon, receipt.RefusedResult, civic.ReceiptUnreadable},
		{"an address", "https://example.org/menu", k.keys("", 0), noon, receipt.RefusedResult, civic.ReceiptUnreadable},
		{"some other code", "HTTPS://EXAMPLE.ORG/", k.keys("", 0), noon, receipt.RefusedResult, civic.ReceiptUnreadable},
		{"too long", strings.Repeat("A", 17<<10), k.keys("", 0), noon, receipt.RefusedResult, civic.ReceiptUnreadable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := receipt.Verify(c.text, c.keys, c.now)
			if v.Result != c.result || v.Reason != c.reason {
				t.Errorf("got %v (%s), want %v (%s)", v.Result, v.Reason, c.result, c.reason)
			}
			if v.Result != receipt.Genuine && v.Content.Name != "" {
				t.Error("a receipt that is not genuine must say nothing")
			}
		})
	}
}

// Every one-byte change, exhaustively: each place, each other byte there is. It
// is refused, or holds the identical signed content.
func TestNoChangedSignIsBelieved(t *testing.T) {
	k := newKit(3)
	text, err := receipt.Sign(sample(k), k.id, k.key)
	if err != nil {
		t.Fatal(err)
	}
	keys := k.keys("", 0)
	said := receipt.Verify(text, keys, noon)
	for i := range text {
		for sign := range 256 {
			changed := text[:i] + string([]byte{byte(sign)}) + text[i+1:]
			if changed == text {
				continue
			}
			if v := receipt.Verify(changed, keys, noon); v.Result == receipt.Genuine && !reflect.DeepEqual(v, said) {
				t.Fatalf("sign %d changed to byte %d is believed", i, sign)
			}
		}
		if v := receipt.Verify(text[:i], keys, noon); v.Result == receipt.Genuine {
			t.Fatalf("cut to %d signs it is believed", i)
		}
		if v := receipt.Verify(text+text[:i+1], keys, noon); v.Result == receipt.Genuine {
			t.Fatal("with signs behind it is believed")
		}
	}
}

func TestPictureIsReadBack(t *testing.T) {
	k := newKit(1)
	text, err := receipt.Sign(sample(k), k.id, k.key)
	if err != nil {
		t.Fatal(err)
	}
	pictureBytes, err := receipt.PNG(text)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := receipt.ReadPicture(bytes.NewReader(pictureBytes)); err != nil || got != text {
		t.Fatalf("png: %v", err)
	}
	picture, err := png.Decode(bytes.NewReader(pictureBytes))
	if err != nil {
		t.Fatal(err)
	}
	if width := picture.Bounds().Dx() / 8; width > 65+8 {
		t.Errorf("the code has %d modules with its zone, version 12 has 73", width)
	}
	var asJPEG bytes.Buffer
	if err := jpeg.Encode(&asJPEG, picture, &jpeg.Options{Quality: 60}); err != nil {
		t.Fatal(err)
	}
	if got, err := receipt.ReadPicture(&asJPEG); err != nil || got != text {
		t.Fatalf("jpeg: %v", err)
	}
	var blank bytes.Buffer
	if err := png.Encode(&blank, image.NewGray(image.Rect(0, 0, 80, 80))); err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{blank.Bytes(), []byte("no picture"), nil} {
		if _, err := receipt.ReadPicture(bytes.NewReader(b)); civic.CodeOf(err) != civic.PictureNoCode {
			t.Errorf("got %v", err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	k := newKit(1)
	text, err := receipt.Sign(sample(k), k.id, k.key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	for _, seed := range []string{"6BFL70+30FFWJWG", "", "a", "hello", "https://example.org/menu", ":::", "Ñ", text[:len(text)-1], "a" + text[1:]} {
		f.Add(seed)
	}
	said := receipt.Verify(text, k.keys("", 0), noon)
	f.Fuzz(func(t *testing.T, s string) {
		if v := receipt.Verify(s, k.keys("", 0), noon); v.Result == receipt.Genuine && !reflect.DeepEqual(v, said) {
			t.Errorf("believed %q", s)
		}
	})
}
