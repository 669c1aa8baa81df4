package rehearsal

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
)

// atHome is a citizen's browser.
type atHome struct {
	t    testing.TB
	base string
	c    *http.Client
}

func newAtHome(t testing.TB, listen string) *atHome {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // the test's own server
	t.Cleanup(tr.CloseIdleConnections)
	return &atHome{t: t, base: "https://" + listen, c: &http.Client{Jar: jar, Transport: tr}}
}

func (h *atHome) send(r *http.Request) (int, string) {
	h.t.Helper()
	r.Header.Set("Accept-Language", "en")
	a, err := h.c.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return a.StatusCode, string(b)
}

func (h *atHome) get(path string) (int, string) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.base+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.send(r)
}

func (h *atHome) post(path string, form url.Values) (int, string) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return h.send(r)
}

// enter shows a receipt, as text or as a picture, with a code.
func (h *atHome) enter(text, picture, code string) (int, string) {
	h.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("text", text)
	if picture != "" {
		p, err := w.CreateFormFile("picture", "receipt.png")
		if err != nil {
			h.t.Fatal(err)
		}
		content, err := os.ReadFile(picture)
		if err == nil {
			_, err = p.Write(content)
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
	_ = w.WriteField("code", code)
	if err := w.Close(); err != nil {
		h.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.base+"/citizen/enter", &b)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	return h.send(r)
}

var formToken = regexp.MustCompile(`name="token" value="([0-9a-f]+)"`)

func tokenOf(t testing.TB, page string) string {
	t.Helper()
	m := formToken.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no form on the page:\n%s", page)
	}
	return m[1]
}

// line is all that a command printed.
func (s said) line(t testing.TB) string {
	t.Helper()
	b, err := json.Marshal(s.json)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func changed(text string) string {
	at := len(text) / 2
	letter := byte('A')
	if text[at] == letter {
		letter = 'B'
	}
	return text[:at] + string(letter) + text[at+1:]
}

// registrationIDs lists what a kit sealed, in the order it did.
func registrationIDs(t testing.TB, k *tablet) (ids []string) {
	t.Helper()
	dir := t.TempDir()
	k.must("receipt", "--all", dir)
	files, err := filepath.Glob(filepath.Join(dir, "*.png"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, "no receipts")
	}
	for _, f := range files {
		ids = append(ids, strings.TrimSuffix(filepath.Base(f), ".png"))
	}
	return ids
}

func receiptTextOf(t testing.TB, s said) string {
	t.Helper()
	items, _ := s.json["items"].([]any)
	if len(items) != 1 {
		t.Fatalf("%v", s.json)
	}
	item, _ := items[0].(map[string]any)
	text, _ := item["text"].(string)
	return text
}

// slipOf is the code on a registration's slip.
func slipOf(t testing.TB, k *tablet, id string) string {
	t.Helper()
	opened, err := kit.Open(t.Context(), kit.Options{Home: k.home, LogN: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if err := opened.Unlock(t.Context(), journeyPass); err != nil {
		t.Fatal(err)
	}
	parsed, err := civic.ParseRegistrationID(id)
	if err != nil {
		t.Fatal(err)
	}
	r, err := opened.Receipt(t.Context(), parsed)
	if err != nil || r.Slip == "" {
		t.Fatal(err, "no slip")
	}
	return r.Slip
}

// openOffice opens a centre beside the one that is served.
func openOffice(t testing.TB, o *office) *serve.Centre {
	t.Helper()
	env := o.env(io.Discard, io.Discard)
	centre, err := serve.Open(t.Context(), serve.Config{Data: o.data, Ledger: o.place(), Clock: env.Clock, Rand: env.Rand, PasswordCost: env.PasswordCost})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = centre.Close() })
	return centre
}

// lookAt leaves the row of a look at whoever a registration is.
func lookAt(t testing.TB, o *office, id, reason string) {
	t.Helper()
	parsed, err := civic.ParseRegistrationID(id)
	if err != nil {
		t.Fatal(err)
	}
	centre := openOffice(t, o)
	err = centre.DB.Update(t.Context(), func(tx ledger.Tx) error {
		links, err := centre.Registry.Linked(t.Context(), tx, rehearsalArea, []civic.RegistrationID{parsed})
		if err != nil {
			return err
		}
		var who registry.Ref
		for _, l := range links[parsed] {
			who = l.To
		}
		return translog.Append(t.Context(), tx, centre.Clock(), []translog.Entry{{
			Area: who.Home, Person: who.Person, Kind: translog.Staff, Actor: "ana", Action: translog.Look, Reason: reason,
		}})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// answer upholds every objection that waits.
func answer(t testing.TB, o *office, words string) {
	t.Helper()
	centre := openOffice(t, o)
	err := centre.DB.View(t.Context(), func(tx ledger.Tx) error {
		waiting, overdue, err := centre.Citizens.Standing(t.Context(), tx, "")
		if waiting != 1 || overdue != 0 {
			t.Errorf("%d wait, %d overdue", waiting, overdue)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var id [16]byte
	var area civic.Area
	err = centre.DB.View(t.Context(), func(tx ledger.Tx) error {
		list, err := centre.Citizens.Open(t.Context(), tx, rehearsalArea)
		for _, o := range list {
			id, area = o.ID, o.Area
			if !o.Overdue(centre.Clock().AddDate(0, 1, 0)) || o.Overdue(centre.Clock()) {
				t.Error("the deadline is not twenty days")
			}
		}
		return err
	})
	if err == nil {
		err = centre.Citizens.Answer(t.Context(), "eva", area, id, true, words)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := centre.Citizens.Answer(t.Context(), "eva", area, id, false, words); civic.CodeOf(err) != civic.AlreadyAnswered {
		t.Fatal("answered twice", err)
	}
}
