package vault

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// A kit on a disk that others filled to the last byte could not even be opened:
// SQLite writes a little each time. So files of no content hold room beside the
// database. Some go each time the disk is found full, and the next try to unlock,
// to send or to forget finds that room; they come back when there is space for
// them.

const (
	dirRoom = "room"
	// roomFiles of roomSize bytes each are small, so that the database stays the
	// largest file of a kit.
	roomFiles = 20
	roomSize  = 96 << 10
	// roomGiven is how many files go at a time.
	roomGiven = 4
	// roomFrom is what must be free beside them, in bytes.
	roomFrom = 128 << 20
)

// keepRoom makes the files that are missing. Without them everything works but
// the last of a full disk.
func keepRoom(dir string) {
	if have, err := os.ReadDir(filepath.Join(dir, dirRoom)); err == nil && len(have) >= roomFiles {
		return
	}
	if free, err := Free(dir); err != nil || free < roomFrom {
		return
	}
	if err := os.MkdirAll(filepath.Join(dir, dirRoom), 0o700); err != nil {
		return
	}
	filler := make([]byte, roomSize) // nothing that a disk could make smaller
	for i := range roomFiles {
		_, _ = rand.NewChaCha8([32]byte{byte(i)}).Read(filler) // it does not fail
		path := filepath.Join(dir, dirRoom, fmt.Sprintf("%02d", i))
		if err := os.WriteFile(path, filler, 0o600); err != nil {
			_ = os.Remove(path) // the space is somebody else's already
			return
		}
	}
}

// giveRoom gives some of the room free.
func giveRoom(dir string) {
	files, err := os.ReadDir(filepath.Join(dir, dirRoom))
	if err != nil {
		return // there never was any
	}
	for _, f := range files[:min(roomGiven, len(files))] {
		_ = os.Remove(filepath.Join(dir, dirRoom, f.Name())) // or it stays taken
	}
}

// makeRoom gives room free after the disk was found full, and begins the log
// anew in the space it has. What failed is told and not done again: the next try
// finds room. It must not run inside a transaction.
func (v *Vault) makeRoom(ctx context.Context) {
	giveRoom(v.dir)
	var busy, log, done int
	_ = v.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(RESTART)").Scan(&busy, &log, &done) // it helps or it does not
}
