package places

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/server/tabular"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/places"
)

// Columns names the columns of a table of places; empty ones are found by
// their usual names.
type Columns struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Parent string `json:"parent"`
	Kind   string `json:"kind"`
	Other  string `json:"other"` // other names, parted by ; or |
	Lat    string `json:"lat"`
	Lon    string `json:"lon"`
	// Levels are columns with names of places around, the largest first, where a
	// table names them instead of giving the code of a parent.
	Levels []Level `json:"levels"`
	// All is the kind of every row, where no column tells it.
	All string `json:"all"`
}

// Level is a column that names a place around.
type Level struct {
	Kind   string `json:"kind"`
	Column string `json:"column"`
	// Digits is how many signs of the code name the place; found out when 0.
	Digits int `json:"digits"`
}

// Usual names of columns, in small letters.
var usual = map[string][]string{
	"code":   {"code", "clave", "cvegeo", "cve_geo", "cve", "codigo", "código", "id", "place_code"},
	"name":   {"name", "nombre", "nom_loc", "label", "nom", "place"},
	"parent": {"parent", "parent_code", "padre", "clave_padre"},
	"kind":   {"kind", "tipo", "nivel", "level", "type"},
	"other":  {"other", "otros", "otros_nombres", "alternative", "alternative_names", "alias", "aliases", "nombre_originario"},
	"lat":    {"lat", "latitude", "latitud", "lat_decimal"},
	"lon":    {"lon", "lng", "longitude", "longitud", "lon_decimal"},
}

// usualLevels are columns that name levels, the largest first.
var usualLevels = []struct {
	kind  string
	names []string
}{
	{"state", []string{"state", "entidad", "estado", "nom_ent", "province"}},
	{"municipality", []string{"municipality", "municipio", "nom_mun", "district"}},
	{"locality", []string{"locality", "localidad", "nom_loc", "town", "village"}},
}

// Report says what was made of tables.
type Report struct {
	Rows    int `json:"rows"`
	Around  int `json:"around"`  // places that were only named by those in them
	Orphans int `json:"orphans"` // whose parent is in no table
}

// ReadTables reads the places of one or more files, each with the same map or,
// where that is empty, by the usual names of columns.
func ReadTables(files []string, c Columns) ([]places.Place, Report, error) {
	var all []places.Place
	var report Report
	at := map[string]int{}
	for _, file := range files {
		list, n, err := readTable(file, c)
		if err != nil {
			return nil, report, err
		}
		report.Rows += n
		for i, p := range list {
			if j, known := at[p.Code]; known {
				if i < n && (all[j].Parent == "" || p.Parent != "") { // a row of its own beats a name in passing
					all[j] = p
				}
				continue
			}
			at[p.Code] = len(all)
			all = append(all, p)
			if i >= n {
				report.Around++
			}
		}
	}
	for i := range all {
		if _, ok := at[all[i].Parent]; all[i].Parent != "" && !ok {
			all[i].Parent = ""
			report.Orphans++
		}
	}
	return all, report, nil
}

// readTable gives the rows of a file, then the places around that its levels
// name; n counts the rows.
func readTable(file string, c Columns) (list []places.Place, n int, err error) {
	t, err := tabular.Open(file)
	if err != nil {
		return nil, 0, err
	}
	defer t.Close()
	s, err := find(t, c, file)
	if err != nil {
		return nil, 0, err
	}
	seen := map[string]bool{}
	var levels [][]string // of each row, the names around
	for {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, 0, civic.NewProblem(civic.PlacesRefused, err, filepath.Base(file), fmt.Sprintf("row %d cannot be read", t.Number))
		}
		p := s.place(t, row)
		if p.Code == "" || p.Name == "" {
			return nil, 0, civic.NewProblem(civic.PlacesRefused, nil, filepath.Base(file), fmt.Sprintf("row %d lacks its code or its name", t.Number))
		}
		if seen[p.Code] {
			return nil, 0, civic.NewProblem(civic.PlacesRefused, nil, p.Code, "the code stands there twice")
		}
		if len(list) >= places.MaxPlaces {
			return nil, 0, civic.NewProblem(civic.PlacesRefused, nil, filepath.Base(file), "there are more places than a kit can hold")
		}
		seen[p.Code] = true
		list = append(list, p)
		if len(s.levels) > 0 {
			names := make([]string, len(s.levels))
			for i, l := range s.levels {
				names[i] = t.Cell(row, l.Column)
			}
			levels = append(levels, names)
		}
	}
	if len(list) == 0 {
		return nil, 0, civic.NewProblem(civic.ImportEmpty, nil)
	}
	return around(list, levels, s.levels), len(list), nil
}

// sheet is a table whose columns are known.
type sheet struct {
	Columns
	levels  []Level  // around the row's own
	parents []string // columns with codes of places around
}

