// Package badlink is a bad mobile link for tests and benchmarks. It stands
// between a client's Dial and a server's Listener in one process, needs no
// rights and no network, and keeps to virtual time inside testing/synctest: an
// hour on a dying 2G link passes in a second.
//
// [New] makes a [Link] of [Conditions]: rate, delay, loss, a drop-tail queue,
// and cuts after which every old connection is dead. What runs over it are
// connections with a model of TCP at the level of segments: three-way
// handshake, congestion window, selective acknowledgements, loss found by time
// (RACK), tail probes and retransmission timeouts. It is a model: at the rates
// and send buffers a kit uses, shares of time agree with kernel TCP within some
// per cent; with large buffers it is kinder than the kernel. [NewKernel] is the
// same link between two network namespaces with the kernel's own TCP, in real
// time, where the system permits; a test compares the two.
//
// [Wreck] wraps a server's handler and wrecks whole requests: loses them,
// repeats them, brings old ones back later, cuts after the server has stored,
// lies in its place. Every fault follows from a seed.
package badlink
