package serve

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/civic"
)

// maxForm bounds a workbook's file, in bytes.
const maxForm = 16 << 20

// loadForms reads the workbooks that ship, then those the centre added.
func (c *Centre) loadForms() error {
	shipped, err := fs.Sub(assets.Forms, "forms")
	if err != nil {
		return err
	}
	for _, dir := range []fs.FS{shipped, os.DirFS(filepath.Join(c.Data, "forms"))} {
		entries, err := fs.ReadDir(dir, ".")
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.IsDir() || !strings.HasSuffix(e.Name(), ".xlsx") {
				continue
			}
			if err := c.loadForm(dir, e.Name()); err != nil {
				return civic.NewProblem(civic.FormRefused, err, e.Name())
			}
		}
	}
	for _, b := range c.Config.Forms {
		if _, err := c.Forms.Add(b); err != nil {
			return err
		}
	}
	return nil
}

func (c *Centre) loadForm(dir fs.FS, name string) error {
	f, err := dir.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxForm+1))
	if err == nil && len(b) > maxForm {
		err = errors.New("the workbook is too large")
	}
	if err == nil {
		_, err = c.Forms.Add(b)
	}
	return err
}
