package protocol

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

// A kit of another version is told which one is spoken here, by a code with two
// words.
func TestOtherVersions(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+PathSync, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	RefuseOtherVersions(mux)
	for path, want := range map[string]string{"/v0/sync": "0", "/v2/sync": "2", "/v9/uploads/abc": "9", "/v0/": "0"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader("what an earlier kit says")))
		p := ReadProblem(w.Result())
		if p == nil || p.Code != civic.VersionUnknown || len(p.Words) != 2 || p.Words[0] != want || p.Words[1] != "1" {
			t.Errorf("%s is answered %v", path, p)
		}
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, PathSync, nil))
	if w.Code != http.StatusNoContent {
		t.Error("version 1 itself is refused")
	}
}

// An opening that a kit kept from before version 1 tells its moment still.
func TestOpeningOfBefore(t *testing.T) {
	b, err := Marshal(struct {
		At     civic.Stamp    `cbor:"1,keyasint"`
		Person civic.PersonID `cbor:"2,keyasint"`
		Way    Way            `cbor:"4,keyasint"`
	}{civic.Stamp{Wall: 1_795_000_000, Boot: 3, Mono: 77}, civic.PersonID{1}, ByReceipt})
	if err != nil {
		t.Fatal(err)
	}
	o, err := ReadOpening(b)
	if err != nil || o.At != (Stamp{Wall: 1_795_000_000, Boot: 3, Mono: 77}) || o.Way != ByReceipt || o.Person != (civic.PersonID{1}) {
		t.Errorf("%+v, %v", o, err)
	}
}
