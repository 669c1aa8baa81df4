// Package forms is the centre's catalogue of forms: which versions there are,
// which office's kits take which one, and how kits come to know.
//
// [Forms.Publish] takes a workbook that passes its check and offers it, to one
// office or to all; [Forms.Retire] ends that. Both may be called from any
// process: the others notice by looking into the ledger ([Forms.Run]), so that no
// server is restarted. A version is never deleted, because registrations are
// read by the version they name; [Forms.Form] finds it for whoever opens
// batches, also one that another process published a moment ago.
//
// Kits are told by messages down. [Forms.Deliver] puts down for each kit what it
// lacks: of each form the version new interviews take, whole, and of what is out
// of use only that. It needs the kits' secrets, so it runs where the registry's
// keys are.
package forms
