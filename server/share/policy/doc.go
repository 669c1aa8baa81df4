// Package policy decides whether an agency may read one field of one person:
// by Cedar policies (policies.cedar, readable by anybody), default deny. It is
// pure: no ledger, no clock of its own; what it needs to know is given to it.
//
// [Load] reads the policies once. For each request make a [Reader] with
// [Policies.Reader]; ask it field by field with [Reader.Decide], or let
// [Reader.Filter] take the claims of a person apart: what may be read stays,
// the rest is named with the reasons, and the person stays in the answer.
//
// What the citizen chose is a list of [Event], folded by [StateOf].
package policy
