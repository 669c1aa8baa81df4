package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// guard keeps the memory of this program, with keys and answers in it, out of
// core dumps and of other programs of the same user. What it cannot do is no
// reason not to work: the error is for tests.
func guard() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("core dumps: %w", err)
	}
	// A handler of the system's gets dumps whatever the limit is, but not of this.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("dumpable: %w", err)
	}
	return nil
}
