package places

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"
)

// ReadSample reads the list that ships with the programs: code, name, parent,
// kind, other, lat, lon.
func ReadSample(b []byte) (*Catalogue, error) {
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, unreadable(err)
	}
	var list []Place
	for _, r := range rows[1:] {
		if len(r) != 7 {
			return nil, unreadable(nil)
		}
		p := Place{Code: r[0], Name: r[1], Parent: r[2], Kind: r[3]}
		if r[4] != "" {
			p.Other = strings.Split(r[4], ";")
		}
		lat, latErr := strconv.ParseFloat(r[5], 64)
		lon, lonErr := strconv.ParseFloat(r[6], 64)
		if latErr == nil && lonErr == nil {
			p.Lat, p.Lon, p.Located = lat, lon, true
		}
		list = append(list, p)
	}
	return New(list)
}
