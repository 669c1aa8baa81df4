package serve

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/registry/fhir"
	"github.com/askonce/fieldkit/server/registry/spdci"
	"github.com/askonce/fieldkit/server/translog"
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

// The ways of asking.
const (
	AskWait = "wait"
	AskOn   = "on"
	AskNo   = "no"
)

// Settings of outside registries and of reviewing.
const (
	registriesSetting = "registries"
	secondSetting     = "second_pair"
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

// Registries lists the outside registries of this centre.
func (c *Centre) Registries(ctx context.Context) (list []Joined, err error) {
	err = c.DB.View(ctx, func(tx ledger.Tx) error {
		list, err = readJoined(ctx, tx)
		return err
	})
	return list, err
}

// Join has an outside registry asked and told, from the next start of each
// process on; joined again under the same name, its settings change. It is told
// of everybody who is known already, whose number it gives.
func (c *Centre) Join(ctx context.Context, j Joined) (waiting int64, err error) {
	if _, err := j.open(c.Clock); err != nil {
		return 0, err
	}
	err = c.DB.Update(ctx, func(tx ledger.Tx) error {
		list, err := readJoined(ctx, tx)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(o Joined) bool { return o.Name == j.Name })
		if list = append(list, j); len(list) > maxJoined {
			return civic.NewProblem(civic.WrongUse, nil, "A centre joins at most eight outside registries.")
		}
		if err := writeJoined(ctx, tx, list); err != nil {
			return err
		}
		if waiting, err = registry.Begin(ctx, tx, j.Name, c.Clock()); err != nil {
			return err
		}
		return audit.Write(ctx, tx, c.Clock(), []audit.Row{{Actor: "command", Action: "join_registry", Detail: j.Name}})
	})
	return waiting, err
}

func writeJoined(ctx context.Context, tx ledger.Tx, list []Joined) error {
	b, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return access.SetSetting(ctx, tx, registriesSetting, string(b))
}

// Leave ends asking and telling an outside registry, from the next start of
// each process on. What it was told stays noted.
func (c *Centre) Leave(ctx context.Context, name string) error {
	return c.DB.Update(ctx, func(tx ledger.Tx) error {
		list, err := readJoined(ctx, tx)
		if err != nil {
			return err
		}
		n := len(list)
		if list = slices.DeleteFunc(list, func(o Joined) bool { return o.Name == name }); len(list) == n {
			return civic.NewProblem(civic.WrongUse, nil, "There is no outside registry of this name: see fieldkit-server registry list.")
		}
		if err := writeJoined(ctx, tx, list); err != nil {
			return err
		}
		return audit.Write(ctx, tx, c.Clock(), []audit.Row{{Actor: "command", Action: "leave_registry", Detail: name}})
	})
}

// openRegistries makes the ways to outside registries and has this one followed
// by them.
func (c *Centre) openRegistries(ctx context.Context) (lookups []reconcile.Lookup, err error) {
	list, err := c.Registries(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, j := range list {
		names = append(names, j.Name)
		outside, err := j.open(c.Clock)
		if err != nil {
			// The centre goes on, and can be told to leave it: what is meant for it waits.
			c.Logger.Error("an outside registry cannot be reached as it is joined", "registry", j.Name, "error", err)
			outside = away{j.Name, err}
		}
		if j.Ask != AskNo {
			lookups = append(lookups, reconcile.Lookup{Name: j.Name, Outside: outside, Wait: j.Ask == AskWait})
		}
		c.couriers = append(c.couriers, registry.NewCourier(registry.CourierConfig{
			DB: c.DB, Registry: c.Registry, Name: j.Name, Outside: outside, Clock: c.Clock, Logger: c.Logger, Note: noteTelling,
		}))
	}
	c.Registry.Follow(c.Clock, names...)
	return lookups, nil
}

// noteTelling leaves the row that the citizen sees: what an outside registry
// was told of him.
func noteTelling(ctx context.Context, tx ledger.Tx, at time.Time, t registry.Telling) error {
	if t.Refused != "" {
		return audit.Write(ctx, tx, at, []audit.Row{{Area: t.Home, Actor: "registry", Action: "registry_refused", Object: bytes.Clone(t.Person[:]), Detail: t.Registry + " " + t.Refused}})
	}
	return translog.Append(ctx, tx, at, []translog.Entry{{
		Area: t.Home, Person: t.Person, Kind: translog.Agency, Actor: t.Registry, Action: translog.Disclosure, Basis: "public_task", Procedure: "registry",
		Fields: t.Fields, Count: 1,
	}})
}

// runCouriers tells outside registries until the context ends.
func (c *Centre) runCouriers(ctx context.Context) {
	var wait sync.WaitGroup
	for _, courier := range c.couriers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			courier.Run(ctx)
		}()
	}
	wait.Wait()
}

// Outbox tells what waits for outside registries, those with nothing to be told
// included.
func (c *Centre) Outbox(ctx context.Context) (out []registry.Waits, err error) {
	err = c.DB.View(ctx, func(tx ledger.Tx) error {
		list, err := readJoined(ctx, tx)
		if err != nil {
			return err
		}
		if out, err = registry.Outbox(ctx, tx); err != nil {
			return err
		}
		out = slices.DeleteFunc(out, func(w registry.Waits) bool {
			return !slices.ContainsFunc(list, func(j Joined) bool { return j.Name == w.Registry })
		})
		for _, j := range list {
			if !slices.ContainsFunc(out, func(w registry.Waits) bool { return w.Registry == j.Name }) {
				out = append(out, registry.Waits{Registry: j.Name})
			}
		}
		return nil
	})
	return out, err
}

// second reads which merges need a second reviewer.
func second(ctx context.Context, tx ledger.Tx) (p reconcile.SecondPair, err error) {
	text, err := access.Setting(ctx, tx, secondSetting)
	if err != nil || text == "" {
		return p, err
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, civic.NewProblem(civic.LedgerDamaged, err)
	}
	return p, nil
}

// Second reads which merges need a second reviewer.
func (c *Centre) Second(ctx context.Context) (p reconcile.SecondPair, err error) {
	err = c.DB.View(ctx, func(tx ledger.Tx) error {
		p, err = second(ctx, tx)
		return err
	})
	return p, err
}

// SetSecond says which merges need a second reviewer; it holds at once.
func (c *Centre) SetSecond(ctx context.Context, p reconcile.SecondPair) error {
	if p.Risk < 0 || p.Risk > 1000 {
		return civic.NewProblem(civic.WrongUse, errors.New("risk"), "A risk is a number from 1 to 1000, 0 for never.")
	}
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return c.DB.Update(ctx, func(tx ledger.Tx) error {
		if err := access.SetSetting(ctx, tx, secondSetting, string(b)); err != nil {
			return err
		}
		return audit.Write(ctx, tx, c.Clock(), []audit.Row{{Actor: "command", Action: "second_pair", Detail: string(b)}})
	})
}
