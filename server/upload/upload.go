package upload

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// maxOpenUploads bounds how many uploads of one kit may be under way.
const maxOpenUploads = 256

// Owner is who uploads: each owner's uploads are its own.
type Owner [16]byte

// Keeper is what lies behind the uploads.
type Keeper interface {
	// Owner tells who sent a request; civic.DeviceUnknown for nobody known.
	Owner(r *http.Request) (Owner, error)
	// Whole finds a file that was taken, however it came;
	// civic.UploadUnknown when it was not.
	Whole(ctx context.Context, name civic.Digest) (kind protocol.UploadKind, length int64, err error)
	// Take makes a whole file durable; whatever is wrong with its content is no
	// error.
	Take(ctx context.Context, kind protocol.UploadKind, file []byte, owner Owner) error
	// Ack gives the signed word that a file was taken, nil when there is none.
	Ack(ctx context.Context, name civic.Digest) ([]byte, error)
}

// Config is what a Handler takes from its surroundings.
type Config struct {
	Keeper Keeper
	Dir    string // folder for uploads under way; must exist
	Clock  func() time.Time
	Logger *slog.Logger
	// Idle is how long an upload may be silent before its connection is given
	// up; two minutes when zero.
	Idle time.Duration
}

// Handler answers tus 1.0 under protocol.PathUploads.
type Handler struct {
	Config
	slots slots
}

