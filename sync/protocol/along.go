package protocol

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/askonce/fieldkit/sync/civic"
)

// HeaderKeyAlong says that a creation's body begins with a day key's header
// file, deflated, of so many bytes; what follows is the upload's. It saves a kit
// a round trip on the first batch of a day.
const HeaderKeyAlong = "Askonce-Key"

// MaxKeyAlong is the largest key file that travels along, deflated or not, in
// bytes.
const MaxKeyAlong = 4 << 10

// PackAlong deflates a day key's header file: age writes it as text.
func PackAlong(header []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err = w.Write(header); err == nil {
		err = w.Close()
	}
	if len(header) > MaxKeyAlong || b.Len() > MaxKeyAlong {
		err = errors.Join(err, errors.New("the day key's header is too long to travel along"))
	}
	return b.Bytes(), err
}

// ReadAlong takes the day key's header file off the front of a creation's body;
// nil where none travels along.
func ReadAlong(h http.Header, body io.Reader) ([]byte, error) {
	if h.Get(HeaderKeyAlong) == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(h.Get(HeaderKeyAlong))
	if err != nil || n <= 0 || n > MaxKeyAlong {
		return nil, civic.NewProblem(civic.RequestMalformed, err)
	}
	packed := make([]byte, n)
	if _, err := io.ReadFull(body, packed); err != nil {
		return nil, civic.NewProblem(civic.Stopped, err)
	}
	header, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), MaxKeyAlong+1))
	if err != nil || len(header) == 0 || len(header) > MaxKeyAlong {
		return nil, civic.NewProblem(civic.RequestMalformed, err)
	}
	return header, nil
}
