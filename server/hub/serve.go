package hub

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/askonce/fieldkit/server/upload"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/client"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Limits of one request.
const (
	maxSyncRequest = 512 << 10
	maxHeader      = 16 << 10
	headerTime     = time.Minute
	idleTime       = 5 * time.Minute
	stopTime       = 10 * time.Second
	downBytes      = 8 << 10 // as the centre: an answer must fit a bad link
	maxKits        = 10_000
)

// passOptions are those of every pass to the centre.
var passOptions = client.Options{}

// keeper is the hub behind uploads.
type keeper struct{ h *Hub }

// Owner tells kits apart by the key they show; a hub knows no more of them.
func (k keeper) Owner(r *http.Request) (upload.Owner, error) {
	key, ok := protocol.TransportKey(r.TLS)
	if !ok {
		return upload.Owner{}, civic.NewProblem(civic.DeviceUnknown, errors.New("no client certificate"))
	}
	sum := sha256.Sum256(key)
	return upload.Owner(sum[:16]), nil
}

func (k keeper) Whole(_ context.Context, name civic.Digest) (protocol.UploadKind, int64, error) {
	k.h.mu.Lock()
	defer k.h.mu.Unlock()
	if f := k.h.files[name]; f != nil {
		return f.kind, f.size, nil
	}
	return "", 0, civic.NewProblem(civic.UploadUnknown, nil)
}

func (k keeper) Take(_ context.Context, kind protocol.UploadKind, file []byte, _ upload.Owner) error {
	return k.h.take(kind, file)
}

// Ack gives nothing: only the centre signs for files.
func (k keeper) Ack(context.Context, civic.Digest) ([]byte, error) { return nil, nil }

// Handler answers kits.
func (h *Hub) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+protocol.PathHealth, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	mux.HandleFunc("GET "+protocol.PathBundle, func(w http.ResponseWriter, _ *http.Request) {
		h.mu.Lock()
		answer := h.bundle
		h.mu.Unlock()
		answer.ServerTime = h.serverTime().Unix()
		h.reply(w, answer, nil)
	})
	mux.HandleFunc("POST "+protocol.PathEnrol, func(w http.ResponseWriter, _ *http.Request) {
		protocol.WriteProblem(w, civic.NewProblem(civic.HubOnly, nil))
	})
	mux.HandleFunc("POST "+protocol.PathSync, h.sync)
	mux.Handle(protocol.PathUploads, h.uploads)
	mux.Handle(protocol.PathUploads+"/", h.uploads)
	protocol.RefuseOtherVersions(mux)
	return mux
}

func (h *Hub) reply(w http.ResponseWriter, answer any, err error) {
	var words []byte
	if err == nil {
		words, err = protocol.Marshal(answer)
	}
	if err != nil {
		if civic.CodeOf(err) == "" {
			h.Logger.Error("request failed", "error", err)
		}
		protocol.WriteProblem(w, err)
		return
	}
	w.Header().Set("Content-Type", protocol.MediaCBOR)
	_, _ = w.Write(words) // the kit may be gone; it asks again
}

// sync answers a kit from what the hub holds and what the centre said last.
func (h *Hub) sync(w http.ResponseWriter, r *http.Request) {
	key, ok := protocol.TransportKey(r.TLS)
	if !ok {
		protocol.WriteProblem(w, civic.NewProblem(civic.DeviceUnknown, nil))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSyncRequest))
	var ask protocol.SyncRequest
	if err != nil {
		err = civic.NewProblem(civic.RequestMalformed, err)
	} else {
		err = protocol.Unmarshal(body, &ask)
	}
	if err != nil {
		h.reply(w, nil, err)
		return
	}
	answer, err := h.answer(key, ask)
	h.reply(w, answer, err)
}

