package spdci

import (
	_ "embed"
	"net/http"
)

// description is the OpenAPI description of what is served; tests hold the
// handlers to it.
//
//go:embed openapi.json
var description []byte

func (a api) description(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(description)
}
