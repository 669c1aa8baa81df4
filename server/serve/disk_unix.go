//go:build unix

package serve

import "golang.org/x/sys/unix"

// sameDisk tells whether two folders lie on one file system, or on two of one
// disk; then neither is a copy of the other that outlives the disk. What cannot
// be told counts as one.
func sameDisk(a, b string) bool {
	var one, two unix.Stat_t
	return unix.Stat(a, &one) != nil || unix.Stat(b, &two) != nil || one.Dev == two.Dev || shareDisk(uint64(one.Dev), uint64(two.Dev)) //nolint:unconvert // Dev is an int32 on macOS
}
