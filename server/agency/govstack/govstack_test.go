package govstack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/agency/agencytest"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

const office = civic.Area("mx-20-067")

type world struct {
	*agencytest.World
	c  *agencytest.Client
	id civic.RegistrationID // of the one person
	n  int
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{World: agencytest.New(t, nil)}
	w.id = w.Visits(agencytest.Visit{
		Area: office, Services: []civic.ServiceID{"birth"}, Consents: []civic.Consent{agencytest.Given("birth")},
		Claims: map[civic.Attribute]string{"national_id": "EEKJ900517MOCKXN09", "given_name": "Juana", "surname": "Ek", "birth_date": "1990-05-17", "sex": "f", "disability": "seeing"},
	})[0]
	w.c = w.Agency(share.Agency{ID: "salud", Name: "Salud", Level: agreement.State})
	w.Agree(agencytest.Agreement("salud", agreement.State, func(a *agreement.Agreement) {
		a.DataUse, a.Sources = "data_source_and_data_using_service", append(a.Sources, "salud")
		a.Attributes = append(a.Attributes, agreement.Covered{Name: "phone"})
	}))
	return w
}

// send signs and sends as our profile says; change makes it another request.
func (w *world) send(t *testing.T, method, path string, body any, change func(*http.Request)) (int, map[string]any, string) {
	t.Helper()
	w.n++
	w.Later(time.Millisecond)
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(text))
	id, ts := "m"+string(rune('0'+w.n/10))+string(rune('0'+w.n%10)), w.Now().Format(time.RFC3339)
	header, _ := json.Marshal(map[string]string{"method": method, "path": r.URL.RequestURI(), "message_id": id, "message_ts": ts})
	canonical, err := agency.Canonical(header, text)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: w.c.Key, KeyID: w.c.KID}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	object, err := signer.Sign(canonical)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := object.DetachedCompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{
		"Authorization": "Bearer " + w.c.Token, "X-JWS-Signature": signature, "X-Message-Id": id, "X-Message-Ts": ts, "X-Purpose": "salud-purpose",
		"Information-Mediator-Client": "gov/GOV/1/salud", "X-Road-Id": "road-" + id,
	} {
		r.Header.Set(k, v)
	}
	if change != nil {
		change(r)
	}
	rec := httptest.NewRecorder()
	w.Centre.Handler().ServeHTTP(rec, r)
	var answer map[string]any
	_ = json.Unmarshal(rec.Body.Bytes(), &answer) // some answers are lists or empty
	return rec.Code, answer, rec.Body.String()
}

func record(fields map[string]any) map[string]any { return map[string]any{"content": fields} }

