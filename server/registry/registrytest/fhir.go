package registrytest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// FHIR is a small FHIR R4 service that keeps Patients in memory.
type FHIR struct {
	*Trouble
	// Without leaves parts out: "conditional" create (If-None-Exist is then
	// ignored, as some services do), "match", "update", "create".
	Without []string
	// Token is the bearer token it wants, if any.
	Token string

	mu       sync.Mutex
	patients map[string]map[string]any
	versions map[string]int
	gone     map[string]bool
	last     int
	keys     map[string]int // how often each X-Request-Id came
}

// NewFHIR serves one.
func NewFHIR(without ...string) *FHIR {
	f := &FHIR{Without: without, patients: map[string]map[string]any{}, versions: map[string]int{}, gone: map[string]bool{}, keys: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metadata", f.metadata)
	mux.HandleFunc("POST /Patient", f.create)
	mux.HandleFunc("POST /Patient/$match", f.match)
	mux.HandleFunc("POST /Patient/_search", f.search)
	mux.HandleFunc("GET /Patient/{id}", f.read)
	mux.HandleFunc("PUT /Patient/{id}", f.update)
	f.Trouble = NewTrouble(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.Token != "" && r.Header.Get("Authorization") != "Bearer "+f.Token {
			outcome(w, http.StatusUnauthorized, "login")
			return
		}
		mux.ServeHTTP(w, r)
	}))
	return f
}

func (f *FHIR) can(part string) bool { return !slices.Contains(f.Without, part) }

func (f *FHIR) metadata(w http.ResponseWriter, _ *http.Request) {
	interactions := []any{map[string]any{"code": "read"}, map[string]any{"code": "search-type"}}
	for _, part := range []string{"create", "update"} {
		if f.can(part) {
			interactions = append(interactions, map[string]any{"code": part})
		}
	}
	patient := map[string]any{"type": "Patient", "interaction": interactions, "conditionalCreate": f.can("conditional")}
	if f.can("match") {
		patient["operation"] = []any{map[string]any{"name": "match", "definition": "http://hl7.org/fhir/OperationDefinition/Patient-match"}}
	}
	answer(w, http.StatusOK, map[string]any{
		"resourceType": "CapabilityStatement", "status": "active", "kind": "instance", "fhirVersion": "4.0.1", "format": []string{"json"},
		"rest": []any{map[string]any{"mode": "server", "resource": []any{patient}}},
	})
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/fhir+json;charset=UTF-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}

func outcome(w http.ResponseWriter, code int, word string) {
	answer(w, code, map[string]any{"resourceType": "OperationOutcome", "issue": []any{map[string]any{"severity": "error", "code": word, "diagnostics": "Juana is not welcome"}}})
}

func decode(r *http.Request) (map[string]any, bool) {
	var v map[string]any
	b, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	return v, err == nil && json.Unmarshal(b, &v) == nil
}

