package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// unknown is the offset only the centre can tell.
const unknown = -1

// codeMemory stands for a failure of the kit's memory that has no code itself.
const codeMemory civic.Code = "memory_failed"

// upload is the state of one file on its way. Only the goroutine of the pass
// touches it.
type upload struct {
	pass    *pass
	item    protocol.Item
	along   *protocol.Item // the day key that travels in the creation; nil as a rule
	file    []byte
	flying  bool  // a request is under way
	ends    bool  // and carries the file to its end
	fresh   bool  // not created at the centre as far as we know
	began   bool  // the kit's memory knows that it may be there
	offset  int64 // what the centre has, or unknown
	best    int64 // the farthest offset seen
	counted int64 // bytes told to progress
	ahead   int64 // bytes of the day key still to leave before the file's own
	left    int64 // bytes that left in the last request
	tried   int64 // bytes that left in a request whose end is not known
	bad     int   // checksums that did not fit
}

// load reads the file and checks that it is the one it is named for.
func (u *upload) load(ctx context.Context) (err error) {
	if u.file, err = u.pass.local.Read(ctx, u.item.Digest); err != nil {
		return err
	}
	if protocol.NameOf(u.file) != u.item.Digest {
		return civic.NewProblem(civic.RowDamaged, errors.New("a waiting file has other bytes than its name says"))
	}
	return nil
}

