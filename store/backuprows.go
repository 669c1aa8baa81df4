package store

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
)

// The rows file: rowsMagic, the schema's version in two bytes, then frames. A
// frame is frameMagic, its length in four bytes, the first eight bytes of SHA-256
// over the payload, and the payload in CBOR. The last frame of a row counts. The
// checksum only finds what is torn or worn: each row carries its own seal.
const (
	rowsMagic  = "AOK1rows"
	rowsBefore = "AOK0rows" // before version 1: nothing else differs
	rowsHead   = len(rowsMagic) + 2
	frameHead  = 4 + 4 + 8
	frameMagic = "\xa0\x0bAf"
	maxFrame   = 16 << 20
)

type frame struct {
	Table string      `cbor:"1,keyasint"`
	N     int64       `cbor:"2,keyasint"`
	Mark  []byte      `cbor:"3,keyasint,omitempty"`
	Cells vault.Cells `cbor:"4,keyasint,omitempty"` // none: the row is gone
}

type rowWriter struct {
	f     *os.File
	w     *bufio.Writer
	path  string
	whole bool
	size  int64
}

// newRowWriter appends behind the good part of a rows file, or writes a whole
// new one beside it.
func newRowWriter(path string, whole bool, m *medium, version int) (*rowWriter, error) {
	w := &rowWriter{path: path, whole: whole, size: m.size}
	var err error
	if whole {
		w.f, err = os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	} else {
		w.f, err = os.OpenFile(path, os.O_WRONLY, 0o600)
	}
	if err != nil {
		return nil, err
	}
	w.w = bufio.NewWriterSize(w.f, 1<<16)
	if whole {
		w.size = int64(rowsHead)
		_, err = w.w.Write(binary.BigEndian.AppendUint16([]byte(rowsMagic), uint16(version)))
	} else if err = w.f.Truncate(m.size); err == nil {
		_, err = w.f.Seek(m.size, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, w.abandon())
	}
	return w, nil
}

func (w *rowWriter) write(table string, n int64, mark string, cells vault.Cells) error {
	payload, err := encMode.Marshal(frame{table, n, []byte(mark), cells})
	if err != nil {
		return err
	}
	if len(payload) > maxFrame {
		return fmt.Errorf("row %d of table %s is too large for a backup", n, table)
	}
	sum := sha256.Sum256(payload)
	head := append(binary.BigEndian.AppendUint32([]byte(frameMagic), uint32(len(payload))), sum[:8]...)
	if _, err := w.w.Write(append(head, payload...)); err != nil {
		return err
	}
	w.size += int64(frameHead + len(payload))
	return nil
}

func (w *rowWriter) finish() (int64, error) {
	if err := errors.Join(w.w.Flush(), w.f.Sync()); err != nil {
		return 0, errors.Join(err, w.abandon())
	}
	if err := w.f.Close(); err != nil {
		return 0, err
	}
	if w.whole {
		return w.size, os.Rename(w.path+".new", w.path)
	}
	return w.size, nil
}

// abandon lets go of a file that could not be written; a new one goes, for it
// would take the room of the one that is whole.
func (w *rowWriter) abandon() error {
	err := w.f.Close()
	if w.whole {
		err = errors.Join(err, os.Remove(w.path+".new"))
	}
	return err
}

// readMedium learns what a rows file holds; no file is an empty medium, and one
// with damage in its middle is written anew.
func readMedium(path string) (*medium, error) {
	m := &medium{marks: map[place]string{}}
	good, damaged, err := readRows(path, func(fr frame) error {
		p := place{fr.Table, fr.N}
		if _, ok := m.marks[p]; ok {
			m.dead++
		}
		m.marks[p] = string(fr.Mark)
		if fr.Cells == nil {
			delete(m.marks, p)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) || damaged > 0 || civic.CodeOf(err) == civic.FileUnreadable {
		return &medium{}, nil
	}
	m.size = good
	return m, err
}

// readRows reads the frames of a file. It tells where the last whole frame ends,
// and how many stretches in between were damaged; after one it goes on at the
// next frame that is whole.
func readRows(path string, each func(frame) error) (good int64, damaged int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	head := make([]byte, rowsHead)
	if _, err := f.ReadAt(head, 0); err != nil || string(head[:len(rowsMagic)]) != rowsMagic && string(head[:len(rowsMagic)]) != rowsBefore {
		return 0, 0, civic.NewProblem(civic.FileUnreadable, err, "rows")
	}
	good = int64(rowsHead)
	for at := good; at < info.Size(); {
		fr, size, err := readFrame(f, at, info.Size())
		if err != nil {
			if at, err = nextFrame(f, at+1, info.Size()); err != nil {
				return good, damaged, err
			}
			continue
		}
		if at != good {
			damaged++
		}
		if err := each(fr); err != nil {
			return good, damaged, err
		}
		at += size
		good = at
	}
	return good, damaged, nil
}

var errFrame = errors.New("no whole frame")

func readFrame(f io.ReaderAt, at, end int64) (fr frame, size int64, err error) {
	var h [frameHead]byte
	if _, err := f.ReadAt(h[:], at); err != nil || string(h[:4]) != frameMagic {
		return fr, 0, errFrame
	}
	n := int64(binary.BigEndian.Uint32(h[4:8]))
	if n > maxFrame || at+frameHead+n > end { // a length that lies makes no room for itself
		return fr, 0, errFrame
	}
	payload := make([]byte, n)
	if _, err := f.ReadAt(payload, at+frameHead); err != nil {
		return fr, 0, errFrame
	}
	sum := sha256.Sum256(payload)
	if !bytes.Equal(sum[:8], h[8:]) || decMode.Unmarshal(payload, &fr) != nil {
		return fr, 0, errFrame
	}
	return fr, frameHead + n, nil
}

// nextFrame finds the next place from at on where a frame may begin, or the end.
func nextFrame(f io.ReaderAt, at, end int64) (int64, error) {
	window := make([]byte, 1<<16)
	for at < end {
		n, err := f.ReadAt(window[:min(int64(len(window)), end-at)], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return end, err
		}
		if i := bytes.Index(window[:n], []byte(frameMagic)); i >= 0 {
			return at + int64(i), nil
		}
		if n <= len(frameMagic) {
			break
		}
		at += int64(n - len(frameMagic) + 1)
	}
	return end, nil
}