func (h *Hub) answer(transport []byte, ask protocol.SyncRequest) (a protocol.SyncAnswer, err error) {
	var last answered
	if _, err := recall(h.path(dirAnswer, kitName(transport)), &last); err != nil {
		return a, err
	}
	if err := h.remember(transport, ask); err != nil {
		return a, err
	}
	h.stir()
	a.ServerTime = h.serverTime().Unix()
	a.Acks, a.Lease = last.Answer.Acks, last.Answer.Lease

	h.mu.Lock()
	defer h.mu.Unlock()
	if h.serial > ask.Bundle {
		a.Bundle = h.bundle.Bundle
	}
	// The centre's last answer tells what it has: what was asked then and is not
	// wanted. Of everything else the hub wants a copy to carry.
	there := map[civic.Digest]bool{}
	for _, name := range append(last.Ask.Batches, last.Ask.Attachments...) {
		there[name] = true
	}
	for _, name := range last.Answer.Want {
		there[name] = false
	}
	// Of a kit it meets for the first time it knows nothing yet: what the centre
	// has acknowledged to that kit stays where it is until the centre is asked.
	custody := protocol.Custody{Carrier: h.about.Device, At: a.ServerTime, Hub: true}
	for i, name := range slices.Concat(ask.Batches, ask.Attachments) {
		word, answered := there[name]
		switch acked := protocol.Bit(ask.Acked, i); {
		case h.files[name] == nil && !word && (answered || !acked):
			a.Want = append(a.Want, name)
		case h.files[name] != nil && !word && !acked && len(custody.Files) < protocol.MaxCustody:
			custody.Files = append(custody.Files, name)
		}
	}
	if len(custody.Files) > 0 {
		if a.Custody, err = protocol.SignCustody(custody, h.transport); err != nil {
			return a, err
		}
	}
	known := map[protocol.KeyID]bool{}
	for _, id := range last.Ask.Keys {
		known[id] = true
	}
	for _, id := range last.Answer.WantKey {
		known[id] = false
	}
	for _, id := range ask.Keys {
		if !h.keys[id] && !known[id] {
			a.WantKey = append(a.WantKey, id)
		}
	}
	size := 0
	for _, d := range last.Answer.Down {
		if d.Seq <= ask.Cursor {
			continue
		}
		if size += len(d.Body); len(a.Down) == protocol.MaxDownPerCall || len(a.Down) > 0 && size > downBytes {
			a.More = true
			break
		}
		a.Down, a.Marks = append(a.Down, d), last.Answer.Marks
	}
	h.district(ask, &last, &a)
	return a, nil
}

// remember keeps what a kit asked last, for the next pass to the centre.
func (h *Hub) remember(transport []byte, ask protocol.SyncRequest) error {
	path := h.path(dirAsk, kitName(transport))
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		kits, err := os.ReadDir(h.path(dirAsk))
		if err != nil {
			return err
		}
		if len(kits) >= maxKits {
			return civic.NewProblem(civic.ServerBusy, errors.New("more kits than a hub serves"))
		}
	}
	return keep(path, ask)
}

// Serve answers kits on a listener and forwards until the context ends. A new
// hub waits for its certificate before it answers.
func (h *Hub) Serve(ctx context.Context, l net.Listener) error {
	config := protocol.ServerTLS(tls.Certificate{})
	config.Certificates = nil
	config.GetCertificate = h.getCertificate
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	requests, stopRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRequests()
	srv := &http.Server{
		Handler: h.Handler(), Protocols: protocols, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ErrorLog:    slog.NewLogLogger(h.Logger.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return requests },
	}
	forwarded := make(chan struct{})
	go func() {
		defer close(forwarded)
		h.forwarding(ctx)
	}()
	served := make(chan error, 1)
	go func() { served <- srv.Serve(tls.NewListener(l, config)) }()
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		stopRequests()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		if err = srv.Shutdown(grace); err != nil {
			err = srv.Close()
		}
		<-forwarded
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Status is what a hub carries.
type Status struct {
	Files     int   `json:"files"`
	Bytes     int64 `json:"bytes"`
	Forwarded int   `json:"forwarded"` // received by the centre, kept until safe
	Waiting   int   `json:"waiting"`
}

// Status counts what the hub carries.
func (h *Hub) Status() (s Status) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.files {
		s.Files++
		s.Bytes += f.size
		if f.ack.State != protocol.BatchAbsent || f.kind == protocol.UploadKey && f.sent {
			s.Forwarded++
		} else {
			s.Waiting++
		}
	}
	return s
}
