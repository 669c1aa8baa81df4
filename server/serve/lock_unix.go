//go:build unix

package serve

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/askonce/fieldkit/sync/civic"
)

// lock takes a file for this process, or for all that share it; the system gives it free when the process
// ends, however it ends.
func lock(f *os.File, dir string, shared bool) error {
	how := unix.LOCK_EX
	if shared {
		how = unix.LOCK_SH
	}
	err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = civic.NewProblem(civic.ServedAlready, err, dir)
	}
	return err
}
