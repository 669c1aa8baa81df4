// Package assets embeds what ships inside both programs: forms, fonts, icons
// and translations. Folders are data: add a file and it is there.
package assets

import "embed"

// Forms holds the workbooks of the forms that ship with the programs.
//
//go:embed forms
var Forms embed.FS
