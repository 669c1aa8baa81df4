package civic

import "slices"

// EvidenceAttribute is the attribute whose answer says what everything else
// told of the same person rests on.
const EvidenceAttribute Attribute = "evidence"

// evidenceNames are in the order of the ranks.
var evidenceNames = [...]string{"self_declared", "two_witnesses", "introducer", "head_of_family", "document"}

func (e Evidence) String() string {
	if int(e) < len(evidenceNames) {
		return evidenceNames[e]
	}
	return "unknown"
}

// ParseEvidence reads what String writes.
func ParseEvidence(name string) (Evidence, bool) {
	i := slices.Index(evidenceNames[:], name)
	return Evidence(max(i, 0)), i >= 0
}

// attested is what evidence of identity speaks for: a paper that shows who
// somebody is does not prove a telephone number.
var attested = [...]Attribute{
	"full_name", "given_name", "surname", "second_surname", "sex", "birth_date", "birth_place", "nationality",
	"national_id", "other_id", "mother_name", "father_name",
}

// RankEvidence gives the claims about who somebody is the evidence that the
// same registration states for its subject; other claims keep theirs. It
// changes claims in place.
func RankEvidence(claims []Claim) {
	stated := map[string]Evidence{}
	for _, c := range claims {
		if c.Attribute != EvidenceAttribute || c.Absent != Present {
			continue
		}
		if e, ok := ParseEvidence(c.Value); ok {
			stated[c.Subject] = e
		}
	}
	for i := range claims {
		if e, ok := stated[claims[i].Subject]; ok && slices.Contains(attested[:], claims[i].Attribute) {
			claims[i].Evidence = e
		}
	}
}
