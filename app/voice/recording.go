package voice

import (
	"bytes"
	"context"
)

// unpacker turns recordings that are packed into samples.
const unpacker = "ffmpeg"

// recorded reads a recording: WAV here, MP3 and Ogg by the unpacker. The kind is
// known by the first bytes, not by a name, and the unpacker is told which it is:
// it neither guesses, nor opens anything but the pipe.
func (v *Voice) recorded(ctx context.Context, b []byte) (sound, error) {
	if len(b) > maxSound {
		return sound{}, errTooMuch
	}
	kind := kindOf(b)
	if kind == "" {
		return decodeWAV(b)
	}
	path, err := v.o.Find(unpacker)
	if err != nil {
		return sound{}, err
	}
	args := []string{"-nostdin", "-hide_banner", "-loglevel", "quiet", "-protocol_whitelist", "pipe", "-f", kind, "-i", "pipe:0",
		"-map", "0:a:0", "-map_metadata", "-1", "-ac", "1", "-ar", "22050", "-c:a", "pcm_s16le", "-f", "wav", "pipe:1"}
	out, err := run(ctx, path, args, bytes.NewReader(b), maxSound, v.o.Patience)
	if err != nil {
		return sound{}, err
	}
	return decodeWAV(out)
}

// kindOf names the kind of a packed recording as the unpacker does, "" for all
// others.
func kindOf(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("OggS")):
		return "ogg"
	case bytes.HasPrefix(b, []byte("ID3")), len(b) > 1 && b[0] == 0xff && b[1]&0xe6 == 0xe2: // MPEG, layer III
		return "mp3"
	}
	return ""
}
