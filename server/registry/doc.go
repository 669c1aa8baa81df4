// Package registry keeps persons: what registrations said of them, and which
// registration is which person. [Port] is what reconciliation needs of any
// registry; [Embedded] keeps everything in the centre's own ledger.
//
// A person is never written down as such. It is the fold of its claims (see
// [Fold]): evidence first, then freshness, and every claim stays. Who is who is
// a chain of events, link after link, and each can be taken back: [Embedded.Move]
// sends one registration's subject to another person, [Embedded.Undo] reverses
// an event. Receipts name registrations, so they outlive every change.
//
// What was said is sealed under the registry's key before it reaches the
// ledger, and the keys by which a person is found are blinded with it: a reader
// of the database without that key sees counts, offices and times, and which
// persons share a key.
package registry
