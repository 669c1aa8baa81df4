// Package batch packs registrations for the way to the centre: small, sealed to
// the registry, signed by the kit, and without loss.
//
// The kit makes a [DayKey] a day with [NewDayKey] and wraps it once to the
// registry's recipients with [WrapDayKey]; that header file goes ahead. Under
// the key it seals batches with [Pack] and photos with [SealAttachment]. Who
// carries the files reads counts, sizes and times, no more.
//
// The centre looks at the outside with [ReadManifest], checks who signed with
// [Verify], opens the header once with [OpenDayKey] and each batch with [Open].
// A registration's link to the one before it does not travel where the centre
// can work it out: [Chain] puts the links back, gives every registration's
// salted digest, and thereby proves that nothing changed on the way.
//
// What [Canonical] accepts, Pack accepts and Open gives back with the same
// canonical bytes; digests ([DigestOf]) and receipts are over those bytes. Pack
// opens what it made before it returns it. docs/protocol.md tells every byte.
//
// The signature of a batch that was taken in once must be verified again when
// it comes again; nothing here keeps state.
package batch
