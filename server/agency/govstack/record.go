package govstack

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/civic"
)

// content is {query: {content}, write: {content}}.
type content struct {
	Query struct {
		Content map[string]any `json:"content"`
	} `json:"query"`
	Write struct {
		Content map[string]any `json:"content"`
	} `json:"write"`
}

func (c *call) body() (out content, err error) {
	d := json.NewDecoder(bytes.NewReader(c.got.Body))
	d.UseNumber()
	if d.Decode(&out) != nil || d.Decode(&struct{}{}) != io.EOF {
		return out, refusal{http.StatusBadRequest, civic.RequestMalformed, false}
	}
	return out, nil
}

// sought is the body of a request and the search that its query asks for.
func (c *call) sought() (b content, s agency.Search, err error) {
	if b, err = c.body(); err != nil {
		return b, s, err
	}
	s, err = c.search(b.Query.Content)
	return b, s, err
}

// maxFields bounds the fields of one record.
const maxFields = 64

// values reads the fields of a record by the dictionary's names.
func (c *call) values(record map[string]any) (map[civic.Attribute]string, error) {
	bad := refusal{http.StatusBadRequest, "query_invalid", false}
	if len(record) == 0 || len(record) > maxFields {
		return nil, bad
	}
	out := map[civic.Attribute]string{}
	for name, v := range record {
		if strings.EqualFold(name, "id") || name == "uuid" {
			continue
		}
		if _, ok := c.Share.Dictionary.Get(civic.Attribute(name)); !ok {
			return nil, bad
		}
		switch v := v.(type) {
		case string:
			out[civic.Attribute(name)] = v
		case json.Number:
			if !agency.Exact(v) {
				return nil, bad
			}
			out[civic.Attribute(name)] = v.String()
		case bool:
			out[civic.Attribute(name)] = strconv.FormatBool(v)
		default:
			return nil, bad
		}
	}
	return out, nil
}

// search makes a search of a record to look for; its id names the person alone.
func (c *call) search(record map[string]any) (agency.Search, error) {
	s := agency.Search{Ask: c.ask, Page: 1, PageSize: 1}
	for _, name := range []string{"ID", "id", "uuid"} {
		if text, ok := record[name].(string); ok {
			return c.byID(s, text)
		}
	}
	values, err := c.values(record)
	if err != nil {
		return s, err
	}
	s.Query.Join = "and"
	for name, value := range values {
		s.Query.Parts = append(s.Query.Parts, agency.Query{Attribute: name, Op: agency.Equal, Values: []string{value}})
		s.Exact = s.Exact || name == "national_id"
	}
	slices.SortFunc(s.Query.Parts, func(a, b agency.Query) int { return strings.Compare(string(a.Attribute), string(b.Attribute)) })
	if err := s.Query.Check(); err != nil {
		return s, refusal{http.StatusBadRequest, "query_invalid", false}
	}
	return s, nil
}

func (c *call) byID(s agency.Search, id string) (agency.Search, error) {
	ref, err := c.ByAlias(c.ctx, c.tx, c.got.Agency.ID, id)
	if civic.CodeOf(err) == civic.PersonAbsent {
		ref.Home = "nowhere" // nobody stands there: an empty answer, with its row
	} else if err != nil {
		return s, err
	}
	s.Ref, s.Exact = &ref, true
	return s, nil
}

// find runs a search; what the policies refuse is a refusal whose row is written.
func (c *call) find(s agency.Search) (agency.Result, error) {
	found, err := c.Find(c.ctx, c.tx, s)
	switch {
	case errors.Is(err, agency.ErrTooWide), errors.Is(err, agency.ErrTooMany):
		return found, refusal{http.StatusBadRequest, civic.Code(found.Reasons[0]), true}
	case err != nil:
		return found, err
	case len(found.Reasons) > 0 && found.Total == 0:
		return found, refusal{http.StatusForbidden, civic.Code(found.Reasons[0]), true}
	}
	return found, nil
}

// record writes what may be seen, by the dictionary's names.
func (c *call) record(l *share.Look) (map[string]any, error) {
	alias, err := c.Alias(c.ctx, c.tx, c.got.Agency.ID, l.Ref)
	out := map[string]any{"ID": alias}
	for _, v := range l.Values {
		if v.Holds.Absent == civic.Present {
			out[string(v.Name)] = v.Holds.Value
		}
	}
	return out, err
}
