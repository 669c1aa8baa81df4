package spdci

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
)

// names turns the words of the standard into attributes of the dictionary.
type names map[string]civic.Attribute

// readNames takes the standard's paths out of the dictionary; the first
// attribute under a path has it.
func readNames(d *attributes.Dictionary) names {
	out := names{}
	add := func(word string, a civic.Attribute) {
		word = strings.ToLower(word)
		if _, taken := out[word]; !taken && word != "" {
			out[word] = a
		}
	}
	for _, a := range d.All() {
		add(string(a.Name), a.Name)
	}
	for _, a := range d.All() {
		add(a.SPDCI, a.Name)
		if _, last, dotted := strings.Cut(a.SPDCI, "."); dotted {
			add(last, a.Name)
		}
	}
	for word, a := range map[string]civic.Attribute{"uin": "national_id", "nationalid": "national_id", "dob": "birth_date", "mobile": "phone", "gender": "sex"} {
		add(word, a)
	}
	return out
}

func (n names) get(word string) (civic.Attribute, error) {
	a, ok := n[strings.ToLower(word)]
	if !ok {
		return "", errors.New("an attribute is not known")
	}
	return a, nil
}

// identifiers are numbers that only one person has.
func identifier(word string) (civic.Attribute, bool) {
	switch strings.ToUpper(word) {
	case "UIN", "NATIONALID", "NATIONAL_ID":
		return "national_id", true
	case "OTHERID", "OTHER_ID":
		return "other_id", true
	}
	return "", false
}

// numberOfOurs is the identifier type of the number an answer names a person by.
const numberOfOurs = "REGISTRY_ID"

// question is a query as the agency asked it.
type question struct {
	query agency.Query
	alias string // the agency's number for the person, instead of a query
	exact bool
}

// read reads a query of any type; nothing of it is passed on as text.
func (n names) read(queryType string, raw json.RawMessage) (question, error) {
	var q question
	var err error
	switch queryType {
	case "idtype-value":
		q, err = n.idtype(raw)
	case "predicate":
		q.query, err = n.predicate(raw)
	case "expression":
		q.query, err = n.expression(raw)
	default: // graphql among them
		return q, errors.New("the query type is not served")
	}
	if err != nil || q.alias != "" {
		return q, err
	}
	return q, q.query.Check()
}

func (n names) idtype(raw json.RawMessage) (question, error) {
	var v struct {
		Type  string          `json:"type"`
		Value json.RawMessage `json:"value"`
	}
	if err := decode(raw, &v); err != nil {
		return question{}, err
	}
	value, err := scalar(v.Value)
	if err != nil {
		return question{}, err
	}
	if strings.EqualFold(v.Type, numberOfOurs) {
		return question{alias: value, exact: true}, nil
	}
	attribute, exact := identifier(v.Type)
	if !exact {
		if attribute, err = n.get(v.Type); err != nil || attribute != "phone" && attribute != "email" {
			return question{}, errors.New("the identifier type is not served")
		}
	}
	return question{query: agency.Query{Attribute: attribute, Op: agency.Equal, Values: []string{value}}, exact: exact}, nil
}

// scalar reads a word, a number or a truth value.
func scalar(raw json.RawMessage) (string, error) {
	var v any
	if err := decode(raw, &v); err != nil {
		return "", err
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		if !agency.Exact(v) {
			return "", errors.New("a number this long is written as a word")
		}
		return v.String(), nil
	case bool:
		return fmt.Sprint(v), nil
	}
	return "", errors.New("a value is a word or a number")
}

