package client

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

var quick = Tuning{RetryMin: time.Millisecond, RetryMax: 4 * time.Millisecond, Patience: 4}

func newKit(t *testing.T, c *centre, m *memory, change func(*Config)) *Client {
	t.Helper()
	config := Config{
		Server: c.serve(t), Root: c.root, Transport: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)),
		ServerKey: func() ed25519.PublicKey { return c.serverKey.Public().(ed25519.PublicKey) },
		Local:     m, Clock: time.Now, Tuning: quick,
	}
	if change != nil {
		change(&config)
	}
	k, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func random(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = r.Read(b)
	return b
}

// fill puts a key, two batches and some photos into a kit's memory, and tells
// the centre which file carries the key.
func fill(c *centre, m *memory, photos int) []civic.Digest {
	key := m.add(protocol.ItemKey, 7, random(1, 1700))
	c.keys[protocol.KeyID{7}] = key
	names := []civic.Digest{key}
	for i := range 2 {
		names = append(names, m.add(protocol.ItemBatch, 7, random(uint64(10+i), 40000)))
	}
	for i := range photos {
		names = append(names, m.add(protocol.ItemAttachment, 7, random(uint64(20+i), 30000)))
	}
	return names
}

func TestPassBringsEverythingUp(t *testing.T) {
	c, m := newCentre(t), newMemory()
	names := fill(c, m, 3)
	var seen []Progress
	result, err := newKit(t, c, m, nil).Pass(t.Context(), Options{Progress: func(p Progress) { seen = append(seen, p) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if s := c.uploads[n]; s == nil || !s.whole {
			t.Errorf("file %s did not arrive", n)
		}
		if i := m.item(n); i.Kind != protocol.ItemKey && i.Acked != protocol.BatchReceived {
			t.Errorf("file %s is not acknowledged", n)
		}
	}
	if result.Sent != len(names) || result.BytesUp < 170000 || result.BytesUp > 185000 {
		t.Errorf("sent %d files, %d bytes up", result.Sent, result.BytesUp)
	}
	last := seen[len(seen)-1]
	if last.FilesUp != len(names) || last.Up != last.Size {
		t.Errorf("progress ended at %+v", last)
	}
	if i := slices.IndexFunc(c.requests, func(r string) bool { return strings.HasSuffix(r, protocol.PathSync) }); i != 2 {
		t.Errorf("the first question came after %d requests, want the two batches before it, the first with the key: %v", i, c.requests)
	}

	again, err := newKit(t, c, m, nil).Pass(t.Context(), Options{})
	if err != nil || again.Sent != 0 || again.Attempts != 1 {
		t.Errorf("a second pass sent %d files in %d requests: %v", again.Sent, again.Attempts, err)
	}
}

func TestPassGoesOnWhereACutEnded(t *testing.T) {
	c, m := newCentre(t), newMemory()
	names := fill(c, m, 4)
	var budget atomic.Int64
	budget.Store(25000) // each connection dies after so many bytes
	kit := newKit(t, c, m, func(k *Config) {
		k.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			return &mortal{Conn: raw, left: budget.Load(), arrived: func() { c.quiet(t.Context()) }}, err
		}
		k.Tuning.Patience = 8
	})
	result, err := kit.Pass(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if !c.uploads[n].whole {
			t.Errorf("file %s did not arrive", n)
		}
	}
	if result.BytesUp > 2*201700 {
		t.Errorf("%d bytes went up for 201700", result.BytesUp)
	}
}

// mortal is a connection that dies after so many bytes were written. What was
// written arrives: what a system drops at a cut is another on every machine.
type mortal struct {
	net.Conn
	left    int64
	arrived func() // waits until the other end has closed as well
}

func (c *mortal) Write(b []byte) (int, error) {
	if c.left <= int64(len(b)) {
		n, _ := c.Conn.Write(b[:max(0, c.left)])
		c.left = 0
		if end, ok := c.Conn.(*net.TCPConn); ok && end.CloseWrite() == nil {
			c.arrived()
		}
		_ = c.Close()
		return n, errors.New("cut")
	}
	c.left -= int64(len(b))
	return c.Conn.Write(b)
}

func TestPassTakesInMessagesByPages(t *testing.T) {
	c, m := newCentre(t), newMemory()
	for i := range 7 {
		c.down = append(c.down, protocol.Down{Seq: uint64(3 * (i + 1)), Kind: protocol.DownOutcomes, Body: []byte{byte(i)}})
	}
	m.cursor = 3
	result, err := newKit(t, c, m, nil).Pass(t.Context(), Options{})
	if err != nil || result.Received != 6 || m.cursor != 21 || len(m.down) != 6 {
		t.Fatalf("received %d to cursor %d: %v", result.Received, m.cursor, err)
	}
}

func TestPassWaitsForDecisions(t *testing.T) {
	c, m := newCentre(t), newMemory()
	fill(c, m, 0)
	c.undecided = 5
	asked := 0
	c.onSync = func(q protocol.SyncRequest, _ *protocol.SyncAnswer) {
		if asked++; asked == 3 {
			c.undecided = 0
			c.down = []protocol.Down{{Seq: 1, Kind: protocol.DownOutcomes, Body: []byte{1}}}
		}
		if asked > 1 && q.Wait == 0 {
			t.Error("a waiting kit asked without Wait")
		}
	}
	result, err := newKit(t, c, m, nil).Pass(t.Context(), Options{Wait: time.Minute})
	if err != nil || result.Pending != 0 || result.Received != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
}

func TestPassBelievesOnlySignatures(t *testing.T) {
	forger := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{66}, 32))
	lies := map[string]func(q protocol.SyncRequest, a *protocol.SyncAnswer){
		"acknowledgement": func(_ protocol.SyncRequest, a *protocol.SyncAnswer) {
			a.Acks, _ = protocol.Sign(protocol.StatementAck, []protocol.BatchAck{{Batch: protocol.NameOf(random(10, 40000)), State: protocol.BatchReceived, Safe: true}}, forger)
		},
		"bundle": func(_ protocol.SyncRequest, a *protocol.SyncAnswer) {
			a.Bundle, _ = protocol.Sign(protocol.StatementBundle, protocol.KeyBundle{Serial: 99, Server: forger.Public().(ed25519.PublicKey)}, forger)
		},
		"lease": func(_ protocol.SyncRequest, a *protocol.SyncAnswer) {
			a.Lease, _ = protocol.Sign(protocol.StatementLease, protocol.Lease{Wipe: true}, forger)
		},
		"lease signed as something else": func(_ protocol.SyncRequest, a *protocol.SyncAnswer) {
			a.Lease, _ = protocol.Sign(protocol.StatementForm, protocol.Lease{Wipe: true}, forger)
		},
	}
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			c, m := newCentre(t), newMemory()
			names := fill(c, m, 0)
			c.onSync = lie
			_, err := newKit(t, c, m, nil).Pass(t.Context(), Options{})
			if civic.CodeOf(err) != civic.StatementForged {
				t.Errorf("got %v", err)
			}
			if m.item(names[1]).Safe || m.lease.Wipe || m.bundle.Serial == 99 {
				t.Error("a lie was kept")
			}
		})
	}
}

