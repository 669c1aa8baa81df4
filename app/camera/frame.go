package camera

import (
	"bufio"
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"io"
)

// Limits of one picture. What ffmpeg is asked for is at most 1280 by 1280 and
// about 200 kB.
const (
	MaxFrame  = 4 << 20
	MaxPixels = 4 << 20
)

// maxNoise is how many bytes that belong to no picture are read past.
const maxNoise = 1 << 20

var (
	errLarge = errors.New("a picture is larger than any camera's should be")
	errNoise = errors.New("what comes is no picture")
)

// Frame is one picture, as JPEG.
type Frame []byte

// Picture decodes it. A picture of more than MaxPixels is refused before memory
// is taken for it.
func (f Frame) Picture() (image.Image, error) {
	size, err := jpeg.DecodeConfig(bytes.NewReader(f))
	if err != nil {
		return nil, err
	}
	if size.Width <= 0 || size.Height <= 0 || size.Width > MaxPixels/size.Height {
		return nil, errLarge
	}
	return jpeg.Decode(bytes.NewReader(f))
}

// splitter finds where one picture ends in a stream of them.
type splitter struct {
	in    *bufio.Reader
	noise int    // bytes passed over since the last whole picture
	room  []byte // where a picture is put together
}

func newSplitter(r io.Reader) *splitter { return &splitter{in: bufio.NewReaderSize(r, 64<<10)} }

// wipe forgets the last picture.
func (s *splitter) wipe() { clear(s.room[:cap(s.room)]) }

// Markers of JPEG.
const (
	markSOI  = 0xd8
	markEOI  = 0xd9
	markSOS  = 0xda
	markTEM  = 0x01
	markRST0 = 0xd0
	markRST7 = 0xd7
)

// next gives the next whole picture. Bytes that belong to none are passed over,
// up to a limit; io.EOF at the end, also within a picture.
func (s *splitter) next() (Frame, error) {
	for {
		if err := s.begin(); err != nil {
			return nil, err
		}
		frame, whole, err := s.body(append(s.room[:0], 0xff, markSOI))
		if err != nil {
			return nil, err
		}
		s.room = frame
		if whole {
			s.noise = 0
			return bytes.Clone(frame), nil
		}
		if s.noise += len(frame); s.noise > maxNoise {
			return nil, errNoise
		}
	}
}

// begin reads past the mark that begins a picture.
func (s *splitter) begin() error {
	for last := byte(0); ; {
		b, err := s.in.ReadByte()
		if err != nil {
			return err
		}
		if last == 0xff && b == markSOI {
			return nil
		}
		last = b
		if s.noise++; s.noise > maxNoise {
			return errNoise
		}
	}
}

// body reads segments until the mark that ends the picture; whole is false
// where the bytes are no segments.
func (s *splitter) body(frame []byte) (all []byte, whole bool, err error) {
	mark, err := s.mark()
	for {
		if err != nil {
			return nil, false, eof(err)
		}
		if mark == 0 || mark == markSOI {
			return frame, false, nil
		}
		frame = append(frame, 0xff, mark)
		switch {
		case mark == markEOI:
			return frame, true, nil
		case mark == markTEM, mark >= markRST0 && mark <= markRST7:
			mark, err = s.mark()
			continue
		}
		var length [2]byte
		if _, err := io.ReadFull(s.in, length[:]); err != nil {
			return nil, false, eof(err)
		}
		n := int(length[0])<<8 | int(length[1])
		if n < len(length) {
			return frame, false, nil
		}
		frame = append(frame, length[:]...)
		at := len(frame)
		frame = append(frame, make([]byte, n-len(length))...)
		if _, err := io.ReadFull(s.in, frame[at:]); err != nil {
			return nil, false, eof(err)
		}
		if mark == markSOS {
			frame, mark, err = s.scan(frame)
		} else {
			mark, err = s.mark()
		}
		if len(frame) > MaxFrame-2 {
			return nil, false, errLarge
		}
	}
}

// mark reads a marker with the fill bytes before it; 0 where none stands.
func (s *splitter) mark() (byte, error) {
	b, err := s.in.ReadByte()
	if err != nil || b != 0xff {
		return 0, err
	}
	for fill := 0; b == 0xff && fill < 64; fill++ {
		if b, err = s.in.ReadByte(); err != nil {
			return 0, err
		}
	}
	if b == 0xff {
		return 0, nil
	}
	return b, nil
}

// scan reads the coded points up to the marker after them, and that.
func (s *splitter) scan(frame []byte) ([]byte, byte, error) {
	for last := byte(0); ; {
		b, err := s.in.ReadByte()
		if err != nil {
			return nil, 0, err
		}
		if last == 0xff && b != 0 && b != 0xff && (b < markRST0 || b > markRST7) {
			return frame[:len(frame)-1], b, nil
		}
		if frame = append(frame, b); len(frame) > MaxFrame {
			return nil, 0, errLarge
		}
		last = b
	}
}

func eof(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return err
}
