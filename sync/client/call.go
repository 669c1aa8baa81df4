package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// call makes one control call: a message there, a message back, tried again as
// often as patience allows. out may be nil. retrying may be nil.
func (w *wire) call(ctx context.Context, method, path string, in, out any, wait time.Duration, retrying func()) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = protocol.Marshal(in); err != nil {
			return err
		}
		if len(body) > protocol.MaxMessage {
			return civic.NewProblem(civic.RequestMalformed, errors.New("the request is too long"))
		}
	}
	ctx = context.WithValue(ctx, watchKey{}, watchOptions{wait: wait})
	r, err := retryablehttp.NewRequestWithContext(ctx, method, w.base+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", userAgent)
	if in != nil {
		r.Header.Set("Content-Type", protocol.MediaCBOR)
	}
	var answer []byte
	r.SetResponseHandler(func(a *http.Response) (err error) {
		defer func() { _ = a.Body.Close() }()
		answer, err = io.ReadAll(io.LimitReader(a.Body, protocol.MaxMessage+1))
		return err
	})
	again := &retryablehttp.Client{
		HTTPClient: w.http,
		RetryMax:   w.tuning.Patience - 1,
		CheckRetry: func(ctx context.Context, a *http.Response, err error) (bool, error) {
			if ctx.Err() != nil {
				return false, ctx.Err()
			}
			if err != nil {
				return passes(problemOf(ctx, err)), nil
			}
			return a.StatusCode >= 500 || a.StatusCode == http.StatusTooManyRequests || a.StatusCode == http.StatusRequestTimeout, nil
		},
		Backoff: func(_, _ time.Duration, n int, a *http.Response) time.Duration {
			if retrying != nil {
				retrying()
			}
			return w.backoff(n, protocol.RetryAfter(a, w.tuning.RetryMax))
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	a, err := again.Do(r)
	if err != nil {
		if a != nil {
			_ = a.Body.Close() // the failure is what matters
		}
		return problemOf(ctx, err)
	}
	defer func() { _ = a.Body.Close() }()
	if again, _ := again.CheckRetry(ctx, a, nil); again { // the tries ended on it, nobody read it yet
		return protocol.ReadProblem(a)
	}
	if a.StatusCode < 200 || a.StatusCode > 299 {
		a.Body = io.NopCloser(bytes.NewReader(answer))
		return protocol.ReadProblem(a)
	}
	if out == nil {
		return nil
	}
	return protocol.Unmarshal(answer, out)
}

// userAgent names the program and no more: versions tell strangers too much.
const userAgent = "askonce"
