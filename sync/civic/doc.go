// Package civic holds the words of the field kit and their rules: who a
// registration is about, what was said, what state it is in. It knows no
// technology: standard library only, no encoding, no storage, no network.
//
// Start with [Registration], the sealed record of one visit. Its answers turn
// into [Claim] values through the form they were given in (package form).
// [Status] and [Moves] say where a registration stands and where it may go;
// both ends use that one table. [Problem] is how every refusal is told: a code
// for programs, words and a hint for people.
package civic
