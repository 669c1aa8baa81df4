package upload

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/server/durable"
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

// kinds are numbered from 1 in the header.
var kinds = [...]protocol.UploadKind{protocol.UploadKey, protocol.UploadBatch, protocol.UploadAttachment}

func numberOf(kind protocol.UploadKind) byte { return byte(slices.Index(kinds[:], kind) + 1) }

// keepPartial is how long an upload nobody goes on with is kept.
const keepPartial = 14 * 24 * time.Hour

func (h *Handler) partPath(owner Owner, name civic.Digest) string {
	return filepath.Join(h.Dir, hex.EncodeToString(owner[:]), name.String())
}

// begin makes the file of a new upload.
func (h *Handler) begin(owner Owner, meta protocol.Metadata, length int64) (*partial, error) {
	p := &partial{kind: meta.Kind, name: meta.Name, length: length, path: h.partPath(owner, meta.Name)}
	dir := filepath.Dir(p.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, durable.Problem(err)
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
	header[5] = numberOf(meta.Kind)
	binary.BigEndian.PutUint64(header[8:], uint64(length))
	return p, durable.Problem(os.WriteFile(p.path, header, 0o600))
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
	if n := int(header[5]); n > 0 && n <= len(kinds) {
		p.kind = kinds[n-1]
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
func (h *Handler) Sweep() error {
	return filepath.WalkDir(h.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && h.Clock().Sub(info.ModTime()) > keepPartial {
			err = os.Remove(path)
		}
		if errors.Is(err, fs.ErrNotExist) { // finished meanwhile
			return nil
		}
		return err
	})
}

// bytesInWords writes a limit for people.
func bytesInWords(n int64) string { return strconv.FormatInt(n>>20, 10) + " MiB" }