// request sends the next request: HEAD where only the centre knows the offset,
// else a creation or PATCH with the next part.
func (u *upload) request(ctx context.Context) (*call, error) {
	road := u.pass.wire.road
	if u.offset == unknown {
		u.ends = false
		r, err := u.newRequest(ctx, http.MethodHead, protocol.UploadPath(u.item.Digest), nil)
		if err != nil {
			return nil, err
		}
		return road.start(r, watchOptions{}), nil
	}
	size := int64(len(u.file))
	part := u.file[u.offset:min(size, u.offset+u.pass.chunk.size())]
	method, path := http.MethodPatch, protocol.UploadPath(u.item.Digest)
	if u.fresh {
		method, path = http.MethodPost, protocol.PathUploads
	}
	u.ends, u.ahead = u.offset+int64(len(part)) == size, 0
	body := part
	if u.fresh && u.along != nil {
		header, err := u.pass.local.Read(ctx, u.along.Digest)
		if err != nil {
			return nil, err
		}
		packed, err := protocol.PackAlong(header)
		if err != nil {
			return nil, err
		}
		u.ahead, body = int64(len(packed)), slices.Concat(packed, part)
	}
	r, err := u.newRequest(ctx, method, path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if len(body) > len(part) {
		r.Header.Set(protocol.HeaderKeyAlong, strconv.Itoa(len(body)-len(part)))
	}
	r.Header.Set("Content-Type", protocol.MediaOffset)
	if int64(len(part)) < size {
		r.Header.Set(protocol.HeaderUploadSum, protocol.Checksum(part)) // of a whole file the name is the sum
	}
	if u.fresh {
		r.Header.Set(protocol.HeaderUploadLength, strconv.FormatInt(size, 10))
		r.Header.Set(protocol.HeaderUploadMeta, protocol.Metadata{Kind: u.item.Kind.Upload(), Name: u.item.Digest}.String())
	} else {
		r.Header.Set(protocol.HeaderUploadOffset, strconv.FormatInt(u.offset, 10))
	}
	u.count(u.offset)
	return road.start(r, watchOptions{first: func() error { return u.begin(ctx) }, moved: u.moved}), nil
}

func (u *upload) newRequest(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, u.pass.wire.base+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set(protocol.HeaderTusResumable, protocol.TusVersion)
	return r, nil
}

// begin tells the kit's memory, once, that the file may be at the centre.
func (u *upload) begin(ctx context.Context) error {
	if u.began || u.item.Sent {
		return nil
	}
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

// answered acts on an answer. done is the end of the upload; asked is how long
// the centre wants us to wait.
func (u *upload) answered(ctx context.Context, a *http.Response) (done bool, asked time.Duration, err error) {
	head := u.offset == unknown
	if p := protocol.ReadProblem(a); p != nil {
		asked = protocol.RetryAfter(a, u.pass.wire.tuning.RetryMax)
		return false, asked, u.refused(a.Header, p, head)
	}
	offset, err := u.offsetIn(a.Header)
	if err != nil {
		u.offset = unknown
		return false, 0, civic.NewProblem(civic.ServerBusy, err)
	}
	u.fresh = false
	if head {
		u.found(offset)
	} else {
		u.pass.chunk.whole()
	}
	u.reach(offset)
	if offset < int64(len(u.file)) {
		return false, 0, nil
	}
	return true, 0, u.acknowledged(ctx, a.Header)
}

// refused acts on a code where the upload can go on, and returns it where not.
func (u *upload) refused(h http.Header, p *civic.Problem, head bool) error {
	switch p.Code {
	case civic.UploadOffset:
		offset, err := u.offsetIn(h)
		if err != nil || head || offset == u.offset {
			u.offset = unknown
			return civic.NewProblem(civic.ServerBusy, p)
		}
		u.reach(offset)
		return nil
	case civic.UploadUnknown:
		if u.fresh && !head { // a creation cannot be unknown: not ours to repair
			u.offset = unknown
			return civic.NewProblem(civic.ServerBusy, p)
		}
		u.found(0)
		u.fresh = true
		u.reach(0)
		return nil
	case civic.UploadChecksum:
		u.offset = unknown // it may be anywhere, or gone
		if u.bad++; u.bad >= u.pass.wire.tuning.Patience {
			return civic.NewProblem(civic.RowDamaged, p)
		}
		return p
	}
	if passes(p) {
		u.offset = unknown
	}
	return p
}

// lostInBuffers is more than a cut takes from the buffers of both ends on a link
// that is cut often, in bytes.
const lostInBuffers = 40 << 10

// found judges requests that were cut by what arrived of them. What waits in
// buffers is lost with every cut. More than that, and nothing gained: something
// in between passes requests on only whole.
func (u *upload) found(offset int64) {
	if u.tried > lostInBuffers {
		u.pass.chunk.cut(u.tried, offset > u.best)
	}
	u.tried = 0
}

// lost notes that a request's end is not known. Where nothing left the kit, the
// centre knows nothing new.
func (u *upload) lost() {
	if u.left > 0 {
		u.offset = unknown
		u.tried, u.left = u.left, 0
	}
}

// acknowledged takes in the statement that came with the answer, if one did;
// what it does not say is asked later.
func (u *upload) acknowledged(ctx context.Context, h http.Header) error {
	statement := protocol.ParseAckHeader(h)
	if statement == nil {
		return nil
	}
	return u.pass.believe(ctx, statement, func(name civic.Digest) bool { return name == u.item.Digest })
}

// reach takes over the centre's word on the offset.
func (u *upload) reach(offset int64) {
	u.offset = offset
	u.best = max(u.best, offset)
	u.count(offset)
}

// count corrects what was told to progress.
func (u *upload) count(offset int64) {
	u.pass.meter.moved(offset - u.counted)
	u.counted, u.left = offset, 0
}

// moved notes bytes that left; the centre's word corrects them later.
func (u *upload) moved(n int) {
	u.left += int64(n)
	own := int64(n) - min(u.ahead, int64(n))
	u.ahead -= int64(n) - own
	u.counted += own
	u.pass.meter.moved(own)
}

func (u *upload) offsetIn(h http.Header) (int64, error) {
	n, err := protocol.ParseSize(h, protocol.HeaderUploadOffset)
	if err != nil {
		return 0, err
	}
	if n > int64(len(u.file)) {
		return 0, errors.New("an offset beyond the file")
	}
	return n, nil
}
