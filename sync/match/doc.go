// Package match says how alike two people are, and why. It is pure: no I/O, no
// clock, no state of its own, so that kit and centre come to the same answer.
//
// The way through it:
//
//  1. Fill a [Record] with what is known of one person, and [Prepare] it once:
//     names are folded, dates and numbers brought into one writing.
//  2. [Prepared.Keys] gives 15 to 20 hashed keys. Two records that share none
//     are never compared; ask the registry for persons that share one.
//  3. [Model.Compare] weighs two records: each field falls on a level of
//     agreement, each level has a weight in bits (how much more often it is
//     seen among true pairs than among strangers), and the sum is a
//     probability. What speaks for the family and not for the person (surnames,
//     address, phone) can never carry a merge alone; the [Relation] says what
//     two people seem to be to each other.
//  4. [Model.Decide] weighs a record against resolved persons and answers auto,
//     review or new, with the margin over the runner-up and the evidence.
//
// A [Model] is data with a version. [DefaultModel] is what a registry starts
// with; Train makes one for any table, without labels: how often strangers
// agree is counted on random pairs and then held fixed, and only how often true
// pairs agree is learnt. (If both are learnt together over pairs that already
// share a key, the sum of two unknowns collapses, and everybody merges.)
package match
