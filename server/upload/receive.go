package upload

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

	"github.com/askonce/fieldkit/server/durable"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// receive appends a request's body to the upload, drops the first skip bytes
// of it, which are there already, and takes the file in when it is whole.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request, owner Owner, p *partial, skip int64) error {
	want, check, err := protocol.ParseChecksum(r.Header)
	if err != nil {
		return err
	}
	if p.done {
		return nil // the rest of the body is nobody's loss
	}
	f, err := os.OpenFile(p.path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return durable.Problem(err)
	}
	defer f.Close()
	start, sum := p.offset, sha256.New()
	whole, err := h.copyBody(w, r, uploadKey{owner, p.name}, f, p, skip, sum)
	if err != nil {
		return err
	}
	if whole && check && [sha256.Size]byte(sum.Sum(nil)) != want {
		p.offset = start
		return errors.Join(civic.NewProblem(civic.UploadChecksum, nil), f.Truncate(headerSize+start))
	}
	if p.offset == p.length {
		return h.finish(r, owner, p)
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
func (h *Handler) copyBody(w http.ResponseWriter, r *http.Request, key uploadKey, f *os.File, p *partial, skip int64, sum hash.Hash) (whole bool, err error) {
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
				return false, durable.Problem(err)
			}
			p.offset += int64(len(b))
		}
		if rerr != nil {
			return errors.Is(rerr, io.EOF), nil
		}
		h.slots.unlessWanted(key, func() { _ = rc.SetReadDeadline(time.Now().Add(h.Idle)) })
	}
}

// finish checks the whole against its name and takes it in, durably.
func (h *Handler) finish(r *http.Request, owner Owner, p *partial) error {
	b, err := p.read()
	if err != nil {
		return err
	}
	if protocol.NameOf(b) != p.name {
		p.offset = 0
		return errors.Join(civic.NewProblem(civic.UploadChecksum, nil), os.Remove(p.path))
	}
	// All bytes are here: that the asker has gone must not undo it.
	if err := h.Keeper.Take(context.WithoutCancel(r.Context()), p.kind, b, owner); err != nil {
		return err
	}
	p.done = true
	if err := os.Remove(p.path); err != nil {
		h.Logger.Warn("an upload's file stays behind", "error", err)
	}
	return nil
}

// acknowledge puts the signed word that a whole file was taken into the answer.
func (h *Handler) acknowledge(w http.ResponseWriter, r *http.Request, p *partial) error {
	if !p.done {
		return nil
	}
	statement, err := h.Keeper.Ack(r.Context(), p.name)
	if err == nil && statement != nil {
		w.Header().Set(protocol.HeaderAck, protocol.AckHeader(statement))
	}
	return err
}
