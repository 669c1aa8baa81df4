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
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // the test's own server
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

// TestJourneyCitizen follows a citizen home: the receipt alone opens nothing,
// receipt and slip show who looked and not what concerns others; an objection
// waits with its deadline, is answered, and the answer is read; a code of one's
// own takes the slip's place; wrong codes are soon not heard.
func TestJourneyCitizen(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 3)
	k.synced()
	ids := registrationIDs(t, k)
	dir := t.TempDir()
	picture := filepath.Join(dir, "receipt.png")
	given := k.must("receipt", ids[0], "--png", picture, "--slip", filepath.Join(dir, "slip.pdf"))
	if b, err := os.ReadFile(filepath.Join(dir, "slip.pdf")); err != nil || !bytes.HasPrefix(b, []byte("%PDF")) {
		t.Fatal("no slip", err)
	}
	text := receiptTextOf(t, given)
	slip, other := slipOf(t, k, ids[0]), slipOf(t, k, ids[1])

	// Somebody of the registry looks at two people: one row each.
	o.stop()
	lookAt(t, o, ids[0], "look at the first")
	lookAt(t, o, ids[1], "look at the second")
	o.serve()

	h := newAtHome(t, o.listen)
	if code, body := h.enter(text, "", ""); code != 403 || strings.Contains(body, "look at the first") {
		t.Fatalf("a receipt alone: %d", code)
	}
	if code, _ := h.enter(text, "", other); code != 403 {
		t.Fatalf("somebody else's slip: %d", code)
	}
	if code, _ := h.get("/citizen/looks"); code != 200 {
		t.Fatal(code)
	}
	code, body := h.enter("", picture, strings.ToUpper(slip))
	if code != 200 || !strings.Contains(body, "look at the first") || strings.Contains(body, "look at the second") {
		t.Fatalf("%d %s", code, body)
	}

	// An objection to that look.
	key := regexp.MustCompile(`name="row" value="([0-9a-f]{32})"><input type="hidden" name="row_area" value="([^"]*)"`).FindStringSubmatch(body)
	if key == nil {
		t.Fatalf("nothing to object to: %s", body)
	}
	token := tokenOf(t, body)
	foreign := url.Values{"token": {token}, "row": {strings.Repeat("1", 32)}, "row_area": {key[2]}, "words": {"not my row at all"}}
	if code, _ := h.post("/citizen/object", foreign); code < 400 {
		t.Fatalf("objected to a row of nobody: %d", code)
	}
	form := url.Values{"token": {token}, "row": {key[1]}, "row_area": {key[2]}, "words": {"Nobody had a reason to look."}}
	if code, body := h.post("/citizen/object", form); code != 200 || !strings.Contains(body, "taken down") {
		t.Fatalf("%d %s", code, body)
	}
	form.Set("token", "00")
	if code, _ := h.post("/citizen/object", form); code != 400 {
		t.Fatalf("taken from another page: %d", code)
	}
	if _, body := h.get("/citizen/looks"); !strings.Contains(body, "waits for an answer") {
		t.Fatalf("%s", body)
	}
	o.stop()
	answer(t, o, "It was a mistake, the officer was told.")
	o.serve()
	if _, body := h.get("/citizen/looks"); !strings.Contains(body, "You were right") || !strings.Contains(body, "It was a mistake") {
		t.Fatalf("%s", body)
	}

	// A code of one's own.
	if code, _ := h.post("/citizen/code", url.Values{"token": {token}, "code": {"111111"}, "again": {"111111"}}); code != 422 {
		t.Fatalf("a weak code: %d", code)
	}
	if code, body := h.post("/citizen/code", url.Values{"token": {token}, "code": {"maize-7"}, "again": {"maize-7"}}); code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	if code, body := h.post("/citizen/choose", url.Values{"token": {token}, "choice": {"withdraw"}}); code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	if code, _ := h.post("/citizen/leave", nil); code != 200 {
		t.Fatal(code)
	}
	if _, body := h.get("/citizen/looks"); strings.Contains(body, "look at the first") {
		t.Fatal("still open after leaving")
	}
	if code, _ := h.enter(text, "", slip); code != 403 {
		t.Fatalf("the slip still counts: %d", code)
	}
	if code, body := h.enter(text, "", "maize-7"); code != 200 || !strings.Contains(body, "withdrawn") {
		t.Fatalf("%d %s", code, body)
	}

	// At the counter: from the centre, and without a network from the kit.
	counter := func(id, code string) said {
		s := k.must("receipt", id)
		return k.run("looks", "--receipt", receiptTextOf(t, s), "--code", code)
	}
	if s := counter(ids[0], "maize-7"); s.code != 0 || s.json["offline"] != false || !strings.Contains(s.line(t), "look at the first") {
		t.Fatalf("%v", s.json)
	}
	// The centre puts rows down in its own time: a pass after that brings them.
	until(t, "the rows of the second person", func() bool {
		k.must("sync", "--wait", "5s")
		o.stop()
		s := counter(ids[1], other)
		if s.code != 0 {
			o.serve()
			return false
		}
		if s.json["offline"] != true || !strings.Contains(s.line(t), "look at the second") {
			t.Fatalf("%v\n%s", s.json, s.stderr)
		}
		return true
	})
	if s := counter(ids[1], slip); s.problem() != civic.EntryRefused {
		t.Fatalf("another slip opens it: %v", s.json)
	}
	o.serve()

	// Wrong codes for one receipt, from many addresses as it were.
	centre := openOffice(t, o)
	for i := range 6 {
		_, _, err := centre.Citizens.Enter(t.Context(), text, "wrong")
		if want := civic.EntryRefused; i < 5 && civic.CodeOf(err) != want {
			t.Fatal(i, err)
		}
		if i == 5 && civic.CodeOf(err) != civic.TooManyTries {
			t.Fatal("all codes can be tried", err)
		}
	}
	if _, _, err := centre.Citizens.Enter(t.Context(), text, "maize-7"); civic.CodeOf(err) != civic.TooManyTries {
		t.Fatal(err)
	}
	// The code is forgotten, and the counter lets the slip count again.
	parsed, err := civic.ParseRegistrationID(ids[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := centre.Citizens.ForgetCode(t.Context(), "eva", rehearsalArea, parsed); err != nil {
		t.Fatal(err)
	}
	if _, v, err := centre.Citizens.Enter(t.Context(), text, slip); err != nil || v.Factor != "slip" {
		t.Fatal(err)
	}
	// A receipt with one letter changed is no receipt, whatever the code.
	if _, _, err := centre.Citizens.Enter(t.Context(), changed(text), "maize-7"); civic.CodeOf(err) != civic.EntryRefused {
		t.Fatal(err)
	}
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
