package claims_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/claims"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/tabular"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
)

const (
	area  = civic.Area("mx-20-067")
	table = `folio,nombre,ap1,ap2,nacio,sexo,municipio,localidad,agua,fecha
F1,Ana María,Luna,Pech,09/04/1956,M,San Miguel,El Carrizal,tubo,2025-03-01
F2,José,Sol,Canul,1980-12-24,H,San Miguel,Río Blanco,pozo,2025-03-02
F3,Rosa,Chi,Uc,1991,M,Santa Lucía,Agua Fría,pozo,2025-03-02
`
	mapping = `{"id":"folio","given_name":["nombre"],"surname":["ap1","ap2"],"birth_date":"nacio","sex":"sexo","municipality":"municipio",
"locality":"localidad","water_source":{"column":"agua","values":{"tubo":"piped","pozo":"well"}},"date":"fecha","evidence":{"value":"document"}}`
)

type centre struct {
	t  testing.TB
	db ledger.DB
	im *claims.Importer
	e  *registry.Embedded
}

func newCentre(t testing.TB) *centre {
	t.Helper()
	db, err := ledger.Open(t.Context(), ledgertest.Place(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	e, err := registry.NewEmbedded([32]byte{1}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return time.Unix(1_790_000_000, 0) }
	return &centre{t, db, &claims.Importer{DB: db, Registry: e, Reconciler: reconcile.New(reconcile.Config{Registry: e, Clock: clock}), Key: [32]byte{1}, Clock: clock, Rand: rand.Reader, Chunk: 2}, e}
}

func dictionary(t testing.TB) *attributes.Dictionary {
	t.Helper()
	d, err := attributes.Read(assets.Attributes)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func job(t testing.TB, csv, mapped string) (claims.Job, *[]string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "table.csv")
	if err := os.WriteFile(name, []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	tab, err := tabular.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tab.Close() })
	m, err := claims.ReadMap([]byte(mapped), dictionary(t), false)
	if err != nil {
		t.Fatal(err)
	}
	refused := &[]string{}
	return claims.Job{Source: "civil-registry", Map: m, Table: tab, Area: area, Offices: []civic.Area{area}, Date: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), Actor: "test",
		Rejected: func(n int, _ []string, why string) error {
			*refused = append(*refused, fmt.Sprintf("%d %s", n, why))
			return nil
		}}, refused
}

func (c *centre) take(csv, mapped string) (claims.Result, []string) {
	c.t.Helper()
	j, refused := job(c.t, csv, mapped)
	r, err := c.im.Import(context.Background(), j)
	if err != nil {
		c.t.Fatal(err)
	}
	return r, *refused
}