// The ten calls, in both spellings, under the same policies and the same log.
func TestDataAPI(t *testing.T) {
	w := setup(t)
	find := map[string]any{"query": record(map[string]any{"national_id": "EEKJ900517MOCKXN09"})}
	const base = "/data/persons/1.0"
	code, one, text := w.send(t, "POST", base+"/read", find, nil)
	got, _ := one["content"].(map[string]any)
	if code != 200 || got["given_name"] != "Juana" || got["disability"] != nil {
		t.Fatalf("%d %s", code, text)
	}
	id, _ := got["ID"].(string)
	rows := w.Rows("salud")
	if r := rows[len(rows)-1]; r.Action != translog.Disclosure || r.Request != "road-m01" || r.OnBehalf != "gov/GOV/1/salud" {
		t.Errorf("%+v", r.Entry)
	}
	code, one, text = w.send(t, "GET", base+"?query.given_name=Juana&query.surname=Ek&query.birth_date=1990-05-17&page=1&page_size=5", nil, nil)
	if code != 200 || one["count"] != float64(1) {
		t.Errorf("%d %s", code, text)
	}
	code, one, text = w.send(t, "POST", base+"/exists", find, nil)
	if answer, _ := one["answer"].(map[string]any); code != 200 || answer["status"] != true {
		t.Errorf("%d %s", code, text)
	}
	for _, word := range []string{"read-value", "readValue"} {
		if code, one, text = w.send(t, "GET", base+"/"+id+"/"+word+"/given_name.json", nil, nil); code != 200 || one["value"] != "Juana" {
			t.Errorf("%d %s", code, text)
		}
	}
	if code, _, text = w.send(t, "GET", base+"/"+id+"/read-value/disability.json", nil, nil); code != 403 || !strings.Contains(text, "not_covered") {
		t.Errorf("%d %s", code, text)
	}
	if code, _, text = w.send(t, "PUT", base+"/update", map[string]any{"query": find["query"], "write": record(map[string]any{"phone": "9510000001"})}, nil); code != 200 {
		t.Errorf("%d %s", code, text)
	}
	if _, one, text = w.send(t, "GET", base+"/"+id+"/read-value/phone.json", nil, nil); one["value"] != "9510000001" {
		t.Errorf("%s", text)
	}
	for _, word := range []string{"update-entries", "updateEntries"} {
		if code, one, text = w.send(t, "PUT", base+"/"+word, map[string]any{"query": find["query"], "write": record(map[string]any{"phone": "9510000002"})}, nil); code != 200 || one["count"] != float64(1) {
			t.Errorf("%d %s", code, text)
		}
	}
	for _, word := range []string{"update-or-create", "updateOrCreate"} {
		if code, _, text = w.send(t, "POST", base+"/"+word, map[string]any{"query": find["query"], "write": record(map[string]any{"sex": "f"})}, nil); code != 200 {
			t.Errorf("%d %s", code, text)
		}
	}
	code, one, text = w.send(t, "POST", base+"/create", map[string]any{"write": record(map[string]any{"given_name": "Itzel", "surname": "Ku", "birth_date": "2020-01-02", "national_id": "KUXI200102MOCKXN01"})}, nil)
	made, _ := one["content"].(map[string]any)
	if code != 200 || made["ID"] == nil {
		t.Fatalf("%d %s", code, text)
	}
	if code, _, text = w.send(t, "DELETE", base+"/"+made["ID"].(string)+"/delete", nil, nil); code != 204 {
		t.Errorf("%d %s", code, text)
	}
	if code, _, text = w.send(t, "POST", base+"/read", map[string]any{"query": record(map[string]any{"national_id": "KUXI200102MOCKXN01"})}, nil); code == 200 || strings.Contains(text, "Itzel") {
		t.Errorf("what was taken back is handed out: %d %s", code, text)
	}
	// What others said of somebody is not this agency's to take back; its own is.
	if code, _, text = w.send(t, "DELETE", base+"/"+id+"/delete", nil, nil); code != 204 {
		t.Errorf("%d %s", code, text)
	}
	if code, one, text = w.send(t, "POST", base+"/read", find, nil); code != 200 || one["content"].(map[string]any)["given_name"] != "Juana" || one["content"].(map[string]any)["phone"] != nil {
		t.Errorf("%d %s", code, text)
	}
	for _, word := range []string{"MyPersonalDataUsage", "myPersonalDataUsage", "my-personal-data-usage"} {
		path := "/data/" + word + "/1.0?DatabaseID=persons&userID=" + id
		if code, _, text = w.send(t, "GET", path, nil, nil); code != 403 {
			t.Errorf("the log without the person's own request: %d %s", code, text)
		}
		if code, _, text = w.send(t, "GET", path, nil, func(r *http.Request) { r.Header.Set("X-Explicit-Request", "letter 7") }); code != 200 || !strings.Contains(text, `"ReaderID":"salud"`) {
			t.Errorf("%d %s", code, text)
		}
	}
}

