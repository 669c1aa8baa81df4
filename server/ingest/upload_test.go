package ingest_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// wire is a kit's uploads over a real connection.
type wire struct {
	k   *kit
	url string
}

func newWire(t *testing.T, k *kit) wire {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { k.c.Uploads(w, r) }))
	t.Cleanup(s.Close)
	return wire{k, s.URL}
}

type answer struct {
	code   int
	offset string
	header http.Header
}

func (w wire) do(t *testing.T, method, path string, header map[string]string, body []byte) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(protocol.HeaderTusResumable, protocol.TusVersion)
	r.Header.Set(shownHeader, hex.EncodeToString(w.k.transport))
	for k, v := range header {
		r.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return answer{res.StatusCode, res.Header.Get(protocol.HeaderUploadOffset), res.Header}
}

func creation(kind protocol.UploadKind, file []byte) map[string]string {
	return map[string]string{
		protocol.HeaderUploadLength: strconv.Itoa(len(file)),
		protocol.HeaderUploadMeta:   protocol.Metadata{Kind: kind, Name: protocol.NameOf(file)}.String(),
	}
}

func part(offset int, body []byte) map[string]string {
	return map[string]string{
		"Content-Type": protocol.MediaOffset, protocol.HeaderUploadOffset: strconv.Itoa(offset), protocol.HeaderUploadSum: protocol.Checksum(body),
	}
}

func TestUploadInParts(t *testing.T) {
	c := newCentre(t)
	k := c.kit("mx-1")
	w := newWire(t, k)
	file := k.header()
	path := protocol.UploadPath(protocol.NameOf(file))

	a := w.do(t, "POST", protocol.PathUploads, creation(protocol.UploadKey, file), nil)
	if a.code != 201 || a.header.Get("Location") != path || a.offset != "0" {
		t.Fatalf("%+v", a)
	}
	if a := w.do(t, "PATCH", path, part(0, file[:100]), file[:100]); a.code != 204 || a.offset != "100" {
		t.Fatalf("%+v", a)
	}
	if a := w.do(t, "HEAD", path, nil, nil); a.code != 200 || a.offset != "100" || a.header.Get(protocol.HeaderUploadLength) != strconv.Itoa(len(file)) {
		t.Fatalf("%+v", a)
	}
	t.Run("out of place", func(t *testing.T) {
		a := w.do(t, "PATCH", path, part(0, file[:50]), file[:50])
		if a.code != 409 || a.offset != "100" || a.header.Get(protocol.HeaderProblem) != string(civic.UploadOffset) {
			t.Fatalf("%+v", a)
		}
	})
	t.Run("damaged", func(t *testing.T) {
		a := w.do(t, "PATCH", path, part(100, file[100:200]), file[300:400])
		if a.code != 460 || a.header.Get(protocol.HeaderProblem) != string(civic.UploadChecksum) {
			t.Fatalf("%+v", a)
		}
		if a := w.do(t, "HEAD", path, nil, nil); a.offset != "100" {
			t.Fatalf("the damaged part was kept: %+v", a)
		}
	})
	t.Run("created again", func(t *testing.T) {
		if a := w.do(t, "POST", protocol.PathUploads, creation(protocol.UploadKey, file), nil); a.code != 201 || a.offset != "100" {
			t.Fatalf("%+v", a)
		}
	})
	t.Run("created again with the body from the start", func(t *testing.T) {
		h := creation(protocol.UploadKey, file)
		h["Content-Type"] = protocol.MediaOffset
		if a := w.do(t, "POST", protocol.PathUploads, h, file[:250]); a.code != 201 || a.offset != "250" {
			t.Fatalf("%+v", a)
		}
	})
	t.Run("more than announced", func(t *testing.T) {
		long := append(bytes.Clone(file[250:]), 1, 2, 3)
		if a := w.do(t, "PATCH", path, part(250, long), long); a.code != 400 {
			t.Fatalf("%+v", a)
		}
	})
	t.Run("the end", func(t *testing.T) {
		a := w.do(t, "HEAD", path, nil, nil)
		at, _ := strconv.Atoi(a.offset)
		if a := w.do(t, "PATCH", path, part(at, file[at:]), file[at:]); a.code != 204 || a.offset != strconv.Itoa(len(file)) {
			t.Fatalf("%+v", a)
		}
		if a := w.do(t, "HEAD", path, nil, nil); a.code != 200 || a.offset != strconv.Itoa(len(file)) {
			t.Fatalf("%+v", a)
		}
		if a := w.do(t, "PATCH", path, part(len(file), nil), nil); a.code != 204 {
			t.Fatalf("an empty part at the end: %+v", a)
		}
		a = w.do(t, "POST", protocol.PathUploads, creation(protocol.UploadKey, file), nil)
		if a.code != 201 || a.offset != strconv.Itoa(len(file)) {
			t.Fatalf("%+v", a)
		}
		var acks []protocol.BatchAck
		if err := protocol.Open(protocol.StatementAck, protocol.ParseAckHeader(a.header), c.access.Keys().Statements(), &acks); err != nil || len(acks) != 1 ||
			acks[0].Batch != protocol.NameOf(file) || acks[0].State != protocol.BatchReceived {
			t.Fatalf("the answer to the last byte does not say so: %v %+v", err, acks)
		}
		left, _ := filepath.Glob(filepath.Join(c.dir, "uploads", "*", "*"))
		if len(left) != 0 {
			t.Fatalf("left behind: %v", left)
		}
	})
}

