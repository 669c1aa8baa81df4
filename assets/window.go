package assets

import "embed"

// Translations holds one JSON file a language, named by its BCP 47 code; the
// notes for translators stand in each file.
//
//go:embed translations/*.json
var Translations embed.FS

// Icons holds the app's own drawings, 24 by 24, filled shapes only so that the
// theme can colour them.
//
//go:embed icons/*.svg
var Icons embed.FS

// Fonts holds the typefaces of printed pages; the window has the same built in.
// Licence: fonts/OFL.txt.
//
//go:embed fonts/*.ttf fonts/OFL.txt
var Fonts embed.FS
