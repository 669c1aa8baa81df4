package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// partial is an upload under way. Its file begins with a header of headerSize
// bytes (four of magic, one of version, one of kind, two spare, eight of the
// announced length) and goes on with what has come.
type partial struct {
	kind   protocol.UploadKind
	name   civic.Digest
	length int64
	offset int64
	path   string
	done   bool // taken in whole, no file any more
}

const (
	headerSize   = 16
	partialMagic = "AOUP"
)

// keepPartial is how long an upload nobody goes on with is kept.
const keepPartial = 14 * 24 * time.Hour

func (g *Ingest) partPath(device civic.DeviceID, name civic.Digest) string {
	return filepath.Join(g.uploadDir(), device.String(), name.String())
}

// begin makes the file of a new upload.
func (g *Ingest) begin(device access.Device, meta protocol.Metadata, length int64) (*partial, error) {
	p := &partial{kind: meta.Kind, name: meta.Name, length: length, path: g.partPath(device.ID, meta.Name)}
	dir := filepath.Dir(p.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, diskProblem(err)
	}
	open, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if len(open) >= maxOpenUploads {
		return nil, civic.NewProblem(civic.ServerBusy, errors.New("too many uploads under way"))
	}
	header := make([]byte, headerSize)
	copy(header, partialMagic)
	header[5] = byte(kindNumbers[meta.Kind])
	binary.BigEndian.PutUint64(header[8:], uint64(length))
	return p, diskProblem(os.WriteFile(p.path, header, 0o600))
}

// open reads how far an upload has come; fs.ErrNotExist when there is none, or
// one whose beginning was lost.
func (p *partial) open() error {
	f, err := os.Open(p.path)
	if err != nil {
		return err
	}
	defer f.Close()
	var header [headerSize]byte
	if _, err := f.ReadAt(header[:], 0); err != nil || string(header[:4]) != partialMagic {
		return fmt.Errorf("no upload's header: %w", fs.ErrNotExist)
	}
	for kind, n := range kindNumbers {
		if byte(n) == header[5] {
			p.kind = kind
		}
	}
	p.length = int64(binary.BigEndian.Uint64(header[8:]))
	info, err := f.Stat()
	if err != nil {
		return err
	}
	p.offset = info.Size() - headerSize
	if p.kind == "" || p.length <= 0 || p.length > p.kind.MaxSize() || p.offset > p.length {
		return fmt.Errorf("no upload's header: %w", fs.ErrNotExist)
	}
	return nil
}

// read gives the bytes that have come.
func (p *partial) read() ([]byte, error) {
	b, err := os.ReadFile(p.path)
	if err != nil || len(b) < headerSize {
		return nil, err
	}
	return b[headerSize:], nil
}

// Sweep removes uploads that nobody went on with for two weeks; the kit still
// holds the file and begins again.
func (g *Ingest) Sweep() error {
	return filepath.WalkDir(g.uploadDir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && g.Clock().Sub(info.ModTime()) > keepPartial {
			err = os.Remove(path)
		}
		if errors.Is(err, fs.ErrNotExist) { // finished meanwhile
			return nil
		}
		return err
	})
}
