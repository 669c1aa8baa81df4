// Package spdci speaks to a registry that follows the SPDCI API standards
// v1.0.0 for civil registries (CRVS). [New] makes a [Registry], which is a
// registry.Outside.
//
// That standard has no way to create or change a person, so this can do two
// things: search (POST /registry/sync/search, by number and by name with birth
// date) and notify (POST /registry/notify: what became of a person, for the
// other side to do with as it likes). A notification carries the idempotency
// key of the person's state as transaction, message and reference, so that a
// repeat is seen to be one.
//
// Messages are not signed: the standard leaves the form of a signature open.
// The connection is the proof of who speaks: TLS and a bearer token. Records
// are read leniently (one or a list, text or list of texts), within bounds.
package spdci
