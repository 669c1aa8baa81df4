// Package voice reads words to the person at the table, one thing at a time.
//
// A [Piece] is what one reading consists of: words, and a recording of them
// where a form brings one, which goes before the synthetic voice. [Voice.Say]
// reads pieces in a language until the last has been heard, [Voice.Stop] makes
// it silent before it returns. Say tells by its error what became of it: nil
// only if every sound has gone through a loudspeaker to its end, [ErrStopped]
// if it was broken off, else a civic.Problem in plain words, after which an
// officer reads it out himself.
//
// A recording is WAV, or MP3 or Ogg where ffmpeg is there to unpack it.
//
// Two programs of the system do the work, so that none of it needs cgo or a
// library at start. espeak-ng turns words into sound, and one of pacat, pw-cat
// or aplay brings sound to the loudspeaker. Words and sound go through pipes:
// they stand on no command line, which other users of a machine can read, in no
// file and in no log. What the programs give is bounded in length and time, and
// what does not belong into speech, the marks by which espeak-ng is told to do
// something else among it, is taken out before.
//
// An espeak-ng without a sound card says nothing and ends well, and a player
// may do the same. So the room looks at the sound itself, at how much of it was
// taken and at how long that took, before it says that something was read.
package voice