func TestPassDoesNotBelieveAForgedAckOfAnUpload(t *testing.T) {
	c, m := newCentre(t), newMemory()
	names := fill(c, m, 0)
	genuine := c.serverKey
	c.serverKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{66}, 32))
	_, err := newKit(t, c, m, func(k *Config) {
		k.ServerKey = func() ed25519.PublicKey { return genuine.Public().(ed25519.PublicKey) }
	}).Pass(t.Context(), Options{})
	if civic.CodeOf(err) != civic.StatementForged || m.item(names[1]).Acked != protocol.BatchAbsent {
		t.Errorf("%v, %v", err, m.item(names[1]).Acked)
	}
}

// A centre that says "there" and has nothing is found out by the
// acknowledgement, and asked no more than a few times.
func TestPassFindsOutALyingUpload(t *testing.T) {
	c, m := newCentre(t), newMemory()
	names := fill(c, m, 0)
	c.before = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, protocol.PathUploads) {
			return false
		}
		_, _ = io.Copy(io.Discard, r.Body)
		size := r.Header.Get(protocol.HeaderUploadLength)
		if size == "" {
			size = "40000"
		}
		w.Header().Set(protocol.HeaderUploadOffset, size)
		w.WriteHeader(http.StatusCreated)
		return true
	}
	_, err := newKit(t, c, m, nil).Pass(t.Context(), Options{})
	if civic.CodeOf(err) != civic.ServerBusy {
		t.Errorf("got %v", err)
	}
	if m.item(names[1]).Acked != protocol.BatchAbsent {
		t.Error("a file counts as received that is not")
	}
}

