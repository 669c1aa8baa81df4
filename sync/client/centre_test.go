package client

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// centre is a small centre in memory that keeps to docs/protocol.md. The real
// one is driven by the rehearsals; this one can be told to misbehave.
type centre struct {
	root      *x509.Certificate
	rootKey   ed25519.PrivateKey
	serverKey ed25519.PrivateKey
	cert      tls.Certificate
	now       func() time.Time

	mu        sync.Mutex
	uploads   map[civic.Digest]*stored
	keys      map[protocol.KeyID]civic.Digest // filled by tests: which file a key id has
	down      []protocol.Down
	undecided uint32
	bundle    protocol.KeyBundle
	lease     *protocol.Lease
	secrets   map[string]string // one-time secret -> device that used it
	requests  []string
	open      atomic.Int64 // connections
	// before may answer a request in the centre's place; it returns true then.
	before func(w http.ResponseWriter, r *http.Request) bool
	// onSync may change an answer.
	onSync func(q protocol.SyncRequest, a *protocol.SyncAnswer)
}

type stored struct {
	writer sync.Mutex // one request at a time appends
	kind   protocol.UploadKind
	size   int64
	bytes  []byte
	whole  bool
}

func newCentre(t *testing.T) *centre {
	t.Helper()
	seed := func(b byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32)) }
	c := &centre{
		rootKey: seed(1), serverKey: seed(2), now: time.Now,
		uploads: map[civic.Digest]*stored{}, keys: map[protocol.KeyID]civic.Digest{}, secrets: map[string]string{},
	}
	var err error
	if c.root, err = protocol.NewRoot(c.rootKey, "Test registry", time.Now()); err != nil {
		t.Fatal(err)
	}
	if c.cert, err = protocol.NewServerCertificate(c.root, c.rootKey, seed(3), time.Now(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	c.bundle = protocol.KeyBundle{Registry: "Test registry", Serial: 1, Server: c.serverKey.Public().(ed25519.PublicKey), Recipients: []string{testRecipient}}
	return c
}

// testRecipient is an age recipient whose identity nobody kept.
const testRecipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

func (c *centre) serve(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: c, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	s.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			c.open.Add(1)
		case http.StateClosed:
			c.open.Add(-1)
		}
	}
	go func() { _ = s.Serve(tls.NewListener(l, protocol.ServerTLS(c.cert))) }()
	t.Cleanup(func() { _ = s.Close() })
	return l.Addr().String()
}

// quiet waits until the centre has ended all connections.
func (c *centre) quiet(ctx context.Context) {
	for c.open.Load() > 0 && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
}

func (c *centre) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.requests = append(c.requests, r.Method+" "+r.URL.Path)
	before := c.before
	c.mu.Unlock()
	if before != nil && before(w, r) {
		return
	}
	switch r.URL.Path {
	case protocol.PathBundle:
		c.answer(w, protocol.BundleAnswer{Root: c.root.Raw, Bundle: c.signedBundle(), ServerTime: c.now().Unix()}, nil)
	case protocol.PathEnrol:
		a, err := c.enrol(r)
		c.answer(w, a, err)
	case protocol.PathSync:
		a, err := c.sync(r)
		c.answer(w, a, err)
	default:
		if err := c.upload(w, r); err != nil {
			protocol.WriteProblem(w, err)
		}
	}
}

func (c *centre) answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		protocol.WriteProblem(w, err)
		return
	}
	b, err := protocol.Marshal(v)
	if err != nil {
		protocol.WriteProblem(w, err)
		return
	}
	w.Header().Set("Content-Type", protocol.MediaCBOR)
	_, _ = w.Write(b)
}

func (c *centre) signedBundle() []byte {
	b, _ := protocol.Sign(protocol.StatementBundle, c.bundle, c.rootKey)
	return b
}

