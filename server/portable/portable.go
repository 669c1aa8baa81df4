package portable

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/registry/fhir"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
)

// The formats.
const (
	SEMIC = "semic"
	FHIR  = "fhir"
	DPV   = "dpv"
)

// Formats lists them.
func Formats() []string { return []string{SEMIC, FHIR, DPV} }

// Subject is what is written of whom.
type Subject struct {
	Person *registry.Person
	// Services tells which service or source a registration came for.
	Services   map[civic.RegistrationID]civic.ServiceID
	Dictionary *attributes.Dictionary
	Agreements []agreement.Agreement // in force
	Choices    []Choice              // the person's own, oldest first
	Registry   string                // its name
	Now        time.Time
}

// Write writes a person's data; civic.WrongUse for a format there is not.
func Write(format string, s Subject) ([]byte, error) {
	var v any
	switch format {
	case SEMIC:
		v = s.semic()
	case FHIR:
		v = s.fhir()
	case DPV:
		v = s.dpv()
	default:
		return nil, civic.NewProblem(civic.WrongUse, nil, "The formats are "+strings.Join(Formats(), ", ")+".")
	}
	b, err := json.MarshalIndent(v, "", "  ")
	return append(b, '\n'), err
}

type object = map[string]any

// context names the vocabularies; nothing is fetched to read the file.
func context() object {
	return object{
		"person": "http://www.w3.org/ns/person#", "foaf": "http://xmlns.com/foaf/0.1/", "cv": "http://data.europa.eu/m8g/",
		"dct": "http://purl.org/dc/terms/", "adms": "http://www.w3.org/ns/adms#", "locn": "http://www.w3.org/ns/locn#",
		"skos": "http://www.w3.org/2004/02/skos/core#", "xsd": "http://www.w3.org/2001/XMLSchema#", "prov": "http://www.w3.org/ns/prov#",
		"dpv": "https://w3id.org/dpv#", "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "askonce": "urn:askonce:",
	}
}

func (s Subject) id() string { return "urn:askonce:person:" + s.Person.Person.String() }

// held lists what is held true and has a value.
func (s Subject) held() []registry.Attribute {
	var out []registry.Attribute
	for _, a := range registry.Fold(s.Person) {
		if a.Holds.Absent == civic.Present && a.Holds.Value != "" {
			out = append(out, a)
		}
	}
	return out
}

// said tells where a claim came from.
func (s Subject) said(c civic.Claim) object {
	o := object{
		"@type": "prov:Entity", "askonce:attribute": string(c.Attribute), "rdf:value": c.Value, "askonce:evidence": c.Evidence.String(),
		"prov:generatedAtTime":   object{"@type": "xsd:dateTime", "@value": c.At.Time().Format(time.RFC3339)},
		"prov:wasAttributedTo":   "urn:askonce:office:" + string(c.Area),
		"prov:wasDerivedFrom":    "urn:askonce:registration:" + c.Registration.String(),
		"askonce:collectedUnder": string(s.Services[c.Registration]),
	}
	if c.Stated != "" {
		o["askonce:asStated"] = c.Stated
	}
	return o
}

// provenance lists every claim, those that do not hold included: nothing about a
// person is kept from the person.
func (s Subject) provenance() []object {
	var out []object
	for _, a := range registry.Fold(s.Person) {
		for i, c := range append([]civic.Claim{a.Holds}, a.Others...) {
			o := s.said(c)
			o["askonce:holds"] = i == 0
			if c.Absent != civic.Present {
				o["askonce:absent"] = map[civic.Absence]string{civic.Unknown: "unknown", civic.Refused: "refused", civic.None: "none"}[c.Absent]
			}
			out = append(out, o)
		}
	}
	return out
}

// semic writes Core Person 2.1. What it has no place for stands under the
// registry's own words.
func (s Subject) semic() object {
	p := object{"@context": context(), "@id": s.id(), "@type": "person:Person",
		"dct:issued": object{"@type": "xsd:date", "@value": s.Now.UTC().Format(time.DateOnly)}, "dct:publisher": s.Registry}
	home, contact := object{}, object{}
	for _, a := range s.held() {
		entry, _ := s.Dictionary.Get(a.Name)
		path, v := entry.SEMIC, a.Holds.Value
		switch {
		case path == "":
			p["askonce:"+string(a.Name)] = v
		case a.Name == "birth_date":
			p[path] = genericDate(v)
		case a.Name == "birth_place":
			p[path] = object{"@type": "dct:Location", "locn:geographicName": v}
		case a.Name == "nationality":
			p[path] = object{"@type": "dct:Jurisdiction", "skos:notation": v}
		case path == "dct:identifier":
			add(p, path, object{"@type": "adms:Identifier", "skos:notation": v, "dct:type": string(a.Name)})
		case strings.HasPrefix(path, "locn:"):
			add(home, path, v)
		case strings.HasPrefix(path, "cv:contactPoint/"):
			contact[strings.TrimPrefix(path, "cv:contactPoint/")] = v
		case path == "cv:sex":
			p[path] = object{"@type": "skos:Concept", "skos:notation": v}
		default:
			add(p, path, v)
		}
	}
	if len(home) > 0 {
		home["@type"] = "locn:Address"
		p["cv:domicile"] = home
	}
	if len(contact) > 0 {
		contact["@type"] = "cv:ContactPoint"
		p["cv:contactPoint"] = contact
	}
	p["prov:has_provenance"] = s.provenance()
	return p
}

