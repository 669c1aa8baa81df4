// Package translog is the log of who looked: one row and one Merkle leaf for
// every disclosure, denial, empty search, look-up by staff, opening of a pack,
// and reading of the log itself.
//
// Call [Append] inside the [ledger.DB.Update] that does the act, so that
// neither can be without the other:
//
//	err := db.Update(ctx, func(tx ledger.Tx) error {
//		answer, err := find(ctx, tx, query)
//		if err != nil {
//			return err
//		}
//		return translog.Append(ctx, tx, clock(), []translog.Entry{{
//			Area: home, Person: person, Kind: translog.Agency, Actor: "health",
//			Action: translog.Disclosure, Purpose: purpose, Basis: basis,
//			Agreement: "health-reuse", Revision: 3, Fields: fields,
//		}})
//	})
//
// What was refused is an act too: write it in a transaction that is kept,
// then refuse.
//
// A row is sealed by a commitment: a hash over its bytes and 16 random ones of
// its own. A [Log] (see [Open]) takes the commitments that wait, gives each the
// next place in a Merkle tree, and signs the tree's head. Tree, tiles and
// heads are public and tell nothing but counts and times; rows stay in the
// ledger. Whoever holds an older head can be shown that the tree only grew, and
// whoever holds a row and its salt that it is in the tree.
//
// server/audit is another thing: it lists what staff and programs did (settled,
// revoked, invited). A look at a person's data stands here and not there.
// docs/transparency.md describes the bytes.
package translog
