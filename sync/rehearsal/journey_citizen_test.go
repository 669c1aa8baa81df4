package rehearsal

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

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
	// Many at once are no more tries than one after the other.
	var refused, late atomic.Int64
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			switch _, _, err := centre.Citizens.Enter(t.Context(), text, "wrong"); civic.CodeOf(err) {
			case civic.EntryRefused:
				refused.Add(1)
			case civic.TooManyTries:
				late.Add(1)
			}
		})
	}
	wait.Wait()
	if refused.Load() != 5 || late.Load() != 11 {
		t.Errorf("%d codes were looked at, %d not", refused.Load(), late.Load())
	}
	// A receipt with one letter changed is no receipt, whatever the code.
	if _, _, err := centre.Citizens.Enter(t.Context(), changed(text), "maize-7"); civic.CodeOf(err) != civic.EntryRefused {
		t.Fatal(err)
	}
}
