package fhir

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
)

// Bounds of one answer.
const (
	maxAnswer = 4 << 20 // bytes
	maxWord   = 80      // bytes of what a refusal is called
	askTime   = 20 * time.Second
	learnTime = time.Hour // how long a CapabilityStatement is believed
)

// Config is what a Registry takes from its surroundings.
type Config struct {
	// Name is what the registry is called here.
	Name string
	// URL is the base of the service, such as https://hapi.example/fhir.
	URL string
	// Token gives the bearer token of a request, empty for none; it may be nil.
	Token func(ctx context.Context) (string, error)
	// Systems names the identifier systems of national_id and other_id.
	Systems map[civic.Attribute]string
	HTTP    *http.Client
	Clock   func() time.Time
}

// Registry is a FHIR R4 service, for any number of goroutines.
type Registry struct {
	Config
	base *url.URL

	mu      sync.Mutex
	learnt  abilities
	learned time.Time
}

var _ registry.Outside = (*Registry)(nil)

// abilities are what the other side's CapabilityStatement says.
type abilities struct {
	can         registry.Capability
	conditional bool // create with If-None-Exist
}

// New makes a Registry; it asks nothing yet.
func New(c Config) (*Registry, error) {
	base, err := url.Parse(strings.TrimSuffix(c.URL, "/"))
	if err != nil || base.Host == "" || base.User != nil || base.Scheme != "http" && base.Scheme != "https" {
		return nil, civic.NewProblem(civic.WrongUse, nil, "A FHIR registry is named by its base, such as fhir:https://registry.example/fhir, with no password in it.")
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{}
	}
	one := *c.HTTP
	// A redirect would carry the person somewhere nobody named.
	one.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.HTTP = &one
	return &Registry{Config: c, base: base}, nil
}

// statement is the part of a CapabilityStatement that is read.
type statement struct {
	ResourceType string `json:"resourceType"`
	FHIRVersion  string `json:"fhirVersion"`
	Rest         []struct {
		Mode     string `json:"mode"`
		Resource []struct {
			Type        string `json:"type"`
			Interaction []struct {
				Code string `json:"code"`
			} `json:"interaction"`
			ConditionalCreate bool `json:"conditionalCreate"`
			Operation         []struct {
				Name string `json:"name"`
			} `json:"operation"`
		} `json:"resource"`
		Operation []struct {
			Name string `json:"name"`
		} `json:"operation"`
	} `json:"rest"`
}

// Can reads the other side's CapabilityStatement, and believes it for an hour.
func (r *Registry) Can(ctx context.Context) (registry.Capability, error) {
	a, err := r.abilities(ctx)
	return a.can, err
}

