package serve

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"

	"github.com/askonce/fieldkit/sync/civic"
)

// lock takes a file for this process, or for all that share it; the system gives it free when the process
// ends, however it ends.
func lock(f *os.File, dir string, shared bool) error {
	flags := uint32(windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY)
	if shared {
		flags = windows.LOCKFILE_FAIL_IMMEDIATELY
	}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		err = civic.NewProblem(civic.ServedAlready, err, dir)
	}
	return err
}
