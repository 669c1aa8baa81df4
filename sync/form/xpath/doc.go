// Package xpath reads and evaluates the expressions of ODK forms: XPath 1.0
// with the functions that ODK adds, over a tree of [Node] values.
//
// [Parse] turns text into an [Expr] or says where it is wrong. [Expr.Eval]
// evaluates it at a node with what the [Env] lends: clock, zone, secondary
// instances, translations, functions of the host. [Expr.References] tells
// beforehand which nodes an expression looks at.
//
// Four kinds of value as in XPath, and dates: a date is a number of days since
// 1970 that still knows it is a date, so that today() - 30 is a number and
// string(today()) is 2026-11-22. Text that is written as a date becomes that
// number wherever a number is wanted.
//
// No expression can hang or exhaust the program: its length, its nesting and
// the steps of one evaluation are limited (see [Limits]).
package xpath
