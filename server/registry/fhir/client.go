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
	"github.com/askonce/fieldkit/server/registry/outside"
	"github.com/askonce/fieldkit/sync/civic"
)

const (
	maxWord   = 80        // bytes of what a refusal is called
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
	caller *outside.Caller

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
	caller, ok := outside.New(c.Name, c.URL, c.Token, c.HTTP)
	if !ok {
		return nil, civic.NewProblem(civic.WrongUse, nil, "A FHIR registry is named by its base, such as fhir:https://registry.example/fhir, with no password in it.")
	}
	return &Registry{Config: c, caller: caller}, nil
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
	if res.Status != http.StatusOK {
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

// ask sends one request and reads the whole answer. Its errors are
// civic.RegistryDown and civic.RegistryBroken.
func (r *Registry) ask(ctx context.Context, method, path string, body any, header map[string]string) (*outside.Answer, error) {
	h := http.Header{"Accept": {"application/fhir+json"}}
	var content io.Reader
	switch body := body.(type) {
	case nil:
	case url.Values:
		content = strings.NewReader(body.Encode())
		h.Set("Content-Type", "application/x-www-form-urlencoded")
	default:
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(b)
		h.Set("Content-Type", "application/fhir+json; charset=utf-8")
	}
	if body != nil {
		h.Set("Prefer", "return=representation")
	}
	for k, v := range header {
		h.Set(k, v)
	}
	a, err := r.caller.Do(ctx, method, path, content, h)
	if err != nil {
		return nil, err
	}
	if a.Status >= 300 && a.Status < 400 {
		return nil, civic.NewProblem(civic.RegistryBroken, fmt.Errorf("status %d: it sends us elsewhere", a.Status), r.Name)
	}
	return a, nil
}

// read takes an answer as a resource of a type.
func (r *Registry) read(a *outside.Answer, into any, kind string) error {
	if t, _, err := mime.ParseMediaType(a.Header.Get("Content-Type")); err == nil && !strings.HasSuffix(t, "json") {
		return civic.NewProblem(civic.RegistryBroken, fmt.Errorf("the answer is %s", t), r.Name)
	}
	var head struct {
		ResourceType string `json:"resourceType"`
	}
	if err := json.Unmarshal(a.Body, &head); err != nil {
		return civic.NewProblem(civic.RegistryBroken, errors.New("the answer is no JSON"), r.Name)
	}
	if head.ResourceType != kind {
		return civic.NewProblem(civic.RegistryBroken, fmt.Errorf("the answer is no %s", kind), r.Name)
	}
	if err := json.Unmarshal(a.Body, into); err != nil {
		return civic.NewProblem(civic.RegistryBroken, errors.New("the answer does not read as "+kind), r.Name)
	}
	return nil
}

// refused makes a problem of a status that says no. Of an OperationOutcome only
// the code is kept: its words may hold a name.
func (r *Registry) refused(a *outside.Answer) error {
	word := fmt.Sprintf("status-%d", a.Status)
	var o struct {
		ResourceType string `json:"resourceType"`
		Issue        []struct {
			Code string `json:"code"`
		} `json:"issue"`
	}
	if json.Unmarshal(a.Body, &o) == nil && o.ResourceType == "OperationOutcome" && len(o.Issue) > 0 && isWord(o.Issue[0].Code) {
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
