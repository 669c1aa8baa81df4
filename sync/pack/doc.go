// Package pack is the format of the district pack: the people of an area, on a
// kit, in two layers.
//
// The index layer (names, year of birth, place, match keys) opens with the pack
// key and is held in memory by an unlocked kit. The person layer (what the
// state holds of one person) is sealed under a key of that person, which a kit
// learns only from the secret on a receipt of theirs ([Wrap]), or from the
// pack's [Master], which comes sealed to certified supervisors, or not at all:
// then the centre answers for one person at a time.
//
// A pack is a row of pieces, numbered from 1 by the centre. [Writer] makes
// them; [State] takes them in, in order, from the first or from wherever a kit
// stood. A piece holds changes of persons: come, changed, gone. The first
// pieces bring everybody; later ones only what changed since. A pack that has
// grown old is replaced by another with other keys.
//
// Keys, from the centre's side:
//
//	pack key    -> XChaCha20-Poly1305 -> a piece
//	master      -> HKDF with the person's id -> person key (16 bytes)
//	person key  -> HKDF with the piece's salt -> ChaCha20-Poly1305 -> one layer
//	receipt's secret, registration, pack and person -> HKDF -> a pad over the
//	               person key, one for each receipt (see [Wrap])
//
// docs/protocol.md lists the bytes; decisions 0096 to 0099 say why.
package pack
