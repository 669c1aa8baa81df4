// Package reconcile decides what becomes of registrations: a new person, a
// person the registry knows, a question for a reviewer, or back to the office.
//
// [Reconciler.Settle] does it inside the caller's transaction: the change in
// the registry, the outcome that is told to the kit and the row an auditor
// reads are written together or not at all. The same registration again is
// answered with the outcome it has; another registration under the same number
// changes nothing and is answered as quarantined.
//
// A registration may speak of several people. The one it is about decides its
// status; mother, father and members of a household become persons as well when
// enough was said of them. A person whom matching cannot place becomes a person
// that waits: later registrations find it, and a reviewer joins it to another or
// lets it stand.
package reconcile
