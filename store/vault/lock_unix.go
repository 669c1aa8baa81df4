//go:build unix

package vault

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/askonce/fieldkit/sync/civic"
)

// acquire takes the folder for this process; the system gives it free when the
// process ends, however it ends.
func acquire(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = civic.NewProblem(civic.KitBusy, err)
		}
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Free tells how many bytes an ordinary user may still write where dir lies.
func Free(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return uint64(st.Bavail) * uint64(st.Bsize), nil //nolint:unconvert // signed on some systems
}

// syncDir makes a rename in dir survive a cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// SyncDir is the same for a folder on whatever medium: of file systems that
// cannot do it nothing more is to be had.
func SyncDir(dir string) error {
	err := syncDir(dir)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOSYS) {
		return nil
	}
	return err
}

// SameDisk tells whether two folders lie in one file system.
func SameDisk(a, b string) bool {
	var x, y unix.Stat_t
	return unix.Stat(a, &x) == nil && unix.Stat(b, &y) == nil && x.Dev == y.Dev
}
