// Package claims takes an agency's existing table in as claims, so that
// ask-once does not start empty.
//
// [ReadMap] says what the columns mean, in attributes of the dictionary;
// [Importer.Import] reads the table (CSV, its delimiter and encoding found out)
// and settles each row like a registration: the same matching links it to a
// person, makes a new one, or holds it for a reviewer. What a row says lies in
// the registry under an id derived from source, row and content, so the same
// file twice takes nothing twice, an import that was killed goes on where it
// stopped, and a changed row is a newer claim beside the old one. Rows that
// cannot be taken are written to a list with the reason.
//
// [Importer.Withdraw] marks everything of a source as taken back. Nothing is
// overwritten or deleted.
//
// A source is named like a service: agreements say which services may reuse its
// answers ("sources"). Nobody asked the citizen, so an agreement that rests on
// consent does not reach them.
package claims