func (c *centre) enrol(r *http.Request) (*protocol.EnrolAnswer, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var q protocol.EnrolRequest
	if err := protocol.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	if err := q.Check(); err != nil {
		return nil, err
	}
	key, ok := protocol.TransportKey(r.TLS)
	if !ok || !key.Equal(ed25519.PublicKey(q.Transport)) {
		return nil, civic.NewProblem(civic.DeviceUnknown, nil)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	used, known := c.secrets[string(q.Secret)]
	switch {
	case !known:
		return nil, civic.NewProblem(civic.CodeUnknown, nil)
	case used != "" && used != string(q.Device):
		return nil, civic.NewProblem(civic.CodeUsed, nil)
	}
	c.secrets[string(q.Secret)] = string(q.Device)
	device := civic.NewDeviceID(q.Device)
	lease, err := protocol.Sign(protocol.StatementLease, protocol.Lease{Device: device, Expires: c.now().Add(time.Hour).Unix()}, c.serverKey)
	return &protocol.EnrolAnswer{Device: device, Area: "mx-20-067", Lease: lease, Bundle: c.signedBundle(), ServerTime: c.now().Unix()}, err
}

func (c *centre) sync(r *http.Request) (*protocol.SyncAnswer, error) {
	if _, ok := protocol.TransportKey(r.TLS); !ok {
		return nil, civic.NewProblem(civic.DeviceUnknown, nil)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var q protocol.SyncRequest
	if err := protocol.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &protocol.SyncAnswer{ServerTime: c.now().Unix(), Pending: c.undecided}
	var acks []protocol.BatchAck
	for _, d := range slices.Concat(q.Batches, q.Attachments) {
		state := protocol.BatchAbsent
		if s := c.uploads[d]; s != nil && s.whole {
			state = protocol.BatchReceived
		} else {
			a.Want = append(a.Want, d)
		}
		acks = append(acks, protocol.BatchAck{Batch: d, State: state})
	}
	for _, k := range q.Keys {
		if s := c.uploads[c.keys[k]]; s == nil || !s.whole {
			a.WantKey = append(a.WantKey, k)
		}
	}
	if len(acks) > 0 {
		if a.Acks, err = protocol.Sign(protocol.StatementAck, acks, c.serverKey); err != nil {
			return nil, err
		}
	}
	for _, d := range c.down {
		if d.Seq <= q.Cursor {
			continue
		}
		if len(a.Down) == 2 { // small pages, so that paging is seen
			a.More = true
			break
		}
		a.Down = append(a.Down, d)
	}
	if q.Bundle < c.bundle.Serial {
		a.Bundle = c.signedBundle()
	}
	if c.lease != nil {
		if a.Lease, err = protocol.Sign(protocol.StatementLease, *c.lease, c.serverKey); err != nil {
			return nil, err
		}
	}
	if c.onSync != nil {
		c.onSync(q, a)
	}
	if len(a.Down) > 0 {
		transport, _ := protocol.TransportKey(r.TLS)
		if a.Marks, err = protocol.Sign(protocol.StatementMarks, protocol.MarksOf(transport, a.Down), c.serverKey); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (c *centre) upload(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set(protocol.HeaderTusResumable, protocol.TusVersion)
	var (
		s    *stored
		name civic.Digest
		skip int64
	)
	status := http.StatusNoContent
	if r.Method == http.MethodPost {
		m, err := protocol.ParseMetadata(r.Header.Get(protocol.HeaderUploadMeta))
		if err != nil {
			return err
		}
		size, err := protocol.ParseSize(r.Header, protocol.HeaderUploadLength)
		if err != nil {
			return err
		}
		if size > m.Kind.MaxSize() {
			return civic.NewProblem(civic.UploadTooLarge, nil, strconv.FormatInt(size, 10))
		}
		key, err := protocol.ReadAlong(r.Header, r.Body)
		if err != nil {
			return err
		}
		c.mu.Lock()
		name = m.Name
		if len(key) > 0 {
			k := protocol.NameOf(key)
			c.uploads[k] = &stored{kind: protocol.UploadKey, size: int64(len(key)), bytes: key, whole: true}
		}
		if c.uploads[name] == nil {
			c.uploads[name] = &stored{kind: m.Kind, size: size}
		}
		s = c.uploads[name]
		c.mu.Unlock()
		s.writer.Lock()
		defer s.writer.Unlock()
		c.mu.Lock()
		skip = int64(len(s.bytes))
		c.mu.Unlock()
		w.Header().Set("Location", protocol.UploadPath(name))
		status = http.StatusCreated
	} else {
		var ok bool
		if name, ok = protocol.ParseUploadPath(r.URL.Path); !ok {
			return civic.NewProblem(civic.UploadUnknown, nil)
		}
		c.mu.Lock()
		s = c.uploads[name]
		c.mu.Unlock()
		if s == nil {
			return civic.NewProblem(civic.UploadUnknown, nil)
		}
		s.writer.Lock()
		defer s.writer.Unlock()
		if r.Method == http.MethodPatch {
			offset, err := protocol.ParseSize(r.Header, protocol.HeaderUploadOffset)
			if err != nil {
				return err
			}
			c.mu.Lock()
			have := int64(len(s.bytes))
			c.mu.Unlock()
			if offset != have {
				w.Header().Set(protocol.HeaderUploadOffset, strconv.FormatInt(have, 10))
				return civic.NewProblem(civic.UploadOffset, nil)
			}
		}
	}
	if r.Method != http.MethodHead {
		if err := c.append(r, s, name, skip); err != nil {
			return err
		}
	} else {
		status = http.StatusOK
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set(protocol.HeaderUploadOffset, strconv.Itoa(len(s.bytes)))
	w.Header().Set(protocol.HeaderUploadLength, strconv.FormatInt(s.size, 10))
	if s.whole {
		statement, err := protocol.Sign(protocol.StatementAck, []protocol.BatchAck{{Batch: name, State: protocol.BatchReceived}}, c.serverKey)
		if err != nil {
			return err
		}
		w.Header().Set(protocol.HeaderAck, protocol.AckHeader(statement))
	}
	w.WriteHeader(status)
	return nil
}

// append keeps a body as it comes, so that a cut keeps what came.
func (c *centre) append(r *http.Request, s *stored, name civic.Digest, skip int64) error {
	sum := sha256.New()
	buf := make([]byte, 1000)
	for {
		n, err := r.Body.Read(buf)
		sum.Write(buf[:n])
		c.mu.Lock()
		fresh := buf[:n]
		drop := min(int64(n), skip)
		skip -= drop
		s.bytes = append(s.bytes, fresh[drop:]...)
		c.mu.Unlock()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	want, set, err := protocol.ParseChecksum(r.Header)
	if err != nil || set && !bytes.Equal(want[:], sum.Sum(nil)) {
		return civic.NewProblem(civic.UploadChecksum, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if int64(len(s.bytes)) >= s.size {
		if protocol.NameOf(s.bytes) != name {
			delete(c.uploads, name)
			return civic.NewProblem(civic.UploadChecksum, nil)
		}
		s.whole = true
	}
	return nil
}

// memory is a kit's memory for tests.
type memory struct {
	mu     sync.Mutex
	files  map[civic.Digest][]byte
	items  []protocol.Item
	down   []protocol.Down
	cursor uint64
	bundle protocol.KeyBundle
	lease  protocol.Lease
	server int64
	fail   error // what Sent fails with
}

func newMemory() *memory { return &memory{files: map[civic.Digest][]byte{}} }

func (m *memory) add(kind protocol.ItemKind, key byte, file []byte) civic.Digest {
	m.mu.Lock()
	defer m.mu.Unlock()
	name := protocol.NameOf(file)
	m.files[name] = file
	m.items = append(m.items, protocol.Item{Digest: name, Kind: kind, Key: protocol.KeyID{key}, Size: int64(len(file))})
	return name
}

func (m *memory) item(name civic.Digest) protocol.Item {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.items, func(i protocol.Item) bool { return i.Digest == name })
	return m.items[i]
}

func (m *memory) Pending(context.Context) ([]protocol.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.items), nil
}

func (m *memory) Read(_ context.Context, name civic.Digest) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.files[name], nil
}

func (m *memory) Sent(_ context.Context, names []civic.Digest) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	for i := range m.items {
		m.items[i].Sent = m.items[i].Sent || slices.Contains(names, m.items[i].Digest)
	}
	return nil
}

func (m *memory) Acknowledge(_ context.Context, _ []byte, acks []protocol.BatchAck) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range acks {
		for i := range m.items {
			if m.items[i].Digest == a.Batch {
				m.items[i].Acked, m.items[i].Safe = a.State, a.Safe
			}
		}
	}
	return nil
}

func (m *memory) Cursor(context.Context) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cursor, nil
}

func (m *memory) TakeIn(_ context.Context, down []protocol.Down, cursor uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down, m.cursor = append(m.down, down...), cursor
	return nil
}

func (m *memory) BundleSerial(context.Context) (uint64, error) { return m.bundle.Serial, nil }
func (m *memory) KeepBundle(_ context.Context, _ []byte, b protocol.KeyBundle) error {
	m.bundle = b
	return nil
}

func (m *memory) KeepLease(_ context.Context, _ []byte, l protocol.Lease) error {
	m.lease = l
	return nil
}

func (m *memory) KeepServerTime(_ context.Context, server int64) error {
	m.server = server
	return nil
}
func (m *memory) Stamp() civic.Stamp                             { return civic.Stamp{Wall: 1, Boot: 1, Mono: 1} }
func (m *memory) Journal(context.Context) (protocol.Head, error) { return protocol.Head{}, nil }

// tooLarge refuses one file's upload.
func tooLarge(name civic.Digest, detail string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		meta, err := protocol.ParseMetadata(r.Header.Get(protocol.HeaderUploadMeta))
		if err != nil || meta.Name != name {
			return false
		}
		protocol.WriteProblem(w, civic.NewProblem(civic.UploadTooLarge, nil, detail))
		return true
	}
}
