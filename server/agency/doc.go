// Package agency is the desk agencies come to: who is asking, whether the
// message is theirs and new, how often they may ask, and how a question becomes
// persons. What they speak lies below: spdci and govstack. What they may see is
// decided by package share, field by field, whatever they speak.
//
// [New] makes a [Desk]. [Desk.Routes] adds the token endpoint and the registry's
// public keys; each language adds its own paths with [Desk.Guard] around them.
package agency
