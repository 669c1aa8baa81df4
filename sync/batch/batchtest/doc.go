// Package batchtest invents registrations for tests and measurements: births in
// a district that does not exist, varied as real ones are, with words, dates,
// gaps and habits of their own.
//
// Every random choice is counted: [World.Births] tells how many bits the
// registrations truly hold (the sum of -log2 p), the floor that no way of
// packing can go below. [World.Workbook] is the form they were given in, with
// its vocabulary; Options.Unseen says how many words are missing from it.
// [StrangeWorkbook] and [Strange] make forms and registrations that hardly ever
// occur, for tests of losslessness.
package batchtest
