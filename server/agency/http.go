package agency

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// MaxBody bounds a request's body, in bytes.
const MaxBody = 256 << 10

// strangersPerMinute is how many refusals one address may earn.
const strangersPerMinute = 60

// Call is a request whose sender is known.
type Call struct {
	Agency share.Agency // as it was remembered: see [Desk.Admit]
	Body   []byte
	token  string
	// What X-Road and the Information Mediator say about the asker.
	Request, OnBehalf, Issue string
}

// Refuse writes a refusal in the words of a language.
type Refuse func(w http.ResponseWriter, status int, code civic.Code)

// Guard lets a request through whose token is good, as far as is remembered, and
// which does not come too often. What it refuses is told in the words of refuse and stands in the log.
func (d *Desk) Guard(refuse Refuse, do func(w http.ResponseWriter, r *http.Request, c Call)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		secure(w)
		stranger := func(status int, code civic.Code) {
			if d.limits.take("from "+host(r), strangersPerMinute) > 0 {
				w.Header().Set("Retry-After", "60")
				refuse(w, http.StatusTooManyRequests, civic.TooManyTries)
				return
			}
			d.LogRefusal(r.Context(), "", code, "")
			refuse(w, status, code)
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
		if err != nil {
			stranger(http.StatusRequestEntityTooLarge, civic.UploadTooLarge)
			return
		}
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || len(token) > 128 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			stranger(http.StatusUnauthorized, civic.SignInRefused)
			return
		}
		a, known := d.Share.Recall(token)
		if !known {
			err = d.DB.View(r.Context(), func(tx ledger.Tx) (err error) {
				a, err = d.Share.Bearer(r.Context(), tx, token)
				return err
			})
		}
		if err != nil {
			if civic.CodeOf(err) != civic.SignInRefused {
				d.Logger.Error("an agency's token cannot be looked up", "error", err)
				refuse(w, http.StatusServiceUnavailable, civic.ServerBusy)
				return
			}
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			stranger(http.StatusUnauthorized, civic.SignInRefused)
			return
		}
		if wait := d.limits.take("agency "+string(a.ID), a.PerMinute); wait > 0 {
			if d.limits.take("told of "+string(a.ID), 1) == 0 { // one row a minute tells of them all
				d.LogRefusal(r.Context(), string(a.ID), civic.TooManyTries, "")
			}
			w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
			refuse(w, http.StatusTooManyRequests, civic.TooManyTries)
			return
		}
		do(w, r, Call{
			Agency: a, Body: body, token: token, Request: r.Header.Get("X-Road-Id"), Issue: r.Header.Get("X-Road-Issue"),
			OnBehalf: join(r.Header.Get("X-Road-Client"), r.Header.Get("X-Road-UserId"), r.Header.Get("X-Road-Represented-Party"), r.Header.Get("Information-Mediator-Client")),
		})
	}
}

// Admit finds out, within the transaction of the act, whether the call's token
// still holds and what its agency may do now; civic.SignInRefused. Every act of a
// call begins with it.
func (d *Desk) Admit(ctx context.Context, tx ledger.Tx, c *Call) (err error) {
	c.Agency, err = d.Share.Bearer(ctx, tx, c.token)
	return err
}

func join(words ...string) string {
	var out []string
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}

// LogRefusal writes the row of a refusal by itself; one that cannot be written
// is told to the program's own log.
func (d *Desk) LogRefusal(ctx context.Context, agency string, code civic.Code, request string) {
	err := d.Update(context.WithoutCancel(ctx), agreement.AgencyID(agency), func(tx ledger.Tx) error {
		return d.Share.Refuse(context.WithoutCancel(ctx), tx, agency, code, request)
	})
	if err != nil {
		d.Logger.Error("a refusal could not be written to the log", "code", string(code), "error", err)
	}
}

func secure(w http.ResponseWriter) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Strict-Transport-Security", "max-age=31536000")
}

// JSON writes an answer.
func JSON(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // an agency that is gone asks again
}

func host(r *http.Request) string {
	name, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return name
}

// Routes adds what all languages share.
func (d *Desk) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /oauth2/client/token", d.token)
	mux.HandleFunc("GET /.well-known/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		JSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{d.public}})
	})
}

// token is OAuth 2.0 client credentials (RFC 6749, 4.4): the client's id and
// secret as HTTP Basic, as a form or as JSON.
func (d *Desk) token(w http.ResponseWriter, r *http.Request) {
	secure(w)
	fail := func(status int, word string) { JSON(w, status, map[string]string{"error": word}) }
	if d.limits.take("token "+host(r), strangersPerMinute) > 0 {
		w.Header().Set("Retry-After", "60")
		fail(http.StatusTooManyRequests, "slow_down")
		return
	}
	grant, client, secret, err := credentials(w, r)
	switch {
	case err != nil:
		fail(http.StatusBadRequest, "invalid_request")
		return
	case grant != "client_credentials":
		fail(http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	var token string
	err = d.Update(r.Context(), "", func(tx ledger.Tx) (err error) {
		token, _, err = d.Share.Token(r.Context(), tx, client, secret)
		return err
	})
	switch civic.CodeOf(err) {
	case "":
	case civic.SignInRefused:
		d.LogRefusal(r.Context(), "", civic.SignInRefused, "")
		w.Header().Set("WWW-Authenticate", "Basic")
		fail(http.StatusUnauthorized, "invalid_client")
		return
	}
	if err != nil {
		d.Logger.Error("a token could not be made", "error", err)
		fail(http.StatusServiceUnavailable, "temporarily_unavailable")
		return
	}
	JSON(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(share.TokenLife / time.Second)})
}

// maxCredentials bounds the body of a token request, in bytes.
const maxCredentials = 4 << 10

func credentials(w http.ResponseWriter, r *http.Request) (grant, client, secret string, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCredentials))
	if err != nil {
		return "", "", "", err
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return "", "", "", err
	}
	switch media {
	case "application/json":
		var v struct {
			Grant  string `json:"grant_type"`
			Client string `json:"client_id"`
			Secret string `json:"client_secret"`
		}
		if err := json.Unmarshal(body, &v); err != nil {
			return "", "", "", err
		}
		grant, client, secret = v.Grant, v.Client, v.Secret
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return "", "", "", err
		}
		grant, client, secret = form.Get("grant_type"), form.Get("client_id"), form.Get("client_secret")
	default:
		return "", "", "", errors.New("neither a form nor JSON")
	}
	if name, word, ok := r.BasicAuth(); ok {
		client, secret = name, word
	}
	return grant, client, secret, nil
}
