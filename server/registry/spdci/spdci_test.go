package spdci

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/registry/registrytest"
	"github.com/askonce/fieldkit/sync/civic"
)

func open(t *testing.T, url string) *Registry {
	t.Helper()
	r, err := New(Config{Name: "civil", URL: url, Clock: func() time.Time { return time.Unix(1_790_000_000, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSuite(t *testing.T) {
	registrytest.Suite(t, func(t *testing.T) registrytest.House {
		s := registrytest.NewSPDCI()
		t.Cleanup(s.Close)
		r := open(t, s.URL)
		told := func(id civic.PersonID) (out []string) {
			for _, rec := range s.Told() {
				b, err := json.Marshal(rec)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(b), `"identifier_type":"ASKONCE","identifier_value":"`+id.String()) {
					out = append(out, string(b))
				}
			}
			return out
		}
		return registrytest.House{
			Outside: r, Can: registry.CanSearch | registry.CanNotify, Trouble: s.Trouble, Writes: "POST /registry/notify", Finds: "POST /registry/sync",
			Add: func(t *testing.T, claims []civic.Claim) {
				var attributes []registry.Attribute
				for _, c := range claims {
					attributes = append(attributes, registry.Attribute{Name: c.Attribute, Holds: c})
				}
				rec := r.person(civic.PersonID{}, attributes)
				rec["identifier"] = rec["identifier"].([]identifier)[1:]
				b, err := json.Marshal(rec)
				if err != nil {
					t.Fatal(err)
				}
				s.Add(string(b))
			},
			Holders: func(_ *testing.T, id civic.PersonID) int { return len(told(id)) },
			Value: func(t *testing.T, id civic.PersonID, a civic.Attribute) string {
				all := told(id)
				if len(all) == 0 {
					return ""
				}
				var rec record
				if err := json.Unmarshal([]byte(all[len(all)-1]), &rec); err != nil {
					t.Fatal(err)
				}
				for _, c := range r.claims(&rec) {
					if c.Attribute == a {
						return c.Value
					}
				}
				return ""
			},
		}
	})
}

// Records as the standard's own example writes them, and as others do.
func TestRecordsAreReadLeniently(t *testing.T) {
	body := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
	defer srv.Close()
	r := open(t, srv.URL)
	asked := registrytest.Claims("national_id", "1")
	wrap := func(records string) string {
		return `{"header":{"action":"on-search","status":"succ"},"message":{"search_response":[{"status":"succ","data":{"reg_records":` + records + `}}]}}`
	}
	one := `{"@id":"CRVS_Person_3","identifier":{"identifier_type":"UIN","identifier_value":"197382465"},"name":{"surname":"Martinez","given_name":"Elena","second_name":""},
 "phone_number":["+34612345678"],"email":["e@example.com"],"sex":"female","birth_date":"1980-03-23T10:20:15","address":{"locality":"Thani"}}`
	for records, want := range map[string]int{one: 1, "[" + one + "]": 1, "[" + one + "," + one + "]": 1, "null": 0, "[]": 0, `{"@id":"x","phone_number":"+34"}`: 1, "{}": 0} {
		body = wrap(records)
		out, err := r.Find(t.Context(), asked)
		if err != nil || len(out) != want {
			t.Errorf("%s: %+v %v", records, out, err)
		}
		if strings.Contains(records, "Elena") {
			c := map[civic.Attribute]string{}
			for _, v := range out[0].Claims {
				c[v.Attribute] = v.Value
			}
			if out[0].ID != "UIN:197382465" || c["sex"] != "F" || c["birth_date"] != "1980-03-23" || c["national_id"] != "197382465" || c["phone"] != "+34612345678" {
				t.Errorf("%+v", out[0])
			}
		}
	}
	for _, broken := range []string{wrap(`"text"`), wrap(`[1]`), `[]`, `{}`, ``, `{"header":{"action":"search"}}`} {
		body = broken
		if _, err := r.Find(t.Context(), asked); civic.CodeOf(err) != civic.RegistryBroken {
			t.Errorf("%q: %v", broken, err)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(`[{"identifier":[{"identifier_type":"UIN","identifier_value":"1"}],"phone_number":"1"}]`)
	f.Add(`{"@id":"x","name":{"surname":1}}`)
	r, err := New(Config{Name: "civil", URL: "https://registry.example", Clock: time.Now})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, records string) {
		a := &answer{}
		if json.Unmarshal([]byte(`{"message":{"search_response":[{"data":{"reg_records":`+records+`}}]}}`), a) != nil {
			return
		}
		out, err := r.found(a)
		if err == nil && len(out) > registry.MaxForeign {
			t.Errorf("%d found", len(out))
		}
		for _, x := range out {
			if x.ID == "" || len(x.ID) > registry.MaxForeignID {
				t.Errorf("number %q", x.ID)
			}
		}
	})
}
