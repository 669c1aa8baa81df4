// Package outside is what the ports to outside registries share: one request,
// its whole answer within bounds, and the two problems that say the other side
// is at fault. [New] makes a [Caller]; a port builds its requests and reads what
// [Caller.Do] gives it.
//
// No problem and no error holds an address: a search's words stand in it.
package outside

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

const (
	askTime   = 20 * time.Second // for one request and its whole answer
	maxAnswer = 4 << 20          // bytes
)

// Caller asks one registry, for any number of goroutines.
type Caller struct {
	name  string
	base  string
	token func(ctx context.Context) (string, error)
	http  *http.Client
}

// New makes a Caller of the registry name at the service base, which stands
// before every path. token gives the bearer token of a request, empty for none;
// it may be nil, and so may the client. ok is false for a base that is no http
// or https address, or has a password in it.
func New(name, base string, token func(ctx context.Context) (string, error), client *http.Client) (c *Caller, ok bool) {
	u, err := url.Parse(strings.TrimSuffix(base, "/"))
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, false
	}
	if client == nil {
		client = &http.Client{}
	}
	own := *client
	// A redirect would carry the person somewhere nobody named.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Caller{name: name, base: u.String(), token: token, http: &own}, true
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends one request and reads the whole answer; content is nil for none.
// civic.RegistryDown where asking later may help: no connection, the other
// side's fault, a token that ran out. civic.RegistryBroken for an answer that
// is too large. Any other status is for the port to judge.
func (c *Caller) Do(ctx context.Context, method, path string, content io.Reader, header http.Header) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.base+"/"+path, content)
	if err != nil {
		return nil, civic.NewProblem(civic.RegistryBroken, errors.New("an address that is none"), c.name)
	}
	req.GetBody = nil // nothing is sent twice behind our back
	req.Header = header
	if c.token != nil {
		token, err := c.token(ctx)
		if err != nil {
			return nil, c.down(err)
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.down(plain(err))
	}
	defer res.Body.Close()
	a := &Answer{Status: res.StatusCode, Header: res.Header}
	a.Body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, c.down(plain(err))
	}
	if len(a.Body) > maxAnswer {
		return nil, civic.NewProblem(civic.RegistryBroken, errors.New("the answer is too large"), c.name)
	}
	switch {
	case a.Status >= 500, a.Status == http.StatusTooManyRequests, a.Status == http.StatusRequestTimeout, a.Status == http.StatusTooEarly:
		return nil, c.down(fmt.Errorf("status %d", a.Status))
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden:
		// A token that ran out is the centre's affair, not the person's.
		return nil, c.down(fmt.Errorf("status %d: is the token right?", a.Status))
	}
	return a, nil
}

func (c *Caller) down(err error) error { return civic.NewProblem(civic.RegistryDown, err, c.name) }

// plain is an error without the address.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
