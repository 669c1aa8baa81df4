package voice

import (
	"encoding/binary"
	"errors"
	"time"
)

// sound is what a loudspeaker takes: samples of 16 bits, little-endian, signed.
type sound struct {
	rate     int // samples a second
	channels int
	pcm      []byte
}

const (
	minRate, maxRate = 4000, 192000
	maxChannels      = 2
	// audibleAt is the least loud sample that counts as sound, of 32768.
	audibleAt = 200
)

func (s sound) duration() time.Duration {
	return time.Duration(len(s.pcm)/2/s.channels) * time.Second / time.Duration(s.rate)
}

// audible tells whether there is anything but silence in it.
func (s sound) audible() bool {
	for i := 0; i+1 < len(s.pcm); i += 2 {
		if x := int16(binary.LittleEndian.Uint16(s.pcm[i:])); x > audibleAt || x < -audibleAt {
			return true
		}
	}
	return false
}

var errNoSound = errors.New("not a sound of a kind that is known")

// decodeWAV reads a WAV file of whole samples of 8 or 16 bits. A length that is
// not known yet when the heading is written to a pipe reaches to the end.
func decodeWAV(b []byte) (sound, error) {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return sound{}, errNoSound
	}
	var s sound
	bits := 0
	for b = b[12:]; len(b) >= 8; {
		name, size := string(b[:4]), uint64(binary.LittleEndian.Uint32(b[4:]))
		b = b[8:]
		body := b[:min(size, uint64(len(b)))]
		switch name {
		case "fmt ":
			if len(body) < 16 {
				return sound{}, errNoSound
			}
			kind := binary.LittleEndian.Uint16(body)
			s.channels, s.rate = int(binary.LittleEndian.Uint16(body[2:])), int(binary.LittleEndian.Uint32(body[4:]))
			bits = int(binary.LittleEndian.Uint16(body[14:]))
			if kind != 1 || s.channels < 1 || s.channels > maxChannels || s.rate < minRate || s.rate > maxRate || (bits != 8 && bits != 16) {
				return sound{}, errNoSound
			}
		case "data":
			if bits == 0 {
				return sound{}, errNoSound
			}
			return s.with(body, bits)
		}
		b = b[min(size+size%2, uint64(len(b))):]
	}
	return sound{}, errNoSound
}

// with takes samples in, widened to 16 bits.
func (s sound) with(data []byte, bits int) (sound, error) {
	if bits == 8 {
		s.pcm = make([]byte, 2*len(data))
		for i, x := range data {
			s.pcm[2*i+1] = x - 128
		}
	} else {
		s.pcm = data
	}
	s.pcm = s.pcm[:len(s.pcm)-len(s.pcm)%(2*s.channels)]
	if len(s.pcm) == 0 {
		return sound{}, errNoSound
	}
	return s, nil
}
