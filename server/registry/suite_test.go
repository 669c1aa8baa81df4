package registry_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/registry/registrytest"
	"github.com/askonce/fieldkit/sync/civic"
)

// The embedded registry keeps the contract that outside ones are held to.
func TestSuiteEmbedded(t *testing.T) {
	registrytest.Suite(t, func(t *testing.T) registrytest.House {
		db, err := ledger.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "ledger.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		e, err := registry.NewEmbedded([32]byte{9}, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		o := &registrytest.Embedded{DB: db, Registry: e}
		known := func(t *testing.T, id civic.PersonID) (out []*registry.Person) {
			err := db.View(t.Context(), func(tx ledger.Tx) (err error) {
				out, err = e.Known(context.Background(), tx, []registry.Ref{{Home: registrytest.Home, Person: id}})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		n := byte(100)
		return registrytest.House{
			Outside: o, Can: registry.CanSearch | registry.CanCreate | registry.CanUpdate,
			Add: func(t *testing.T, claims []civic.Claim) {
				n++
				c := registry.Copy{Person: civic.PersonID{n}, Key: [16]byte{n}, Active: true}
				for _, claim := range claims {
					c.Attributes = append(c.Attributes, registry.Attribute{Name: claim.Attribute, Holds: claim})
				}
				if _, err := o.Put(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			},
			Holders: func(t *testing.T, id civic.PersonID) int { return len(known(t, id)) },
			Value: func(t *testing.T, id civic.PersonID, a civic.Attribute) string {
				for _, p := range known(t, id) {
					for _, x := range registry.Fold(p) {
						if x.Name == a {
							return x.Holds.Value
						}
					}
				}
				return ""
			},
		}
	})
}
