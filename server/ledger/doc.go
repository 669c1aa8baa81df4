// Package ledger is the centre's database: transactions, the schema, and the
// two engines that may lie beneath. It holds no rule of the registry; the
// packages above write their own statements.
//
// Call [Open] with a place, keep the [DB], and do all work in [DB.Update] and
// [DB.View]. An Update that returned nil is on the disk. What belongs together
// goes into one Update: an outcome, the change it made and the row that tells
// the auditor are never apart.
//
//	err := db.Update(ctx, func(tx ledger.Tx) error {
//		_, err := tx.Exec(ctx, "UPDATE access_device SET revoked_at = ?3 WHERE area = ?1 AND device = ?2", area, id[:], at)
//		return err
//	})
//
// Rules for statements, so that they run unchanged on SQLite, PostgreSQL and
// a distributed PostgreSQL: placeholders ?1 ?2 …; `area` is the first column
// of every primary key, unique constraint and join, and stands in every WHERE
// that another office's rows could meet; global identifiers have tables of
// their own, named in schema/; no triggers; upserts by ON CONFLICT; whole
// numbers for times (seconds since 1970 UTC) and for yes and no. The function
// given to Update may run more than once, so it changes nothing but the
// transaction.
package ledger
