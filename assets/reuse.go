package assets

import "embed"

// Attributes is the attribute dictionary; attributes/README.md tells its
// columns.
//
//go:embed attributes/attributes.csv
var Attributes []byte

// Agreements holds one JSON file an agreement: which service may reuse which
// answers, why and on what basis.
//
//go:embed agreements/*.json
var Agreements embed.FS
