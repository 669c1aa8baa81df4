package govstack

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/civic"
)

func (c *call) list() (any, error) {
	q := c.r.URL.Query()
	record := map[string]any{}
	for name, values := range q {
		if field, ok := strings.CutPrefix(name, "query."); ok {
			record[field] = values[0]
		}
	}
	if f := q.Get("filter"); f != "" && q.Get("search") != "" {
		record[f] = q.Get("search")
	}
	s, err := c.search(record)
	if err != nil {
		return nil, err
	}
	s.PageSize = 10
	for name, into := range map[string]*int{"page": &s.Page, "page_size": &s.PageSize} {
		if text := q.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > 1<<20 || name == "page_size" && n > agency.MaxPage {
				return nil, refusal{http.StatusBadRequest, "page_invalid", false}
			}
			*into = n
		}
	}
	if order := q.Get("ordering"); order != "" {
		s.Sort, s.Descending = "birth_date", order == "descending"
	}
	found, err := c.find(s)
	if err != nil {
		return nil, err
	}
	results := []any{}
	for i := range found.Looks {
		one, err := c.record(&found.Looks[i])
		if err != nil {
			return nil, err
		}
		results = append(results, one)
	}
	out := map[string]any{"count": found.Total, "results": results}
	page := func(n int) string {
		u := *c.r.URL
		v, _ := url.ParseQuery(u.RawQuery) // it was parsed before
		v.Set("page", strconv.Itoa(n))
		u.RawQuery = v.Encode()
		return u.RequestURI()
	}
	if s.Page*s.PageSize < found.Total {
		out["next"] = page(s.Page + 1)
	}
	if s.Page > 1 {
		out["previous"] = page(s.Page - 1)
	}
	return out, nil
}

func (c *call) exists() (any, error) {
	_, s, err := c.sought()
	if err != nil {
		return nil, err
	}
	s.Preview = true // nothing but yes or no is told
	found, err := c.find(s)
	if err != nil {
		return nil, err
	}
	message := "Object found from database"
	if found.Total == 0 {
		message = "Object not found from database"
	}
	return map[string]any{"answer": map[string]any{"status": found.Total > 0, "message": message}}, nil
}

func (c *call) read() (any, error) {
	b, err := c.body()
	if err != nil {
		return nil, err
	}
	l, err := c.only(b.Query.Content, true)
	if err != nil {
		return nil, err
	}
	one, err := c.record(l)
	return map[string]any{"content": one}, err
}

// only finds the one person a record names; told says that its values go out.
func (c *call) only(record map[string]any, told bool) (*share.Look, error) {
	s, err := c.search(record)
	if err != nil {
		return nil, err
	}
	s.Preview = !told
	found, err := c.find(s)
	switch {
	case err != nil:
		return nil, err
	case found.Total == 0:
		return nil, refusal{http.StatusNotFound, civic.PersonAbsent, true}
	case found.Total > 1:
		return nil, refusal{http.StatusBadRequest, "too_many", true}
	}
	return &found.Looks[0], nil
}

func (c *call) readValue() (any, error) {
	field, ext, dotted := strings.Cut(c.r.PathValue("field"), ".")
	name := civic.Attribute(field)
	if _, ok := c.Share.Dictionary.Get(name); !ok || dotted && ext != "json" {
		return nil, refusal{http.StatusBadRequest, "field_unknown", false}
	}
	s, err := c.byID(agency.Search{Ask: c.ask, Page: 1, PageSize: 1}, c.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	s.Ask.Fields = []civic.Attribute{name}
	found, err := c.find(s)
	if err != nil {
		return nil, err
	}
	if found.Total == 0 {
		return nil, refusal{http.StatusNotFound, civic.PersonAbsent, true}
	}
	v, ok := found.Looks[0].Value(name)
	if !ok {
		return nil, refusal{http.StatusNotFound, "field_absent", true}
	}
	return map[string]any{"value": v.Value}, nil
}
