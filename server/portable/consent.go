package portable

import (
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// Choice is one event of the person's choices about reuse, as it was kept.
type Choice struct {
	Record       string // its number
	State        string // requested, given, refused, withdrawn or expired
	Source       civic.ServiceID
	Target       civic.ServiceID
	Agency       string
	Purpose      civic.Purpose
	Language     string
	ReadAloud    bool
	Notice       string // name of the words, a space, "sha256:" and their digest
	By           string // individual, guardian, introducer or interpreter
	Channel      string // kit, receipt or counter
	Office       civic.Area
	Registration civic.RegistrationID
	Said, Counts time.Time
	Until        time.Time // zero for never
}

// states are the states of a consent in the words of the vocabulary.
var states = map[string]string{
	"requested": "dpv:ConsentRequested", "given": "dpv:ConsentGiven", "refused": "dpv:ConsentRefused",
	"withdrawn": "dpv:ConsentWithdrawn", "expired": "dpv:ConsentExpired",
}

// consents writes a record for each event, oldest first, with the fields of
// ISO/IEC TS 27560.
func (s Subject) consents() []object {
	out := make([]object, 0, len(s.Choices))
	for _, c := range s.Choices {
		name, digest, _ := strings.Cut(c.Notice, " sha256:")
		notice := object{"@type": "dpv:ConsentNotice", "dct:identifier": name, "dct:language": c.Language, "askonce:readAloud": c.ReadAloud}
		if digest != "" {
			notice["askonce:sha256"] = digest
		}
		o := object{
			"@type": "dpv:ConsentRecord", "@id": "urn:askonce:consent:" + c.Record, "dct:identifier": c.Record,
			"dpv:hasDataSubject": s.id(), "dpv:hasStatus": states[c.State], "dpv:hasNotice": notice,
			"dpv:isIndicatedAtTime": instant(c.Said), "askonce:countsFrom": instant(c.Counts),
			"dpv:isIndicatedBy": c.By, "askonce:channel": c.Channel, "dpv:isImplementedByEntity": "urn:askonce:office:" + string(c.Office),
			"prov:wasDerivedFrom":      "urn:askonce:registration:" + c.Registration.String(),
			"askonce:mayBeWithdrawnBy": "receipt and code, the counter of any office, or a kit at the next visit",
			"dpv:hasDataSource":        string(c.Source),
		}
		for key, value := range map[string]string{"dpv:hasService": string(c.Target), "dpv:hasRecipient": c.Agency, "dpv:hasPurpose": string(c.Purpose)} {
			if value != "" {
				o[key] = value
			}
		}
		if !c.Until.IsZero() {
			o["dct:valid"] = object{"until": instant(c.Until)}
		}
		out = append(out, o)
	}
	return out
}

func instant(t time.Time) object {
	return object{"@type": "xsd:dateTime", "@value": t.UTC().Format(time.RFC3339)}
}