func find(t *tabular.Table, c Columns, file string) (sheet, error) {
	s := sheet{Columns: c}
	head := map[string]string{}
	for _, h := range t.Head() {
		if _, twice := head[strings.ToLower(h)]; !twice {
			head[strings.ToLower(h)] = h
		}
	}
	pick := func(into *string, what string) {
		for _, name := range usual[what] {
			if *into == "" && head[name] != "" {
				*into = head[name]
			}
		}
	}
	pick(&s.Code, "code")
	pick(&s.Parent, "parent")
	pick(&s.Kind, "kind")
	pick(&s.Other, "other")
	pick(&s.Lat, "lat")
	pick(&s.Lon, "lon")
	s.levels = c.Levels
	if s.Name == "" && len(c.Levels) == 0 && s.Parent == "" {
		for _, l := range usualLevels {
			for _, name := range l.names {
				if head[name] != "" && head[name] != s.Code {
					s.levels = append(s.levels, Level{Kind: l.kind, Column: head[name]})
					break
				}
			}
		}
	}
	pick(&s.Name, "name")
	if s.Name == "" && len(s.levels) > 0 { // the smallest level is the row itself
		own := s.levels[len(s.levels)-1]
		s.Name, s.levels = own.Column, s.levels[:len(s.levels)-1]
		if s.All == "" && s.Kind == "" {
			s.All = own.Kind
		}
	}
	for _, h := range t.Head() {
		low := strings.ToLower(h)
		if h != s.Code && s.Parent == "" && (strings.HasSuffix(low, "code") || strings.HasPrefix(low, "cve_") || strings.HasPrefix(low, "clave_")) {
			s.parents = append(s.parents, h)
		}
	}
	for what, name := range map[string]string{"code": s.Code, "name": s.Name} {
		if name == "" || !t.Has(name) {
			return s, civic.NewProblem(civic.ColumnsUnknown, nil, what)
		}
	}
	for _, name := range []string{s.Parent, s.Kind, s.Other, s.Lat, s.Lon} {
		if name != "" && !t.Has(name) {
			return s, civic.NewProblem(civic.ColumnsUnknown, nil, name)
		}
	}
	if s.All == "" && s.Kind == "" { // cn_streets.csv lists streets
		stem := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		s.All = strings.ToLower(stem[strings.LastIndexAny(stem, "_-")+1:])
	}
	return s, nil
}

func (s *sheet) place(t *tabular.Table, row []string) places.Place {
	p := places.Place{Code: t.Cell(row, s.Code), Name: t.Cell(row, s.Name), Kind: s.All}
	if s.Kind != "" {
		p.Kind = t.Cell(row, s.Kind)
	}
	if s.Parent != "" {
		p.Parent = t.Cell(row, s.Parent)
	}
	for _, name := range s.parents { // the nearest has the longest code
		if v := t.Cell(row, name); len(v) > len(p.Parent) && v != p.Code {
			p.Parent = v
		}
	}
	for _, o := range strings.FieldsFunc(t.Cell(row, s.Other), func(r rune) bool { return r == ';' || r == '|' }) {
		if o = strings.TrimSpace(o); o != "" && o != p.Name && !slices.Contains(p.Other, o) && len(p.Other) < places.MaxOther {
			p.Other = append(p.Other, o)
		}
	}
	lat, latErr := strconv.ParseFloat(t.Cell(row, s.Lat), 64)
	lon, lonErr := strconv.ParseFloat(t.Cell(row, s.Lon), 64)
	if latErr == nil && lonErr == nil {
		p.Lat, p.Lon, p.Located = lat, lon, true
	}
	return p
}

// around makes places of the levels that rows only name, and puts the rows into
// them. A level's code is the beginning of its rows' codes where that names it,
// else it is made of the names.
func around(list []places.Place, names [][]string, levels []Level) []places.Place {
	rows := len(list)
	if len(levels) == 0 {
		return list
	}
	known := map[string]bool{}
	for _, p := range list {
		known[p.Code] = true
	}
	codes := make([]string, rows)
	above := 0
	for depth, l := range levels {
		digits := l.Digits
		if digits == 0 {
			digits = telling(list[:rows], names, depth, above)
		}
		above = max(above, digits)
		for i := range rows {
			if names[i][depth] == "" {
				continue
			}
			code := strings.ToLower(strings.Join(names[i][:depth+1], "/"))
			if digits > 0 && len(list[i].Code) > digits {
				code = list[i].Code[:digits]
			}
			if !known[code] {
				known[code] = true
				list = append(list, places.Place{Code: code, Name: names[i][depth], Parent: codes[i], Kind: l.Kind})
			}
			codes[i] = code
		}
	}
	for i := range rows {
		if list[i].Code != codes[i] {
			list[i].Parent = codes[i]
		}
	}
	return list
}

// telling is how many signs of the code name the places of a level, 0 when no
// beginning of it does: the same beginning, the same names, and the other way
// round. It is longer than that of the level above. Where several would do, two
// signs and five are tried first: few lists are long enough to tell 2 from 20.
func telling(list []places.Place, names [][]string, depth, above int) int {
	shortest := len(list[0].Code)
	for _, p := range list {
		shortest = min(shortest, len(p.Code))
	}
	lengths := []int{2, 5}
	for n := 1; n < shortest; n++ {
		lengths = append(lengths, n)
	}
next:
	for _, n := range lengths {
		if n <= above || n >= shortest {
			continue
		}
		name, code := map[string]string{}, map[string]string{}
		for i, p := range list {
			path := strings.Join(names[i][:depth+1], "\x00")
			head := p.Code[:n]
			if was, ok := name[head]; ok && was != path {
				continue next
			}
			if was, ok := code[path]; ok && was != head {
				continue next
			}
			name[head], code[path] = path, head
		}
		return n
	}
	return 0
}
