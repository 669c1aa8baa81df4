// Package capture is the interview at the officer's table: a running form, what
// was answered so far, what is held already and need not be asked, the citizen's
// choices about reuse, and the page the officer was on. It draws nothing and
// stores nothing itself.
//
// [New] starts or goes on with an interview from a [Draft]. Every change goes
// through a method that hands the whole draft to the [Keeper] before it
// returns, so that an answer the officer has left is on disk. [Interview.Sections]
// gives the pages to show, [Interview.Check] what is still wrong on one of
// them, [Interview.Review] the answers folded for the last look. Sealing is the
// kit's (package kit).
//
// Ask once: [Know] joins what earlier registrations said of the same people; a
// [Planner] says of each question of a form whether it is asked (and why), shown
// to be confirmed, or filled in and shown, by the attribute dictionary, the
// agreements and the citizen's consent. [Interview.Reuse] brings that into an
// interview: held answers that may have changed wait in [Interview.StillSo] until
// [Interview.Confirm]; lasting ones stand in the form with their [Interview.Origin].
// [Interview.Meter] counts. Nothing about reuse is stored: an equal answer of an
// earlier registration is its proof, and both ends can count it again.
//
// An Interview may be used from several goroutines.
package capture
