package vault

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"

	"github.com/askonce/fieldkit/sync/civic"
)

// acquire takes the folder for this process; the system gives it free when the
// process ends, however it ends.
func acquire(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	if err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{}); err != nil {
		if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
			err = civic.NewProblem(civic.KitBusy, err)
		}
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Free tells how many bytes an ordinary user may still write where dir lies.
func Free(dir string) (uint64, error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return 0, err
	}
	return free, nil
}

// syncDir has nothing to do: NTFS journals names by itself.
func syncDir(string) error { return nil }

// SyncDir is the same for a folder on whatever medium: Windows writes the names
// on media that are pulled out at once.
func SyncDir(string) error { return nil }

// SameDisk tells whether two folders lie on one volume.
func SameDisk(a, b string) bool {
	return strings.EqualFold(filepath.VolumeName(a), filepath.VolumeName(b))
}
