// Package web is the console: what staff at the centre see and do in a browser.
// [New] gives the handler to mount under /console/.
//
// It is plain HTML made at the centre: no script, no inline style, nothing from
// elsewhere, and a content policy that says so; it works without JavaScript and
// on a screen 320 pixels wide. Every form carries the session's token and every
// request that changes something must come from the console itself.
//
// Who may see what: everybody who signed in sees lists, which hold no answer of
// a citizen. Persons and what was said of them are for reviewers; kits are for
// administrators; the audit is for auditors. Each reading is a row of the audit,
// written in the transaction that reads.
//
// Pages lie in page/, one file each; their words in words/, one file a language.
package web
