package civic_test

import (
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

func TestRankEvidence(t *testing.T) {
	claims := []civic.Claim{
		{Attribute: "surname", Value: "Paz"},
		{Subject: "mother", Attribute: "surname", Value: "Luz"},
		{Attribute: "phone", Value: "1"},
		{Attribute: civic.EvidenceAttribute, Value: "two_witnesses"},
		{Subject: "mother", Attribute: civic.EvidenceAttribute, Value: "rumour"},
	}
	civic.RankEvidence(claims)
	if claims[0].Evidence != civic.TwoWitnesses || claims[1].Evidence != civic.SelfDeclared || claims[2].Evidence != civic.SelfDeclared {
		t.Fatalf("%v", claims)
	}
	for e := civic.SelfDeclared; e <= civic.Document; e++ {
		if back, ok := civic.ParseEvidence(e.String()); !ok || back != e {
			t.Errorf("%v reads as %v", e, back)
		}
	}
	if civic.Evidence(9).String() != "unknown" {
		t.Error("a rank nobody knows has a name")
	}
}
