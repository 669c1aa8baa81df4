package agencytest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

func rowsOf(ctx context.Context, tx ledger.Tx, actor string) (out []translog.Row, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var text []byte
		if err := r.Scan(&text); err != nil {
			return err
		}
		row, err := translog.ReadBody(text)
		out = append(out, row)
		return err
	}, "SELECT body FROM log_row WHERE actor = ?1 ORDER BY at, id", actor)
	return out, err
}

// Client is an agency's program.
type Client struct {
	World          *World
	Agency         agreement.AgencyID
	Client, Secret string
	KID            string
	Key            ed25519.PrivateKey
	Token          string
	Purpose        civic.Purpose
	Prefix         string // of the paths
	// Description, where there is one, is what every exchange is held to.
	Description *Description
}

// Agency makes an agency with a key, a client and a token.
func (w *World) Agency(a share.Agency) *Client {
	w.TB.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		w.TB.Fatal(err)
	}
	jwk, err := json.Marshal(jose.JSONWebKey{Key: public})
	if err != nil {
		w.TB.Fatal(err)
	}
	c := &Client{World: w, Agency: a.ID, Key: key, Purpose: civic.Purpose(a.ID) + "-purpose"}
	if c.KID, _, err = agency.ReadKey(jwk); err != nil {
		w.TB.Fatal(err)
	}
	w.Update(func(ctx context.Context, tx ledger.Tx) (err error) {
		if err = w.Centre.Share.AddAgency(ctx, tx, a, "test"); err != nil {
			return err
		}
		if err = w.Centre.Share.AddKey(ctx, tx, a.ID, c.KID, string(jwk), "test"); err != nil {
			return err
		}
		c.Client, c.Secret, err = w.Centre.Share.NewClient(ctx, tx, a.ID, "test")
		return err
	})
	c.SignIn()
	return c
}

// SignIn fetches a token as OAuth 2.0 says.
func (c *Client) SignIn() int {
	c.World.TB.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.Client}, "client_secret": {c.Secret}}
	r := httptest.NewRequest(http.MethodPost, "/oauth2/client/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	c.World.Centre.Handler().ServeHTTP(w, r)
	var answer struct {
		Token string `json:"access_token"`
	}
	_ = json.Unmarshal(w.Body.Bytes(), &answer) // a refusal has none
	c.Token = answer.Token
	return w.Code
}

// Answer is what came back.
type Answer struct {
	Status   int
	Body     []byte
	Envelope agency.Envelope
	Header   map[string]any
	Message  map[string]any
}

// Message is one to be sent; what is left out is filled in.
type Message struct {
	Action  string
	Total   int
	Message any
	Header  map[string]any // further words of the header, and other ones
	HTTP    map[string]string
	// Change changes the signed bytes before they are sent; Unsigned leaves the
	// signature out.
	Change   func([]byte) []byte
	Unsigned bool
}

// Seal signs a message as an agency does and gives the bytes to send.
func (c *Client) Seal(m Message) []byte {
	c.World.TB.Helper()
	h := map[string]any{
		"version": "1.0.0", "message_id": c.World.number("message"), "message_ts": c.World.Now().Format(time.RFC3339), "action": m.Action,
		"sender_id": string(c.Agency), "total_count": max(m.Total, 1),
	}
	for k, v := range m.Header {
		h[k] = v
	}
	header, err := json.Marshal(h)
	if err != nil {
		c.World.TB.Fatal(err)
	}
	message, err := json.Marshal(m.Message)
	if err != nil {
		c.World.TB.Fatal(err)
	}
	e := agency.Envelope{Header: header, Message: message}
	if !m.Unsigned {
		text, err := agency.Canonical(header, message)
		if err != nil {
			c.World.TB.Fatal(err)
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: c.Key, KeyID: c.KID}}, nil)
		if err != nil {
			c.World.TB.Fatal(err)
		}
		object, err := signer.Sign(text)
		if err != nil {
			c.World.TB.Fatal(err)
		}
		if e.Signature, err = object.CompactSerialize(); err != nil {
			c.World.TB.Fatal(err)
		}
	}
	body, err := json.Marshal(e)
	if err != nil {
		c.World.TB.Fatal(err)
	}
	if m.Change != nil {
		body = m.Change(body)
	}
	return body
}

// Send posts a message.
func (c *Client) Send(path string, m Message) Answer {
	c.World.TB.Helper()
	return c.Post(path, c.Seal(m), m.HTTP)
}

