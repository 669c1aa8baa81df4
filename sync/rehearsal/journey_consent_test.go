package rehearsal

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestJourneyConsent follows a choice from the table to the person's own record:
// one office is refused and the rest kept, in Spanish, read aloud, with whom it
// was made and in which words; at the next visit the yes is taken back, and is
// kept as a withdrawal.
func TestJourneyConsent(t *testing.T) {
	o := newOffice(t)
	k := o.tablet().opened(t)
	defer func() { _ = k.Close() }()
	ctx := t.Context()
	words := civic.NoticeDigest("kit/consent", "es", "¿Se puede volver a usar?")
	choose := func(iv *capture.Interview, agency string, given bool) {
		t.Helper()
		c := civic.Consent{Service: "identity", Agency: agency, Given: given, Language: "es", Notice: "kit/consent", Words: words}
		if err := iv.SetConsent(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	seal := func(iv *capture.Interview, answers map[string]string) civic.RegistrationID {
		t.Helper()
		for range 2 {
			for path, v := range answers {
				if err := iv.Set(ctx, path, civic.Answer{Value: v}); err != nil {
					t.Fatal(path, err)
				}
			}
		}
		id, err := k.Seal(ctx, iv)
		if err != nil {
			t.Fatal(err, iv.CheckAll())
		}
		return id
	}

	iv, err := k.Begin(ctx, "identity")
	if err != nil {
		t.Fatal(err)
	}
	readers, err := k.Readers(ctx, iv)
	if err != nil || len(readers) == 0 {
		t.Fatal(readers, err)
	}
	var refused string
	for _, r := range readers {
		if r.MayRefuse() {
			refused = string(r.Agreement.Agency)
		}
	}
	if refused == "" {
		t.Fatalf("nobody to refuse among %v", readers)
	}
	if err := errors.Join(iv.SetReadAloud(ctx, true), iv.SetSpeaker(ctx, civic.ByInterpreter)); err != nil {
		t.Fatal(err)
	}
	choose(iv, "", true)
	choose(iv, refused, false)
	first := seal(iv, rosalia)
	decided(t, k)

	// The next visit: she takes the yes back.
	again, err := k.BeginFor(ctx, "identity", capture.Ref{Registration: first}, nil)
	if err != nil {
		t.Fatal(err)
	}
	choose(again, "", false)
	if err := again.Confirm(ctx); err != nil {
		t.Fatal(err)
	}
	seal(again, rosalia)
	decided(t, k)

	rows := exportRegistry(t, o)
	if len(rows) != 2 || rows[0][0] != rows[1][0] {
		t.Fatalf("her two visits are %v", rows)
	}
	records := consentRecords(t, o, rows[0][0])
	if len(records) != 3 {
		t.Fatalf("%d records of consent: %v", len(records), records)
	}
	for i, want := range []map[string]string{
		{"dpv:hasStatus": "dpv:ConsentGiven"},
		{"dpv:hasStatus": "dpv:ConsentRefused", "dpv:hasRecipient": refused},
		{"dpv:hasStatus": "dpv:ConsentWithdrawn"},
	} {
		r := find(records, want)
		if r == nil {
			t.Fatalf("no record of %v in %v", want, records)
		}
		notice, _ := r["dpv:hasNotice"].(map[string]any)
		by, aloud := "interpreter", true
		if i == 2 {
			by, aloud = "individual", false
		}
		if notice["dct:identifier"] != "kit/consent" || notice["askonce:sha256"] != words.String() || notice["dct:language"] != "es" ||
			notice["askonce:readAloud"] != aloud || r["dpv:isIndicatedBy"] != by || r["askonce:channel"] != "kit" ||
			len(r["dct:identifier"].(string)) != 32 || !strings.Contains(r["dpv:isImplementedByEntity"].(string), string(rehearsalArea)) {
			t.Errorf("%v", r)
		}
	}
}

// A choice for one office and a choice for all stand apart on the citizen's own
// pages as well: what is taken back there is what the button stood beside.
func TestJourneyConsentAtHome(t *testing.T) {
	o := newOffice(t)
	tablet := o.tablet()
	k := tablet.opened(t)
	ctx := t.Context()
	iv, err := k.Begin(ctx, "identity")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for path, v := range rosalia {
			if err := iv.Set(ctx, path, civic.Answer{Value: v}); err != nil {
				t.Fatal(path, err)
			}
		}
	}
	for agency, given := range map[string]bool{"": true, "educacion": false} {
		if err := iv.SetConsent(ctx, civic.Consent{Service: "identity", Agency: agency, Given: given, Notice: "kit/consent"}); err != nil {
			t.Fatal(err)
		}
	}
	id, err := k.Seal(ctx, iv)
	if err != nil {
		t.Fatal(err)
	}
	decided(t, k)
	r, err := k.Receipt(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	h := newAtHome(t, o.listen)
	code, body := h.enter(r.Text, "", r.Slip)
	if code != 200 {
		t.Fatal(code, body)
	}
	for _, posted := range []url.Values{
		{"choice": {"give"}, "source": {"identity"}, "target": {""}, "purpose": {""}, "agency": {"educacion"}},
		{"choice": {"withdraw"}, "source": {"identity"}, "target": {""}, "purpose": {""}, "agency": {""}},
	} {
		posted.Set("token", tokenOf(t, body))
		if code, body := h.post("/citizen/choose", posted); code != 200 {
			t.Fatal(code, body)
		}
	}
	if code, _ := h.post("/citizen/choose", url.Values{"token": {tokenOf(t, body)}, "choice": {"give"}, "source": {"identity"}, "agency": {"somebody"}}); code < 400 {
		t.Errorf("chosen for an agency nobody asked about: %d", code)
	}
	records := consentRecords(t, o, exportRegistry(t, o)[0][0])
	for _, want := range []map[string]string{
		{"dpv:hasStatus": "dpv:ConsentGiven", "dpv:hasRecipient": "educacion", "askonce:channel": "receipt"},
		{"dpv:hasStatus": "dpv:ConsentWithdrawn", "askonce:channel": "receipt"},
	} {
		r := find(records, want)
		if r == nil {
			t.Fatalf("no record of %v in %v", want, records)
		}
		if notice, _ := r["dpv:hasNotice"].(map[string]any); notice["dct:identifier"] != "citizen/choose" || len(notice["askonce:sha256"].(string)) != 64 {
			t.Errorf("%v", r)
		}
	}
}

// consentRecords are what a person takes along of their choices.
func consentRecords(t *testing.T, o *office, person string) []map[string]any {
	t.Helper()
	file := filepath.Join(t.TempDir(), "dpv")
	o.must("person", "export", person, "--as", "dpv", "--reason", "she asked for it", "--out", file)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Records []map[string]any `json:"dpv:hasRecordOfActivity"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v.Records
}

// find finds the record that says all that is wanted, and nothing of a recipient
// where none is.
func find(records []map[string]any, want map[string]string) map[string]any {
	for _, r := range records {
		fits := want["dpv:hasRecipient"] != "" || r["dpv:hasRecipient"] == nil
		for key, value := range want {
			fits = fits && r[key] == value
		}
		if fits {
			return r
		}
	}
	return nil
}
