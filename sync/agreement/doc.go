// Package agreement says which service may reuse which answers that another
// service collected, why and on what lawful basis. An agreement is data: the
// sample ones ship as JSON files, an office writes its own.
//
// [Read] takes one file, [NewSet] the agreements of a deployment, and
// [Set.Allows] is the one question asked of them.
package agreement
