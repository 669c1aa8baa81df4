//go:build unix && !linux

package serve

// shareDisk cannot tell partitions of one disk apart here.
func shareDisk(_, _ uint64) bool { return false }
