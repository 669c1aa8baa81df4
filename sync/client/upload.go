package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// step makes one request of an upload: HEAD when only the centre knows the
// offset, else a creation or PATCH with the next part. asked is how long the
// centre wants us to wait before the next.
func (u *upload) step(ctx context.Context) (done bool, asked time.Duration, err error) {
	if u.offset < 0 {
		return u.head(ctx)
	}
	if err := u.take(ctx); err != nil {
		return false, 0, err
	}
	size := int64(len(u.file))
	part := u.file[u.offset:min(size, u.offset+u.pass.chunk.size())]
	last := u.offset+int64(len(part)) == size

	method, url := http.MethodPatch, u.pass.wire.base+protocol.UploadPath(u.item.Digest)
	if u.fresh {
		method, url = http.MethodPost, u.pass.wire.base+protocol.PathUploads
	}
	u.count(u.offset)
	o := watchOptions{first: func() error { return u.begin(ctx) }, moved: u.moved}
	if last {
		o.left = u.release
	}
	r, err := u.request(context.WithValue(ctx, watchKey{}, o), method, url, bytes.NewReader(part))
	if err != nil {
		return false, 0, err
	}
	r.Header.Set("Content-Type", protocol.MediaOffset)
	if int64(len(part)) < size {
		r.Header.Set(protocol.HeaderUploadSum, protocol.Checksum(part)) // of a whole file the name is the sum
	}
	if u.fresh {
		r.Header.Set(protocol.HeaderUploadLength, strconv.FormatInt(size, 10))
		meta := protocol.Metadata{Kind: u.item.Kind.Upload(), Name: u.item.Digest}
		if u.along != nil {
			if meta.Key, err = u.pass.local.Read(ctx, u.along.Digest); err != nil {
				return false, 0, err
			}
		}
		r.Header.Set(protocol.HeaderUploadMeta, meta.String())
	} else {
		r.Header.Set(protocol.HeaderUploadOffset, strconv.FormatInt(u.offset, 10))
	}
	answer, problem, asked, err := u.do(ctx, r)
	if err != nil {
		u.lost()
		if u.item.Kind == protocol.ItemAttachment {
			u.release() // while this one finds its way back, another may send
		}
		return false, asked, err
	}
	if problem != nil {
		return false, asked, u.refusal(answer, problem)
	}
	u.fresh = false
	offset, err := u.offsetIn(answer)
	if err != nil {
		u.offset = -1
		return false, 0, civic.NewProblem(civic.ServerBusy, err)
	}
	u.reach(offset)
	u.pass.chunk.whole()
	if offset < size {
		return false, 0, nil
	}
	return true, 0, u.acknowledged(ctx, answer)
}

// acknowledged takes in the statement that came with the answer, if one did;
// what it does not say is asked later.
func (u *upload) acknowledged(ctx context.Context, answer http.Header) error {
	statement := protocol.ParseAckHeader(answer)
	if statement == nil {
		return nil
	}
	p := u.pass
	p.memory.Lock()
	defer p.memory.Unlock()
	return p.believe(ctx, statement, func(name civic.Digest) bool { return name == u.item.Digest })
}

// head asks how much of the file is there.
func (u *upload) head(ctx context.Context) (bool, time.Duration, error) {
	r, err := u.request(ctx, http.MethodHead, u.pass.wire.base+protocol.UploadPath(u.item.Digest), nil)
	if err != nil {
		return false, 0, err
	}
	answer, problem, asked, err := u.do(ctx, r)
	if err != nil {
		return false, asked, err
	}
	var offset int64
	switch {
	case problem == nil:
		if offset, err = u.offsetIn(answer); err != nil {
			return false, 0, civic.NewProblem(civic.ServerBusy, err)
		}
		u.fresh = false
	case problem.Code == civic.UploadUnknown:
		u.fresh = true
	default:
		return false, asked, problem
	}
	before := u.best
	u.reach(offset)
	// What waits in buffers is lost with every cut. More than that, and
	// nothing gained: something in between passes requests on only whole.
	if u.tried > 3*int64(u.pass.wire.tuning.SendBuffer) {
		u.pass.chunk.cut(u.tried, offset > before)
	}
	u.tried = 0
	if offset < int64(len(u.file)) {
		return false, 0, nil
	}
	return true, 0, u.acknowledged(ctx, answer)
}

