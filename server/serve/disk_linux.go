package serve

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// maxLayers bounds what lies between a file system and its disks: encryption,
// volumes, arrays.
const maxLayers = 8

// shareDisk tells whether two file systems, by device number, lie on partitions
// or volumes of one disk, as far as the kernel lists that; what has no disk, such
// as a network folder, shares none.
func shareDisk(a, b uint64) bool { return shareDiskIn("/sys", a, b) }

func shareDiskIn(sys string, a, b uint64) bool {
	one, two := map[string]bool{}, map[string]bool{}
	disksOf(one, blockOf(sys, a), maxLayers)
	disksOf(two, blockOf(sys, b), maxLayers)
	for disk := range one {
		if two[disk] {
			return true
		}
	}
	return false
}

func blockOf(sys string, dev uint64) string {
	return fmt.Sprintf("%s/dev/block/%d:%d", sys, unix.Major(dev), unix.Minor(dev))
}

// disksOf adds the disks that a block device lies on.
func disksOf(disks map[string]bool, device string, layers int) {
	path, err := filepath.EvalSymlinks(device)
	if err != nil || layers == 0 {
		return
	}
	below, err := os.ReadDir(filepath.Join(path, "slaves"))
	if err == nil && len(below) > 0 {
		for _, b := range below {
			disksOf(disks, filepath.Join(path, "slaves", b.Name()), layers-1)
		}
		return
	}
	if _, err := os.Stat(filepath.Join(path, "partition")); err == nil {
		path = filepath.Dir(path)
	}
	disks[path] = true
}