func scalars(raw json.RawMessage) ([]string, error) {
	var list []json.RawMessage
	if err := decode(raw, &list); err != nil {
		one, err := scalar(raw)
		return []string{one}, err
	}
	out := make([]string, 0, min(len(list), agency.MaxParts))
	for _, v := range list {
		s, err := scalar(v)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

type term struct {
	Attribute string          `json:"attribute_name"`
	Operator  string          `json:"operator"`
	Value     json.RawMessage `json:"attribute_value"`
}

func (n names) term(t *term) (agency.Query, error) {
	a, err := n.get(t.Attribute)
	if err != nil {
		return agency.Query{}, err
	}
	q := agency.Query{Attribute: a, Op: agency.Operator(t.Operator)}
	q.Values, err = scalars(t.Value)
	return q, err
}

func (n names) predicate(raw json.RawMessage) (agency.Query, error) {
	var list []struct {
		Sequence  json.Number `json:"seq_num"`
		First     *term       `json:"expression1"`
		Condition string      `json:"condition"`
		Second    *term       `json:"expression2"`
	}
	if err := decode(raw, &list); err != nil {
		return agency.Query{}, err
	}
	all := agency.Query{Join: "and"}
	for _, p := range list {
		if p.First == nil {
			return all, errors.New("expression1 is missing")
		}
		one, err := n.term(p.First)
		if err != nil {
			return all, err
		}
		if p.Second != nil {
			two, err := n.term(p.Second)
			if err != nil {
				return all, err
			}
			switch p.Condition {
			case "and", "or":
				one = agency.Query{Join: p.Condition, Parts: []agency.Query{one, two}}
			case "not": // the first, and not the second
				one = agency.Query{Join: "and", Parts: []agency.Query{one, {Join: "not", Parts: []agency.Query{two}}}}
			default:
				return all, errors.New("the condition is not known")
			}
		} else if p.Condition != "" {
			return all, errors.New("a condition joins two expressions")
		}
		all.Parts = append(all.Parts, one)
	}
	return all, nil
}

// expression reads {collection, query: {$and: [{field: {$eq: v}}]}}, with or
// without the type and value around it that the text shows.
func (n names) expression(raw json.RawMessage) (agency.Query, error) {
	var v struct {
		Type       string          `json:"type"`
		Value      json.RawMessage `json:"value"`
		Expression json.RawMessage `json:"expression"`
		Collection string          `json:"collection"`
		Query      json.RawMessage `json:"query"`
	}
	for range 3 {
		if err := decode(raw, &v); err != nil {
			return agency.Query{}, err
		}
		switch {
		case len(v.Query) > 0:
			if v.Collection != "" && !slices.Contains([]string{"Person", "Member", "person", "member"}, v.Collection) {
				return agency.Query{}, errors.New("the collection is not served")
			}
			return n.clause(v.Query, 0)
		case len(v.Expression) > 0:
			raw = v.Expression
		case len(v.Value) > 0:
			raw = v.Value
		default:
			return agency.Query{}, errors.New("the expression has no query")
		}
		v.Expression, v.Value, v.Query, v.Collection = nil, nil, nil, ""
	}
	return agency.Query{}, errors.New("the expression has no query")
}

func (n names) clause(raw json.RawMessage, depth int) (agency.Query, error) {
	all := agency.Query{Join: "and"}
	if depth > 3 {
		return all, errors.New("the expression is too deep")
	}
	var fields map[string]json.RawMessage
	if err := decode(raw, &fields); err != nil {
		return all, err
	}
	for _, word := range slices.Sorted(maps.Keys(fields)) {
		if word == "$and" || word == "$or" {
			var list []json.RawMessage
			if err := decode(fields[word], &list); err != nil {
				return all, err
			}
			joined := agency.Query{Join: word[1:]}
			for _, one := range list {
				part, err := n.clause(one, depth+1)
				if err != nil {
					return all, err
				}
				joined.Parts = append(joined.Parts, part)
			}
			all.Parts = append(all.Parts, joined)
			continue
		}
		a, err := n.get(word)
		if err != nil {
			return all, err
		}
		parts, err := conditions(a, fields[word])
		if err != nil {
			return all, err
		}
		all.Parts = append(all.Parts, parts...)
	}
	if len(all.Parts) == 1 {
		return all.Parts[0], nil
	}
	return all, nil
}

func conditions(a civic.Attribute, raw json.RawMessage) (out []agency.Query, err error) {
	var ops map[string]json.RawMessage
	if err := decode(raw, &ops); err != nil { // field: value
		v, err := scalar(raw)
		return []agency.Query{{Attribute: a, Op: agency.Equal, Values: []string{v}}}, err
	}
	if len(ops) == 0 {
		return nil, errors.New("a field has no condition")
	}
	known := map[string]agency.Operator{"$eq": agency.Equal, "$lt": agency.Less, "$lte": agency.LessEq, "$gt": agency.Greater, "$gte": agency.GreaterEq, "$in": agency.In}
	for _, word := range slices.Sorted(maps.Keys(ops)) {
		op, ok := known[word]
		if !ok {
			return nil, errors.New("an operator is not known")
		}
		q := agency.Query{Attribute: a, Op: op}
		if q.Values, err = scalars(ops[word]); err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, nil
}