func TestRefusals(t *testing.T) {
	w := setup(t)
	find := map[string]any{"query": record(map[string]any{"national_id": "EEKJ900517MOCKXN09"})}
	const read = "/data/persons/1.0/read"
	for name, c := range map[string]struct {
		path   string
		body   any
		change func(*http.Request)
		status int
		code   string
	}{
		"no purpose":       {read, find, func(r *http.Request) { r.Header.Del("X-Purpose") }, 400, "purpose_missing"},
		"another purpose":  {read, find, func(r *http.Request) { r.Header.Set("X-Purpose", "curiosity") }, 403, "purpose_other"},
		"no signature":     {read, find, func(r *http.Request) { r.Header.Del("X-JWS-Signature") }, 401, "signature_missing"},
		"another path":     {read, find, func(r *http.Request) { r.URL.RawQuery = "x=1" }, 401, "signature_invalid"},
		"no token":         {read, find, func(r *http.Request) { r.Header.Del("Authorization") }, 401, "sign_in_refused"},
		"a hidden field":   {read, map[string]any{"query": record(map[string]any{"national_id": "EEKJ900517MOCKXN09", "disability": "seeing"})}, nil, 403, "not_covered"},
		"an odd field":     {read, map[string]any{"query": record(map[string]any{"' OR 1=1": "x"})}, nil, 400, "query_invalid"},
		"a nested value":   {read, map[string]any{"query": record(map[string]any{"given_name": map[string]any{"$ne": ""}})}, nil, 400, "query_invalid"},
		"everybody":        {read, map[string]any{"query": record(map[string]any{"sex": "f"})}, nil, 400, "too_wide"},
		"another registry": {"/data/staff/1.0/read", find, nil, 404, "registry_unknown"},
		"nobody":           {read, map[string]any{"query": record(map[string]any{"national_id": "XXXX"})}, nil, 404, "person_absent"},
	} {
		code, _, text := w.send(t, "POST", c.path, c.body, c.change)
		if code != c.status || !strings.Contains(text, c.code) || strings.Contains(text, "Juana") {
			t.Errorf("%s: %d %s", name, code, text)
		}
	}
	if code, _, text := w.send(t, "GET", "/data/persons/1.0?query.national_id=EEKJ900517MOCKXN09&page_size=5000", nil, nil); code != 400 || !strings.Contains(text, "page_invalid") {
		t.Errorf("%d %s", code, text)
	}
	denied := 0
	for _, actor := range []string{"salud", "unknown"} {
		for _, r := range w.Rows(actor) {
			if r.Action == translog.Denial || r.Action == translog.Empty {
				denied++
			}
		}
	}
	if denied != 12 {
		t.Errorf("%d of 12 refusals stand in the log", denied)
	}
}

// What an agency says is kept or refused: never taken for what came before under
// the same number, whichever number that is.
func TestEveryWriteIsKept(t *testing.T) {
	w := setup(t)
	const create = "/data/persons/1.0/create"
	person := func(given, born string) map[string]any {
		return map[string]any{"write": record(map[string]any{"given_name": given, "surname": "Ku", "birth_date": born})}
	}
	people := func() (n int) {
		w.Update(func(ctx context.Context, tx ledger.Tx) error {
			return tx.QueryRow(ctx, "SELECT count(*) FROM registry_person").Scan(&n)
		})
		return n
	}
	made := func(code int, text string, wants int) {
		t.Helper()
		if n := people(); code != http.StatusOK || n != wants {
			t.Fatalf("%d people of %d: %d %s", n, wants, code, text)
		}
	}
	// The number of X-Road is whatever a program there chose; the signature is not over it.
	road := func(r *http.Request) { r.Header.Set("X-Road-Id", "always the same") }
	for i, given := range []string{"Itzel", "Tomasa"} {
		code, _, text := w.send(t, "POST", create, person(given, "2020-01-0"+string(rune('1'+i))), road)
		made(code, text, 2+i)
	}
	// Senders of old name no number at all.
	old := func(r *http.Request) {
		for _, name := range []string{"X-JWS-Signature", "X-Message-Id", "X-Message-Ts", "X-Road-Id"} {
			r.Header.Del(name)
		}
	}
	w.Update(func(ctx context.Context, tx ledger.Tx) error {
		return w.Centre.Share.AddAgency(ctx, tx, share.Agency{ID: "salud", Name: "Salud", Level: agreement.State, Unsigned: true, Purpose: "salud-purpose"}, "test")
	})
	for i, given := range []string{"Nicanor", "Ildefonso"} {
		code, _, text := w.send(t, "POST", create, person(given, "1950-01-0"+string(rune('1'+i))), old)
		made(code, text, 4+i)
	}
	// A number that comes again with the same is the same, with something else refused.
	again := func(r *http.Request) {
		old(r)
		r.Header.Set("X-Message-Id", "n1")
	}
	for range 2 {
		code, _, text := w.send(t, "POST", create, person("Eusebia", "1961-01-01"), again)
		made(code, text, 6)
	}
	if code, _, text := w.send(t, "POST", create, person("Casilda", "1999-09-09"), again); code != http.StatusConflict || people() != 6 {
		t.Errorf("%d %s", code, text)
	}
}

