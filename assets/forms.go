package assets

import "embed"

// Forms holds the form workbooks that ship with the programs: forms/NAME.xlsx,
// where NAME is the form's id.
//
//go:embed forms
var Forms embed.FS
