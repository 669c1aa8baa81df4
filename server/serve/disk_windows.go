package serve

import (
	"path/filepath"
	"strings"
)

// sameDisk tells whether two folders lie on one volume; then neither is a copy
// of the other that outlives the disk. What cannot be told counts as one.
func sameDisk(a, b string) bool {
	one, err := filepath.Abs(a)
	two, err2 := filepath.Abs(b)
	return err != nil || err2 != nil || strings.EqualFold(filepath.VolumeName(one), filepath.VolumeName(two))
}
