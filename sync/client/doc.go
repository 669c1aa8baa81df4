// Package client is a kit's side of the wire.
//
// A new kit calls [Enrol] once: it checks the registry's root against the pin
// in the enrolment code inside the TLS handshake, before anything is sent, and
// comes back with the root, the key bundle and the first lease. From then on
// [New] makes a [Client] over the kit's memory (the interface [Local]), and
// [Client.Pass] is one pass both ways: what is waiting goes up, keys before
// batches before attachments, and outcomes, forms and acknowledgements come
// down.
//
// A pass may be cut anywhere, by the link or by its context, and called again:
// uploads go on at their offset, and nothing is believed but what the registry
// signed. What the centre answered is handed to Local at once, so a pass that
// fails late keeps what it had.
//
// Every problem is a civic.Problem: no_network, server_busy, wrong_server,
// stopped, clock_doubt, or whatever code the centre refused with.
package client
