package serve_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/hub"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// newHub enrols a hub and opens it.
func newHub(t *testing.T, c *serve.Centre, url string, hours hub.Hours) *hub.Hub {
	t.Helper()
	code, _, err := c.Access.InviteHub(t.Context(), "mx-20", 0, "test")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, area, err := hub.Enrol(t.Context(), hub.Enrolment{Dir: dir, Server: url, Code: code, Name: "hub", Clock: time.Now, Rand: rand.Reader}); err != nil || area != "mx-20" {
		t.Fatal(err, area)
	}
	return openHub(t, dir, url, hours)
}

func openHub(t *testing.T, dir, url string, hours hub.Hours) *hub.Hub {
	t.Helper()
	h, err := hub.Open(hub.Config{Dir: dir, Server: url, Clock: time.Now, Rand: rand.Reader, Logger: slog.New(slog.DiscardHandler), Every: time.Hour, Hours: hours})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// serveHub answers kits until the test ends.
func serveHub(t *testing.T, h *hub.Hub) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "https://" + l.Addr().String()
}

// never are hours that are not now.
func never() hub.Hours {
	at := time.Now().Add(3 * time.Hour)
	from := time.Duration(at.Hour()) * time.Hour
	return hub.Hours{From: from, To: from + time.Minute}
}

