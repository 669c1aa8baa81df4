// Package store is the device's memory: what an officer was told stays here,
// sealed, until the centre has signed that it is safe.
//
// One folder holds one kit. [Create] makes it at enrolment, [Open] opens it
// later; both take the folder's lock, so a second process gets civic.KitBusy.
// An open store is locked: its outbox, inbox, lease and bundle can be used
// ([Store.Pending], [Store.TakeIn] and what else package sync/client needs), no
// answer of a citizen can be read. [Store.Unlock] with an officer's passphrase
// opens the rest until [Store.Lock].
//
// The path of a registration: [Store.SaveDraft] after each answer,
// [Store.PutAttachment] for each photo, [Store.Seal] once. A call that returned
// nil is on the disk (WAL, synchronous=FULL, one transaction). Then
// [Store.Unpacked] and [Store.AddOutgoing] turn registrations into batches,
// package sync/client sends them and brings acknowledgements and outcomes, and
// [Store.ApplyInbox] moves the registrations on.
//
// Every problem is a civic.Problem. docs/store.md tells tables, bytes and keys.
package store
