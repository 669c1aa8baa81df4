// Package kit is everything a field kit can do, one method each; screens and
// commands call only this package and never the store, the forms or the wire.
//
// [Open] opens a folder. A new kit is enrolled once with [Kit.Enrol]; after
// that it is locked until [Kit.Unlock]. Unlocked, an officer begins an
// interview ([Kit.Begin]), answers it (package capture saves each answer),
// seals it ([Kit.Seal]) and hands out the receipt ([Kit.ReceiptPNG]). Sealing
// is one durable transaction: when Seal returns without an error the
// registration survives anything the disk survives.
//
// [Kit.Sync] sends what waits and takes in what the centre decided. It works
// locked too, since what travels was packed before the kit was locked; what
// arrives then is applied at the next unlock.
//
// Errors at this boundary are civic.Problem values with a code and words that
// an officer can act on. All methods may be called from several goroutines.
package kit
