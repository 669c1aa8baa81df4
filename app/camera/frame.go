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
	noise int // bytes passed over since the last whole picture
}

func newSplitter(r io.Reader) *splitter { return &splitter{in: bufio.NewReaderSize(r, 64<<10)} }

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
		frame := make([]byte, 2, 128<<10)
		frame[0], frame[1] = 0xff, markSOI
		frame, whole, err := s.body(frame)
		if err != nil {
			return nil, err
		}
		if whole {
			s.noise = 0
			return frame, nil
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
	for {
		mark, err := s.mark(&frame)
		switch {
		case err != nil:
			return nil, false, err
		case mark == markEOI:
			return frame, true, nil
		case mark == 0, mark == markSOI:
			return frame, false, nil
		case mark == markTEM, mark >= markRST0 && mark <= markRST7:
			continue
		}
		var length [2]byte
		if _, err := io.ReadFull(s.in, length[:]); err != nil {
			return nil, false, eof(err)
		}
		n := int(length[0])<<8 | int(length[1])
		if n < 2 {
			return frame, false, nil
		}
		frame = append(frame, length[:]...)
		at := len(frame)
		frame = append(frame, make([]byte, n-2)...)
		if _, err := io.ReadFull(s.in, frame[at:]); err != nil {
			return nil, false, eof(err)
		}
		if mark == markSOS {
			if frame, err = s.scan(frame); err != nil {
				return nil, false, err
			}
		}
		if len(frame) > MaxFrame {
			return nil, false, errLarge
		}
	}
}

// mark reads a marker with its fill bytes and adds it; 0 where none stands.
func (s *splitter) mark(frame *[]byte) (byte, error) {
	b, err := s.in.ReadByte()
	if err != nil {
		return 0, eof(err)
	}
	if b != 0xff {
		return 0, nil
	}
	for fill := 0; b == 0xff && fill < 64; fill++ {
		if b, err = s.in.ReadByte(); err != nil {
			return 0, eof(err)
		}
	}
	if b == 0xff {
		return 0, nil
	}
	*frame = append(*frame, 0xff, b)
	return b, nil
}

// scan reads the coded points up to the marker after them, which stays unread.
func (s *splitter) scan(frame []byte) ([]byte, error) {
	for {
		b, err := s.in.ReadByte()
		if err != nil {
			return nil, eof(err)
		}
		if b == 0xff {
			after, err := s.in.Peek(1)
			if err != nil {
				return nil, eof(err)
			}
			if c := after[0]; c != 0 && c != 0xff && (c < markRST0 || c > markRST7) {
				return frame, s.in.UnreadByte()
			}
		}
		if frame = append(frame, b); len(frame) > MaxFrame {
			return nil, errLarge
		}
	}
}

func eof(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return err
}
