// Package background syncs by itself: when a network comes back, when something
// was sealed, and now and then while all is quiet. It needs no passphrase, since
// what waits was packed when the kit was locked.
//
// A [Runner] asks the centre for a sign of life at growing distances, with a
// ceiling and some chance in them, so that fifty kits that see the same mast
// again do not all come at once. [Runner.Run] works until its context ends;
// [Runner.Nudge] tells it that there is something to send.
package background
