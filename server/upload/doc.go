// Package upload is the server's side of tus 1.0, as docs/protocol.md settles
// what tus leaves open: resumable uploads of sealed files named by the SHA-256
// of their bytes, one writer at a time, nothing lost by a cut.
//
// [New] makes a [Handler] over a [Keeper], which knows who may upload and takes
// whole files: the centre, which opens them, or a hub, which only carries them.
// What is under way lies in a folder as files that begin with a short header;
// [Handler.Sweep] removes what nobody goes on with.
package upload
