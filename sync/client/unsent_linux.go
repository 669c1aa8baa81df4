package client

import (
	"net"

	"golang.org/x/sys/unix"
)

// unsentMost is how much may wait in the kernel without having left once, in
// bytes. A cut destroys it; what left and was not acknowledged the window bounds.
const unsentMost = 4 << 10

// boundUnsent asks the kernel for that. Where it does not know how, the send
// buffer alone bounds both.
func boundUnsent(c net.Conn) {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return
	}
	// A refusal leaves things as they were.
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsentMost)
	})
}
