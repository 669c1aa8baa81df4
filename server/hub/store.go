package hub

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/durable"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// held is a sealed file the hub carries.
type held struct {
	kind protocol.UploadKind
	size int64
	key  protocol.KeyID
	came time.Time
	sent bool
	ack  protocol.BatchAck
}

// maxHeld bounds what a hub carries, in bytes.
const maxHeld = 64 << 30

// filePath is where a file lies: its kind is its ending.
func (h *Hub) filePath(name civic.Digest, kind protocol.UploadKind) string {
	hexes := name.String()
	return h.path(dirFiles, hexes[:2], hexes[2:]+"."+string(kind))
}

// readFiles makes the list of files anew from the folder.
func (h *Hub) readFiles() error {
	err := filepath.WalkDir(h.path(dirFiles), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, kind, ours := ourFile(path)
		if !ours {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		h.enter(name, kind, b, info.ModTime())
		return nil
	})
	if err != nil {
		return err
	}
	var acks []protocol.BatchAck
	if _, err := recall(h.path(fileAcks), &acks); err != nil {
		return err
	}
	for _, a := range acks {
		if f := h.files[a.Batch]; f != nil {
			f.ack = a
		}
	}
	return nil
}

// ourFile reads a file's name and kind off its path, as filePath made it.
func ourFile(path string) (name civic.Digest, kind protocol.UploadKind, ok bool) {
	rest, ending, _ := strings.Cut(filepath.Base(path), ".")
	name, err := civic.ParseDigest(filepath.Base(filepath.Dir(path)) + rest)
	kind = protocol.UploadKind(ending)
	return name, kind, err == nil && kind.MaxSize() > 0
}

// enter lists a file; the lock is the caller's.
func (h *Hub) enter(name civic.Digest, kind protocol.UploadKind, b []byte, came time.Time) {
	f := &held{kind: kind, size: int64(len(b)), came: came, ack: protocol.BatchAck{Batch: name}}
	// What cannot be read has a zero key; the centre will say what it thinks.
	switch kind {
	case protocol.UploadBatch:
		if m, err := batch.ReadManifest(b); err == nil {
			f.key = m.Key
		}
	case protocol.UploadKey:
		if _, key, err := batch.ReadDayKey(b); err == nil {
			f.key = key
			h.keys[key] = true
		}
	case protocol.UploadAttachment:
		if _, key, err := batch.ReadAttachment(b); err == nil {
			f.key = key
		}
	}
	h.files[name] = f
}

// take makes a whole file durable.
func (h *Hub) take(kind protocol.UploadKind, b []byte) error {
	name := protocol.NameOf(b)
	h.mu.Lock()
	_, there := h.files[name]
	var total int64
	for _, f := range h.files {
		total += f.size
	}
	h.mu.Unlock()
	if there {
		return nil
	}
	if total+int64(len(b)) > maxHeld {
		return civic.NewProblem(civic.ServerFull, nil)
	}
	path := h.filePath(name, kind)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = durable.WriteFile(path, b)
	}
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.enter(name, kind, b, h.Clock())
	h.mu.Unlock()
	h.stir()
	return nil
}

// keepKey is how long a day key is carried at least.
const keepKey = 3 * 24 * time.Hour

// local is the hub as the client knows a kit: what it carries waits to be sent.
type local struct{ h *Hub }

// itemKinds are in the order of sending.
var itemKinds = map[protocol.UploadKind]protocol.ItemKind{
	protocol.UploadKey: protocol.ItemKey, protocol.UploadBatch: protocol.ItemBatch, protocol.UploadAttachment: protocol.ItemAttachment,
}

func (l local) Pending(context.Context) ([]protocol.Item, error) {
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	var items []protocol.Item
	for name, f := range l.h.files {
		if f.ack.Safe {
			continue
		}
		items = append(items, protocol.Item{Digest: name, Kind: itemKinds[f.kind], Key: f.key, Size: f.size,
			Acked: f.ack.State, Reason: f.ack.Reason, Sent: f.sent})
	}
	slices.SortFunc(items, func(a, b protocol.Item) int {
		one, two := l.h.files[a.Digest], l.h.files[b.Digest]
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), one.came.Compare(two.came), slices.Compare(a.Digest[:], b.Digest[:]))
	})
	return items, nil
}

func (l local) Read(_ context.Context, name civic.Digest) ([]byte, error) {
	l.h.mu.Lock()
	f := l.h.files[name]
	l.h.mu.Unlock()
	if f == nil {
		return nil, civic.NewProblem(civic.UploadUnknown, nil)
	}
	return os.ReadFile(l.h.filePath(name, f.kind))
}

func (l local) Sent(_ context.Context, names []civic.Digest) error {
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	for _, name := range names {
		if f := l.h.files[name]; f != nil {
			f.sent = true
		}
	}
	return nil
}

// Acknowledge keeps what the centre said of the files, and lets go of those
// that are safe there.
func (l local) Acknowledge(_ context.Context, _ []byte, acks []protocol.BatchAck) error {
	h := l.h
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range acks {
		if f := h.files[a.Batch]; f != nil {
			f.ack = a
		}
	}
	// The centre asks for keys by their id and signs nothing for them: a key goes
	// when nothing under it is left and more is not to be expected.
	needed := map[protocol.KeyID]bool{}
	for _, f := range h.files {
		if f.kind != protocol.UploadKey && !f.ack.Safe {
			needed[f.key] = true
		}
	}
	var list []protocol.BatchAck
	for name, f := range h.files {
		gone := f.ack.Safe
		if f.kind == protocol.UploadKey {
			gone = f.sent && !needed[f.key] && h.Clock().Sub(f.came) > keepKey
		}
		if gone {
			if err := os.Remove(h.filePath(name, f.kind)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			delete(h.files, name)
			continue
		}
		list = append(list, f.ack)
	}
	return keep(h.path(fileAcks), list)
}

func (l local) Cursor(context.Context) (uint64, error) { return 0, nil }

// TakeIn drops messages: nobody writes to a hub.
func (l local) TakeIn(context.Context, []protocol.Down, uint64) error { return nil }

func (l local) BundleSerial(context.Context) (uint64, error) {
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	return l.h.serial, nil
}

func (l local) KeepBundle(_ context.Context, statement []byte, b protocol.KeyBundle) error {
	answer := protocol.BundleAnswer{Root: l.h.root.Raw, Bundle: statement}
	if err := keep(l.h.path(fileBundle), answer); err != nil {
		return err
	}
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	l.h.bundle, l.h.serial = answer, b.Serial
	return nil
}

func (l local) KeepLease(context.Context, []byte, protocol.Lease) error { return nil }

func (l local) KeepServerTime(_ context.Context, server int64) error {
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	l.h.ahead = time.Unix(server, 0).Sub(l.h.Clock()).Truncate(time.Second)
	return nil
}

func (l local) Stamp() civic.Stamp { return civic.Stamp{Wall: l.h.Clock().Unix()} }

func (l local) Journal(context.Context) (protocol.Head, error) { return protocol.Head{}, nil }

// kitName names a kit's files here by its transport key.
func kitName(transport []byte) string { return hex.EncodeToString(transport) + ".cbor" }
