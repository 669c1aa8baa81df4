package fhir

import (
	"encoding/json"
	"slices"

	"github.com/askonce/fieldkit/server/registry"
)

// merge brings a Patient of the other side up to ours and tells whether that
// changed anything. Of one that was there before us nothing is taken away.
func merge(theirs *Patient, mine Patient, c *registry.Copy) bool {
	before, _ := json.Marshal(theirs) // it came as JSON
	theirs.Identifier = joinIdentifiers(theirs.Identifier, mine.Identifier, c.Adopted)
	if c.Adopted {
		adopt(theirs, &mine)
	} else {
		theirs.Active, theirs.Name, theirs.Telecom, theirs.Gender = mine.Active, mine.Name, mine.Telecom, mine.Gender
		theirs.BirthDate, theirs.BirthDateMore, theirs.Address = mine.BirthDate, mine.BirthDateMore, mine.Address
		theirs.MaritalStatus, theirs.Communication = mine.MaritalStatus, mine.Communication
		theirs.Extension = slices.DeleteFunc(theirs.Extension, func(e Extension) bool { return e.URL == birthPlace || e.URL == nationality })
		theirs.Extension = append(theirs.Extension, mine.Extension...)
	}
	theirs.Link = slices.DeleteFunc(theirs.Link, func(l PatientLink) bool { return !c.Adopted && l.Type == "replaced-by" })
	if c.ReplacedBy != "" {
		link := PatientLink{Other: Reference{Reference: "Patient/" + c.ReplacedBy}, Type: "replaced-by"}
		if c.Adopted {
			link.Type = "seealso" // whether theirs is over is theirs to say
		}
		if !slices.Contains(theirs.Link, link) {
			theirs.Link = append(theirs.Link, link)
		}
	}
	after, _ := json.Marshal(theirs)
	return !sameJSON(before, after)
}

func adopt(theirs, mine *Patient) {
	for _, n := range mine.Name {
		if !slices.ContainsFunc(theirs.Name, func(t HumanName) bool {
			return t.Family == n.Family && slices.Equal(t.Given, n.Given) && t.Text == n.Text
		}) {
			if len(theirs.Name) > 0 {
				n.Use = "usual"
			}
			// A name of ours from before is replaced, so that they do not pile up.
			theirs.Name = slices.DeleteFunc(theirs.Name, func(t HumanName) bool { return t.Use == "usual" && n.Use == "usual" })
			theirs.Name = append(theirs.Name, n)
		}
	}
	for _, t := range mine.Telecom {
		if !slices.ContainsFunc(theirs.Telecom, func(x ContactPoint) bool { return x.System == t.System && x.Value == t.Value }) {
			theirs.Telecom = append(theirs.Telecom, t)
		}
	}
	if len(theirs.Address) == 0 {
		theirs.Address = mine.Address
	}
	if theirs.Gender == "" || theirs.Gender == "unknown" {
		theirs.Gender = mine.Gender
	}
	if theirs.BirthDate == "" {
		theirs.BirthDate, theirs.BirthDateMore = mine.BirthDate, mine.BirthDateMore
	}
	if theirs.MaritalStatus == nil {
		theirs.MaritalStatus = mine.MaritalStatus
	}
	if len(theirs.Communication) == 0 {
		theirs.Communication = mine.Communication
	}
	for _, e := range mine.Extension {
		if !slices.ContainsFunc(theirs.Extension, func(x Extension) bool { return x.URL == e.URL }) {
			theirs.Extension = append(theirs.Extension, e)
		}
	}
}

// joinIdentifiers puts ours among theirs. Numbers under other systems stay.
func joinIdentifiers(theirs, mine []Identifier, adopted bool) []Identifier {
	for _, m := range mine {
		at := slices.IndexFunc(theirs, func(t Identifier) bool { return t.System == m.System })
		switch {
		case at < 0:
			theirs = append(theirs, m)
		case !adopted || m.System == System:
			theirs[at].Value = m.Value
		}
	}
	return theirs
}

// sameJSON compares two values whatever the order of their members.
func sameJSON(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	p, err := json.Marshal(x)
	q, err2 := json.Marshal(y)
	return err == nil && err2 == nil && string(p) == string(q)
}
