package vault

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// SQLite reads its write-ahead log up to the first frame whose checksum does not
// fit, and says nothing: that is how a transaction cut by a power failure is
// undone. A frame that the disk damaged ends the log in the same way, and what
// was acknowledged behind it would be gone unseen. The two can be told apart:
// each transaction is on the disk before the next begins, so a power cut leaves
// at most one behind the last whole frame. Two are damage.

const (
	logHeader   = 32
	frameHeader = 24
	logMagic    = 0x377f0682 // and with its last bit set where checksums are big-endian
	maxPage     = 64 << 10
)

// lostTail counts transactions in a log behind a frame that does not fit; 0 when
// SQLite will read all there is, or loses no more than one it never acknowledged.
func lostTail(r io.Reader) (int, error) {
	in := bufio.NewReaderSize(r, 1<<20)
	head := make([]byte, logHeader)
	if _, err := io.ReadFull(in, head); err != nil {
		return 0, ended(err)
	}
	magic, page := binary.BigEndian.Uint32(head), binary.BigEndian.Uint32(head[8:])
	if magic&^1 != logMagic || page < 512 || page > maxPage || page&(page-1) != 0 {
		return 0, nil // no log, or one that was never begun
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if magic&1 == 1 {
		order = binary.BigEndian
	}
	sum := checksum(order, [2]uint32{}, head[:24])
	if sum != sums(head[24:]) {
		return 0, nil // SQLite takes nothing from it; nothing tells which frames are its own
	}
	salts := string(head[16:24])
	frame := make([]byte, frameHeader+int(page))
	lost, broken := 0, false
	for {
		if _, err := io.ReadFull(in, frame); err != nil {
			if lost < 2 {
				lost = 0
			}
			return lost, ended(err)
		}
		own := string(frame[8:16]) == salts
		if !broken {
			next := checksum(order, checksum(order, sum, frame[:8]), frame[frameHeader:])
			if broken = !own || next != sums(frame[16:]); !broken {
				sum = next
				continue
			}
		}
		if own && binary.BigEndian.Uint32(frame[4:]) != 0 { // the last frame of a transaction
			lost++
		}
	}
}

func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

func sums(b []byte) [2]uint32 {
	return [2]uint32{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}

// checksum goes on with SQLite's sum over b, whose length is a multiple of 8.
func checksum(order binary.ByteOrder, s [2]uint32, b []byte) [2]uint32 {
	for ; len(b) >= 8; b = b[8:] {
		s[0] += order.Uint32(b) + s[1]
		s[1] += order.Uint32(b[4:]) + s[0]
	}
	return s
}

// tailPattern names logs that ended early and are kept as evidence.
const tailPattern = "kit.db.tail-*"

// keepTail copies a log that ends early beside the database before SQLite drops
// what lies behind the damage.
func keepTail(dir string, now time.Time) error {
	f, err := os.Open(filepath.Join(dir, fileWAL))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lost, err := lostTail(f)
	if err != nil || lost == 0 {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	to, err := os.OpenFile(filepath.Join(dir, "kit.db.tail-"+now.UTC().Format("20060102-150405")), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // kept a moment ago, and the database was not opened since
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(to, f)
	return errors.Join(err, to.Sync(), to.Close(), syncDir(dir))
}

// LostTail is civic.StoreTail with the name of the evidence when a log of this
// folder once ended before what had been written to it; nil otherwise.
func (v *Vault) LostTail() error {
	names := named(v.dir, tailPattern)
	if len(names) == 0 {
		return nil
	}
	return civic.NewProblem(civic.StoreTail, nil, filepath.Base(names[len(names)-1]))
}
