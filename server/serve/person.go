package serve

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"io"
	"net/http"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

const (
	// maxPerson bounds a kit's question about one person, in bytes.
	maxPerson = 8 << 10
	// maxAnswer bounds what an opener answers.
	maxAnswer = 1 << 20
	// openerTime is how long an opener may take.
	openerTime = 20 * time.Second
)

// Person answers a marshalled protocol.PersonRequest; only a process with the
// registry's keys can.
func (c *Centre) Person(ctx context.Context, request []byte) ([]byte, error) {
	if !c.Access.Keys().Opens() {
		return nil, civic.NewProblem(civic.OpenerAway, nil)
	}
	return c.District.LookUp(ctx, request)
}

// Looks answers a marshalled protocol.LooksRequest; only a process with the
// registry's keys can.
func (c *Centre) Looks(ctx context.Context, request []byte) ([]byte, error) {
	if !c.Access.Keys().Opens() {
		return nil, civic.NewProblem(civic.OpenerAway, nil)
	}
	return c.Citizens.Asked(ctx, request)
}

// question answers a kit's question about one person. It is signed or sealed by
// the kit and the answer sealed to it: an intake passes both on to the opener
// and reads neither.
func (c *Centre) question(path string, answer func(ctx context.Context, request []byte) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPerson))
		if err != nil {
			c.refuse(w, civic.NewProblem(civic.RequestMalformed, err))
			return
		}
		if !c.Access.Keys().Opens() {
			c.passOn(w, r, path, body)
			return
		}
		words, err := answer(r.Context(), body)
		if err != nil {
			c.refuse(w, err)
			return
		}
		w.Header().Set("Content-Type", protocol.MediaCBOR)
		_, _ = w.Write(words) // a kit that is gone asks again
	}
}

// passOn asks the opener and gives its answer as it is.
func (c *Centre) passOn(w http.ResponseWriter, r *http.Request, path string, body []byte) {
	ctx, cancel := context.WithTimeout(r.Context(), openerTime)
	defer cancel()
	answer, err := c.askOpener(ctx, path, body)
	if err != nil {
		c.refuse(w, civic.NewProblem(civic.OpenerAway, err))
		return
	}
	defer answer.Body.Close()
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(answer.Body, maxAnswer))
}

func (c *Centre) askOpener(ctx context.Context, path string, body []byte) (*http.Response, error) {
	var url string
	err := c.DB.View(ctx, func(tx ledger.Tx) (err error) {
		url, err = access.Setting(ctx, tx, OpenerURLSetting)
		return err
	})
	if err != nil || url == "" {
		return nil, civic.NewProblem(civic.OpenerAway, err)
	}
	_, key, err := ed25519.GenerateKey(c.Rand)
	if err != nil {
		return nil, err
	}
	config, err := protocol.ClientTLS(c.Access.Keys().Root, key, c.Clock)
	if err != nil {
		return nil, err
	}
	line := &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}
	ask, err := http.NewRequestWithContext(ctx, http.MethodPost, url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	ask.Header.Set("Content-Type", protocol.MediaCBOR)
	return line.RoundTrip(ask)
}