// "Somebody is there" counts as much as what is held of them: else values could be
// tried without end.
func TestYesCounts(t *testing.T) {
	w := setup(t)
	w.Update(func(ctx context.Context, tx ledger.Tx) error {
		return w.Centre.Share.AddAgency(ctx, tx, share.Agency{ID: "salud", Name: "Salud", Level: agreement.State, PerDay: 2}, "test")
	})
	find := map[string]any{"query": record(map[string]any{"national_id": "EEKJ900517MOCKXN09"})}
	for i, want := range []int{200, 200, 429} {
		if code, _, text := w.send(t, "POST", "/data/persons/1.0/exists", find, nil); code != want {
			t.Errorf("%d: %d %s", i, code, text)
		}
	}
	if n, last := w.Last("salud"); n != 3 || last.Code != civic.QuotaUsed {
		t.Errorf("%d rows, %+v", n, last.Entry)
	}
}

// Numbers too long for a double, which two signatures could share, are refused.
func TestLongNumbersAreWords(t *testing.T) {
	w := setup(t)
	for text, want := range map[string]int{"9510000001": 200, "900719925474099312": 400, "1e3": 400} {
		code, _, answer := w.send(t, "PUT", "/data/persons/1.0/update", map[string]any{
			"query": record(map[string]any{"national_id": "EEKJ900517MOCKXN09"}), "write": record(map[string]any{"phone": json.Number(text)}),
		}, nil)
		if code != want {
			t.Errorf("%s: %d %s", text, code, answer)
		}
	}
}

// An objection holds data back from the next read until it is answered, on a
// basis that has to yield to it.
func TestObjectionHoldsBack(t *testing.T) {
	w := setup(t)
	find := map[string]any{"query": record(map[string]any{"national_id": "EEKJ900517MOCKXN09"})}
	read := func(want int, word string) {
		t.Helper()
		w.Later(time.Second)
		if code, _, text := w.send(t, "POST", "/data/persons/1.0/read", find, nil); code != want || !strings.Contains(text, word) {
			t.Errorf("%d %s", code, text)
		}
	}
	object := func(purpose civic.Purpose, stands bool) {
		t.Helper()
		w.Update(func(ctx context.Context, tx ledger.Tx) error {
			return w.Centre.Share.Object(ctx, tx, office, w.id, "salud", purpose, stands)
		})
	}
	read(200, "Juana")
	object("another-purpose", true)
	read(200, "Juana")
	object("salud-purpose", true)
	read(403, "objection")
	if _, r := w.Last("salud"); r.Action != translog.Denial || r.Code != "objection" || r.Person.IsZero() {
		t.Errorf("%+v", r.Entry)
	}
	object("salud-purpose", false)
	read(200, "Juana")
}
