package rehearsal

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestJourneyTakeAlong: a person takes her own data along, in three languages of
// machines, with where each value came from; the log says so.
func TestJourneyTakeAlong(t *testing.T) {
	o := newOffice(t)
	k := o.tablet().opened(t)
	defer func() { _ = k.Close() }()
	sealed(t, k, "identity", rosalia, true)
	decided(t, k)
	rows := exportRegistry(t, o)
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	id := rows[0][0]
	take := func(as string) map[string]any {
		t.Helper()
		file := filepath.Join(t.TempDir(), as)
		o.must("person", "export", id, "--as", as, "--reason", "she asked for it", "--out", file)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is open to others: %v", as, err)
		}
		return v
	}
	semic := take("semic")
	born, _ := semic["cv:birthDate"].(map[string]any)
	home, _ := semic["cv:domicile"].(map[string]any)
	said, _ := semic["prov:has_provenance"].([]any)
	if semic["@type"] != "person:Person" || semic["foaf:givenName"] != "Rosalía" || born["@value"] != "1994-03-05" || born["@type"] != "xsd:date" || home["locn:adminUnitL2"] != "Oaxaca" || len(said) < 10 {
		t.Errorf("%v", semic)
	}
	for _, s := range said {
		if s, _ := s.(map[string]any); s["askonce:collectedUnder"] != "identity" || s["prov:wasDerivedFrom"] == nil {
			t.Errorf("a value without where it came from: %v", s)
		}
	}
	bundle := take("fhir")
	entries, _ := bundle["entry"].([]any)
	if bundle["resourceType"] != "Bundle" || len(entries) != 2 {
		t.Fatalf("%v", bundle)
	}
	patient := entries[0].(map[string]any)["resource"].(map[string]any)
	provenance := entries[1].(map[string]any)["resource"].(map[string]any)
	if patient["resourceType"] != "Patient" || patient["birthDate"] != "1994-03-05" || patient["gender"] != "female" || provenance["resourceType"] != "Provenance" {
		t.Errorf("%v", bundle)
	}
	record := take("dpv")
	processes, _ := record["dpv:hasProcess"].([]any)
	if record["@type"] != "dpv:Record" || len(processes) < 3 || len(record["dpv:hasPersonalData"].([]any)) < 10 {
		t.Errorf("%v", record)
	}

	if s := o.run("person", "export", id, "--as", "fhir"); s.problem() != civic.ReasonRequired {
		t.Errorf("without a reason: %v", s.json)
	}
	if s := o.run("person", "export", id, "--as", "pdf", "--reason", "x"); s.problem() != civic.WrongUse {
		t.Errorf("an unknown format: %v", s.json)
	}
	if s := o.run("person", "export", strings.Repeat("0", 31)+"1", "--reason", "x"); s.problem() != civic.PersonAbsent {
		t.Errorf("nobody: %v", s.json)
	}
	db, err := ledger.Open(t.Context(), o.place())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	n := 0
	err = db.View(t.Context(), func(tx ledger.Tx) error {
		return tx.QueryRow(context.Background(), "SELECT count(*) FROM log_row WHERE action = ?1", string(translog.Portability)).Scan(&n)
	})
	if err != nil || n != 3 {
		t.Errorf("%d rows in the log, %v", n, err)
	}
}
