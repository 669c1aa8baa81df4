package serve_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

func counts(t testing.TB, c *serve.Centre) (n reconcile.Counts) {
	t.Helper()
	err := c.DB.View(context.Background(), func(tx ledger.Tx) (err error) {
		n, err = reconcile.Count(context.Background(), tx, "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// work lets the worker run until nothing waits.
func work(t testing.TB, c *serve.Centre) {
	t.Helper()
	for {
		n, err := c.Ingest.Work(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func TestKitOverTLS(t *testing.T) {
	c := newCentre(t)
	url, stop := running(t, c)
	k := newKit(t, c, "mx-20-067")
	k.enrol(c, url)
	for kind, file := range map[protocol.UploadKind][]byte{protocol.UploadKey: k.header(c), protocol.UploadBatch: k.pack(k.births(20))} {
		if err := upload(k.browser(), url, kind, file); err != nil {
			t.Fatal(err)
		}
	}
	var a protocol.SyncAnswer
	err := k.post(protocol.PathSync, protocol.SyncRequest{Wait: 20, Clock: protocol.Stamp{Wall: time.Now().Unix()}}, &a)
	if err != nil || a.Pending != 0 {
		t.Fatal(err, a.Pending)
	}
	if n := counts(t, c); n.Registrations != 20 {
		t.Fatalf("%+v", n)
	}
	if _, err := c.Access.Revoke(t.Context(), k.id, 0, false, "test"); err != nil {
		t.Fatal(err)
	}
	if err := k.post(protocol.PathSync, protocol.SyncRequest{}, &a); err != nil {
		t.Fatalf("a withdrawn kit may still ask: %v", err)
	}
	var lease protocol.Lease
	if err := protocol.Open(protocol.StatementLease, a.Lease, k.enrolled.Bundle.Server, &lease); err != nil || !lease.Revoked {
		t.Fatal(err, lease)
	}
	stranger := newKit(t, c, "mx-1")
	stranger.enrolled.Root, stranger.url = k.enrolled.Root, url
	if err := stranger.post(protocol.PathSync, protocol.SyncRequest{}, &a); civic.CodeOf(err) != civic.DeviceUnknown {
		t.Fatal(err)
	}
	stop()
	if err := c.DB.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestStopEndsLongCalls(t *testing.T) {
	c := newCentre(t)
	url, stop := running(t, c)
	k := newKit(t, c, "mx-20-067")
	k.enrol(c, url)
	// A batch that waits for its key keeps the call open.
	if _, _, err := c.Ingest.Take(t.Context(), protocol.UploadBatch, k.pack(k.births(1)), k.id); err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		body, _ := protocol.Marshal(protocol.SyncRequest{Wait: 30})
		res, err := k.browser().Post(url+protocol.PathSync, protocol.MediaCBOR, strings.NewReader(string(body)))
		if err == nil {
			res.Body.Close()
		}
	}()
	until(t, func() bool { // the call has arrived, which Seen writes down
		devices, err := c.Access.Devices(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return !devices[0].Seen.IsZero()
	})
	stop()
	<-asked
}

func TestEnrolmentIsLimited(t *testing.T) {
	c := newCentre(t)
	k := newKit(t, c, "mx-1")
	ask := protocol.EnrolRequest{Secret: make([]byte, 10), Device: k.public(), Transport: k.public(), KitSecret: []byte{1}}
	_ = ask.Prove(k.sign)
	body, _ := protocol.Marshal(ask)
	refused := 0
	for range 60 {
		r := httptest.NewRequest(http.MethodPost, protocol.PathEnrol, strings.NewReader(string(body)))
		w := httptest.NewRecorder()
		c.Handler().ServeHTTP(w, r)
		if w.Code == http.StatusTooManyRequests && w.Header().Get(protocol.HeaderProblem) == string(civic.TooManyTries) {
			refused++
		} else if w.Code == http.StatusOK {
			t.Fatal("enrolled")
		}
	}
	if refused < 30 {
		t.Fatalf("only %d of 60 tries were refused", refused)
	}
}

func TestPlainPages(t *testing.T) {
	c := newCentre(t)
	for path, want := range map[string]int{
		protocol.PathHealth: 200, protocol.PathBundle: 200, "/": 303, "/nothing": 404, "/console/": 303,
	} {
		w := httptest.NewRecorder()
		c.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
		if path == protocol.PathHealth {
			if b, _ := io.ReadAll(w.Body); string(b) != "ok" {
				t.Errorf("health says %q", b)
			}
		}
	}
}

// Five thousand registrations of several kits through the worker and the real
// registry, with a restart in between: each is settled once.
func TestFiveThousand(t *testing.T) {
	conf := newConfig(t)
	if err := serve.Init(t.Context(), conf, "Test"); err != nil {
		t.Fatal(err)
	}
	c, err := serve.Open(t.Context(), conf)
	if err != nil {
		t.Fatal(err)
	}
	url, stop := running(t, c)
	var files [][]byte
	for _, area := range []civic.Area{"mx-1", "mx-22"} {
		k := newKit(t, c, area)
		k.enrol(c, url)
		if _, _, err := c.Ingest.Take(t.Context(), protocol.UploadKey, k.header(c), k.id); err != nil {
			t.Fatal(err)
		}
		regs := k.births(2500)
		for i := 0; i < len(regs); i += 125 {
			files = append(files, k.pack(regs[i:i+125]))
		}
	}
	for i, file := range files {
		if _, _, err := c.Ingest.Take(t.Context(), protocol.UploadBatch, file, civic.DeviceID{}); err != nil {
			t.Fatal(err)
		}
		if i == len(files)/2 {
			stop()
			c.Close()
			c = open(t, conf)
		}
	}
	for _, file := range files { // everything once more
		if _, repeated, err := c.Ingest.Take(t.Context(), protocol.UploadBatch, file, civic.DeviceID{}); err != nil || !repeated {
			t.Fatal(err, repeated)
		}
	}
	work(t, c)
	n := counts(t, c)
	if n.Registrations != 5000 || n.Registered+n.Merged+n.Held+n.Returned != 5000 || n.Returned != 0 {
		t.Fatalf("%+v", n)
	}
}

// Fifty kits of one office enrol, send and wait at the same time.
func TestFiftyKitsAtOnce(t *testing.T) {
	c := newCentre(t)
	url, _ := running(t, c)
	const kits, each = 50, 6
	var group errgroup.Group
	for range kits {
		k := newKit(t, c, "mx-20-067")
		group.Go(func() error {
			k.enrol(c, url)
			web := k.browser()
			for _, file := range []struct {
				kind  protocol.UploadKind
				bytes []byte
			}{{protocol.UploadBatch, k.pack(k.births(each / 2))}, {protocol.UploadKey, k.header(c)}, {protocol.UploadBatch, k.pack(k.births(each / 2))}} {
				if err := upload(web, url, file.kind, file.bytes); err != nil {
					return err
				}
			}
			told := 0
			for cursor := uint64(0); told < each; {
				var a protocol.SyncAnswer
				if err := k.post(protocol.PathSync, protocol.SyncRequest{Cursor: cursor, Wait: 10, Clock: protocol.Stamp{Wall: time.Now().Unix()}}, &a); err != nil {
					return err
				}
				for _, d := range a.Down {
					plain, err := protocol.OpenDown(k.secret[:], d.Seq, d.Kind, d.Body)
					if err != nil {
						return err
					}
					outcomes, err := protocol.OpenOutcomes(k.public(), plain)
					if err != nil {
						return err
					}
					told, cursor = told+len(outcomes), d.Seq
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := counts(t, c); n.Registrations != kits*each {
		t.Fatalf("%+v", n)
	}
}

// upload sends a file in one request.
func upload(web *http.Client, url string, kind protocol.UploadKind, file []byte) error {
	r, err := http.NewRequest(http.MethodPost, url+protocol.PathUploads, bytes.NewReader(file))
	if err != nil {
		return err
	}
	r.Header.Set(protocol.HeaderTusResumable, protocol.TusVersion)
	r.Header.Set("Content-Type", protocol.MediaOffset)
	r.Header.Set(protocol.HeaderUploadLength, strconv.Itoa(len(file)))
	r.Header.Set(protocol.HeaderUploadMeta, protocol.Metadata{Kind: kind, Name: protocol.NameOf(file)}.String())
	res, err := web.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if p := protocol.ReadProblem(res); p != nil {
		return p
	}
	if res.Proto != "HTTP/1.1" || res.TLS.Version != tls.VersionTLS13 {
		return errors.New("spoke " + res.Proto)
	}
	return nil
}