// New makes a Handler.
func New(c Config) *Handler {
	if c.Idle == 0 {
		c.Idle = 2 * time.Minute
	}
	return &Handler{Config: c, slots: slots{all: map[uploadKey]*slot{}}}
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if over := r.Header.Get("X-HTTP-Method-Override"); over != "" {
		method = over
	}
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Set(protocol.HeaderTusResumable, protocol.TusVersion)
	if method == http.MethodOptions {
		head.Set(protocol.HeaderTusVersion, protocol.TusVersion)
		head.Set(protocol.HeaderTusExtension, protocol.TusExtensions)
		head.Set(protocol.HeaderTusChecksums, protocol.TusChecksums)
		head.Set(protocol.HeaderTusMaxSize, strconv.FormatInt(max(protocol.UploadBatch.MaxSize(), protocol.UploadAttachment.MaxSize()), 10))
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if r.Header.Get(protocol.HeaderTusResumable) != protocol.TusVersion {
		head.Set(protocol.HeaderTusVersion, protocol.TusVersion)
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	owner, err := h.Keeper.Owner(r)
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	name, named := protocol.ParseUploadPath(r.URL.Path)
	switch {
	case method == http.MethodPost && r.URL.Path == protocol.PathUploads:
		err = h.create(w, r, owner)
	case method == http.MethodHead && named:
		err = h.head(w, r, owner, name)
	case method == http.MethodPatch && named:
		err = h.patch(w, r, owner, name)
	case named || r.URL.Path == protocol.PathUploads:
		head.Set("Allow", "OPTIONS, POST, HEAD, PATCH")
		w.WriteHeader(http.StatusMethodNotAllowed)
	default:
		err = civic.NewProblem(civic.UploadUnknown, nil)
	}
	if err != nil {
		h.refuse(w, r, err)
	}
}

// refuse answers with a problem; what is not the asker's fault is logged.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var p *civic.Problem
	if !errors.As(err, &p) || p.HTTPStatus() >= 500 {
		h.Logger.Error("upload failed", "method", r.Method, "error", err)
	}
	protocol.WriteProblem(w, err)
}

// create begins an upload, or finds how far an earlier one has come.
func (h *Handler) create(w http.ResponseWriter, r *http.Request, owner Owner) error {
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
	if r.Header.Get("Content-Type") == protocol.MediaOffset {
		if err := h.takeAlong(r, owner); err != nil {
			return err
		}
	}
	release, err := h.hold(w, r, owner, meta.Name)
	if err != nil {
		return err
	}
	defer release()
	p, err := h.find(r, owner, meta.Name)
	if civic.CodeOf(err) == civic.UploadUnknown {
		p, err = h.begin(owner, meta, length)
	}
	if err != nil {
		return err
	}
	if p.length != length || p.kind != meta.Kind {
		// The name is that of the bytes, so one of the two was never right.
		return civic.NewProblem(civic.RequestMalformed, errors.New("the upload began with another length or kind"))
	}
	if r.Header.Get("Content-Type") == protocol.MediaOffset {
		if err := h.receive(w, r, owner, p, p.offset); err != nil {
			return err
		}
	}
	if err := h.acknowledge(w, r, p); err != nil {
		return err
	}
	w.Header().Set("Location", protocol.UploadPath(p.name))
	w.Header().Set(protocol.HeaderUploadOffset, strconv.FormatInt(p.offset, 10))
	w.WriteHeader(http.StatusCreated)
	return nil
}

// takeAlong takes in the day key that travels at the front of a creation, as if
// it had been uploaded; a wrong one is set aside, and the batch goes its own way.
func (h *Handler) takeAlong(r *http.Request, owner Owner) error {
	key, err := protocol.ReadAlong(r.Header, r.Body)
	if err != nil || key == nil {
		return err
	}
	return h.Keeper.Take(r.Context(), protocol.UploadKey, key, owner)
}

func (h *Handler) head(w http.ResponseWriter, r *http.Request, owner Owner, name civic.Digest) error {
	release, err := h.hold(w, r, owner, name)
	if err != nil {
		return err
	}
	defer release()
	p, err := h.find(r, owner, name)
	if err != nil {
		return err
	}
	w.Header().Set(protocol.HeaderUploadOffset, strconv.FormatInt(p.offset, 10))
	w.Header().Set(protocol.HeaderUploadLength, strconv.FormatInt(p.length, 10))
	w.WriteHeader(http.StatusOK)
	return nil
}

func (h *Handler) patch(w http.ResponseWriter, r *http.Request, owner Owner, name civic.Digest) error {
	if r.Header.Get("Content-Type") != protocol.MediaOffset {
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return nil
	}
	offset, err := protocol.ParseSize(r.Header, protocol.HeaderUploadOffset)
	if err != nil {
		return err
	}
	release, err := h.hold(w, r, owner, name)
	if err != nil {
		return err
	}
	defer release()
	p, err := h.find(r, owner, name)
	if err != nil {
		return err
	}
	if p.offset != offset {
		w.Header().Set(protocol.HeaderUploadOffset, strconv.FormatInt(p.offset, 10))
		return civic.NewProblem(civic.UploadOffset, nil)
	}
	if err := h.receive(w, r, owner, p, 0); err != nil {
		return err
	}
	if err := h.acknowledge(w, r, p); err != nil {
		return err
	}
	w.Header().Set(protocol.HeaderUploadOffset, strconv.FormatInt(p.offset, 10))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// hold takes the upload for this request, ending an older one.
func (h *Handler) hold(w http.ResponseWriter, r *http.Request, owner Owner, name civic.Digest) (func(), error) {
	rc := http.NewResponseController(w)
	// A deadline in the past ends a read that hangs; the error only says that
	// this writer has no deadlines, as in tests without a connection.
	return h.slots.take(r.Context(), uploadKey{owner, name}, func() { _ = rc.SetReadDeadline(time.Unix(1, 0)) })
}

// find looks up an upload of a kit: under way, or taken in already.
func (h *Handler) find(r *http.Request, owner Owner, name civic.Digest) (*partial, error) {
	p := &partial{name: name, path: h.partPath(owner, name)}
	if err := p.open(); err == nil && p.offset == p.length {
		// The last byte came, but not the end of its request: a crash, say.
		return p, h.finish(r, owner, p)
	} else if err == nil || !errors.Is(err, os.ErrNotExist) {
		return p, err
	}
	var err error
	p.kind, p.length, err = h.Keeper.Whole(r.Context(), name)
	p.offset, p.done = p.length, true
	return p, err
}
