package rehearsal

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/batch/batchtest"
	"github.com/askonce/fieldkit/sync/client"
	"github.com/askonce/fieldkit/sync/protocol"
)

// tusFile is one upload for the independent client.
type tusFile struct {
	Path   string `json:"path"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Chunk  int    `json:"chunk"`
	During bool   `json:"during"`
	Pause  int    `json:"pause,omitempty"`
}

type tusResult struct {
	Done     bool     `json:"done"`
	Paused   bool     `json:"paused"`
	URL      string   `json:"url"`
	Error    string   `json:"error"`
	Status   int      `json:"status"`
	Requests []string `json:"requests"`
}

// An upload client that others wrote, and that knows only the tus standard,
// uploads to the centre: in parts, with the creation, and going on after a stop.
func TestIndependentTusClient(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is needed for the independent tus client; `make test` installs it")
	}
	if _, err := os.Stat("testdata/tus/node_modules/tus-js-client"); err != nil {
		t.Fatal("tus-js-client is not installed; `make test` installs it (npm ci --prefix sync/rehearsal/testdata/tus)")
	}
	world, book, forms := newWorld(t, batchtest.Options{Seed: 5})
	centre := openCentre(t, t.TempDir(), time.Now, book)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- centre.Serve(ctx, listener, nil) }()
	defer func() {
		stop()
		<-served
		if err := centre.Close(); err != nil {
			t.Error(err)
		}
	}()
	kit := newBareKit(1, time.Now, forms)
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", listener.Addr().String())
	}
	kit.enrol(t, centre, dial, client.Tuning{})
	regs, _ := world.Births(300)
	if err := kit.seal(regs); err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]int{{0, 100}, {100, 300}} {
		if err := kit.pack(regs[part[0]:part[1]]); err != nil {
			t.Fatal(err)
		}
	}
	if err := kit.attach(bytes.Repeat([]byte("picture"), 10_000)); err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	var files []tusFile
	for i, item := range kit.items {
		f := tusFile{Path: filepath.Join(dir, item.Digest.String()), Kind: string(item.Kind.Upload()), Name: item.Digest.String(), Chunk: 1000 * (i + 1), During: i%2 == 0}
		if err := os.WriteFile(f.Path, kit.files[item.Digest], 0o600); err != nil {
			t.Fatal(err)
		}
		if item.Size > 10_000 {
			f.Pause = int(item.Size) / 2
		}
		files = append(files, f)
	}
	results := runTus(t, node, kit, "https://"+listener.Addr().String()+protocol.PathUploads, files)
	for i, r := range results {
		if !r.Done || r.Paused != (files[i].Pause > 0) {
			t.Errorf("%s: %+v", files[i].Kind, r)
		}
		if r.Paused && !slices.Contains(r.Requests, "HEAD") {
			t.Errorf("%s went on without asking where: %v", files[i].Kind, r.Requests)
		}
	}

	// What the other client brought is received, and settles the kit.
	for i := range kit.items {
		kit.items[i].Sent = true
	}
	result, err := kit.client(t, dial, client.Tuning{}, nil).Pass(ctx, client.Options{Wait: time.Minute})
	if err != nil || result.Sent != 0 || len(kit.waiting()) > 0 || len(kit.outcomes) != len(regs) {
		t.Errorf("sent %d more, %d wait, %d outcomes: %v", result.Sent, len(kit.waiting()), len(kit.outcomes), err)
	}

	// Bytes under a wrong name are refused at the end, and leave nothing.
	files[1].Name = protocol.NameOf([]byte("something else")).String()
	files[1].Pause = 0
	if r := runTus(t, node, kit, "https://"+listener.Addr().String()+protocol.PathUploads, files[1:2]); r[0].Done || r[0].Status != protocol.StatusChecksumWrong {
		t.Errorf("bytes under a wrong name: %+v", r[0])
	}
}

func runTus(t *testing.T, node string, k *bareKit, url string, files []tusFile) []tusResult {
	t.Helper()
	self := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(nil, self, self, k.transport.Public(), k.transport)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(k.transport)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	job, err := json.Marshal(map[string]any{
		"url": url, "ca": text("CERTIFICATE", k.root.Raw), "cert": text("CERTIFICATE", cert), "key": text("PRIVATE KEY", key),
		"servername": protocol.ServerName, "files": files,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), node, "upload.mjs")
	c.Dir = "testdata/tus"
	c.Stdin = bytes.NewReader(job)
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	var results []tusResult
	if err := json.Unmarshal(out, &results); err != nil || len(results) != len(files) {
		t.Fatalf("%v: %s", err, out)
	}
	return results
}
