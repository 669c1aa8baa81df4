// Package assets embeds what ships inside both programs: forms, fonts, icons
// and translations. Folders are data: add a file and it is there.
package assets