// Post posts bytes as they are.
func (c *Client) Post(path string, body []byte, headers map[string]string) Answer {
	c.World.TB.Helper()
	c.World.Later(time.Millisecond) // rows of the log lie in the order of their milliseconds
	r := httptest.NewRequest(http.MethodPost, c.Prefix+path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c.Token)
	for k, v := range headers {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	c.World.Centre.Handler().ServeHTTP(w, r)
	a := Answer{Status: w.Code, Body: w.Body.Bytes()}
	if json.Unmarshal(a.Body, &a.Envelope) == nil {
		_ = json.Unmarshal(a.Envelope.Header, &a.Header)
		_ = json.Unmarshal(a.Envelope.Message, &a.Message)
	}
	if len(a.Envelope.Header) > 0 {
		c.Verify(a.Envelope)
	}
	if c.Description != nil {
		if a.Status < 300 && a.Header["status"] != "rjct" {
			c.Description.Request(c.World.TB, path, body)
		}
		c.Description.Response(c.World.TB, path, a.Status, a.Body)
	}
	return a
}

// Verify checks the registry's signature with its published key.
func (c *Client) Verify(e agency.Envelope) {
	c.World.TB.Helper()
	w := httptest.NewRecorder()
	c.World.Centre.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/.well-known/jwks.json", nil))
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(w.Body.Bytes(), &keys); err != nil || len(keys.Keys) != 1 {
		c.World.TB.Fatalf("no keys: %v", err)
	}
	object, err := jose.ParseSignedCompact(e.Signature, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		c.World.TB.Fatalf("the answer is not signed: %v", err)
	}
	payload, err := object.Verify(keys.Keys[0])
	if err != nil {
		c.World.TB.Fatal(err)
	}
	want, err := agency.Canonical(e.Header, e.Message)
	if err != nil || !bytes.Equal(payload, want) {
		c.World.TB.Fatalf("the signature is over something else: %v", err)
	}
}

// Question is one search.
type Question struct {
	Type   string
	Query  any
	Fields []string
	Page   map[string]int
	Sort   []map[string]string
	// Purpose is the client's when empty, none when it is "-".
	Purpose civic.Purpose
	Consent bool // name the purpose under consent, not under authorize
}

// ByID asks for a person by national number.
func ByID(value string) Question {
	return Question{Type: "idtype-value", Query: map[string]string{"type": "UIN", "value": value}}
}

// Search makes the message of some questions.
func (c *Client) Search(all ...Question) Message {
	var items []map[string]any
	now := c.World.Now().Format(time.RFC3339)
	for _, q := range all {
		criteria := map[string]any{"version": "1.0.0", "reg_type": "ns:org:RegistryType:Civil", "query_type": q.Type, "query": q.Query}
		if len(q.Fields) > 0 {
			criteria["fields"] = q.Fields
		}
		if q.Page != nil {
			criteria["pagination"] = q.Page
		}
		if q.Sort != nil {
			criteria["sort"] = q.Sort
		}
		purpose := q.Purpose
		if purpose == "" {
			purpose = c.Purpose
		}
		if purpose != "-" {
			word := "authorize"
			if q.Consent {
				word = "consent"
			}
			criteria[word] = map[string]any{"ts": now, "purpose": map[string]string{"text": "why", "code": string(purpose), "ref_uri": "https://example.org/why"}}
		}
		items = append(items, map[string]any{"reference_id": c.World.number("reference"), "timestamp": now, "search_criteria": criteria, "locale": "eng"})
	}
	return Message{Action: "search", Total: len(items), Message: map[string]any{"transaction_id": c.World.number("transaction"), "search_request": items}}
}

// Ask searches at once.
func (c *Client) Ask(all ...Question) Answer {
	c.World.TB.Helper()
	return c.Send("/registry/sync/search", c.Search(all...))
}

// Response is the n-th answer of a search.
func (a Answer) Response(n int) map[string]any {
	list, _ := a.Message["search_response"].([]any)
	if n >= len(list) {
		return nil
	}
	one, _ := list[n].(map[string]any)
	return one
}

// Records are the records of the n-th answer.
func (a Answer) Records(n int) []map[string]any {
	data, _ := a.Response(n)["data"].(map[string]any)
	list, _ := data["reg_records"].([]any)
	var out []map[string]any
	for _, r := range list {
		if m, ok := r.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// Raw writes an envelope as it travels.
func (c *Client) Raw(e agency.Envelope) []byte {
	b, err := json.Marshal(e)
	if err != nil {
		c.World.TB.Fatal(err)
	}
	return b
}
