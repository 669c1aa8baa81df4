// Package serve wires the centre together: keys, ledger, forms, registry,
// reconciliation, ingest and console, behind one HTTP handler, with the workers
// beside it.
//
// [Open] builds a centre over a folder; [Centre.Handler] answers requests in
// process, for tests; [Centre.Work] runs the workers; [Centre.Serve] does both
// on a listener until its context ends.
package serve
