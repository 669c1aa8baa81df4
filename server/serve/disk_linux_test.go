package serve

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A copy beside the ledger on another partition of its disk dies with it.
func TestPartitionsOfOneDisk(t *testing.T) {
	sys := t.TempDir()
	put := func(path string, files ...string) {
		if err := os.MkdirAll(filepath.Join(sys, path), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(sys, path, f), []byte("1\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	link := func(from, to string) {
		put(filepath.Dir(from))
		if err := os.Symlink(filepath.Join(sys, to), filepath.Join(sys, from)); err != nil {
			t.Fatal(err)
		}
	}
	put("devices/sda/slaves")
	put("devices/sda/sda1", "partition")
	put("devices/sda/sda2", "partition")
	put("devices/sdb/sdb1", "partition")
	link("dev/block/8:1", "devices/sda/sda1")
	link("dev/block/8:2", "devices/sda/sda2")
	link("dev/block/8:17", "devices/sdb/sdb1")
	link("devices/dm-0/slaves/sda2", "devices/sda/sda2") // an encrypted volume on it
	link("dev/block/253:0", "devices/dm-0")
	link("devices/dm-9/slaves/dm-9", "devices/dm-9") // nonsense ends
	link("dev/block/253:9", "devices/dm-9")

	first, second, volume := unix.Mkdev(8, 1), unix.Mkdev(8, 2), unix.Mkdev(253, 0)
	stick, network, ring := unix.Mkdev(8, 17), unix.Mkdev(0, 40), unix.Mkdev(253, 9)
	for _, c := range []struct {
		name string
		a, b uint64
		want bool
	}{
		{"two partitions", first, second, true},
		{"a volume on a partition", first, volume, true},
		{"another disk", first, stick, false},
		{"a network folder", first, network, false},
		{"two network folders", network, unix.Mkdev(0, 41), false},
		{"a ring", ring, ring, false},
	} {
		if got := shareDiskIn(sys, c.a, c.b); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
