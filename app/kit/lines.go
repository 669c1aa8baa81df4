package kit

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxLine is the most that is kept of one line, in bytes.
const maxLine = 1 << 20

// lines reads text line by line and can look ahead.
type lines struct {
	from   *bufio.Reader
	ahead  []line
	number int
	taken  int64 // bytes read
	err    error // what ended the reading, io.EOF at the end
}

// line is one line without its end; cut where more of it stood in the file.
type line struct {
	text   []byte
	number int // from 1
	cut    bool
}

func newLines(from io.Reader) *lines { return &lines{from: bufio.NewReaderSize(from, 64<<10)} }

// next gives one line; io.EOF at the end, any other error where the rest cannot
// be read. A piece of a line before such an error is not given.
func (r *lines) next() (line, error) {
	l, err := r.peek(0)
	if err == nil {
		r.drop(1)
	}
	return l, err
}

// peek gives the nth line after the one given last.
func (r *lines) peek(n int) (line, error) {
	for len(r.ahead) <= n {
		if r.err != nil {
			return line{}, r.err
		}
		r.fill()
	}
	return r.ahead[n], nil
}

// drop takes lines that were peeked at.
func (r *lines) drop(n int) { r.ahead = r.ahead[n:] }

func (r *lines) fill() {
	l := line{number: r.number + 1}
	for {
		piece, err := r.from.ReadSlice('\n')
		r.taken += int64(len(piece))
		if room := maxLine - len(l.text); len(piece) > room {
			piece, l.cut = piece[:room], true
		}
		l.text = append(l.text, piece...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		r.err = err
		break
	}
	if r.err != nil && (!errors.Is(r.err, io.EOF) || len(l.text) == 0) {
		return
	}
	l.text = bytes.TrimSuffix(bytes.TrimSuffix(l.text, []byte("\n")), []byte("\r"))
	r.number++
	r.ahead = append(r.ahead, l)
}
