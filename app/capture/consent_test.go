package capture

import (
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

// What was said for one agency counts for it before what was said for all, in
// whatever order it was said.
func TestTheNarrowerChoiceCounts(t *testing.T) {
	all := func(given bool) civic.Consent {
		return civic.Consent{Service: "birth", Purpose: ReusePurpose, Given: given}
	}
	only := func(agency string, given bool) civic.Consent {
		c := all(given)
		c.Agency = agency
		return c
	}
	for name, c := range map[string]struct {
		said         []civic.Consent
		agency       string
		given, asked bool
	}{
		"all yes":                    {[]civic.Consent{all(true)}, "salud", true, true},
		"all yes, this one no":       {[]civic.Consent{only("salud", false), all(true)}, "salud", false, true},
		"all yes, another one no":    {[]civic.Consent{all(true), only("escuela", false)}, "salud", true, true},
		"all no, this one yes":       {[]civic.Consent{all(false), only("salud", true)}, "salud", true, true},
		"only another one was asked": {[]civic.Consent{only("escuela", true)}, "salud", false, false},
		"for no agency":              {[]civic.Consent{only("escuela", true), all(false)}, "", false, true},
		"another purpose":            {[]civic.Consent{{Service: "birth", Purpose: HeldPurpose, Agency: "salud"}}, "salud", false, false},
	} {
		s := Source{Service: "birth", Consents: c.said}
		if given, asked := s.consent(c.agency); given != c.given || asked != c.asked {
			t.Errorf("%s: given %t, asked %t", name, given, asked)
		}
	}
}
