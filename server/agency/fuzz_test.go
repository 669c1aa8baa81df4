package agency

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A public key is Ed25519 or P-256 and never a private one.
func FuzzReadKey(f *testing.F) {
	for _, seed := range []string{
		`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`,
		`{"kty":"oct","k":"AAAA"}`, `{"kty":"RSA","n":"AQAB","e":"AQAB"}`, `{}`, `[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		kid, key, err := ReadKey(text)
		if err == nil && (kid == "" || key == nil || bytes.Contains(text, []byte(`"d"`)) && len(kid) != 43) {
			t.Fatalf("%q gives %q", text, kid)
		}
	})
}

// Credentials are read from a form or from JSON, or refused.
func FuzzCredentials(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", []byte("grant_type=client_credentials&client_id=a&client_secret=b"))
	f.Add("application/json", []byte(`{"grant_type":"client_credentials","client_id":"a"}`))
	f.Add("text/plain", []byte("x"))
	f.Fuzz(func(t *testing.T, media string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/oauth2/client/token", bytes.NewReader(body))
		r.Header["Content-Type"] = []string{media}
		if _, client, secret, err := credentials(httptest.NewRecorder(), r); err == nil && len(client)+len(secret) > maxCredentials {
			t.Fatal("more than the limit was read")
		}
	})
}