func TestUploadRefused(t *testing.T) {
	c := newCentre(t)
	k := c.kit("mx-1")
	w := newWire(t, k)
	file := []byte("some bytes that travel")
	with := func(name, value string) map[string]string {
		h := creation(protocol.UploadBatch, file)
		h[name] = value
		return h
	}
	path := protocol.UploadPath(protocol.NameOf(file))
	for name, test := range map[string]struct {
		method, path string
		header       map[string]string
		code         int
	}{
		"too large":       {"POST", protocol.PathUploads, with(protocol.HeaderUploadLength, strconv.Itoa(protocol.MaxBatchFile+1)), 413},
		"no length":       {"POST", protocol.PathUploads, with(protocol.HeaderUploadLength, ""), 400},
		"negative length": {"POST", protocol.PathUploads, with(protocol.HeaderUploadLength, "-1"), 400},
		"no metadata":     {"POST", protocol.PathUploads, with(protocol.HeaderUploadMeta, ""), 400},
		"unknown upload":  {"HEAD", path, nil, 404},
		"no upload":       {"HEAD", protocol.PathUploads + "/../../etc/passwd", nil, 404},
		"other method":    {"DELETE", path, nil, 405},
		"old protocol":    {"POST", protocol.PathUploads, with(protocol.HeaderTusResumable, "0.2.1"), 412},
		"stranger":        {"POST", protocol.PathUploads, with(shownHeader, "00"), 401},
		"nobody":          {"POST", protocol.PathUploads, with(shownHeader, ""), 401},
	} {
		t.Run(name, func(t *testing.T) {
			if a := w.do(t, test.method, test.path, test.header, nil); a.code != test.code {
				t.Fatalf("want %d, got %+v", test.code, a)
			}
		})
	}
	t.Run("another kit's upload is not mine", func(t *testing.T) {
		if a := w.do(t, "POST", protocol.PathUploads, creation(protocol.UploadBatch, file), nil); a.code != 201 {
			t.Fatalf("%+v", a)
		}
		other := wire{c.kit("mx-1"), w.url}
		if a := other.do(t, "HEAD", path, nil, nil); a.code != 404 {
			t.Fatalf("%+v", a)
		}
	})
	t.Run("options", func(t *testing.T) {
		a := w.do(t, "OPTIONS", protocol.PathUploads, nil, nil)
		if a.code != 204 || a.header.Get(protocol.HeaderTusVersion) != "1.0.0" || a.header.Get(protocol.HeaderTusExtension) != protocol.TusExtensions {
			t.Fatalf("%+v", a)
		}
	})
	t.Run("the whole has another name", func(t *testing.T) {
		h := creation(protocol.UploadBatch, file)
		h["Content-Type"] = protocol.MediaOffset
		if a := w.do(t, "POST", protocol.PathUploads, h, bytes.Repeat([]byte{1}, len(file))); a.code != 460 {
			t.Fatalf("%+v", a)
		}
		if a := w.do(t, "HEAD", path, nil, nil); a.code != 404 {
			t.Fatalf("%+v", a)
		}
	})
}

// A connection that dies in the middle of a part, or hangs, costs only what was
// still in it.
func TestCutKeepsWhatCame(t *testing.T) {
	c := newCentre(t)
	k := c.kit("mx-1")
	w := newWire(t, k)
	var regs []civic.Registration
	for range 200 {
		regs = append(regs, k.seal())
	}
	file := k.pack(regs...)
	path := protocol.UploadPath(protocol.NameOf(file))
	w.do(t, "POST", protocol.PathUploads, creation(protocol.UploadBatch, file), nil)

	half := len(file) / 2
	for _, hang := range []bool{false, true} {
		a := w.do(t, "HEAD", path, nil, nil)
		at, _ := strconv.Atoi(a.offset)
		conn, err := net.Dial("tcp", w.url[len("http://"):])
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		to := at + (half-at)/2 + 1
		_, _ = fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\n%s: %x\r\nContent-Type: %s\r\nUpload-Offset: %d\r\nContent-Length: %d\r\n%s: %s\r\n\r\n",
			path, shownHeader, []byte(k.transport), protocol.MediaOffset, at, len(file)-at, protocol.HeaderUploadSum, protocol.Checksum(file[at:]))
		if _, err := conn.Write(file[at:to]); err != nil {
			t.Fatal(err)
		}
		// The bytes are in the server's hands some time after they were written.
		part := filepath.Join(c.dir, "uploads", k.id.String(), protocol.NameOf(file).String())
		for size := int64(0); size < int64(to); {
			info, err := os.Stat(part)
			if err != nil {
				t.Fatal(err)
			}
			size = info.Size() - 16
			time.Sleep(time.Millisecond)
		}
		if !hang {
			conn.Close()
		}
		if a := w.do(t, "HEAD", path, nil, nil); a.offset != strconv.Itoa(to) {
			t.Fatalf("hang %v: %d bytes came, the server says %s", hang, to, a.offset)
		}
	}
	t.Run("and a crash as well", func(t *testing.T) {
		c.reopen()
		at, _ := strconv.Atoi(w.do(t, "HEAD", path, nil, nil).offset)
		if at < half/2 {
			t.Fatalf("only %d left", at)
		}
		if a := w.do(t, "PATCH", path, part(at, file[at:]), file[at:]); a.code != 204 {
			t.Fatalf("%+v", a)
		}
		k.take(protocol.UploadKey, k.header())
		c.work()
		if s := k.came(); s.Registrations != 200 {
			t.Fatalf("%+v", s)
		}
	})
}

