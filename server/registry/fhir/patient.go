package fhir

import (
	"bytes"
	"encoding/json"
)

// Patient is the part of a Patient this program knows. What else stands in one
// is kept in rest and written back untouched.
type Patient struct {
	ResourceType  string           `json:"resourceType"`
	ID            string           `json:"id,omitempty"`
	Meta          *Meta            `json:"meta,omitempty"`
	Identifier    []Identifier     `json:"identifier,omitempty"`
	Active        *bool            `json:"active,omitempty"`
	Name          []HumanName      `json:"name,omitempty"`
	Telecom       []ContactPoint   `json:"telecom,omitempty"`
	Gender        string           `json:"gender,omitempty"`
	BirthDate     string           `json:"birthDate,omitempty"`
	BirthDateMore *Element         `json:"_birthDate,omitempty"`
	Address       []Address        `json:"address,omitempty"`
	MaritalStatus *CodeableConcept `json:"maritalStatus,omitempty"`
	Communication []Communication  `json:"communication,omitempty"`
	Link          []PatientLink    `json:"link,omitempty"`
	Extension     []Extension      `json:"extension,omitempty"`

	rest map[string]json.RawMessage
}

// Meta is what the other side notes of a resource.
type Meta struct {
	VersionID   string          `json:"versionId,omitempty"`
	LastUpdated string          `json:"lastUpdated,omitempty"`
	Profile     json.RawMessage `json:"profile,omitempty"`
	Security    json.RawMessage `json:"security,omitempty"`
	Tag         json.RawMessage `json:"tag,omitempty"`
	Source      string          `json:"source,omitempty"`
}

// Identifier is a number somebody has under a system.
type Identifier struct {
	Use      string          `json:"use,omitempty"`
	Type     json.RawMessage `json:"type,omitempty"`
	System   string          `json:"system,omitempty"`
	Value    string          `json:"value,omitempty"`
	Period   json.RawMessage `json:"period,omitempty"`
	Assigner json.RawMessage `json:"assigner,omitempty"`
}

// HumanName is a name. R4 has one family name; the two of Spanish names stand
// beside it as extensions.
type HumanName struct {
	Use        string          `json:"use,omitempty"`
	Text       string          `json:"text,omitempty"`
	Family     string          `json:"family,omitempty"`
	FamilyMore *Element        `json:"_family,omitempty"`
	Given      []string        `json:"given,omitempty"`
	GivenMore  json.RawMessage `json:"_given,omitempty"`
	Prefix     json.RawMessage `json:"prefix,omitempty"`
	Suffix     json.RawMessage `json:"suffix,omitempty"`
	Period     json.RawMessage `json:"period,omitempty"`
	Extension  json.RawMessage `json:"extension,omitempty"`
}

// Element is what stands beside a simple value.
type Element struct {
	ID        string      `json:"id,omitempty"`
	Extension []Extension `json:"extension,omitempty"`
}

// ContactPoint is a phone or an electronic mail address.
type ContactPoint struct {
	System string          `json:"system,omitempty"`
	Value  string          `json:"value,omitempty"`
	Use    string          `json:"use,omitempty"`
	Rank   int             `json:"rank,omitempty"`
	Period json.RawMessage `json:"period,omitempty"`
}

// Address is where somebody lives, or was born.
type Address struct {
	Use        string          `json:"use,omitempty"`
	Type       string          `json:"type,omitempty"`
	Text       string          `json:"text,omitempty"`
	Line       []string        `json:"line,omitempty"`
	City       string          `json:"city,omitempty"`
	District   string          `json:"district,omitempty"`
	State      string          `json:"state,omitempty"`
	PostalCode string          `json:"postalCode,omitempty"`
	Country    string          `json:"country,omitempty"`
	Period     json.RawMessage `json:"period,omitempty"`
	Extension  json.RawMessage `json:"extension,omitempty"`
}

// CodeableConcept is a word of a list, or in one's own words.
type CodeableConcept struct {
	Coding []Coding `json:"coding,omitempty"`
	Text   string   `json:"text,omitempty"`
}

// Coding is a word of a list.
type Coding struct {
	System  string `json:"system,omitempty"`
	Code    string `json:"code,omitempty"`
	Display string `json:"display,omitempty"`
}