// refusal acts on a code where the upload can go on, and returns it where not.
func (u *upload) refusal(answer http.Header, p *civic.Problem) error {
	switch p.Code {
	case civic.UploadOffset:
		offset, err := u.offsetIn(answer)
		if err != nil || offset == u.offset {
			u.offset = -1
			return civic.NewProblem(civic.ServerBusy, p)
		}
		u.reach(offset)
		return nil
	case civic.UploadUnknown:
		if u.fresh { // a creation cannot be unknown: not ours to repair
			return civic.NewProblem(civic.ServerBusy, p)
		}
		u.fresh = true
		u.reach(0)
		return nil
	case civic.UploadChecksum:
		u.offset = -1 // it may be anywhere, or gone
		return p
	}
	if passes(p) {
		u.offset = -1
	}
	return p
}

// codeMemory stands for a failure of the kit's memory that has no code itself.
const codeMemory civic.Code = "memory_failed"

// begin tells the kit's memory, once, that the file may be at the centre.
func (u *upload) begin(ctx context.Context) error {
	if u.began || u.item.Sent {
		return nil
	}
	u.pass.memory.Lock()
	defer u.pass.memory.Unlock()
	files := []civic.Digest{u.item.Digest}
	if u.along != nil {
		files = append(files, u.along.Digest)
	}
	if err := u.pass.local.Sent(ctx, files); err != nil {
		var p *civic.Problem
		if errors.As(err, &p) {
			return p
		}
		return civic.NewProblem(codeMemory, err)
	}
	u.began = true
	return nil
}

// lost notes that a request's end is not known. Where nothing left the kit, the
// centre knows nothing new.
func (u *upload) lost() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.left > 0 {
		u.offset = -1
		u.tried = u.left
	}
}

// reach takes over the centre's word on the offset.
func (u *upload) reach(offset int64) {
	u.offset = offset
	u.best = max(u.best, offset)
	u.count(offset)
}

// count corrects what was told to progress, and returns it.
func (u *upload) count(offset int64) int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.pass.moved(offset - u.counted)
	u.counted, u.left = offset, 0
	return offset
}

// moved notes bytes that left; the centre's word corrects them later.
func (u *upload) moved(n int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.counted += int64(n)
	u.left += int64(n)
	u.pass.moved(int64(n))
}

func (u *upload) offsetIn(answer http.Header) (int64, error) {
	n, err := protocol.ParseSize(answer, protocol.HeaderUploadOffset)
	if err != nil {
		return 0, err
	}
	if n > int64(len(u.file)) {
		return 0, errors.New("an offset beyond the file")
	}
	return n, nil
}

func (u *upload) request(ctx context.Context, method, url string, body io.Reader) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	// What half arrived must be told by HEAD, never sent again unasked.
	r.GetBody = nil
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set(protocol.HeaderTusResumable, protocol.TusVersion)
	return r, nil
}

// do makes the request and reads its answer to the end, so that the connection
// serves again.
func (u *upload) do(ctx context.Context, r *http.Request) (http.Header, *civic.Problem, time.Duration, error) {
	a, err := u.pass.wire.http.Do(r)
	if err != nil {
		return nil, nil, 0, problemOf(ctx, err)
	}
	defer func() { _ = a.Body.Close() }()
	if p := protocol.ReadProblem(a); p != nil {
		return a.Header, p, protocol.RetryAfter(a, u.pass.wire.tuning.RetryMax), nil
	}
	_, err = io.Copy(io.Discard, io.LimitReader(a.Body, 4<<10))
	if err != nil {
		return nil, nil, 0, problemOf(ctx, err)
	}
	return a.Header, nil, 0, nil
}
