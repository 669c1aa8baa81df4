package policy_test

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
)

var cases = flag.Int("policy.cases", 100_000, "random cases the oracle is asked about")

func load(t testing.TB) (*policy.Policies, oracle) {
	t.Helper()
	d, err := attributes.Read(assets.Attributes)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load(d)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(assets.Attributes))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	o := oracle{never: map[string]bool{}, sensitive: map[string]string{}}
	for _, row := range rows[1:] {
		o.sensitive[row[0]] = row[3]
		o.never[row[0]] = row[4] == "never"
	}
	return p, o
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func some[T any](r *rand.Rand, from ...T) (out []T) {
	for _, v := range from {
		if r.IntN(2) == 0 {
			out = append(out, v)
		}
	}
	return out
}

var (
	now      = time.Date(2026, 11, 22, 18, 0, 0, 0, time.FixedZone("", -6*3600)) // the next day in UTC
	services = []civic.ServiceID{"birth", "cash", "health"}
	fields   = []civic.Attribute{"given_name", "birth_date", "phone", "disability", "income_band", "locality", "pregnant", "photo", "unheard_of"}
	days     = []string{"2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24", "2020-01-01"}
	areas    = []civic.Area{"mx", "mx-20", "mx-20-067", "mx-2", "mx-20-06", "mx-21", "gt"}
)

// mostly gives a value that lets a case through two times in three, so that
// every rule decides in many cases.
func mostly[T any](r *rand.Rand, good T, others ...T) T {
	if r.IntN(8) > 0 {
		return good
	}
	return pick(r, others...)
}

func randomRequest(r *rand.Rand) policy.Request {
	req := policy.Request{
		Agency: mostly(r, agreement.AgencyID("a"), "b"), Active: mostly(r, true, false), Approved: mostly(r, true, false),
		Purpose: mostly(r, civic.Purpose("p"), "q", ""), Now: now, Explicit: pick(r, true, false), Previewed: pick(r, true, false),
	}
	if r.IntN(50) == 0 {
		return req
	}
	a := agreement.Agreement{
		ID: "x", Version: 1, Agency: mostly(r, agreement.AgencyID("a"), "b", ""), Level: agreement.State, Purpose: agreement.Purpose{Code: mostly(r, civic.Purpose("p"), "q")},
		Basis:     pick(r, agreement.ByConsent, agreement.ByConsent, agreement.PublicTask, agreement.LegalObligation, agreement.VitalInterest, agreement.Contract, agreement.LegitimateInterest),
		Lifecycle: agreement.Lifecycle{State: mostly(r, "active", "withdrawn", "draft", ""), From: mostly(r, "2020-01-01", days...), Until: mostly(r, "", days...)},
		Service:   mostly(r, civic.ServiceID("school"), "cash"), Sources: mostly(r, services, some(r, services...)),
		ExplicitRequest: mostly(r, false, true), Preview: mostly(r, false, true),
	}
	if r.IntN(3) == 0 {
		a.Areas = some(r, areas...)
	}
	for _, f := range some(r, fields...) {
		a.Attributes = append(a.Attributes, agreement.Covered{Name: f, Sensitivity: pick(r, "", "", "basic", "personal", "sensitive", "special", "odd")})
	}
	req.Agreement = &a
	return req
}

func randomPerson(r *rand.Rand) policy.Person {
	p := policy.Person{Objected: mostly(r, false, true), Doubtful: mostly(r, false, true)}
	for n := range 1 + r.IntN(3) {
		s := policy.Said{Registration: civic.RegistrationID{byte(n)}, Area: pick(r, areas...), Services: some(r, services...), Subject: pick(r, "", "mother")}
		if r.IntN(4) > 0 && len(s.Services) > 1 {
			s.Services = s.Services[:1]
		}
		for _, f := range some(r, fields...) {
			s.Claims = append(s.Claims, civic.Claim{Attribute: f, Value: fmt.Sprint(n, f), Registration: s.Registration})
		}
		p.Said = append(p.Said, s)
	}
	for range r.IntN(6) {
		p.Events = append(p.Events, policy.Event{
			Registration: civic.RegistrationID{byte(r.IntN(4))}, Own: pick(r, true, true, false),
			Scope: policy.Scope{
				Source: pick(r, "", "", services[0], services[1]), Target: pick(r, "", "", "", civic.ServiceID("school"), "cash"),
				Agency: pick(r, "", "", agreement.AgencyID("a"), "b"), Purpose: pick(r, "", "", "", civic.Purpose("p"), "q"),
			},
			State: pick(r, policy.Given, policy.Given, policy.Given, policy.Refused, policy.Withdrawn, policy.Requested, policy.Expired),
			At:    int64(r.IntN(4)), Until: pick(r, 0, 0, 0, now.Unix()-1, now.Unix(), now.Unix()+1),
		})
	}
	return p
}