// add puts a further value beside those that stand.
func add(o object, key string, v any) {
	switch was := o[key].(type) {
	case nil:
		o[key] = v
	case []any:
		o[key] = append(was, v)
	default:
		o[key] = []any{was, v}
	}
}

// genericDate is a day, a month or a year, as exact as it is known.
func genericDate(v string) any {
	d, err := civic.ParseDate(v)
	if err != nil {
		return v
	}
	estimated := d.Estimated
	d.Estimated = false
	kind := map[civic.Precision]string{civic.Exact: "xsd:date", civic.ToMonth: "xsd:gYearMonth", civic.ToYear: "xsd:gYear"}[d.Precision()]
	o := object{"@type": kind, "@value": d.String()}
	if estimated {
		return object{"@type": "prov:Entity", "rdf:value": o, "askonce:estimated": true}
	}
	return o
}

// fhir writes a collection: the Patient and a Provenance for each registration
// that spoke of the person.
func (s Subject) fhir() object {
	id := s.Person.Person.String()
	url := "urn:uuid:" + dashed(id)
	entries := []object{{"fullUrl": url, "resource": fhir.ToPatient(s.Person.Person, registry.Fold(s.Person))}}
	for _, said := range s.Person.Said {
		if said.Withdrawn != 0 {
			continue
		}
		var told []string
		for _, c := range said.Claims {
			told = append(told, string(c.Attribute))
		}
		entries = append(entries, object{"fullUrl": "urn:uuid:" + dashed(said.Registration.String()), "resource": object{
			"resourceType": "Provenance", "target": []object{{"reference": url}}, "recorded": time.Unix(said.At, 0).UTC().Format(time.RFC3339),
			"activity": object{"text": string(s.Services[said.Registration])},
			"agent":    []object{{"who": object{"display": string(said.Office)}}},
			"entity": []object{{"role": "source", "what": object{
				"identifier": object{"system": "urn:askonce:registration", "value": said.Registration.String()}, "display": strings.Join(told, " ")}}},
		}})
	}
	return object{"resourceType": "Bundle", "type": "collection", "timestamp": s.Now.UTC().Format(time.RFC3339), "entry": entries}
}

// dashed writes 16 bytes of hexadecimal digits as a UUID is written.
func dashed(id string) string {
	if len(id) != 32 {
		return id
	}
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}

// basis is a lawful basis in the words of the vocabulary.
var basis = map[agreement.Basis]string{
	agreement.ByConsent: "dpv:Consent", agreement.LegalObligation: "dpv:LegalObligation", agreement.Contract: "dpv:Contract",
	agreement.VitalInterest: "dpv:VitalInterest", agreement.PublicTask: "dpv:PublicInterest", agreement.LegitimateInterest: "dpv:LegitimateInterest",
}

// dpv writes what is done with the person's data: one process for each agreement
// in force that names something held of the person, and what is held.
func (s Subject) dpv() object {
	held := s.held()
	var data []object
	for _, a := range held {
		entry, _ := s.Dictionary.Get(a.Name)
		o := s.said(a.Holds)
		o["@type"] = sensitivity(entry.Sensitivity)
		o["dpv:hasDataSource"] = "dpv:DataSubject"
		data = append(data, o)
	}
	var processes []object
	for _, g := range s.Agreements {
		var names []string
		for _, a := range held {
			if g.Covers(a.Name) {
				names = append(names, "askonce:attribute/"+string(a.Name))
			}
		}
		if len(names) == 0 {
			continue
		}
		processes = append(processes, object{
			"@type": "dpv:Process", "@id": "urn:askonce:agreement:" + g.ID, "dct:identifier": g.ID, "dct:hasVersion": g.Version, "dct:title": g.Name,
			"dpv:hasService": string(g.Service), "dpv:hasDataController": g.Controller, "dpv:hasRecipient": string(g.Agency),
			"dpv:hasPurpose":    object{"@type": "dpv:Purpose", "dct:identifier": string(g.Purpose.Code), "dct:description": g.Purpose.Text},
			"dpv:hasLegalBasis": basis[g.Basis], "dpv:hasJurisdiction": g.Policy.Jurisdiction, "dpv:hasPersonalData": names,
			"dpv:hasStorageCondition": []object{
				{"@type": "dpv:StorageLocation", "dpv:hasLocation": g.Policy.Storage},
				{"@type": "dpv:StorageDuration", "dpv:hasDuration": object{"@type": "xsd:duration", "@value": duration(g.Policy.RetentionDays)}},
			},
			"dct:valid": object{"from": g.Lifecycle.From, "until": g.Lifecycle.Until},
		})
	}
	return object{
		"@context": context(), "@id": s.id() + ":record", "@type": "dpv:Record", "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#record",
		"dct:identifier": s.Person.Person.String(), "dct:publisher": s.Registry,
		"dct:created":        object{"@type": "xsd:dateTime", "@value": s.Now.UTC().Format(time.RFC3339)},
		"dpv:hasDataSubject": s.id(), "dpv:hasProcess": processes, "dpv:hasPersonalData": data,
		"dpv:hasRecordOfActivity": s.consents(),
	}
}

func duration(days int) string {
	return "P" + strconv.Itoa(days) + "D"
}

func sensitivity(s attributes.Sensitivity) string {
	switch s {
	case attributes.Sensitive:
		return "dpv:SensitivePersonalData"
	case attributes.Special:
		return "dpv:SpecialCategoryPersonalData"
	}
	return "dpv:PersonalData"
}
