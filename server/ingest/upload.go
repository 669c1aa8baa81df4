package ingest

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// maxOpenUploads bounds how many uploads of one kit may be under way.
const maxOpenUploads = 256

// Uploads answers tus 1.0 under protocol.PathUploads; docs/protocol.md tells
// what tus leaves open.
func (g *Ingest) Uploads(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if over := r.Header.Get("X-HTTP-Method-Override"); over != "" {
		method = over
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set(protocol.HeaderTusResumable, protocol.TusVersion)
	if method == http.MethodOptions {
		h.Set(protocol.HeaderTusVersion, protocol.TusVersion)
		h.Set(protocol.HeaderTusExtension, protocol.TusExtensions)
		h.Set(protocol.HeaderTusChecksums, protocol.TusChecksums)
		h.Set(protocol.HeaderTusMaxSize, strconv.FormatInt(max(protocol.UploadBatch.MaxSize(), protocol.UploadAttachment.MaxSize()), 10))
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if r.Header.Get(protocol.HeaderTusResumable) != protocol.TusVersion {
		h.Set(protocol.HeaderTusVersion, protocol.TusVersion)
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	device, err := g.caller(r)
	if err != nil {
		g.refuse(w, r, err)
		return
	}
	name, named := protocol.ParseUploadPath(r.URL.Path)
	switch {
	case method == http.MethodPost && r.URL.Path == protocol.PathUploads:
		err = g.create(w, r, device)
	case method == http.MethodHead && named:
		err = g.head(w, r, device, name)
	case method == http.MethodPatch && named:
		err = g.patch(w, r, device, name)
	case named || r.URL.Path == protocol.PathUploads:
		h.Set("Allow", "OPTIONS, POST, HEAD, PATCH")
		w.WriteHeader(http.StatusMethodNotAllowed)
	default:
		err = civic.NewProblem(civic.UploadUnknown, nil)
	}
	if err != nil {
		g.refuse(w, r, err)
	}
}

// create begins an upload, or finds how far an earlier one has come.
func (g *Ingest) create(w http.ResponseWriter, r *http.Request, device access.Device) error {
	meta, err := protocol.ParseMetadata(r.Header.Get(protocol.HeaderUploadMeta))
	if err != nil {
		return err
	}
	length, err := protocol.ParseSize(r.Header, protocol.HeaderUploadLength)
	if err != nil {
		return err
	}
	if length > meta.Kind.MaxSize() || length == 0 {
		return civic.NewProblem(civic.UploadTooLarge, nil, bytesInWords(meta.Kind.MaxSize()))
	}
	if len(meta.Key) > 0 {
		// The day key came along to save a round trip; a wrong one is set aside,
		// and the batch goes its own way.
		if _, _, err := g.Take(r.Context(), protocol.UploadKey, meta.Key, device.ID); err != nil {
			return err
		}
	}
	release, err := g.hold(w, r, device, meta.Name)
	if err != nil {
		return err
	}
	defer release()
	p, err := g.find(r, device, meta.Name)
	if civic.CodeOf(err) == civic.UploadUnknown {
		p, err = g.begin(device, meta, length)
	}
	if err != nil {
		return err
	}
	if p.length != length || p.kind != meta.Kind {
		// The name is that of the bytes, so one of the two was never right.
		return civic.NewProblem(civic.RequestMalformed, errors.New("the upload began with another length or kind"))
	}
	if r.Header.Get("Content-Type") == protocol.MediaOffset {
		if err := g.receive(w, r, device, p, p.offset); err != nil {
			return err
		}
	}
	if err := g.acknowledge(w, r, p); err != nil {
		return err
	}
	w.Header().Set("Location", protocol.UploadPath(p.name))
	w.Header().Set(protocol.HeaderUploadOffset, strconv.FormatInt(p.offset, 10))
	w.WriteHeader(http.StatusCreated)
	return nil
}

func (g *Ingest) head(w http.ResponseWriter, r *http.Request, device access.Device, name civic.Digest) error {
	release, err := g.hold(w, r, device, name)
	if err != nil {
		return err
	}
	defer release()
	p, err := g.find(r, device, name)
	if err != nil {
		return err
	}
	w.Header().Set(protocol.HeaderUploadOffset, strconv.FormatInt(p.offset, 10))
	w.Header().Set(protocol.HeaderUploadLength, strconv.FormatInt(p.length, 10))
	w.WriteHeader(http.StatusOK)
	return nil
}

func (g *Ingest) patch(w http.ResponseWriter, r *http.Request, device access.Device, name civic.Digest) error {
	if r.Header.Get("Content-Type") != protocol.MediaOffset {
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return nil
	}
	offset, err := protocol.ParseSize(r.Header, protocol.HeaderUploadOffset)
	if err != nil {
		return err
	}
	release, err := g.hold(w, r, device, name)
	if err != nil {
		return err
	}
	defer release()
	p, err := g.find(r, device, name)
	if err != nil {
		return err
	}
	if p.offset != offset {
		w.Header().Set(protocol.HeaderUploadOffset, strconv.FormatInt(p.offset, 10))
		return civic.NewProblem(civic.UploadOffset, nil)
	}
	if err := g.receive(w, r, device, p, 0); err != nil {
		return err
	}
	if err := g.acknowledge(w, r, p); err != nil {
		return err
	}
	w.Header().Set(protocol.HeaderUploadOffset, strconv.FormatInt(p.offset, 10))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// hold takes the upload for this request, ending an older one.
func (g *Ingest) hold(w http.ResponseWriter, r *http.Request, device access.Device, name civic.Digest) (func(), error) {
	rc := http.NewResponseController(w)
	// A deadline in the past ends a read that hangs; the error only says that
	// this writer has no deadlines, as in tests without a connection.
	return g.uploads.take(r.Context(), uploadKey{device.ID, name}, func() { _ = rc.SetReadDeadline(time.Unix(1, 0)) })
}

// find looks up an upload of a kit: under way, or taken in already.
func (g *Ingest) find(r *http.Request, device access.Device, name civic.Digest) (*partial, error) {
	p := &partial{name: name, path: g.partPath(device.ID, name)}
	if err := p.open(); err == nil && p.offset == p.length {
		// The last byte came, but not the end of its request: a crash, say.
		return p, g.finish(r, device, p)
	} else if err == nil || !errors.Is(err, os.ErrNotExist) {
		return p, err
	}
	var kind int
	var area string
	err := g.DB.View(r.Context(), func(tx ledger.Tx) error {
		if err := tx.QueryRow(r.Context(), "SELECT area FROM ingest_digest WHERE digest = ?1", name[:]).Scan(&area); err != nil {
			return err
		}
		return tx.QueryRow(r.Context(), "SELECT kind, size FROM ingest_file WHERE area = ?1 AND digest = ?2", area, name[:]).Scan(&kind, &p.length)
	})
	if errors.Is(err, ledger.ErrNoRows) {
		return nil, civic.NewProblem(civic.UploadUnknown, nil)
	}
	for k, n := range kindNumbers {
		if n == kind {
			p.kind = k
		}
	}
	p.offset, p.done = p.length, true
	return p, err
}

// receive appends a request's body to the upload, drops the first skip bytes
// of it, which are there already, and takes the file in when it is whole.
func (g *Ingest) receive(w http.ResponseWriter, r *http.Request, device access.Device, p *partial, skip int64) error {
	want, check, err := protocol.ParseChecksum(r.Header)
	if err != nil {
		return err
	}
	if p.done {
		return nil // the rest of the body is nobody's loss
	}
	f, err := os.OpenFile(p.path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return diskProblem(err)
	}
	defer f.Close()
	start, sum := p.offset, sha256.New()
	whole, err := g.copyBody(w, r, uploadKey{device.ID, p.name}, f, p, skip, sum)
	if err != nil {
		return err
	}
	if whole && check && [sha256.Size]byte(sum.Sum(nil)) != want {
		p.offset = start
		return errors.Join(civic.NewProblem(civic.UploadChecksum, nil), f.Truncate(headerSize+start))
	}
	if p.offset == p.length {
		return g.finish(r, device, p)
	}
	if !whole {
		w.Header().Set("Connection", "close")
		w.Header().Set(protocol.HeaderUploadOffset, strconv.FormatInt(p.offset, 10))
		return civic.NewProblem(civic.Stopped, nil)
	}
	return nil
}

// copyBody writes as it reads, so that a cut keeps what came. whole tells
// whether the body came to its end.
func (g *Ingest) copyBody(w http.ResponseWriter, r *http.Request, key uploadKey, f *os.File, p *partial, skip int64, sum hash.Hash) (whole bool, err error) {
	rc := http.NewResponseController(w)
	buf := make([]byte, 32<<10)
	for {
		n, rerr := r.Body.Read(buf)
		b := buf[:n]
		sum.Write(b)
		if drop := min(skip, int64(n)); drop > 0 {
			skip -= drop
			b = b[drop:]
		}
		if int64(len(b)) > p.length-p.offset {
			return false, civic.NewProblem(civic.RequestMalformed, errors.New("more bytes than announced"))
		}
		if len(b) > 0 {
			if _, err := f.Write(b); err != nil {
				return false, diskProblem(err)
			}
			p.offset += int64(len(b))
		}
		if rerr != nil {
			return errors.Is(rerr, io.EOF), nil
		}
		g.uploads.unlessWanted(key, func() { _ = rc.SetReadDeadline(time.Now().Add(g.Idle)) })
	}
}

// finish checks the whole against its name and takes it in, durably.
func (g *Ingest) finish(r *http.Request, device access.Device, p *partial) error {
	b, err := p.read()
	if err != nil {
		return err
	}
	if protocol.NameOf(b) != p.name {
		p.offset = 0
		return errors.Join(civic.NewProblem(civic.UploadChecksum, nil), os.Remove(p.path))
	}
	// All bytes are here: that the asker has gone must not undo it.
	if _, _, err := g.Take(context.WithoutCancel(r.Context()), p.kind, b, device.ID); err != nil {
		return err
	}
	p.done = true
	if err := os.Remove(p.path); err != nil {
		g.Logger.Warn("an upload's file stays behind", "error", err)
	}
	return nil
}

// acknowledge puts the signed word that a whole file was taken into the answer.
func (g *Ingest) acknowledge(w http.ResponseWriter, r *http.Request, p *partial) error {
	if !p.done {
		return nil
	}
	var acks []protocol.BatchAck
	err := g.DB.View(r.Context(), func(tx ledger.Tx) (err error) {
		acks, err = g.acks(r.Context(), tx, []civic.Digest{p.name})
		return err
	})
	if err != nil {
		return err
	}
	statement, err := g.Access.Acks(acks)
	if err == nil {
		w.Header().Set(protocol.HeaderAck, protocol.AckHeader(statement))
	}
	return err
}
