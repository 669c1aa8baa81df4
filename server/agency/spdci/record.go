package spdci

import (
	"strings"

	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/civic"
)

// record writes what may be seen of a person in the words of the standard.
// What stays back is named with its reasons, so that a missing field is not
// taken for an empty one.
func (a api) record(alias string, l *share.Look) map[string]any {
	said := map[string]any{}
	extra := []any{}
	for _, v := range l.Values {
		if v.Holds.Absent != civic.Present {
			continue
		}
		known, _ := a.server.Share.Dictionary.Get(v.Name)
		switch path := known.SPDCI; {
		case path == "identifier" || path == "":
			// Identifiers stand apart; what the standard has no place for, below.
			if path == "" {
				extra = append(extra, map[string]any{string(v.Name): v.Holds.Value})
			}
		case path == "sex":
			said["sex"] = sex(v.Holds.Value)
		case path == "name":
			put(said, "name.given_name", v.Holds.Value)
		case path == "is_disabled":
			said["is_disabled"] = v.Holds.Value != "" && v.Holds.Value != "none" && v.Holds.Value != "no"
		case path == "phone_number" || path == "email" || path == "language_code":
			said[path] = strings.Fields(v.Holds.Value)
		case strings.HasPrefix(path, "parent") && strings.HasSuffix(path, ".name"):
			said[strings.TrimSuffix(path, ".name")] = map[string]any{"@type": "Identifier", "identifier_type": "NAME", "identifier_value": v.Holds.Value}
		case path == "birth_place":
			said["birth_place"] = map[string]any{"@type": "Place", "name": v.Holds.Value}
		default:
			put(said, path, v.Holds.Value)
		}
	}
	identifiers := []any{identifierOf(numberOfOurs, alias)}
	for _, name := range []civic.Attribute{"national_id", "other_id"} {
		if c, ok := l.Value(name); ok {
			identifiers = append(identifiers, identifierOf(map[civic.Attribute]string{"national_id": "UIN", "other_id": "OTHER_ID"}[name], c.Value))
		}
	}
	for name, d := range l.Seen.Fields {
		if !d.Allowed {
			why := make([]string, len(d.Reasons))
			for i, r := range d.Reasons {
				why[i] = string(r)
			}
			extra = append(extra, map[string]any{"withheld": string(name), "why": why})
		}
	}
	for word, kind := range map[string]string{"name": "Name", "address": "Address"} {
		if m, ok := said[word].(map[string]any); ok {
			m["@type"] = kind
		}
	}
	if a.kind == social {
		return member(alias, identifiers, said, extra)
	}
	said["@context"] = "https://schema.spdci.org/extensions/crvs/v1/data/CRVSPerson.jsonld"
	said["@id"], said["@type"] = "urn:registry:"+alias, "CRVS_Person"
	said["identifier"] = identifiers
	if len(extra) > 0 {
		said["additional_attributes"] = extra
	}
	return said
}

// member is a person as the social registry tells one.
func member(alias string, identifiers []any, said map[string]any, extra []any) map[string]any {
	out := map[string]any{
		"@context": "https://schema.spdci.org/extensions/social/v1/Member.jsonld", "@id": "urn:registry:" + alias, "@type": "spdci:Member",
		"member_identifier": identifiers,
	}
	info := map[string]any{"@type": "SRPerson", "identifier": identifiers}
	for word, v := range said {
		switch word {
		case "name", "sex", "birth_date", "birth_place", "address", "phone_number", "email", "nationality":
			info[word] = v
		default:
			out[word] = v
		}
	}
	out["demographic_info"] = info
	if len(extra) > 0 {
		out["additional_attributes"] = extra
	}
	return out
}

func identifierOf(kind, value string) map[string]any {
	return map[string]any{"@type": "Identifier", "identifier_type": kind, "identifier_value": value}
}

// put writes a value under a path such as address.locality; lines of one place
// are joined.
func put(into map[string]any, path, value string) {
	word, rest, deeper := strings.Cut(path, ".")
	if deeper {
		m, ok := into[word].(map[string]any)
		if !ok {
			m = map[string]any{}
			into[word] = m
		}
		put(m, rest, value)
		return
	}
	if before, ok := into[word].(string); ok && before != value {
		value = before + ", " + value
	}
	into[word] = value
}

// sex is the word of the standard for what was recorded.
func sex(s string) string {
	switch strings.ToLower(s) {
	case "f", "female", "mujer", "woman":
		return "female"
	case "m", "male", "hombre", "man":
		return "male"
	}
	return "others"
}
