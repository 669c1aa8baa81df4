// Package witness is what anybody needs who watches the centre's log of looks
// from outside: a kit, an oversight body, another registry.
//
// The centre signs heads of its log, [Checkpoint]. Keep the last one you saw.
// When a newer one comes with a proof, [Checkpoint.Grows] tells whether the
// old log is the beginning of the new one; if it is not, two histories were
// shown, and the two signed heads are the evidence. [Commit] and [Leaf] tie a
// row that was handed out to its place in the tree, [Included] checks it.
//
// Heads are C2SP checkpoints in signed notes, so that tools of others read
// them. docs/transparency.md describes the bytes.
package witness
