package places_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/server/places"
	"github.com/askonce/fieldkit/sync/civic"
	list "github.com/askonce/fieldkit/sync/places"
)

func file(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func get(t testing.TB, all []list.Place, code string) list.Place {
	t.Helper()
	c, err := list.New(all)
	if err != nil {
		t.Fatal(err)
	}
	p, ok := c.Get(code)
	if !ok {
		t.Fatalf("no place %s in %v", code, all)
	}
	return p
}

func TestTablesOfPlaces(t *testing.T) {
	t.Run("names around", func(t *testing.T) {
		all, r, err := places.ReadTables([]string{file(t, "l.csv", "cvegeo,entidad,municipio,localidad,lat,lon\n"+
			"010010001,Aguascalientes,Aguascalientes,Aguascalientes,21.8,-102.2\n010020001,Aguascalientes,Asientos,Asientos,,\n020010001,Baja California,Ensenada,El Sauzal,,\n")}, places.Columns{})
		if err != nil || r.Rows != 3 || r.Around != 5 || len(all) != 8 {
			t.Fatalf("%+v %v", r, err)
		}
		p := get(t, all, "010010001")
		if p.Kind != "locality" || !p.Located || get(t, all, p.Parent).Kind != "municipality" || get(t, all, get(t, all, p.Parent).Parent).Name != "Aguascalientes" {
			t.Errorf("%+v", p)
		}
	})
	t.Run("several files with codes", func(t *testing.T) {
		all, r, err := places.ReadTables([]string{
			file(t, "cn_provinces.csv", "code,name\n11,北京市\n"), file(t, "cn_areas.csv", "code,name,cityCode,provinceCode\n110101,东城区,1101,11\n"),
			file(t, "cn_streets.csv", "code,name,areaCode,provinceCode,cityCode\n110101001,东华门街道,110101,11,1101\n")}, places.Columns{})
		if err != nil || r.Rows != 3 || r.Orphans != 1 { // the city is in no file
			t.Fatalf("%+v %v", r, err)
		}
		if p := get(t, all, "110101001"); p.Parent != "110101" || p.Kind != "streets" {
			t.Errorf("%+v", p)
		}
	})
	t.Run("a map", func(t *testing.T) {
		all, _, err := places.ReadTables([]string{file(t, "x.csv", "k|n|up|o\nA|Uno||Primero;First\nB|Dos|A|\n")}, places.Columns{Code: "k", Name: "n", Parent: "up", Other: "o", All: "town"})
		if err != nil || get(t, all, "B").Parent != "A" || len(get(t, all, "A").Other) != 2 || get(t, all, "B").Kind != "town" {
			t.Fatalf("%+v %v", all, err)
		}
	})
	for name, content := range map[string]string{"no code": "name\nA\n", "an empty name": "code,name\n1,\n", "twice": "code,name\n1,A\n1,B\n", "no rows": "code,name\n"} {
		if _, _, err := places.ReadTables([]string{file(t, "x.csv", content)}, places.Columns{}); civic.CodeOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
