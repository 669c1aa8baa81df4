package protocol

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// HeaderProblem carries a refusal's code beside its body, because the answer
// to a HEAD has none.
const HeaderProblem = "Askonce-Problem"

// MediaCBOR is the media type of messages and refusals.
const MediaCBOR = "application/cbor"

// maxRefusal limits a refusal's body, in bytes.
const maxRefusal = 64 << 10

// Refusal is the body of every answer that is not a success. The words fill
// the catalogue's sentence on the kit, in the kit's language.
type Refusal struct {
	Code  string   `cbor:"1,keyasint"`
	Words []string `cbor:"2,keyasint,omitempty"`
}

// WriteProblem answers a request with the problem in err's chain; an error
// without one becomes civic.ServerBusy. Problems that pass by themselves say
// when to come again.
func WriteProblem(w http.ResponseWriter, err error) {
	var p *civic.Problem
	if !errors.As(err, &p) {
		p = civic.NewProblem(civic.ServerBusy, err)
	}
	status := p.HTTPStatus()
	h := w.Header()
	if (status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests) && h.Get("Retry-After") == "" {
		h.Set("Retry-After", "2")
	}
	body, err := Marshal(Refusal{Code: string(p.Code), Words: p.Words})
	if err != nil {
		body = nil
	}
	h.Set(HeaderProblem, string(p.Code))
	h.Set("Content-Type", MediaCBOR)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the asker may be gone; nothing depends on it
}

// ReadProblem turns an answer back into its problem, nil for a success. An
// answer without a code, from something between the two ends, becomes
// civic.ServerBusy where trying again may help and civic.RequestMalformed
// where it cannot. It reads the body.
func ReadProblem(r *http.Response) *civic.Problem {
	if r.StatusCode >= 200 && r.StatusCode < 300 {
		return nil
	}
	var refusal Refusal
	if r.Body != nil {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxRefusal))
		if err == nil && r.Header.Get("Content-Type") == MediaCBOR && Unmarshal(body, &refusal) != nil {
			refusal = Refusal{}
		}
	}
	if refusal.Code == "" {
		refusal = Refusal{Code: r.Header.Get(HeaderProblem)}
	}
	if ValidCode(refusal.Code) && wordsFit(refusal.Words) {
		return civic.NewProblem(civic.Code(refusal.Code), nil, refusal.Words...)
	}
	err := errors.New("status " + strconv.Itoa(r.StatusCode) + " without a code")
	if r.StatusCode >= 500 || r.StatusCode == http.StatusTooManyRequests || r.StatusCode == http.StatusRequestTimeout {
		return civic.NewProblem(civic.ServerBusy, err)
	}
	return civic.NewProblem(civic.RequestMalformed, err)
}

// RetryAfter reads how long an answer asks to wait, at most limit; 0 if it
// does not say.
func RetryAfter(r *http.Response, limit time.Duration) time.Duration {
	if r == nil {
		return 0
	}
	seconds, err := strconv.Atoi(r.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(min(seconds, 1<<20))*time.Second, limit)
}

// ValidCode tells whether a code read from outside looks like one: small
// letters, digits and underscores, 64 at most.
func ValidCode(code string) bool {
	if code == "" || len(code) > 64 {
		return false
	}
	for _, c := range []byte(code) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}
