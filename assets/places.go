package assets

import _ "embed"

// Places is a small sample of invented places; places/README.md tells its
// columns.
//
//go:embed places/places.csv
var Places []byte

// Events is a sample of the calendar of events; events/README.md tells its
// columns.
//
//go:embed events/events.csv
var Events []byte
