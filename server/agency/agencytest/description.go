package agencytest

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// Description is an OpenAPI document exchanges are held to.
type Description struct {
	Doc    *openapi3.T
	router routers.Router
}

// Describe reads a document, JSON or YAML.
func Describe(t testing.TB, text []byte) *Description {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	// The shapes matter here; what the document lacks beside is filled in.
	doc.Servers = nil
	if doc.Info.Version == "" {
		doc.Info.Version = "unsaid"
	}
	for _, item := range doc.Paths.Map() {
		for _, o := range item.Operations() {
			o.Security = nil
		}
	}
	r, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation())
	if err != nil {
		t.Fatal(err)
	}
	return &Description{doc, r}
}

// Served reads the document a centre serves at a path.
func (w *World) Served(path string) *Description {
	w.TB.Helper()
	rec := httptest.NewRecorder()
	w.Centre.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
	if rec.Code != http.StatusOK {
		w.TB.Fatalf("%s: %d", path, rec.Code)
	}
	return Describe(w.TB, rec.Body.Bytes())
}

func (d *Description) input(t testing.TB, path string, body []byte) *openapi3filter.RequestValidationInput {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://localhost"+path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	route, params, err := d.router.FindRoute(r)
	if err != nil {
		t.Fatalf("%s is not described: %v", path, err)
	}
	return &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
}

// Request holds a request to the document.
func (d *Description) Request(t testing.TB, path string, body []byte) {
	t.Helper()
	if err := d.Try(t, path, body); err != nil {
		t.Errorf("%s: the request does not fit the description: %v", path, err)
	}
}

// Try says what the document has against a request.
func (d *Description) Try(t testing.TB, path string, body []byte) error {
	t.Helper()
	return openapi3filter.ValidateRequest(context.Background(), d.input(t, path, body))
}

// Response holds an answer to the document.
func (d *Description) Response(t testing.TB, path string, status int, body []byte) {
	t.Helper()
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: d.input(t, path, nil), Status: status, Header: http.Header{"Content-Type": {"application/json"}},
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(context.Background(), in.SetBodyBytes(body)); err != nil {
		t.Errorf("%s: the answer %d does not fit the description: %v", path, status, err)
	}
}
