package serve

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/askonce/fieldkit/sync/civic"
)

// Occupy takes a data folder for serving, until it is closed or the process
// ends; civic.ServedAlready when another serves it. Commands need no such leave.
func Occupy(dir string) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Join(dir, "serve.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, civic.NewProblem(civic.FileUnwritable, err, dir)
	}
	if err := lock(f, dir); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
