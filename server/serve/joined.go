package serve

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/registry/fhir"
	"github.com/askonce/fieldkit/server/registry/spdci"
	"github.com/askonce/fieldkit/sync/civic"
)

// Joined is an outside registry that this centre asks and tells. It stands in
// the ledger, so that every process of the centre follows the same ones.
type Joined struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // fhir, spdci
	URL  string `json:"url"`
	// TokenFile holds the bearer token on its first line; it is read anew at
	// each request. CAFile holds the certificates that its own must lead to.
	TokenFile string `json:"token_file,omitempty"`
	CAFile    string `json:"ca_file,omitempty"`
	// Ask says what registrations do while it does not answer: wait, or go on;
	// no does not ask it at all.
	Ask string `json:"ask"`
	// Systems names the identifier systems (FHIR) or types (SPDCI) of attributes.
	Systems map[civic.Attribute]string `json:"systems,omitempty"`
}

// The ways of Joined.Ask.
const (
	AskWait = "wait"
	AskOn   = "on"
	AskNo   = "no"
)

// maxJoined bounds the outside registries of a centre.
const maxJoined = 8

// ParseJoined reads fhir:URL or spdci:URL.
func ParseJoined(s string) (j Joined, err error) {
	var ok bool
	j.Kind, j.URL, ok = strings.Cut(s, ":")
	j.Name, j.Ask = j.Kind, AskWait
	if !ok || j.Kind != "fhir" && j.Kind != "spdci" {
		err = civic.NewProblem(civic.WrongUse, nil, "An outside registry is written fhir:URL or spdci:URL.")
	}
	return j, err
}

// check refuses what cannot work, or would send people's data in the open.
func (j *Joined) check() error {
	u, err := url.Parse(j.URL)
	switch {
	case err != nil || u.Host == "":
		return civic.NewProblem(civic.WrongUse, nil, "The registry's URL is not one.")
	case u.Scheme != "https" && !loopback(u.Hostname()):
		return civic.NewProblem(civic.WrongUse, nil, "An outside registry is spoken to by https only; http is for this machine.")
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return civic.NewProblem(civic.WrongUse, nil, "The registry's URL is its base only; a token goes into a file.")
	case j.Name == "" || len(j.Name) > 32 || strings.Trim(j.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return civic.NewProblem(civic.WrongUse, nil, "A registry's name is at most 32 small letters, digits and hyphens.")
	case j.Ask != AskWait && j.Ask != AskOn && j.Ask != AskNo:
		return civic.NewProblem(civic.WrongUse, nil, "Ask is wait, on or no.")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// open makes the way to it.
func (j Joined) open(clock func() time.Time) (registry.Outside, error) {
	if err := j.check(); err != nil {
		return nil, err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if j.CAFile != "" {
		pem, err := os.ReadFile(j.CAFile)
		config.RootCAs = x509.NewCertPool()
		if err != nil || !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, civic.NewProblem(civic.FileUnreadable, err, j.CAFile)
		}
	}
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: config, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: 20 * time.Second,
		MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
	}}
	token := func(context.Context) (string, error) {
		if j.TokenFile == "" {
			return "", nil
		}
		b, err := os.ReadFile(j.TokenFile)
		line, _, _ := bytes.Cut(b, []byte("\n"))
		return strings.TrimSpace(string(line)), err
	}
	if j.Kind == "spdci" {
		return spdci.New(spdci.Config{Name: j.Name, URL: j.URL, Token: token, Types: j.Systems, HTTP: client, Clock: clock})
	}
	return fhir.New(fhir.Config{Name: j.Name, URL: j.URL, Token: token, Systems: j.Systems, HTTP: client, Clock: clock})
}

// away is an outside registry to which there is no way: its settings name a
// file that is not there.
type away struct {
	name string
	err  error
}

func (a away) down() error { return civic.NewProblem(civic.RegistryDown, a.err, a.name) }

func (a away) Can(context.Context) (registry.Capability, error) { return 0, a.down() }

func (a away) Find(context.Context, []civic.Claim) ([]registry.Foreign, error) { return nil, a.down() }

func (a away) Put(context.Context, registry.Copy) (registry.Kept, error) {
	return registry.Kept{}, a.down()
}

func readJoined(ctx context.Context, tx ledger.Tx) ([]Joined, error) {
	var list []Joined
	text, err := access.Setting(ctx, tx, registriesSetting)
	if err != nil || text == "" {
		return nil, err
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, civic.NewProblem(civic.LedgerDamaged, err)
	}
	return list, nil
}

func writeJoined(ctx context.Context, tx ledger.Tx, list []Joined) error {
	b, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return access.SetSetting(ctx, tx, registriesSetting, string(b))
}