func (f *FHIR) create(w http.ResponseWriter, r *http.Request) {
	v, ok := decode(r)
	if !ok || v["resourceType"] != "Patient" || !f.can("create") {
		outcome(w, http.StatusBadRequest, "structure")
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys[r.Header.Get("X-Request-Id")]++
	if condition := r.Header.Get("If-None-Exist"); condition != "" && f.can("conditional") {
		q, err := url.ParseQuery(condition)
		if err != nil {
			outcome(w, http.StatusBadRequest, "invalid")
			return
		}
		switch held := f.find(q); len(held) {
		case 0:
		case 1:
			f.show(w, http.StatusOK, held[0])
			return
		default:
			outcome(w, http.StatusPreconditionFailed, "duplicate")
			return
		}
	}
	id := f.put("", v)
	f.show(w, http.StatusCreated, id)
}

// put keeps a Patient under an id, a new one when it is empty.
func (f *FHIR) put(id string, v map[string]any) string {
	if id == "" {
		f.last++
		id = "p" + strconv.Itoa(f.last)
	}
	f.versions[id]++
	v["id"] = id
	v["meta"] = map[string]any{"versionId": strconv.Itoa(f.versions[id]), "lastUpdated": time.Unix(1_790_000_000+int64(f.versions[id]), 0).UTC().Format(time.RFC3339)}
	f.patients[id] = v
	return id
}

func (f *FHIR) show(w http.ResponseWriter, code int, id string) {
	version := strconv.Itoa(f.versions[id])
	w.Header().Set("ETag", `W/"`+version+`"`)
	w.Header().Set("Location", f.URL+"/Patient/"+id+"/_history/"+version)
	answer(w, code, f.patients[id])
}

func (f *FHIR) read(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := r.PathValue("id")
	switch {
	case f.gone[id]:
		outcome(w, http.StatusGone, "deleted")
	case f.patients[id] == nil:
		outcome(w, http.StatusNotFound, "not-found")
	default:
		f.show(w, http.StatusOK, id)
	}
}

func (f *FHIR) update(w http.ResponseWriter, r *http.Request) {
	v, ok := decode(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	id := r.PathValue("id")
	switch {
	case !ok || v["id"] != id || !f.can("update"):
		outcome(w, http.StatusBadRequest, "structure")
	case f.patients[id] == nil:
		outcome(w, http.StatusNotFound, "not-found")
	case r.Header.Get("If-Match") != `W/"`+strconv.Itoa(f.versions[id])+`"`:
		outcome(w, http.StatusPreconditionFailed, "conflict")
	default:
		f.put(id, v)
		f.show(w, http.StatusOK, id)
	}
}

func (f *FHIR) search(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		outcome(w, http.StatusBadRequest, "invalid")
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bundle(w, f.find(r.PostForm), false)
}

func (f *FHIR) bundle(w http.ResponseWriter, ids []string, graded bool) {
	entries := []any{}
	for _, id := range ids {
		e := map[string]any{"fullUrl": f.URL + "/Patient/" + id, "resource": f.patients[id], "search": map[string]any{"mode": "match"}}
		if graded {
			e["search"] = map[string]any{"mode": "match", "score": 0.8, "extension": []any{map[string]any{
				"url": "http://hl7.org/fhir/StructureDefinition/match-grade", "valueCode": "probable"}}}
		}
		entries = append(entries, e)
	}
	entries = append(entries, map[string]any{"resource": map[string]any{"resourceType": "OperationOutcome", "issue": []any{}}, "search": map[string]any{"mode": "outcome"}})
	answer(w, http.StatusOK, map[string]any{"resourceType": "Bundle", "type": "searchset", "total": len(ids), "entry": entries})
}

// match finds by any of name, number and phone, loosely, as an index of persons
// would.
func (f *FHIR) match(w http.ResponseWriter, r *http.Request) {
	v, ok := decode(r)
	if !ok || !f.can("match") {
		outcome(w, http.StatusNotFound, "not-supported")
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var like map[string]any
	list, _ := v["parameter"].([]any)
	for _, p := range list {
		if m, _ := p.(map[string]any); m["name"] == "resource" {
			like, _ = m["resource"].(map[string]any)
		}
	}
	if like == nil {
		outcome(w, http.StatusBadRequest, "required")
		return
	}
	var ids []string
	for id, p := range f.patients {
		if shares(p, like) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	f.bundle(w, ids, true)
}

// shares tells whether two Patients have a year of birth and the first letters
// of a name in common.
func shares(a, b map[string]any) bool {
	x, _ := a["birthDate"].(string)
	y, _ := b["birthDate"].(string)
	if len(x) < 4 || len(y) < 4 || x[:4] != y[:4] {
		return false
	}
	for _, n := range names(a) {
		for _, m := range names(b) {
			if len(n) > 2 && len(m) > 2 && n[:3] == m[:3] {
				return true
			}
		}
	}
	return false
}

func names(p map[string]any) (out []string) {
	list, _ := p["name"].([]any)
	for _, n := range list {
		m, _ := n.(map[string]any)
		family, _ := m["family"].(string)
		out = append(out, strings.Fields(strings.ToLower(family))...)
		given, _ := m["given"].([]any)
		for _, g := range given {
			s, _ := g.(string)
			out = append(out, strings.ToLower(s))
		}
	}
	return out
}

// find is a search: identifier, birthdate, family, given and phone.
func (f *FHIR) find(q url.Values) []string {
	var ids []string
	for id, p := range f.patients {
		if matches(p, q) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return len(a)*1000 - len(b)*1000 + strings.Compare(a, b) })
	return ids
}

func matches(p map[string]any, q url.Values) bool {
	asked := false
	for name, values := range q {
		if name == "_count" {
			continue
		}
		asked = true
		value, hit := strings.NewReplacer(`\,`, ",", `\|`, "|").Replace(values[0]), false
		switch name {
		case "identifier":
			hit = among(p["identifier"], func(m map[string]any) bool { return str(m["system"])+"|"+str(m["value"]) == value })
		case "phone":
			hit = among(p["telecom"], func(m map[string]any) bool { return m["system"] == "phone" && m["value"] == value })
		case "birthdate":
			hit = strings.HasPrefix(str(p["birthDate"]), value)
		case "family", "given":
			hit = slices.ContainsFunc(names(p), func(n string) bool { return strings.HasPrefix(n, strings.ToLower(strings.Fields(value + " ")[0])) })
		}
		if !hit {
			return false
		}
	}
	return asked
}

func str(v any) string { s, _ := v.(string); return s }

func among(list any, is func(map[string]any) bool) bool {
	all, _ := list.([]any)
	return slices.ContainsFunc(all, func(v any) bool { m, _ := v.(map[string]any); return is(m) })
}

// Add keeps a Patient as if another system had written it, and gives its id.
func (f *FHIR) Add(patient string) string {
	var v map[string]any
	if err := json.Unmarshal([]byte(patient), &v); err != nil {
		panic(err) // a test's own text
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.put("", v)
}

// Holders gives the Patients that carry an identifier, as JSON.
func (f *FHIR) Holders(system, value string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, id := range f.find(url.Values{"identifier": {system + "|" + value}}) {
		b, err := json.Marshal(f.patients[id])
		if err != nil {
			panic(err)
		}
		out = append(out, string(b))
	}
	return out
}

// Patient gives one Patient as JSON, empty when there is none.
func (f *FHIR) Patient(id string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.patients[id] == nil {
		return ""
	}
	b, err := json.Marshal(f.patients[id])
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Lose forgets a Patient, as a restore from an old backup would; deleted says
// so when asked for it.
func (f *FHIR) Lose(id string, deleted bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.patients, id)
	f.gone[id] = deleted
}

// Count tells how many Patients there are.
func (f *FHIR) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.patients)
}