func TestKeyTravelsWithItsBatch(t *testing.T) {
	c := newCentre(t)
	k := c.kit("mx-1")
	w := newWire(t, k)
	file := k.pack(k.seal())
	h := creation(protocol.UploadBatch, file)
	along, err := protocol.PackAlong(k.header())
	if err != nil {
		t.Fatal(err)
	}
	h[protocol.HeaderKeyAlong] = strconv.Itoa(len(along))
	h["Content-Type"] = protocol.MediaOffset
	if a := w.do(t, "POST", protocol.PathUploads, h, slices.Concat(along, file)); a.code != 201 {
		t.Fatalf("%+v", a)
	}
	c.work()
	if _, _, outcomes := k.sync(protocol.SyncRequest{}); len(outcomes) != 1 {
		t.Fatalf("%+v", outcomes)
	}
}

// The last byte came, then the power went: whoever asks next, the file is taken
// in before the answer.
func TestLastByteThenCrash(t *testing.T) {
	for _, method := range []string{"HEAD", "POST"} {
		c := newCentre(t)
		k := c.kit("mx-1")
		w := newWire(t, k)
		file := k.header()
		path := protocol.UploadPath(protocol.NameOf(file))
		w.do(t, "POST", protocol.PathUploads, creation(protocol.UploadKey, file), nil)
		f, err := os.OpenFile(filepath.Join(c.dir, "uploads", k.id.String(), protocol.NameOf(file).String()), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.Write(file)
		f.Close()
		c.reopen()
		if method == "HEAD" {
			w.do(t, "HEAD", path, nil, nil)
		} else {
			w.do(t, "POST", protocol.PathUploads, creation(protocol.UploadKey, file), nil)
		}
		_, acks, _ := k.sync(protocol.SyncRequest{Batches: []civic.Digest{protocol.NameOf(file)}})
		if acks[0].State != protocol.BatchReceived {
			t.Fatalf("%s: %+v", method, acks)
		}
	}
}

func TestOldUploadsAreSwept(t *testing.T) {
	c := newCentre(t)
	c.clock.Add(time.Until(c.clock.Now())) // files carry the machine's time
	k := c.kit("mx-1")
	w := newWire(t, k)
	file := k.header()
	w.do(t, "POST", protocol.PathUploads, creation(protocol.UploadKey, file), nil)
	if err := c.Sweep(); err != nil {
		t.Fatal(err)
	}
	path := protocol.UploadPath(protocol.NameOf(file))
	if a := w.do(t, "HEAD", path, nil, nil); a.code != 200 {
		t.Fatalf("swept at once: %+v", a)
	}
	part := filepath.Join(c.dir, "uploads", k.id.String(), protocol.NameOf(file).String())
	old := c.clock.Now().Add(-30 * 24 * time.Hour)
	if err := os.Chtimes(part, old, old); err != nil {
		t.Fatal(err)
	}
	if err := c.Sweep(); err != nil {
		t.Fatal(err)
	}
	if a := w.do(t, "HEAD", path, nil, nil); a.code != 404 {
		t.Fatalf("%+v", a)
	}
}

func TestAttachmentIsKeptSealedAndOpened(t *testing.T) {
	c := newCentre(t)
	k := c.kit("mx-1")
	photo := bytes.Repeat([]byte("a photograph "), 1000)
	file := k.photo(photo)
	k.take(protocol.UploadAttachment, file)
	k.take(protocol.UploadKey, k.header())
	c.work()
	got, err := c.Attachment(context.Background(), "mx-1", protocol.NameOf(photo))
	if err != nil || !bytes.Equal(got, photo) {
		t.Fatal(err)
	}
	if _, err := c.Attachment(context.Background(), "mx-2", protocol.NameOf(photo)); civic.CodeOf(err) != civic.UploadUnknown {
		t.Fatal(err)
	}
	for _, pattern := range []string{"files/*/*", "ledger.db*"} {
		names, _ := filepath.Glob(filepath.Join(c.dir, pattern))
		for _, name := range names {
			if b, err := os.ReadFile(name); err != nil || bytes.Contains(b, []byte("photograph")) {
				t.Fatalf("%s holds the photo in the open (%v)", name, err)
			}
		}
	}
}
