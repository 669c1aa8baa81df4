// Package share keeps what reuse rests on: agencies, agreements with every
// revision, what citizens chose, and objections. It is the one door through
// which an agency sees a person.
//
// Make a [Share] with [New]. Agreements are drafted by one person
// ([Share.Draft]) and approved by another of another role ([Share.Approve]),
// which signs them for kits. [Share.Settler] stands around the one that settles
// registrations and writes down what citizens chose; [Share.Choose] takes a
// withdrawal made elsewhere.
//
// A read is [Share.Open] for a request, then [Reading.Look] for persons, which
// decides field by field (package policy) and [Reading.Close], which writes the
// rows of the log. All three belong into one [ledger.DB.Update]: what left the
// registry stands in the log, or the answer was never made.
package share