// A kit hands everything to the hub by day, the hub forwards by night, and the
// outcomes come back the same way.
func TestHub(t *testing.T) {
	c := newCentre(t)
	centreURL, _ := running(t, c)
	k := newKit(t, c, "mx-20-067")
	k.enrol(c, centreURL)
	h := newHub(t, c, centreURL, never())
	if err := h.Forward(t.Context()); err != nil { // its certificate
		t.Fatal(err)
	}
	k.url = serveHub(t, h)
	header, file := k.header(c), k.pack(k.births(20))
	ask := protocol.SyncRequest{Batches: []civic.Digest{protocol.NameOf(file)}, Keys: []protocol.KeyID{k.day.ID}}

	var a protocol.SyncAnswer
	if err := k.post(protocol.PathSync, ask, &a); err != nil || len(a.Want) != 1 || len(a.WantKey) != 1 {
		t.Fatal(err, a)
	}
	for kind, b := range map[protocol.UploadKind][]byte{protocol.UploadKey: header, protocol.UploadBatch: file} {
		if err := upload(k.browser(), k.url, kind, b); err != nil {
			t.Fatal(err)
		}
	}
	a = protocol.SyncAnswer{}
	if err := k.post(protocol.PathSync, ask, &a); err != nil || len(a.Want) != 0 || len(a.WantKey) != 0 || a.Acks != nil {
		t.Fatal("the hub holds it and cannot sign for it", err, a)
	}
	if s := h.Status(); s.Files != 2 || s.Waiting != 2 {
		t.Fatalf("%+v", s)
	}
	noAnswerIn(t, h.Dir)

	if err := h.Forward(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := h.Status(); s.Waiting != 0 {
		t.Fatalf("not forwarded: %+v", s)
	}
	settled(t, c, 20)
	if err := h.Forward(t.Context()); err != nil {
		t.Fatal(err)
	}
	a = protocol.SyncAnswer{}
	if err := k.post(protocol.PathSync, ask, &a); err != nil {
		t.Fatal(err)
	}
	var acks []protocol.BatchAck
	if err := protocol.Open(protocol.StatementAck, a.Acks, k.enrolled.Bundle.Server, &acks); err != nil || acks[0].State != protocol.BatchReceived {
		t.Fatal(err, acks)
	}
	plain, err := protocol.OpenDown(k.secret[:], a.Down[0].Seq, a.Down[0].Kind, a.Down[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	if outcomes, err := protocol.OpenOutcomes(k.public(), plain); err != nil || len(outcomes) != 20 {
		t.Fatal(err, len(outcomes))
	}
	// Safe at the centre: then the hub lets go.
	if _, err := c.Backup(t.Context(), t.TempDir(), true); err != nil {
		t.Fatal(err)
	}
	if err := h.Forward(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := h.Status(); s.Files != 1 { // the day's key may serve more to come
		t.Fatalf("%+v", s)
	}
}

// noAnswerIn looks for a word of a registration in every file of a folder.
func noAnswerIn(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, word := range []string{"given_name", "birth_notice", "female", "hospital"} {
			if bytes.Contains(b, []byte(word)) {
				t.Errorf("%s holds %q", filepath.Base(path), word)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// settled waits until the centre has decided.
func settled(t *testing.T, c *serve.Centre, n int) {
	t.Helper()
	until(t, func() bool { return counts(t, c).Registrations == n })
}

// A question that the centre refuses keeps no other kit's back, whichever of
// them the hub brings first.
func TestARefusedQuestionHoldsNoOtherUp(t *testing.T) {
	c := newCentre(t)
	centreURL, _ := running(t, c)
	kits := []*kit{newKit(t, c, "mx-20-067"), newKit(t, c, "mx-20-067")}
	for _, k := range kits {
		k.enrol(c, centreURL)
	}
	for i, bad := range kits {
		good := kits[1-i]
		h := newHub(t, c, centreURL, never())
		if err := h.Forward(t.Context()); err != nil { // its certificate
			t.Fatal(err)
		}
		url := serveHub(t, h)
		good.url, bad.url = url, url
		var a protocol.SyncAnswer
		for k, ask := range map[*kit]protocol.SyncRequest{good: {}, bad: {Batches: make([]civic.Digest, 5000)}} {
			if err := k.post(protocol.PathSync, ask, &a); err != nil || len(a.Lease) != 0 {
				t.Fatal(err, a)
			}
		}
		if err := h.Forward(t.Context()); civic.CodeOf(err) != civic.RequestMalformed {
			t.Error(err)
		}
		if err := good.post(protocol.PathSync, protocol.SyncRequest{}, &a); err != nil || len(a.Lease) == 0 {
			t.Errorf("the other kit has no answer: %v", err)
		}
	}
}

// A hub brings who opened what, and cannot put anything of its own in a kit's
// name where the kit's word belongs.
func TestAHubInventsNoOpening(t *testing.T) {
	c := newCentre(t)
	centreURL, stop := running(t, c)
	defer stop()
	k := newKit(t, c, "mx-20-067")
	k.enrol(c, centreURL)
	h := newHub(t, c, centreURL, never())
	sealed, err := protocol.SealUp(k.secret[:], 1, []byte("not read here"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	own := protocol.SealedOpening{N: 1, Body: sealed}
	for _, step := range []struct {
		name   string
		brings []protocol.SealedOpening
		kept   int
	}{
		{"an invention", []protocol.SealedOpening{{N: 1, Body: []byte("invented")}}, 0},
		{"under another number", []protocol.SealedOpening{{N: 2, Body: sealed}}, 0},
		{"the kit's own and an invention", []protocol.SealedOpening{own, {N: 2, Body: []byte("invented")}}, 1},
	} {
		ask, err := protocol.Marshal(protocol.SyncRequest{Openings: step.brings})
		if err == nil {
			err = os.WriteFile(filepath.Join(h.Dir, "ask", hex.EncodeToString(k.transport.Public().(ed25519.PublicKey))+".cbor"), ask, 0o600)
		}
		if err == nil {
			err = h.Forward(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		var kept int
		err = c.DB.View(t.Context(), func(tx ledger.Tx) error {
			return tx.QueryRow(t.Context(), "SELECT count(*) FROM pack_opening").Scan(&kept)
		})
		if err != nil || kept != step.kept {
			t.Errorf("%s: %d are kept, %v", step.name, kept, err)
		}
	}
}

// Anybody may have written what a stick asks: nothing invented is kept, and what
// makes no sense keeps no other kit's answer back.
func TestAStickInventsNoOpening(t *testing.T) {
	c := newCentre(t)
	url, stop := running(t, c)
	defer stop()
	k, other := newKit(t, c, "mx-20-067"), newKit(t, c, "mx-20-067")
	k.enrol(c, url)
	other.enrol(c, url)
	stick := t.TempDir()
	if err := os.Mkdir(filepath.Join(stick, "ask"), 0o700); err != nil {
		t.Fatal(err)
	}
	for id, ask := range map[civic.DeviceID]protocol.SyncRequest{
		k.id:     {Openings: []protocol.SealedOpening{{N: 1, Body: []byte("invented")}}},
		other.id: {Log: &protocol.LogSeen{Size: -1}},
	} {
		b, err := protocol.Marshal(ask)
		if err == nil {
			err = os.WriteFile(filepath.Join(stick, "ask", id.String()+".cbor"), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if n, err := c.Ingest.Import(t.Context(), stick); err != nil || n.Answers != 1 {
		t.Errorf("%+v %v", n, err)
	}
	var kept int
	err := c.DB.View(t.Context(), func(tx ledger.Tx) error {
		return tx.QueryRow(t.Context(), "SELECT count(*) FROM pack_opening").Scan(&kept)
	})
	if err != nil || kept != 0 {
		t.Errorf("%d are kept, %v", kept, err)
	}
}

// A hub that was killed goes on with what it held.
func TestHubComesUpAgain(t *testing.T) {
	c := newCentre(t)
	centreURL, _ := running(t, c)
	k := newKit(t, c, "mx-20-067")
	k.enrol(c, centreURL)
	h := newHub(t, c, centreURL, never())
	if err := h.Forward(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.url = serveHub(t, h)
	for kind, b := range map[protocol.UploadKind][]byte{protocol.UploadKey: k.header(c), protocol.UploadBatch: k.pack(k.births(5))} {
		if err := upload(k.browser(), k.url, kind, b); err != nil {
			t.Fatal(err)
		}
	}
	again := openHub(t, h.Dir, centreURL, never())
	if s := again.Status(); s.Files != 2 || s.Waiting != 2 {
		t.Fatalf("%+v", s)
	}
	if err := again.Forward(t.Context()); err != nil {
		t.Fatal(err)
	}
	settled(t, c, 5)
}

func TestWhatAHubMayNot(t *testing.T) {
	c := newCentre(t)
	url, _ := running(t, c)
	k := newKit(t, c, "mx-1")
	k.enrol(c, url)
	for path, ask := range map[string]any{protocol.PathHub: protocol.HubRequest{}, protocol.PathRelay: protocol.RelayRequest{Transport: k.public()}} {
		if err := k.post(path, ask, &protocol.HubAnswer{}); civic.CodeOf(err) != civic.NotHub {
			t.Errorf("a kit at %s: %v", path, err)
		}
	}
	if _, err := hub.Open(hub.Config{Dir: t.TempDir(), Clock: time.Now, Rand: rand.Reader}); civic.CodeOf(err) != civic.NotEnrolled {
		t.Error(err)
	}
	h := newHub(t, c, url, never())
	if err := h.Forward(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.url = serveHub(t, h)
	if err := k.post(protocol.PathEnrol, protocol.EnrolRequest{}, &protocol.EnrolAnswer{}); civic.CodeOf(err) != civic.HubOnly {
		t.Error(err)
	}
	res, err := k.browser().Get(k.url + protocol.PathHealth)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(err)
	}
	res.Body.Close()
	var bundle protocol.KeyBundle
	statement, _, err := c.Access.Bundle(t.Context())
	if err == nil {
		err = protocol.Open(protocol.StatementBundle, statement, rootKey(k), &bundle)
	}
	if err != nil || len(bundle.Kits) != 1 {
		t.Errorf("the hub's key stands in the bundle: %d keys, %v", len(bundle.Kits), err)
	}
}

func TestHours(t *testing.T) {
	at := func(h, m int) time.Time { return time.Date(2026, 3, 2, h, m, 0, 0, time.UTC) }
	night := hub.Hours{From: 20 * time.Hour, To: 5 * time.Hour}
	for hour, want := range map[int]bool{19: false, 20: true, 23: true, 0: true, 4: true, 5: false, 12: false} {
		if night.Open(at(hour, 0)) != want {
			t.Errorf("at %d the night is %v", hour, !want)
		}
	}
	if !(hub.Hours{}).Open(at(12, 0)) || (hub.Hours{From: time.Hour, To: 2 * time.Hour}).Open(at(2, 0)) {
		t.Error("hours")
	}
}

// A courier fetches what is for kits of its own office, and changes nothing by
// asking in their name.
func TestWhatACourierMayNot(t *testing.T) {
	c := newCentre(t)
	url, _ := running(t, c)
	courier, other, stranger := newKit(t, c, "mx-1"), newKit(t, c, "mx-1"), newKit(t, c, "mx-2")
	for _, k := range []*kit{courier, other, stranger} {
		k.enrol(c, url)
	}
	forged := protocol.SyncRequest{Cursor: 1 << 40, Clock: protocol.Stamp{Wall: 1}, Journal: protocol.Head{Length: 99},
		Meters: []protocol.Meter{{Counter: 7, Asked: 500}}, Openings: []protocol.SealedOpening{{N: 1, Body: []byte("forged")}}}
	known := func() (d access.Device) {
		err := c.DB.View(t.Context(), func(tx ledger.Tx) (err error) {
			d, err = c.Access.ByID(t.Context(), tx, other.id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	before := known()
	var a protocol.SyncAnswer
	if err := courier.post(protocol.PathCarried, protocol.CarriedRequest{Device: other.id, Ask: forged}, &a); err != nil {
		t.Fatal(err)
	}
	if a.Metered != 0 || a.Opened != 0 || len(a.Lease) == 0 {
		t.Errorf("%+v", a)
	}
	if after := known(); after.Cursor != before.Cursor || !after.Seen.Equal(before.Seen) || after.Journal != before.Journal {
		t.Errorf("what is known of the kit changed: %+v", after)
	}
	for name, x := range map[string]struct {
		by, of *kit
	}{"another office": {stranger, other}, "of another office": {courier, stranger}} {
		if err := x.by.post(protocol.PathCarried, protocol.CarriedRequest{Device: x.of.id}, &a); civic.CodeOf(err) != civic.DeviceUnknown {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := courier.post(protocol.PathCarried, protocol.CarriedRequest{Device: civic.DeviceID{1}}, &a); civic.CodeOf(err) != civic.DeviceUnknown {
		t.Errorf("nobody's: %v", err)
	}
	if _, err := c.Access.Revoke(t.Context(), courier.id, 0, false, "test"); err != nil {
		t.Fatal(err)
	}
	if err := courier.post(protocol.PathCarried, protocol.CarriedRequest{Device: other.id}, &a); civic.CodeOf(err) != civic.DeviceRevoked {
		t.Errorf("withdrawn: %v", err)
	}
}
