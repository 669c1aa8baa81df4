package serve

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/askonce/fieldkit/sync/civic"
)

// What a data folder may be occupied for: one process takes in, one opens.
const (
	ServeLock  = "serve.lock"
	OpenerLock = "opener.lock"
)

// Occupy takes a data folder for one of these, until it is closed or the
// process ends; civic.ServedAlready when another has it. Commands need no such
// leave.
func Occupy(dir, what string) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Join(dir, what), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, civic.NewProblem(civic.FileUnwritable, err, dir)
	}
	if err := lock(f, dir, false); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Share takes a data folder beside others that share it: processes on one
// PostgreSQL. civic.ServedAlready when one has it for itself.
func Share(dir, what string) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Join(dir, what), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, civic.NewProblem(civic.FileUnwritable, err, dir)
	}
	if err := lock(f, dir, true); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