// What crosses is exactly what the oracle lets cross, and whatever does not has
// a reason.
func TestNoLeak(t *testing.T) {
	policies, oracle := load(t)
	r := rand.New(rand.NewPCG(1, 2))
	var crossed, refused int
	reasons := map[policy.Reason]int{}
	var before []policy.Request
	for n := range *cases {
		req, p := randomRequest(r), randomPerson(r)
		// Half of the requests rest on an agreement that was asked by before, so that
		// what is remembered of decisions is asked about as well.
		if len(before) > 0 && n%2 == 1 {
			old := before[r.IntN(len(before))]
			req.Agreement, req.Digest = old.Agreement, old.Digest
		} else if req.Agreement != nil {
			text, err := json.Marshal(req.Agreement)
			if err != nil {
				t.Fatal(err)
			}
			req.Digest = sha256.Sum256(text)
			before = append(before[max(0, len(before)-30):], req)
		}
		asked := some(r, fields...)
		seen := policies.Reader(req).Filter(p, asked)
		var want []string
		named := map[civic.Attribute]bool{}
		for _, s := range p.Said {
			for _, c := range s.Claims {
				in := len(asked) == 0 && (req.Agreement == nil || req.Agreement.Covers(c.Attribute)) || slices.Contains(asked, c.Attribute)
				if in && oracle.mayCross(req, p, s, string(c.Attribute)) {
					want = append(want, c.Value)
					named[c.Attribute] = true
				}
			}
		}
		var got []string
		for _, c := range seen.Claims {
			got = append(got, c.Value)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("case %d\n got %v\nwant %v\nrequest %+v\nagreement %+v\nperson %+v", n, got, want, req, req.Agreement, p)
		}
		for name, d := range seen.Fields {
			if d.Allowed != named[name] || !d.Allowed && len(d.Reasons) == 0 {
				t.Fatalf("case %d: %s %+v", n, name, d)
			}
			for _, why := range d.Reasons {
				reasons[why]++
			}
		}
		crossed += len(got)
		refused += len(seen.Fields) - len(named)
	}
	t.Logf("%d cases: %d claims crossed, %d fields stayed back; reasons %v", *cases, crossed, refused, reasons)
	if crossed < *cases/20 || reasons[policy.NotEvaluated] > 0 {
		t.Errorf("the cases say too little: %d crossed, %v", crossed, reasons)
	}
	for _, why := range []policy.Reason{"agency_ended", "agreement_not_approved", "agreement_withdrawn", "agreement_not_active", "agreement_not_begun",
		"agreement_expired", "purpose_other", "area_outside", "source_outside", "too_sensitive", "never_reused", "consent_missing", "consent_expired",
		"consent_refused", "consent_withdrawn", "objection", "explicit_request_missing", "preview_missing", "person_in_doubt", policy.NoAgreement, policy.NotCovered} {
		if reasons[why] == 0 && *cases >= 10_000 {
			t.Errorf("no case was refused for %s", why)
		}
	}
}

// A policy that cannot be evaluated refuses: Cedar itself would skip it.
func TestFailingPolicyRefuses(t *testing.T) {
	d, err := attributes.Read(assets.Attributes)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse([]byte(`@id("all") permit (principal, action, resource);
@id("broken") forbid (principal, action, resource) when { context.nowhere == 1 };`), d)
	if err != nil {
		t.Fatal(err)
	}
	got := p.Reader(policy.Request{Agency: "a", Active: true, Agreement: &agreement.Agreement{}}).Decide(policy.Field{Attribute: "sex"})
	if got.Allowed || !slices.Equal(got.Reasons, []policy.Reason{policy.NotEvaluated}) {
		t.Errorf("%+v", got)
	}
	for _, text := range []string{"permit (", "permit (principal, action, resource);", `@id("a") permit (principal, action, resource); @id("a") permit (principal, action, resource);`} {
		if _, err := policy.Parse([]byte(text), d); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

func BenchmarkFilter(b *testing.B) {
	policies, _ := load(b)
	r := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		policies.Reader(randomRequest(r)).Filter(randomPerson(r), nil)
	}
}