func TestPassProblems(t *testing.T) {
	refuse := func(code civic.Code, words ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			protocol.WriteProblem(w, civic.NewProblem(code, nil, words...))
			return true
		}
	}
	for name, test := range map[string]struct {
		before func(http.ResponseWriter, *http.Request) bool
		change func(*Config)
		want   civic.Code
	}{
		"withdrawn": {before: refuse(civic.DeviceRevoked), want: civic.DeviceRevoked},
		"unknown":   {before: refuse(civic.DeviceUnknown), want: civic.DeviceUnknown},
		"busy":      {before: refuse(civic.ServerBusy), want: civic.ServerBusy},
		"proxy": {before: func(w http.ResponseWriter, _ *http.Request) bool {
			http.Error(w, "bad gateway", http.StatusBadGateway)
			return true
		}, want: civic.ServerBusy},
		"no network": {change: func(k *Config) {
			k.Dial = func(context.Context, string) (net.Conn, error) { return nil, errors.New("unreachable") }
		}, want: civic.NoNetwork},
		"another registry": {change: func(k *Config) {
			key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{77}, 32))
			k.Root, _ = protocol.NewRoot(key, "Another", time.Now())
		}, want: civic.WrongServer},
		"clock far ahead": {change: func(k *Config) {
			k.Clock = func() time.Time { return time.Now().Add(40 * 24 * time.Hour) }
		}, want: civic.ClockDoubt},
	} {
		t.Run(name, func(t *testing.T) {
			c, m := newCentre(t), newMemory()
			names := fill(c, m, 0)
			c.before = test.before
			_, err := newKit(t, c, m, test.change).Pass(t.Context(), Options{})
			if civic.CodeOf(err) != test.want {
				t.Errorf("got %v (%v), want %s", err, civic.CodeOf(err), test.want)
			}
			if test.want == civic.NoNetwork && m.item(names[0]).Sent {
				t.Error("a file counts as sent though no connection stood")
			}
		})
	}
}

func TestPassRefusedFileDoesNotStopOthers(t *testing.T) {
	c, m := newCentre(t), newMemory()
	names := fill(c, m, 2)
	bad := m.add(protocol.ItemAttachment, 7, random(99, 5000))
	c.before = tooLarge(bad, "5000")
	_, err := newKit(t, c, m, nil).Pass(t.Context(), Options{})
	if civic.CodeOf(err) != civic.ServerBusy && civic.CodeOf(err) != civic.UploadTooLarge {
		t.Errorf("got %v", err)
	}
	for _, n := range names {
		if !c.uploads[n].whole {
			t.Error("another file did not arrive")
		}
	}
}

func TestPassStopsAtAnyMoment(t *testing.T) {
	for n, done := 0, false; !done; n++ {
		c, m := newCentre(t), newMemory()
		names := fill(c, m, 2)
		ctx, cancel := context.WithCancel(t.Context())
		var count atomic.Int64
		c.before = func(http.ResponseWriter, *http.Request) bool {
			if count.Add(1) > int64(n) {
				cancel()
			}
			return false
		}
		_, err := newKit(t, c, m, nil).Pass(ctx, Options{})
		if done = err == nil; !done && civic.CodeOf(err) != civic.Stopped || done && n < 3 {
			t.Errorf("stopped at request %d: %v", n, err)
		}
		c.mu.Lock()
		c.before = nil
		c.mu.Unlock()
		if _, err := newKit(t, c, m, nil).Pass(t.Context(), Options{}); err != nil {
			t.Errorf("the next pass: %v", err)
		}
		for i, f := range names {
			if u := c.uploads[f]; u == nil || !u.whole {
				t.Errorf("file %d did not arrive after a stop at request %d: %+v", i, n, m.item(f))
			}
		}
		cancel()
	}
}

func TestPassClockDoubtGoesOn(t *testing.T) {
	c, m := newCentre(t), newMemory()
	names := fill(c, m, 0)
	c.now = func() time.Time { return time.Now().Add(48 * time.Hour) }
	result, err := newKit(t, c, m, nil).Pass(t.Context(), Options{})
	if err != nil || civic.CodeOf(result.Doubt) != civic.ClockDoubt || !c.uploads[names[1]].whole {
		t.Errorf("doubt %v, err %v", result.Doubt, err)
	}
	if got := result.Doubt.Error(); !strings.Contains(got, "2 d") {
		t.Errorf("the officer reads %q", got)
	}
}

