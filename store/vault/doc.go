// Package vault is the only place on the device with keys and with the database
// driver. It keeps sealed rows: who images the file learns how many rows there
// are, how large (padded to 32 bytes) and when they were written, no more.
//
// [Create] makes a vault for its first officer, [Open] opens it locked,
// [Vault.Unlock] loads the keys into memory and [Vault.Lock] drops them. All
// reading and writing goes through [Vault.View] and [Vault.Update]; an Update
// that returned nil is on the disk.
//
// Keys, outside in:
//
//	passphrase -> age scrypt file -> an officer's hybrid identity
//	identity   -> age file        -> kit key and one key a day (see [Key])
//	key        -> XChaCha20-Poly1305 with table, row, version and key as
//	              additional data -> one row
//
// The kit's and the day's keys are wrapped to every officer and to the
// registry's recovery recipient, so that a forgotten passphrase loses nothing.
// Destroying a day's key forgets that day ([Tx.DestroyKey]).
//
// The rooms above know tables by the letters that docs/store.md explains; on
// the disk no civil word stands readable.
package vault
