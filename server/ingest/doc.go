// Package ingest takes in what kits send and brings it to a decision.
//
// A file's way, step by step:
//
//  1. A kit uploads it ([Ingest.Uploads], tus 1.0). What has come lies in the
//     folder uploads/, and a cut link goes on where it stopped.
//  2. When the last byte is there and the bytes have the name they were
//     announced by, [Ingest.Take] looks at the outside: whose, signed, known,
//     not withdrawn, its key at hand. Whatever the answer, the file is made
//     durable with that answer; only then is the kit told. Files from a medium
//     enter here as well.
//  3. The worker ([Ingest.Run]) opens a batch with its day key, checks each
//     registration's place in its kit's chain, judges it by its form's rules,
//     and lets it be settled. Outcomes, registry, audit, the message to the kit
//     and the file's new state are one transaction: after any crash the file is
//     either still waiting or wholly done.
//  4. The kit asks ([Ingest.Sync]): acknowledgements, what to send, messages
//     down above its cursor.
//
// Nothing is dropped. What cannot be taken stays whole, in quarantine with a
// reason, for the kit and the console to see, and [Ingest.Retry] tries again.
// A repeat of anything finds what was stored and changes nothing.
package ingest