func TestPassRenewsTheBundleFirst(t *testing.T) {
	c, m := newCentre(t), newMemory()
	fill(c, m, 0)
	old := c.serverKey.Public().(ed25519.PublicKey)
	c.serverKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{5}, 32))
	c.bundle.Serial, c.bundle.Server = 8, c.serverKey.Public().(ed25519.PublicKey)
	c.lease = &protocol.Lease{Expires: 123}
	m.bundle.Serial = 7
	_, err := newKit(t, c, m, func(k *Config) { k.ServerKey = func() ed25519.PublicKey { return old } }).Pass(t.Context(), Options{})
	if err != nil || m.bundle.Serial != 8 || m.lease.Expires != 123 {
		t.Errorf("serial %d, lease %+v, err %v", m.bundle.Serial, m.lease, err)
	}
}

// Something between the ends that passes requests on only whole: a request
// that is cut gained nothing. Chunks shrink until they fit.
func TestPassShrinksItsRequests(t *testing.T) {
	c, m := newCentre(t), newMemory()
	c.keys[protocol.KeyID{7}] = civic.Digest{}
	name := m.add(protocol.ItemBatch, 7, random(3, 600000))
	c.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.ContentLength > 50000 {
			_, _ = io.CopyN(io.Discard, r.Body, 50000)
			panic(http.ErrAbortHandler)
		}
		return false
	}
	_, err := newKit(t, c, m, func(k *Config) { k.Tuning.Patience = 10 }).Pass(t.Context(), Options{})
	if err != nil || !c.uploads[name].whole {
		t.Errorf("%v after %d requests", err, len(c.requests))
	}
}

// What waits at the centre's side of a medium travels as the same messages.
func TestMedia(t *testing.T) {
	c, m := newCentre(t), newMemory()
	names := fill(c, m, 1)
	kit := newKit(t, c, m, nil)
	q, err := kit.Request(t.Context())
	if err != nil || len(q.Batches) != 2 || len(q.Attachments) != 1 || len(q.Keys) != 1 {
		t.Fatalf("%+v, %v", q, err)
	}
	acks, err := protocol.Sign(protocol.StatementAck, []protocol.BatchAck{{Batch: names[1], State: protocol.BatchReceived}}, c.serverKey)
	if err != nil {
		t.Fatal(err)
	}
	down := []protocol.Down{{Seq: 4, Kind: protocol.DownOutcomes}}
	marks, err := protocol.Sign(protocol.StatementMarks, protocol.MarksOf(kit.config.Transport.Public().(ed25519.PublicKey), down), c.serverKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kit.TakeAnswer(t.Context(), protocol.SyncAnswer{Down: []protocol.Down{{Seq: 1 << 60, Kind: 99}}, Marks: marks}); civic.CodeOf(err) != civic.StatementForged || m.cursor != 0 {
		t.Errorf("a message the centre did not mark: %v, cursor %d", err, m.cursor)
	}
	r, err := kit.TakeAnswer(t.Context(), protocol.SyncAnswer{Acks: acks, Down: down, Marks: marks})
	if err != nil || r.Received != 1 || m.cursor != 4 || m.item(names[1]).Acked != protocol.BatchReceived || m.server != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := kit.TakeAnswer(t.Context(), protocol.SyncAnswer{Acks: acks[:len(acks)-1]}); civic.CodeOf(err) != civic.StatementForged {
		t.Errorf("a forged answer: %v", err)
	}
}

// The worker may set a batch aside after it was received: the pass that sent it
// says so.
func TestPassTellsWhatWasSetAside(t *testing.T) {
	c, m := newCentre(t), newMemory()
	names := fill(c, m, 0)
	c.onSync = func(q protocol.SyncRequest, a *protocol.SyncAnswer) {
		var acks []protocol.BatchAck
		for _, d := range q.Batches {
			acks = append(acks, protocol.BatchAck{Batch: d, State: protocol.BatchQuarantined, Reason: civic.FormVersionUnknown})
		}
		a.Acks, _ = protocol.Sign(protocol.StatementAck, acks, c.serverKey)
	}
	if _, err := newKit(t, c, m, nil).Pass(t.Context(), Options{}); err != nil || m.item(names[1]).Acked != protocol.BatchQuarantined {
		t.Errorf("%v, %v", m.item(names[1]).Acked, err)
	}
}
