package rehearsal

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestJourneyAgreementReachesTheKit: an agreement is withdrawn at the centre by
// two people; the kit hears of it at its next sync, and asks what it may no
// longer reuse.
func TestJourneyAgreementReachesTheKit(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	k := o.tablet().opened(t)
	defer func() { _ = k.Close() }()
	iv, err := k.Begin(ctx, "birth")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range [][2]string{
		{"child/given_name", "Inés"}, {"child/surname", "Luna"}, {"child/sex", "female"}, {"child/birth_date", "2026-10-28"}, {"child/born_at", "clinic"},
		{"mother/given_name", "Rosalía"}, {"mother/surname", "Paz"}, {"mother/birth_date", "1994-03-05"}, {"mother/occupation", "teje"},
		{"father/father_named", "no"}, {"home/address", "Camino al pozo 4"}, {"home/locality", "Santa Ana"}, {"proof/informant", "mother"},
	} {
		if err := iv.Set(ctx, a[0], civic.Answer{Value: a[1]}); err != nil {
			t.Fatal(err)
		}
	}
	if err := iv.SetConsent(ctx, civic.Consent{Service: "birth", Given: true}); err != nil {
		t.Fatal(err)
	}
	id, err := k.Seal(ctx, iv)
	if err != nil {
		t.Fatal(err)
	}
	reused := func() int {
		plans, err := k.Plan(ctx, []civic.ServiceID{"identity"}, capture.Ref{Registration: id, Subject: "mother"})
		if err != nil {
			t.Fatal(err)
		}
		return plans[0].Meter.Saved()
	}
	if n := reused(); n == 0 {
		t.Fatal("nothing is reused to begin with")
	}
	text, err := assets.Agreements.ReadFile("agreements/identity.json")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "identity.json")
	journeyFile(t, file, []byte(strings.Replace(string(text), `"active"`, `"withdrawn"`, 1)))
	officer := "olga=" + o.must("staff", "add", "olga", "--role", "agreements").text("password_file")
	supervisor := "sara=" + o.must("staff", "add", "sara", "--role", "supervisor").text("password_file")
	o.must("agreement", "draft", file, "--by", officer)
	if s := o.run("agreement", "approve", "identity-reuse", "--by", officer); s.code != 1 || s.problem() != civic.TwoPeople {
		t.Fatalf("one person alone: %d %v", s.code, s.json)
	}
	s := o.must("policy", "explain", "--agency", "poblacion", "--purpose", "identification")
	if s.json["allowed"] != true {
		t.Errorf("%v", s.json)
	}
	o.must("agreement", "approve", "identity-reuse", "--by", supervisor)
	s = o.must("policy", "explain", "--agency", "poblacion", "--purpose", "identification")
	if s.json["allowed"] != false || !strings.Contains(s.text("sentence"), "withdrawn") {
		t.Errorf("%v", s.json)
	}
	until(t, "the kit follows the withdrawal", func() bool {
		if _, err := k.Sync(ctx, 0, nil); err != nil {
			t.Fatal(err)
		}
		return reused() == 0
	})
}

// An agency joins by commands, and one that ends is out.
func TestJourneyAgencyCommands(t *testing.T) {
	o := newOffice(t)
	jwk := filepath.Join(t.TempDir(), "key.jwk")
	journeyFile(t, jwk, []byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	o.must("agency", "add", "salud-tabasco", "--name", "Salud", "--level", "state", "--callback", "https://salud.example/registry")
	o.must("agency", "key", "salud-tabasco", jwk)
	if s := o.must("agency", "client", "salud-tabasco"); len(s.text("client_secret")) < 40 {
		t.Errorf("%v", s.json)
	}
	if s := o.run("agency", "client", "nobody"); s.code != 1 || s.problem() != civic.AgencyAbsent {
		t.Errorf("%d %v", s.code, s.json)
	}
	o.must("agency", "revoke-key", "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
	o.must("agency", "end", "salud-tabasco")
	list, _ := o.must("agency", "list").json["agencies"].([]any)
	if len(list) != 6 { // five that ship, and this one
		t.Errorf("%v", list)
	}
	if all, _ := o.must("agreement", "list").json["agreements"].([]any); len(all) != 5 {
		t.Errorf("%v", all)
	}
	if s := o.must("policy", "show"); !strings.Contains(s.text("policies"), "agreement_covers") {
		t.Errorf("%v", s.json)
	}
	if s := o.run("agency", "add", "Bad Id", "--level", "state"); s.code != 2 {
		t.Errorf("%d %v", s.code, s.json)
	}
}
