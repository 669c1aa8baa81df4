// Package capture is the interview at the officer's table: a running form, what
// was answered so far, the citizen's choices about reuse, and the page the
// officer was on. It draws nothing and stores nothing itself.
//
// [New] starts or goes on with an interview from a [Draft]. Every change goes
// through a method that hands the whole draft to the [Keeper] before it
// returns, so that an answer the officer has left is on disk. [Interview.Sections]
// gives the pages to show, [Interview.Check] what is still wrong on one of
// them, [Interview.Review] the answers folded for the last look. Sealing is the
// kit's (package kit).
//
// An Interview may be used from several goroutines.
package capture
