package kit

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

func writeFile(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEnrolment(t *testing.T) {
	w := newWorld(t)
	if w.State() != NotEnrolled {
		t.Fatalf("a new folder is %v", w.State())
	}
	_, err := w.Home(t.Context())
	wantCode(t, err, civic.NotEnrolled)

	in := w.input()
	for _, c := range []struct {
		change func(*EnrolInput)
		code   civic.Code
	}{
		{func(in *EnrolInput) { in.Passphrase = "secret" }, civic.WeakPassphrase},
		{func(in *EnrolInput) { in.Code = "ABCD-EFGH" }, civic.CodeMalformed},
		{func(in *EnrolInput) { in.Server = "https://127.0.0.1:1" }, civic.ServerUnreachable},
	} {
		bad := in
		c.change(&bad)
		wantCode(t, w.Enrol(t.Context(), bad), c.code)
	}
	for _, code := range []civic.Code{civic.CodeExpired, civic.CodeUnknown} {
		w.centre.Refuse(code)
		wantCode(t, w.Enrol(t.Context(), in), code)
	}
	w.centre.Refuse("")
	if w.State() != NotEnrolled {
		t.Fatal("a refused enrolment left a kit behind")
	}
	if err := w.Enrol(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if w.State() != Unlocked {
		t.Fatalf("after enrolment the kit is %v", w.State())
	}
	wantCode(t, w.Enrol(t.Context(), w.input()), civic.AlreadyEnrolled)

	other := newWorld(t)
	other.centre = w.centre
	in.Passphrase = testPassphrase
	wantCode(t, other.Enrol(t.Context(), in), civic.CodeUsed)

	w.reopen()
	wantCode(t, w.Unlock(t.Context(), "quite another long passphrase"), civic.WrongPassphrase)
	_, err = w.Registrations(t.Context(), Filter{})
	wantCode(t, err, civic.Locked)
	if err := w.Unlock(t.Context(), testPassphrase); err != nil {
		t.Fatal(err)
	}
	h, err := w.Home(t.Context())
	if err != nil || h.Office != "mx-20-067" || h.Officer != "Ana" || h.KitName != "blue tablet" || h.LastContact.IsZero() {
		t.Fatalf("%+v, %v", h, err)
	}
	_, err = Open(t.Context(), w.o)
	wantCode(t, err, civic.KitBusy)
}

// TestEnrolAnswerLost: wherever the line dies, before or after the centre took
// the enrolment, the same code works again, because the kit kept the keys it
// offered.
func TestEnrolAnswerLost(t *testing.T) {
	died := 0
	for after := 1 << 10; after <= 15<<10; after += 2 << 10 {
		w := newWorld(t)
		cut := true
		w.o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if !cut {
				return (&net.Dialer{}).DialContext(ctx, network, address)
			}
			if after <= 0 {
				return nil, errors.New("no line")
			}
			c, err := (&net.Dialer{}).DialContext(ctx, network, address)
			return &deaf{Conn: c, left: &after}, err
		}
		w.reopen()
		in := w.input()
		was := after
		if err := w.Enrol(t.Context(), in); err != nil {
			wantCode(t, err, civic.ServerUnreachable)
			died++
			cut = false
			if err := w.Enrol(t.Context(), in); err != nil {
				t.Fatalf("line dead after %d bytes: %v", was, err)
			}
		}
		after = was
	}
	if died < 3 {
		t.Fatalf("the line died %d times only", died)
	}
}

// deaf hears nothing any more after so many bytes.
type deaf struct {
	net.Conn
	left *int
}

func (d *deaf) Read(b []byte) (int, error) {
	if *d.left <= 0 {
		return 0, errors.New("the line is dead")
	}
	n, err := d.Conn.Read(b[:min(len(b), *d.left)])
	*d.left -= n
	return n, err
}

func TestInterviewToReceipt(t *testing.T) {
	w := enrolled(t)
	ctx := t.Context()
	iv := w.interview(map[string]string{"who/given_name": "Ana", "who/surname": "Paz Núñez", "who/sex": "female", "who/birth_date": "1990-02", "home/rooms": "400"})
	_, err := w.Seal(ctx, iv)
	var unfinished *Unfinished
	if !errors.As(err, &unfinished) || unfinished.Findings[0].Path != "home/rooms" {
		t.Fatalf("an answer against the rules was sealed: %v", err)
	}
	if err := iv.Set(ctx, "home/rooms", civic.Answer{Value: "4"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Attach(ctx, iv, "home/photo", "Ana Paz.jpg", bytes.NewReader(picture(t))); err != nil {
		t.Fatal(err)
	}
	if a := iv.Attachments(); len(a) != 1 || strings.Contains(a[0].Name, "Ana") {
		t.Fatalf("attachments %+v", a)
	}
	wantCode(t, w.Attach(ctx, iv, "home/photo", "x", strings.NewReader("no picture")), civic.PictureUnknown)
	for _, ask := range iv.Consents() {
		if err := errors.Join(iv.SetConsent(ctx, civic.Consent{Service: ask.Service, Given: true}), iv.SetReadAloud(ctx, true)); err != nil {
			t.Fatal(err)
		}
	}
	if err := iv.GoTo(ctx, "home"); err != nil {
		t.Fatal(err)
	}

	// The tablet's battery dies; the draft is as it was left.
	w.reopen()
	if err := w.Unlock(ctx, testPassphrase); err != nil {
		t.Fatal(err)
	}
	drafts, err := w.Drafts(ctx)
	if err != nil || len(drafts) != 1 || drafts[0].Name != "Ana Paz Núñez" || drafts[0].Section != "home" {
		t.Fatalf("%+v, %v", drafts, err)
	}
	iv, err = w.Resume(ctx, drafts[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := w.Picture(ctx, iv.Attachments()[0]); err != nil || !bytes.Equal(b, picture(t)) {
		t.Fatalf("the picture changed: %v", err)
	}
	id, err := w.Seal(ctx, iv)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.Seal(ctx, iv); err != nil || again != id {
		t.Fatalf("sealed twice: %v, %v", again, err)
	}
	if counts, err := w.Status(ctx); err != nil || counts.Sealed != 1 || counts.Drafts != 0 {
		t.Fatalf("%+v, %v", counts, err)
	}

	r, err := w.Receipt(ctx, id)
	if err != nil || r.Name != "Ana Paz Núñez" || r.BirthDate != "1990-02" {
		t.Fatalf("%+v, %v", r, err)
	}
	v, err := w.Verify(ctx, r.Text)
	if err != nil || !v.Valid || v.Registration != id || v.Office != "mx-20-067" {
		t.Fatalf("%+v, %v", v, err)
	}
	png, err := w.ReceiptPNG(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := w.VerifyPicture(ctx, bytes.NewReader(png)); err != nil || !v.Valid {
		t.Fatalf("%+v, %v", v, err)
	}
	if pdf, err := w.ReceiptPDF(ctx, id, "es"); err != nil || !bytes.HasPrefix(pdf, []byte("%PDF")) {
		t.Fatalf("no PDF: %v", err)
	}
	if v, err := w.Verify(ctx, "NOT A RECEIPT"); err != nil || v.Valid || v.Reason != civic.ReceiptUnreadable {
		t.Fatalf("%+v, %v", v, err)
	}

	found, err := w.Search(ctx, "nunez ana", 10)
	if err != nil || len(found) != 1 || found[0].Registration != id || found[0].BirthDate != "1990-02" {
		t.Fatalf("%+v, %v", found, err)
	}
	rows, err := w.Registrations(ctx, Filter{Query: "NÚÑEZ"})
	if err != nil || len(rows) != 1 || rows[0].ID != id || rows[0].Status != civic.Sealed {
		t.Fatalf("%+v, %v", rows, err)
	}
	e, err := w.Registration(ctx, id, "es")
	if err != nil || len(e.Sections) != 2 || e.Sections[0].Lines[2].Value != "Mujer" || len(e.Attachments) != 1 {
		t.Fatalf("%+v, %v", e, err)
	}
	_, err = w.Receipt(ctx, civic.RegistrationID{1})
	wantCode(t, err, civic.RegistrationAbsent)
}

func picture(t *testing.T) []byte {
	t.Helper()
	p := image.NewRGBA(image.Rect(0, 0, 16, 16))
	p.Set(3, 3, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDiscardAndRestore(t *testing.T) {
	w := enrolled(t)
	iv := w.interview(map[string]string{"who/given_name": "Ana"})
	if err := w.Discard(t.Context(), iv.ID()); err != nil {
		t.Fatal(err)
	}
	if d, err := w.Drafts(t.Context()); err != nil || len(d) != 0 {
		t.Fatalf("%+v, %v", d, err)
	}
	if err := w.Restore(t.Context(), iv.ID()); err != nil {
		t.Fatal(err)
	}
	if d, err := w.Drafts(t.Context()); err != nil || len(d) != 1 || d[0].Name != "Ana" {
		t.Fatalf("%+v, %v", d, err)
	}
}

func TestLeaseLimitsNewInterviewsOnly(t *testing.T) {
	w := newWorld(t)
	w.centre.Lease(10 * 24 * time.Hour)
	if err := w.Enrol(t.Context(), w.input()); err != nil {
		t.Fatal(err)
	}
	w.loadForm()
	iv := w.interview(map[string]string{"who/given_name": "Ana"})
	w.sleep(8 * 24 * time.Hour)
	wantAlert(t, w, civic.LeaseNear)
	w.sleep(3 * 24 * time.Hour)
	_, err := w.Begin(t.Context(), testForm)
	wantCode(t, err, civic.LeaseOver)
	wantAlert(t, w, civic.LeaseOver)
	iv, err = w.Resume(t.Context(), iv.ID())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Seal(t.Context(), iv); err != nil {
		t.Fatalf("what was begun must be finished: %v", err)
	}
	// A clock set forward burns nothing once it is put right.
	w.sleep(-6 * 24 * time.Hour)
	if _, err := w.Begin(t.Context(), testForm); err != nil {
		t.Fatal(err)
	}
}

func TestFullDiskIsToldBeforeAnInterview(t *testing.T) {
	w := enrolled(t)
	id := w.sealed("Ana", "Paz")
	free := uint64(1 << 10)
	w.o.FreeSpace = func(string) (uint64, error) { return free, nil }
	w.reopen()
	if err := w.Unlock(t.Context(), testPassphrase); err != nil {
		t.Fatal(err)
	}
	_, err := w.Begin(t.Context(), testForm)
	wantCode(t, err, civic.DiskFull)
	wantAlert(t, w, civic.DiskFull)
	if _, err := w.Receipt(t.Context(), id); err != nil {
		t.Fatalf("what was sealed before must stay usable: %v", err)
	}
	free = 1 << 40
	w.interview(map[string]string{"who/given_name": "Eva"})
}

func TestDamagedStoreIsSetAsideWhole(t *testing.T) {
	w := enrolled(t)
	w.sealed("Ana", "Paz")
	if err := w.Kit.Close(); err != nil {
		t.Fatal(err)
	}
	w.Kit = nil
	var big string
	var size int64
	_ = filepath.Walk(w.o.Home, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() && info.Size() > size {
			big, size = path, info.Size()
		}
		return err
	})
	damaged, err := os.ReadFile(big)
	if err != nil {
		t.Fatal(err)
	}
	for i := range min(len(damaged), 8192) {
		damaged[i] = 'x'
	}
	writeFile(t, big, damaged)
	_, err = Open(t.Context(), w.o)
	wantCode(t, err, civic.StoreDamaged)
	kept := false
	_ = filepath.Walk(w.o.Home, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() && path != big && info.Size() == size {
			b, _ := os.ReadFile(path)
			kept = kept || bytes.Equal(b, damaged)
		}
		return err
	})
	if !kept {
		t.Fatal("the damaged file was not kept whole")
	}
	// It is never silently replaced by an empty one.
	_, err = Open(t.Context(), w.o)
	wantCode(t, err, civic.StoreDamaged)
}

func TestSyncWithoutANetworkLosesNothing(t *testing.T) {
	w := enrolled(t)
	w.sealed("Ana", "Paz")
	if err := w.centre.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := w.Sync(t.Context(), 0, nil)
	wantCode(t, err, civic.NoNetwork)
	wantCode(t, w.Reachable(t.Context()), civic.NoNetwork)
	counts, err := w.Status(t.Context())
	if err != nil || counts.Waiting() != 1 {
		t.Fatalf("%+v, %v", counts, err)
	}
}

func TestProposedPassphrasesAreAccepted(t *testing.T) {
	w := newWorld(t)
	for _, lang := range []string{"en", "es-MX", "zh"} {
		words := w.ProposePassphrase(lang)
		if n := len(strings.Fields(words)); n < 4 || words == w.ProposePassphrase(lang) {
			t.Errorf("%s: %q", lang, words)
		}
	}
	in := w.input()
	in.Passphrase = w.ProposePassphrase("es")
	if err := w.Enrol(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func wantAlert(t *testing.T, w *world, code civic.Code) {
	t.Helper()
	h, err := w.Home(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range h.Alerts {
		if a.Code == code {
			return
		}
	}
	t.Fatalf("alerts %+v, want %s", h.Alerts, code)
}
