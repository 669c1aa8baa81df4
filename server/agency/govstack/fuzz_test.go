package govstack

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/attributes"
)

// Whatever comes as a record is refused, or is a flat question over the
// dictionary's attributes.
func FuzzContent(f *testing.F) {
	d, err := attributes.Read(assets.Attributes)
	if err != nil {
		f.Fatal(err)
	}
	s := &Server{Desk: &agency.Desk{Config: agency.Config{Share: &share.Share{Config: share.Config{Dictionary: d}}}}}
	for _, seed := range []string{
		`{"query":{"content":{"national_id":"1","sex":true,"birth_weight":3.5}}}`, `{"write":{"content":{"given_name":{"$ne":""}}}}`,
		`{"query":{"content":{"registry_said":"x"}}}`, `{"query":{"content":{}}}`, `{"query":null}`, `[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := &call{Server: s, got: agency.Call{Body: raw}}
		b, err := c.body()
		if err != nil {
			return
		}
		for _, name := range []string{"ID", "id", "uuid"} {
			delete(b.Query.Content, name) // those are looked up in the ledger
		}
		found, err := c.search(b.Query.Content)
		var no refusal
		if err != nil {
			if !errors.As(err, &no) {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		for _, name := range found.Query.Attributes() {
			if _, ok := d.Get(name); !ok {
				t.Fatalf("%s is not in the dictionary", name)
			}
		}
		if _, err := json.Marshal(b.Write.Content); err != nil {
			t.Fatal(err)
		}
	})
}