func (c *centre) number(query string, args ...any) (n int) {
	c.t.Helper()
	err := c.db.View(context.Background(), func(tx ledger.Tx) error { return tx.QueryRow(context.Background(), query, args...).Scan(&n) })
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

// folded is what holds of the one person found whose given name is so.
func (c *centre) folded(given string) map[civic.Attribute]civic.Claim {
	c.t.Helper()
	ctx := context.Background()
	out := map[civic.Attribute]civic.Claim{}
	err := c.db.View(ctx, func(tx ledger.Tx) error {
		var refs []registry.Ref
		err := ledger.All(ctx, tx, func(r ledger.Row) error {
			var ref registry.Ref
			var id []byte
			err := r.Scan(&ref.Home, &id)
			ref.Person = civic.PersonID(id)
			refs = append(refs, ref)
			return err
		}, "SELECT area, person FROM registry_person WHERE state <> 3")
		if err != nil {
			return err
		}
		people, err := c.e.Known(ctx, tx, refs)
		for _, p := range people {
			all := registry.Fold(p)
			for _, a := range all {
				if a.Name == "given_name" && a.Holds.Value == given {
					for _, b := range all {
						out[b.Name] = b.Holds
					}
				}
			}
		}
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

func TestTakenOnce(t *testing.T) {
	c := newCentre(t)
	r, refused := c.take(table, mapping)
	if r.Taken != 3 || r.Fresh != 3 || len(refused) != 0 {
		t.Fatalf("%+v %v", r, refused)
	}
	ana := c.folded("Ana María")
	if ana["birth_date"].Value != "1956-04-09" || ana["sex"].Value != "female" || ana["second_surname"].Value != "Pech" || ana["water_source"].Value != "piped" ||
		ana["birth_date"].Evidence != civic.Document || ana["sex"].At.Time().Format(time.DateOnly) != "2025-03-01" {
		t.Fatalf("%+v", ana)
	}
	if rosa := c.folded("Rosa")["birth_date"]; rosa.Value != "1991" || rosa.Precision != civic.ToYear {
		t.Errorf("%+v", rosa)
	}
	again, _ := c.take(table, mapping)
	if again.Taken != 0 || again.Changed != 0 || again.Known != 3 || c.number("SELECT count(*) FROM claims_row") != 3 {
		t.Fatalf("the second time took %+v", again)
	}
	// Only counts of audit and imports grew; nothing readable lies in the rows.
	if c.number("SELECT count(*) FROM audit WHERE action = 'import_claims'") != 2 {
		t.Error("an import was not written down")
	}
}

func TestChangedRowIsANewerClaim(t *testing.T) {
	c := newCentre(t)
	c.take(table, mapping)
	r, _ := c.take(strings.Replace(table, "El Carrizal,tubo", "El Carrizal,pozo", 1), mapping)
	if r.Changed != 1 || r.Known != 2 || r.Taken != 0 || r.Linked != 1 {
		t.Fatalf("%+v", r)
	}
	if w := c.folded("Ana María")["water_source"]; w.Value != "well" {
		t.Errorf("%+v", w)
	}
	if n := c.number("SELECT count(*) FROM registry_said"); n != 4 {
		t.Errorf("%d said rows: something was overwritten", n)
	}
	// Back again is newer still.
	r, _ = c.take(table, mapping)
	if r.Changed != 1 || c.folded("Ana María")["water_source"].Value != "piped" {
		t.Errorf("%+v", r)
	}
}

func TestWithdrawn(t *testing.T) {
	ctx := context.Background()
	c := newCentre(t)
	c.take(table, mapping)
	if _, err := c.im.Withdraw(ctx, "health", "test", "", nil); civic.CodeOf(err) != civic.SourceAbsent {
		t.Fatal(err)
	}
	n, err := c.im.Withdraw(ctx, "civil-registry", "test", "a mistake", nil)
	if err != nil || n != 3 {
		t.Fatal(n, err)
	}
	if len(c.folded("Rosa")) != 0 || c.number("SELECT count(*) FROM registry_person WHERE state <> 3") != 0 || c.number("SELECT count(*) FROM registry_key") != 0 {
		t.Error("what was taken back still counts")
	}
	if c.number("SELECT count(*) FROM registry_said") != 3 {
		t.Error("something was deleted")
	}
	if r, _ := c.take(table, mapping); r.Taken != 3 || r.Fresh != 3 || len(c.folded("Rosa")) == 0 {
		t.Errorf("after that: %+v", r)
	}
	if _, err := c.im.Withdraw(ctx, "civil-registry", "test", "", nil); err != nil {
		t.Error(err)
	}
}

func TestLinkedAcrossSources(t *testing.T) {
	c := newCentre(t)
	c.take(table, mapping)
	j, _ := job(t, table, mapping)
	j.Source = "health-ministry"
	r, err := c.im.Import(context.Background(), j)
	if err != nil || r.Linked < 2 || r.Linked+r.Held != 3 {
		t.Fatalf("%+v %v", r, err)
	}
	// Taking one source back leaves the people of the other.
	if _, err := c.im.Withdraw(context.Background(), "civil-registry", "test", "", nil); err != nil {
		t.Fatal(err)
	}
	if len(c.folded("José")) == 0 {
		t.Error("the other source's people went too")
	}
}

// stopping fails at a given update, before or after it was written.
type stopping struct {
	ledger.DB
	at    int
	after bool
}

var errCut = errors.New("the power was cut")

func (s *stopping) Update(ctx context.Context, fn func(ledger.Tx) error, scope ...ledger.Scope) error {
	s.at--
	if s.at == 0 && !s.after {
		return errCut
	}
	err := s.DB.Update(ctx, fn, scope...)
	if s.at == 0 && err == nil {
		return errCut
	}
	return err
}

func TestCutAnywhereGoesOn(t *testing.T) {
	for _, after := range []bool{false, true} {
		for at := 1; at <= 4; at++ {
			c := newCentre(t)
			whole := c.im.DB
			c.im.DB = &stopping{whole, at, after}
			j, _ := job(t, table, mapping)
			if _, err := c.im.Import(context.Background(), j); !errors.Is(err, errCut) {
				t.Fatalf("at %d: %v", at, err)
			}
			c.im.DB = whole
			r, _ := c.take(table, mapping)
			if r.Taken+r.Known != 3 || r.Changed != 0 || c.number("SELECT count(*) FROM claims_row") != 3 || c.number("SELECT count(*) FROM registry_person") != 3 {
				t.Errorf("cut at %d, after %v: %+v", at, after, r)
			}
		}
	}
}

func TestRefusedRows(t *testing.T) {
	c := newCentre(t)
	r, refused := c.take(table+
		"F1,Otra,Persona,,1970-01-01,H,A,B,pozo,2025-01-01\n"+ // the id twice
		"F4,,,,,,,,pozo,2025-01-01\n"+ // nobody
		"F5,Eva,Luna,,1970-01-01,Z,A,B,pozo,2025-01-01\n"+ // sex
		"F6,Eva,Luna,,1970-01-01,H,A,B,lluvia,2025-01-01\n"+ // a value the map does not name
		"F7,Eva,Luna,,1970-01-01,H,A,B,pozo,2099-01-01\n"+ // collected in the future
		",Eva,Luna,,1970-01-01,H,A,B,pozo,2025-01-01\n"+ // no id
		"F8,Iris,Luna,,31/02/1970,H,A,B,pozo,2025-01-01\n"+ // a day the calendar lacks: taken as it was written
		"F9\n", mapping)
	if r.Taken != 4 || r.Rejected != 7 || len(refused) != 7 {
		t.Fatalf("%+v\n%s", r, strings.Join(refused, "\n"))
	}
	if iris := c.folded("Iris")["birth_date"]; iris.Value != "" || iris.Stated != "31/02/1970" {
		t.Errorf("%+v", iris)
	}
}

func TestHowTablesAreWritten(t *testing.T) {
	latin, err := charmap.Windows1252.NewEncoder().String(strings.ReplaceAll(table, ",", ";"))
	if err != nil {
		t.Fatal(err)
	}
	for name, csv := range map[string]string{
		"Latin-1 with semicolons": latin,
		"tabs, CRLF and a mark":   "\ufeff" + strings.ReplaceAll(strings.ReplaceAll(table, ",", "\t"), "\n", "\r\n"),
	} {
		c := newCentre(t)
		if r, refused := c.take(csv, mapping); r.Taken != 3 || len(c.folded("Ana María")) == 0 {
			t.Errorf("%s: %+v %v", name, r, refused)
		}
	}
}

func TestMapRefuses(t *testing.T) {
	d := dictionary(t)
	for name, m := range map[string]string{
		"no object":       `[]`,
		"nothing":         `{"id":"a"}`,
		"unknown":         `{"shoe_size":"a"}`,
		"never reused":    `{"fingerprint":"a"}`,
		"special":         `{"blood_group":"a"}`,
		"twice":           `{"surname":["a","b"],"second_surname":"c"}`,
		"too many":        `{"surname":["a","b","c"]}`,
		"both":            `{"sex":{"column":"a","value":"male"}}`,
		"an unknown word": `{"sex":{"colum":"a"}}`,
		"an odd order":    `{"birth_date":{"column":"a","date":"ddmm"}}`,
	} {
		if _, err := claims.ReadMap([]byte(m), d, false); civic.CodeOf(err) != civic.ClaimsMap {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := claims.ReadMap([]byte(`{"blood_group":"a"}`), d, true); err != nil {
		t.Error(err)
	}
	j, _ := job(t, table, `{"given_name":"nobody"}`)
	if _, err := newCentre(t).im.Import(context.Background(), j); civic.CodeOf(err) != civic.ColumnsUnknown {
		t.Error(err)
	}
}

func FuzzMap(f *testing.F) {
	f.Add([]byte(mapping))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = claims.ReadMap(b, dictionary(t), false)
	})
}
