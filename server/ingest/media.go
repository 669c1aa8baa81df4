package ingest

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/durable"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Folders of a medium: what kits send, what they ask, what the centre answers.
const (
	mediaAsk  = "ask"
	mediaDown = "down"
)

// mediaDownBytes caps the messages in one answer on a medium, so that the
// answer stays within protocol.MaxMessage.
const mediaDownBytes = 3 << 20

// Imported counts what a medium held.
type Imported struct {
	Accepted    int // files that are new and will be, or are, worked on
	Repeated    int // files the centre had
	Quarantined int // files set aside now, with their reason
	Ignored     int // files that are none of ours
	Answers     int // kits that an answer was written for
}

// Import takes in every sealed file below a folder, works until they are
// settled, and writes the answers for the kits they came from to DIR/down.
func (g *Ingest) Import(ctx context.Context, dir string) (n Imported, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return n, civic.NewProblem(civic.FileUnreadable, err, dir)
	}
	defer root.Close()
	files, ignored, err := findMedia(root)
	if err != nil {
		return n, err
	}
	n.Ignored = ignored
	met := map[civic.DeviceID]bool{}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		b, err := f.read(root)
		if err != nil {
			return n, err
		}
		ack, repeated, err := g.Take(ctx, f.kind, b, civic.DeviceID{})
		switch {
		case err != nil:
			return n, err
		case repeated:
			n.Repeated++
		case ack.State == protocol.BatchQuarantined:
			n.Quarantined++
		default:
			n.Accepted++
		}
		if id, ok := maker(f.kind, b); ok {
			met[id] = true
		}
	}
	for {
		did, err := g.Work(ctx)
		if err != nil {
			return n, err
		}
		if did == 0 {
			break
		}
	}
	n.Answers, err = g.answerMedia(ctx, root, met)
	return n, err
}

// mediaFile is one file of a medium.
type mediaFile struct {
	path string
	kind protocol.UploadKind
}

// findMedia lists the sealed files below a folder, keys first, then batches,
// then attachments.
func findMedia(root *os.Root) (files []mediaFile, ignored int, err error) {
	err = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && (path == mediaAsk || path == mediaDown) {
				return fs.SkipDir
			}
			return err
		}
		f := mediaFile{path: path}
		if f.kind, err = kindOf(root, path, d); err != nil {
			return err
		}
		if f.kind == "" {
			ignored++
			return nil
		}
		files = append(files, f)
		return nil
	})
	slices.SortStableFunc(files, func(a, b mediaFile) int { return kindNumbers[a.kind] - kindNumbers[b.kind] })
	return files, ignored, err
}

// kindOf tells what a file is, by its ending or else by what it holds; empty
// for a file that is none of ours.
func kindOf(root *os.Root, path string, d fs.DirEntry) (protocol.UploadKind, error) {
	info, err := d.Info()
	if err != nil || !info.Mode().IsRegular() {
		return "", err
	}
	kind := protocol.UploadKind(strings.TrimPrefix(filepath.Ext(path), "."))
	if max := kind.MaxSize(); max > 0 {
		if info.Size() > max {
			return "", nil
		}
		return kind, nil
	}
	if info.Size() > protocol.MaxBatchFile {
		return "", nil
	}
	b, err := mediaFile{path: path, kind: protocol.UploadBatch}.read(root)
	if err != nil {
		return "", err
	}
	for _, kind := range []protocol.UploadKind{protocol.UploadKey, protocol.UploadBatch, protocol.UploadAttachment} {
		if _, ok := maker(kind, b); ok {
			return kind, nil
		}
	}
	return "", nil
}

// maker tells whose file this is, as far as it says; false if it is not one.
func maker(kind protocol.UploadKind, b []byte) (id civic.DeviceID, ok bool) {
	var err error
	switch kind {
	case protocol.UploadBatch:
		var m batch.Manifest
		m, err = batch.ReadManifest(b)
		id = m.Device
	case protocol.UploadKey:
		id, _, err = batch.ReadDayKey(b)
	case protocol.UploadAttachment:
		id, _, err = batch.ReadAttachment(b)
	}
	return id, err == nil
}

func (f mediaFile) read(root *os.Root) ([]byte, error) {
	file, err := root.Open(f.path)
	if err != nil {
		return nil, civic.NewProblem(civic.FileUnreadable, err, f.path)
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, f.kind.MaxSize()))
}

// answerMedia answers the requests on a medium, and kits whose files were met
// without one.
func (g *Ingest) answerMedia(ctx context.Context, root *os.Root, met map[civic.DeviceID]bool) (int, error) {
	asks := map[civic.DeviceID]protocol.SyncRequest{}
	for id := range met {
		asks[id] = protocol.SyncRequest{}
	}
	entries, err := fs.ReadDir(root.FS(), mediaAsk)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	for _, e := range entries {
		id, err := civic.ParseDeviceID(strings.TrimSuffix(e.Name(), ".cbor"))
		if err != nil || !e.Type().IsRegular() {
			continue
		}
		b, err := readLimited(root, filepath.Join(mediaAsk, e.Name()), maxSyncRequest)
		if err != nil {
			return 0, err
		}
		var ask protocol.SyncRequest
		if protocol.Unmarshal(b, &ask) == nil {
			asks[id] = ask
		}
	}
	if err := root.Mkdir(mediaDown, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return 0, err
	}
	n := 0
	for id, ask := range asks {
		words, err := g.mediaAnswer(ctx, id, ask)
		switch civic.CodeOf(err) {
		case civic.DeviceUnknown, civic.RequestMalformed, civic.LogMalformed:
			continue // nothing to say to a stranger
		}
		if err == nil {
			err = writeMedia(root, filepath.Join(mediaDown, id.String()+".cbor"), words)
		}
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// mediaAnswer is what Sync would answer. Whoever wrote the request is not
// known, so nothing of it is believed: all that is given is signed or sealed.
func (g *Ingest) mediaAnswer(ctx context.Context, id civic.DeviceID, ask protocol.SyncRequest) ([]byte, error) {
	var d access.Device
	err := g.DB.View(ctx, func(tx ledger.Tx) (err error) {
		d, err = g.Access.ByID(ctx, tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if ask.Openings, err = g.proven(d, ask.Openings); err != nil {
		return nil, err
	}
	a, err := g.tell(ctx, d, ask, mediaDownBytes)
	if err != nil {
		return nil, err
	}
	return protocol.Marshal(a)
}

func readLimited(root *os.Root, path string, limit int64) ([]byte, error) {
	f, err := root.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// writeMedia writes a file whole or not at all: sticks are pulled early.
func writeMedia(root *os.Root, path string, b []byte) error {
	f, err := root.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return durable.Problem(err)
	}
	return root.Rename(path+".new", path)
}