func (r *Registry) abilities(ctx context.Context) (abilities, error) {
	r.mu.Lock()
	a, fresh := r.learnt, !r.learned.IsZero() && r.Clock().Sub(r.learned) < learnTime
	r.mu.Unlock()
	if fresh {
		return a, nil
	}
	res, err := r.ask(ctx, http.MethodGet, "metadata", nil, nil)
	if err != nil {
		return a, err
	}
	var s statement
	if res.status != http.StatusOK {
		return a, r.refused(res)
	}
	if err := r.read(res, &s, "CapabilityStatement"); err != nil {
		return a, err
	}
	if !strings.HasPrefix(s.FHIRVersion, "4.") {
		return a, civic.NewProblem(civic.RegistryRefused, fmt.Errorf("FHIR %q", s.FHIRVersion), r.Name, "not-fhir-4")
	}
	a = abilities{}
	for _, rest := range s.Rest {
		if rest.Mode != "server" {
			continue
		}
		for _, resource := range rest.Resource {
			if resource.Type != "Patient" {
				continue
			}
			a.conditional = resource.ConditionalCreate
			for _, i := range resource.Interaction {
				switch i.Code {
				case "search-type":
					a.can |= registry.CanSearch
				case "create":
					a.can |= registry.CanCreate
				case "update":
					a.can |= registry.CanUpdate
				}
			}
			for _, o := range resource.Operation {
				if o.Name == "match" {
					a.can |= registry.CanMatch
				}
			}
		}
		for _, o := range rest.Operation {
			if o.Name == "match" {
				a.can |= registry.CanMatch
			}
		}
	}
	r.mu.Lock()
	r.learnt, r.learned = a, r.Clock()
	r.mu.Unlock()
	return a, nil
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends one request and reads the whole answer. Its errors are
// civic.RegistryDown and civic.RegistryBroken.
func (r *Registry) ask(ctx context.Context, method, path string, body any, header map[string]string) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var content io.Reader
	kind := "application/fhir+json; charset=utf-8"
	switch body := body.(type) {
	case nil:
	case url.Values:
		content, kind = strings.NewReader(body.Encode()), "application/x-www-form-urlencoded"
	default:
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, r.base.String()+"/"+path, content)
	if err != nil {
		return nil, civic.NewProblem(civic.RegistryBroken, errors.New("an address that is none"), r.Name)
	}
	req.Header.Set("Accept", "application/fhir+json")
	if body != nil {
		req.Header.Set("Content-Type", kind)
		req.Header.Set("Prefer", "return=representation")
		req.GetBody = nil // nothing is sent twice behind our back
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	if r.Token != nil {
		token, err := r.Token(ctx)
		if err != nil {
			return nil, civic.NewProblem(civic.RegistryDown, err, r.Name)
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
	}
	res, err := r.HTTP.Do(req)
	if err != nil {
		return nil, civic.NewProblem(civic.RegistryDown, plain(err), r.Name)
	}
	defer res.Body.Close()
	a := &answer{status: res.StatusCode, header: res.Header}
	a.body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, civic.NewProblem(civic.RegistryDown, plain(err), r.Name)
	}
	if len(a.body) > maxAnswer {
		return nil, civic.NewProblem(civic.RegistryBroken, errors.New("the answer is too large"), r.Name)
	}
	switch {
	case a.status >= 500, a.status == http.StatusTooManyRequests, a.status == http.StatusRequestTimeout, a.status == http.StatusTooEarly:
		return nil, civic.NewProblem(civic.RegistryDown, fmt.Errorf("status %d", a.status), r.Name)
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		// A token that ran out is the centre's affair, not the person's.
		return nil, civic.NewProblem(civic.RegistryDown, fmt.Errorf("status %d: is the token right?", a.status), r.Name)
	case a.status >= 300 && a.status < 400:
		return nil, civic.NewProblem(civic.RegistryBroken, fmt.Errorf("status %d: it sends us elsewhere", a.status), r.Name)
	}
	return a, nil
}

// plain is an error without the address, in which a search's words stand.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// read takes an answer as a resource of a type.
func (r *Registry) read(a *answer, into any, kind string) error {
	if t, _, err := mime.ParseMediaType(a.header.Get("Content-Type")); err == nil && !strings.HasSuffix(t, "json") {
		return civic.NewProblem(civic.RegistryBroken, fmt.Errorf("the answer is %s", t), r.Name)
	}
	var head struct {
		ResourceType string `json:"resourceType"`
	}
	if err := json.Unmarshal(a.body, &head); err != nil {
		return civic.NewProblem(civic.RegistryBroken, errors.New("the answer is no JSON"), r.Name)
	}
	if head.ResourceType != kind {
		return civic.NewProblem(civic.RegistryBroken, fmt.Errorf("the answer is no %s", kind), r.Name)
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		return civic.NewProblem(civic.RegistryBroken, errors.New("the answer does not read as "+kind), r.Name)
	}
	return nil
}

// refused makes a problem of a status that says no. Of an OperationOutcome only
// the code is kept: its words may hold a name.
func (r *Registry) refused(a *answer) error {
	word := fmt.Sprintf("status-%d", a.status)
	var o struct {
		ResourceType string `json:"resourceType"`
		Issue        []struct {
			Code string `json:"code"`
		} `json:"issue"`
	}
	if json.Unmarshal(a.body, &o) == nil && o.ResourceType == "OperationOutcome" && len(o.Issue) > 0 && isWord(o.Issue[0].Code) {
		word += " " + o.Issue[0].Code
	}
	return civic.NewProblem(civic.RegistryRefused, nil, r.Name, word)
}

func isWord(s string) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= maxWord
}
