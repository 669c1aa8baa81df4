package serve

import (
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// What would send people's data in the open, or a password into the ledger, is
// not joined.
func TestJoinedIsChecked(t *testing.T) {
	good := Joined{Name: "national", Kind: "fhir", URL: "https://registry.example/fhir", Ask: AskWait}
	for _, tt := range []struct {
		change func(j *Joined)
		ok     bool
	}{
		{func(*Joined) {}, true},
		{func(j *Joined) { j.URL = "http://127.0.0.1:8080/fhir" }, true},
		{func(j *Joined) { j.URL = "http://registry.example/fhir" }, false},
		{func(j *Joined) { j.URL = "https://user:secret@registry.example/fhir" }, false},
		{func(j *Joined) { j.URL = "https://registry.example/fhir?token=secret" }, false},
		{func(j *Joined) { j.URL = "registry.example" }, false},
		{func(j *Joined) { j.Name = "" }, false},
		{func(j *Joined) { j.Name = "The Registry" }, false},
		{func(j *Joined) { j.Ask = "perhaps" }, false},
		{func(j *Joined) { j.CAFile = "/nowhere/ca.pem" }, false},
		{func(j *Joined) { j.Kind = "spdci"; j.URL = "https://civil.example" }, true},
	} {
		j := good
		tt.change(&j)
		if _, err := j.open(time.Now); (err == nil) != tt.ok {
			t.Errorf("%+v: %v", j, err)
		}
	}
	for text, ok := range map[string]bool{"fhir:https://a.example": true, "spdci:https://a.example": true, "ldap:x": false, "https://a.example": false, "": false} {
		if _, err := ParseJoined(text); (err == nil) != ok || err != nil && civic.CodeOf(err) != civic.WrongUse {
			t.Errorf("%q: %v", text, err)
		}
	}
}