// Communication is a language somebody speaks.
type Communication struct {
	Language  CodeableConcept `json:"language"`
	Preferred *bool           `json:"preferred,omitempty"`
}

// PatientLink says what another Patient is to this one.
type PatientLink struct {
	Other Reference `json:"other"`
	Type  string    `json:"type"`
}

// Reference names another resource.
type Reference struct {
	Reference string `json:"reference,omitempty"`
	Display   string `json:"display,omitempty"`
}

// Extension is a part the base has no place for. Kinds of values that are not
// known here are kept.
type Extension struct {
	URL string

	ValueString          string
	ValueDateTime        string
	ValueAddress         *Address
	ValueCodeableConcept *CodeableConcept
	ValueBoolean         *bool
	Extension            []Extension

	raw json.RawMessage
}

type extensionJSON struct {
	URL                  string           `json:"url"`
	ValueString          string           `json:"valueString,omitempty"`
	ValueDateTime        string           `json:"valueDateTime,omitempty"`
	ValueAddress         *Address         `json:"valueAddress,omitempty"`
	ValueCodeableConcept *CodeableConcept `json:"valueCodeableConcept,omitempty"`
	ValueBoolean         *bool            `json:"valueBoolean,omitempty"`
	Extension            []Extension      `json:"extension,omitempty"`
}

// MarshalJSON writes what came as it came.
func (e Extension) MarshalJSON() ([]byte, error) {
	if e.raw != nil {
		return e.raw, nil
	}
	return json.Marshal(extensionJSON{e.URL, e.ValueString, e.ValueDateTime, e.ValueAddress, e.ValueCodeableConcept, e.ValueBoolean, e.Extension})
}

// UnmarshalJSON reads one and keeps how it was written.
func (e *Extension) UnmarshalJSON(b []byte) error {
	var j extensionJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	*e = Extension{j.URL, j.ValueString, j.ValueDateTime, j.ValueAddress, j.ValueCodeableConcept, j.ValueBoolean, j.Extension, bytes.Clone(b)}
	return nil
}

type patientJSON Patient

// known are the parts of a Patient that patientJSON reads.
var known = []string{
	"resourceType", "id", "meta", "identifier", "active", "name", "telecom", "gender", "birthDate", "_birthDate", "address",
	"maritalStatus", "communication", "link", "extension",
}

// UnmarshalJSON reads a Patient and keeps the parts it does not know, such as
// _birthdate: names of FHIR differ by case, those of encoding/json do not.
func (p *Patient) UnmarshalJSON(b []byte) error {
	var rest map[string]json.RawMessage
	if err := json.Unmarshal(b, &rest); err != nil {
		return err
	}
	ours := map[string]json.RawMessage{}
	for _, name := range known {
		if value, ok := rest[name]; ok {
			ours[name] = value
			delete(rest, name)
		}
	}
	exact, err := json.Marshal(ours)
	if err != nil {
		return err
	}
	j := patientJSON{rest: rest}
	if err := json.Unmarshal(exact, &j); err != nil {
		return err
	}
	*p = Patient(j)
	return nil
}

// MarshalJSON writes a Patient with the parts it does not know.
func (p Patient) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal(patientJSON(p))
	if err != nil || len(p.rest) == 0 {
		return b, err
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, err
	}
	for name, value := range p.rest {
		all[name] = value
	}
	return json.Marshal(all)
}

// Bundle is a list of resources.
type Bundle struct {
	ResourceType string        `json:"resourceType"`
	Type         string        `json:"type,omitempty"`
	Total        *int          `json:"total,omitempty"`
	Link         []BundleLink  `json:"link,omitempty"`
	Entry        []BundleEntry `json:"entry,omitempty"`
}

// BundleLink leads to another page.
type BundleLink struct {
	Relation string `json:"relation"`
	URL      string `json:"url"`
}

// BundleEntry is one resource of a list.
type BundleEntry struct {
	FullURL  string          `json:"fullUrl,omitempty"`
	Resource json.RawMessage `json:"resource,omitempty"`
	Search   *BundleSearch   `json:"search,omitempty"`
}

// BundleSearch says why a resource is in the list.
type BundleSearch struct {
	Mode      string      `json:"mode,omitempty"`
	Score     float64     `json:"score,omitempty"`
	Extension []Extension `json:"extension,omitempty"`
}
