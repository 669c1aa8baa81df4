package web_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// formWorkbook is a form of a ministry: two languages, a choice, a question that
// is not always asked, and no word of what any of it means.
func formWorkbook(t *testing.T, version string, more ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	rows := [][]any{
		{"type", "name", "label::English (en)", "label::Español (es)", "relevant", "required"},
		{"begin group", "who", "The person", "La persona", "", ""},
		{"text", "q1", "First name", "Nombre de pila", "", "yes"},
		{"text", "q2", "Last name", "Apellido", "", ""},
		{"date", "q3", "Date of birth", "Fecha de nacimiento", "", ""},
		{"select_one sex", "q4", "Sex", "Sexo", "", ""},
		{"text", "q5", "Telephone", "Teléfono", "${q4} = 'f'", ""},
		{"text", "q6", "What do you think of us?", "¿Qué opina de nosotros?", "", ""},
		{"end group", "", "", "", "", ""},
	}
	for _, s := range []struct {
		name string
		rows [][]any
	}{
		{"survey", append(rows, more...)},
		{"choices", [][]any{{"list_name", "name", "label::English (en)", "label::Español (es)"}, {"sex", "f", "Woman", "Mujer"}, {"sex", "m", "Man", "Hombre"}}},
		{"settings", [][]any{{"form_title", "form_id", "version"}, {"Ministry", "ministry", version}}},
	} {
		if _, err := f.NewSheet(s.name); err != nil {
			t.Fatal(err)
		}
		for i, row := range s.rows {
			at, err := excelize.CoordinatesToCellName(1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetSheetRow(s.name, at, &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// upload sends a workbook as a browser does and gives where it was led.
func (b *browser) upload(token string, workbook []byte) (status int, at, body string) {
	b.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	if err := w.WriteField("token", token); err != nil {
		b.t.Fatal(err)
	}
	part, err := w.CreateFormFile("workbook", `C:\forms\ministry.xlsx`)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := part.Write(workbook); err != nil {
		b.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.c.URL+"/console/forms/check", &form)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Accept-Language", "en")
	res, err := b.h.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, res.Request.URL.Path, string(text)
}

func (b *browser) bytes(path string) []byte {
	b.t.Helper()
	res, err := b.h.Get(b.c.URL + path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Content-Disposition"), "attachment") {
		b.t.Fatalf("%s: %d %v", path, res.StatusCode, err)
	}
	return out
}

func has(t *testing.T, body string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// TestAFormsWay checks, previews, maps and publishes a ministry's form.
func TestAFormsWay(t *testing.T) {
	c := newConsole(t)
	b := c.browser(t)
	b.signIn("administrator")
	token := b.token("/console/forms")
	status, at, body := b.upload(token, formWorkbook(t, "1"))
	if status != http.StatusOK || !strings.HasPrefix(at, "/console/forms/desk/") {
		t.Fatalf("%d at %s\n%s", status, at, body)
	}
	has(t, body, "This form can be used", "ministry.xlsx", "Publish", "6 questions")

	_, body = b.do("GET", at+"/preview?lang=es", nil)
	has(t, body, "La persona", "Fecha de nacimiento", "Mujer", "Asked only when", "${q4} = &#39;f&#39;", "required")
	if strings.Contains(body, "Date of birth") {
		t.Error("the Spanish preview holds English")
	}

	_, body = b.do("GET", at+"/map", nil)
	has(t, body, `value="given_name"`, `value="surname"`, `value="birth_date"`, `value="sex"`, `value="phone"`)
	fields := url.Values{"token": {token}}
	for _, m := range regexp.MustCompile(`name="((?:attr|days)-\d+)"[^>]* value="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		fields.Set(m[1], m[2])
	}
	if len(fields) != 13 || fields.Get("attr-8") != "" {
		t.Fatalf("%v", fields)
	}
	fields.Set("days-7", "30")
	status, body = b.do("POST", at+"/map", fields)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	mapped := regexp.MustCompile(`/console/forms/desk/[0-9a-f]+`).FindString(body)
	f, err := form.Load(b.bytes(mapped + "/workbook"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]civic.Attribute{"who/q1": "given_name", "who/q3": "birth_date", "who/q5": "phone", "who/q6": ""} {
		if q, ok := f.Question(path); !ok || q.Attribute != want || path == "who/q5" && q.FreshDays != 30 {
			t.Errorf("%s means %v", path, q)
		}
	}
	if status, body = b.do("POST", at+"/map", url.Values{"token": {token}, "attr-3": {"shoe_size"}}); status != http.StatusUnprocessableEntity {
		t.Errorf("an attribute nobody knows: %d %s", status, body)
	}

	if status, body = b.do("POST", mapped+"/publish", url.Values{"token": {token}, "office": {string(office)}}); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	has(t, body, "Ministry", "In use in "+string(office), "administrator")
	if _, ok := c.forms.Form(civic.FormRef{ID: "ministry", Version: "1"}); !ok {
		t.Fatal("not in the catalogue")
	}
	_, body = b.do("GET", "/console/forms/of/ministry/1", nil)
	has(t, body, "The person", "means <code>phone</code>")
	b.bytes("/console/forms/of/ministry/1/workbook")

	// The version is taken now: another workbook under it is not published.
	_, at, body = b.upload(token, formWorkbook(t, "1"))
	has(t, body, "Another workbook has the version 1")
	if status, _ = b.do("POST", at+"/publish", url.Values{"token": {token}}); status != http.StatusUnprocessableEntity {
		t.Errorf("published over a taken version: %d", status)
	}
	_, body = b.do("POST", "/console/forms/retire", url.Values{"token": {token}, "form": {"ministry"}, "version": {"1"}, "office": {string(office)}})
	has(t, body, "Out of use in "+string(office))
}

// TestAFormWithFaults tells them with their place, repairs what is safe, and
// publishes nothing that fails.
func TestAFormWithFaults(t *testing.T) {
	c := newConsole(t)
	b := c.browser(t)
	b.signIn("administrator")
	token := b.token("/console/forms")
	_, at, body := b.upload(token, formWorkbook(t, "1", []any{"select_one nothing", "q7", "Broken", "Rota"}))
	has(t, body, "This form cannot be used as it is", "survey", ">10<")
	if status, _ := b.do("POST", at+"/publish", url.Values{"token": {token}}); status != http.StatusUnprocessableEntity {
		t.Errorf("a form that fails its check was published: %d", status)
	}
	// Two choices that are the same twice over are repaired, and only then published.
	_, at, body = b.upload(token, formWorkbook(t, "2", []any{"text", "q8", "“Quoted”", "“Citada”", "${q1} = “x”"}))
	has(t, body, "Safe repairs", "Publish the repaired one", "Download the repaired workbook")
	if _, err := form.Load(b.bytes(at + "/workbook?repaired=yes")); err != nil {
		t.Error(err)
	}
	if status, body := b.do("POST", at+"/publish", url.Values{"token": {token}, "repaired": {"yes"}}); status != http.StatusOK || !strings.Contains(body, "everywhere") {
		t.Errorf("%d %s", status, body)
	}
	if status, _, body := b.upload(token, []byte("not a workbook")); status != http.StatusOK || !strings.Contains(body, "cannot be used") {
		t.Errorf("%d", status)
	}
	if status, _, _ := b.upload("wrong", formWorkbook(t, "3")); status != http.StatusBadRequest {
		t.Errorf("a wrong token: %d", status)
	}
	large := make([]byte, 17<<20)
	if _, err := rand.Read(large); err != nil {
		t.Fatal(err)
	}
	if status, _, body := b.upload(token, large); status != http.StatusUnprocessableEntity || !strings.Contains(body, "16 MB") {
		t.Errorf("too large: %d", status)
	}
}

// TestWhoMayPublish: others see the catalogue, and not what lies on a desk.
func TestWhoMayPublish(t *testing.T) {
	c := newConsole(t)
	b := c.browser(t)
	b.signIn("administrator")
	_, at, _ := b.upload(b.token("/console/forms"), formWorkbook(t, "1"))
	for _, role := range []string{"reviewer", "auditor"} {
		other := c.browser(t)
		other.signIn(role)
		if status, body := other.do("GET", "/console/forms", nil); status != http.StatusOK || strings.Contains(body, "Check it") {
			t.Errorf("%s: %d", role, status)
		}
		if status, _ := other.do("GET", at, nil); status != http.StatusForbidden {
			t.Errorf("%s sees the desk: %d", role, status)
		}
		if status, _, _ := other.upload("no token", formWorkbook(t, "9")); status != http.StatusForbidden {
			t.Errorf("%s may upload: %d", role, status)
		}
	}
	supervisor := c.browser(t)
	supervisor.signIn("supervisor")
	if status, _ := supervisor.do("GET", at, nil); status == http.StatusOK {
		t.Error("another's desk is seen")
	}
}
