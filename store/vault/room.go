package vault

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// A kit on a disk that others filled to the last byte could not even be opened:
// SQLite writes a little each time. So a file of no content holds room beside
// the database. It goes when the disk is full, and what was begun can be sealed,
// sent and forgotten; it comes back when there is room for it.

const (
	fileRoom = "kit.room"
	roomSize = 2 << 20
	// roomFrom is what must be free beside it, in bytes.
	roomFrom = 128 << 20
)

// keepRoom makes the file where there is none. Without it everything works but
// the last of a full disk.
func keepRoom(dir string) {
	path := filepath.Join(dir, fileRoom)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if free, err := Free(dir); err != nil || free < roomFrom {
		return
	}
	filler := make([]byte, roomSize) // nothing that a disk could make smaller
	_, _ = rand.NewChaCha8([32]byte{}).Read(filler)
	if err := os.WriteFile(path, filler, 0o600); err != nil {
		_ = os.Remove(path)
	}
}

// makeRoom gives the room free after the disk was found full, and begins the log
// anew in the space it has. What failed is told and not done again: the next try
// finds room. It must not run inside a transaction.
func (v *Vault) makeRoom(ctx context.Context) {
	_ = os.Remove(filepath.Join(v.dir, fileRoom)) // gone, or never there
	var busy, log, done int
	_ = v.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(RESTART)").Scan(&busy, &log, &done) // it helps or it does not
}
