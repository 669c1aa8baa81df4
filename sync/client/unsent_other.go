//go:build !linux

package client

import "net"

// boundUnsent does nothing here: the send buffer alone bounds what a cut
// destroys.
func boundUnsent(net.Conn) {}
