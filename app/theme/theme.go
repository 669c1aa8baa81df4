// Package theme is how the app looks: three palettes (light for the sun, dark,
// high contrast), one accent colour, three sizes of text that grow together up
// to one and a half, and targets a thumb can hit.
//
// [New] makes a theme from a [Look]; set it on the Fyne app again after each
// change. Colours that Fyne has no name for, those of a registration's state
// among them, are named by [Tone]. Drawings come from [Icon].
package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	base "fyne.io/fyne/v2/theme"
)

// Palette is one set of colours.
type Palette string

// The palettes an officer can choose from.
const (
	Light    Palette = "light"
	Dark     Palette = "dark"
	Contrast Palette = "contrast"
)

// Palettes lists them in the order they are offered.
func Palettes() []Palette { return []Palette{Light, Dark, Contrast} }

// Scales lists the sizes of text that are offered.
func Scales() []float32 { return []float32{1, 1.25, 1.5} }

// Target is the least height and width of anything to press, in Fyne's units.
const Target float32 = 48

// Gap is the distance between two things to press.
const Gap float32 = 8

// Names of sizes beside Fyne's own: a line that explains, a heading.
const (
	SizeText    = base.SizeNameText
	SizeHeading = base.SizeNameSubHeadingText
	SizeTitle   = base.SizeNameHeadingText
)

// Look is what an officer can choose.
type Look struct {
	Palette Palette
	Scale   float32 // of text, 1 to 1.5
}

// Theme is a Fyne theme with the kit's looks. It does not change after New.
type Theme struct {
	look   Look
	colors map[fyne.ThemeColorName]color.Color
	base   fyne.Theme
}

// New makes the theme for a look; values out of range are brought into it.
func New(l Look) *Theme {
	p, ok := palettes[l.Palette]
	if !ok {
		l.Palette, p = Light, palettes[Light]
	}
	l.Scale = min(max(l.Scale, 1), 1.5)
	return &Theme{look: l, colors: p.colors(), base: base.DefaultTheme()}
}

// Look is what the theme was made from.
func (t *Theme) Look() Look { return t.look }

// Color implements fyne.Theme. The system's own dark mode does not count: a
// tablet in the sun stays light until the officer says otherwise.
func (t *Theme) Color(n fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	if c, ok := t.colors[n]; ok {
		return c
	}
	variant := base.VariantLight
	if t.look.Palette == Dark {
		variant = base.VariantDark
	}
	return t.base.Color(n, variant)
}

// Font implements fyne.Theme: one typeface, Noto Sans, as Fyne ships it.
func (t *Theme) Font(s fyne.TextStyle) fyne.Resource { return t.base.Font(s) }

// Icon implements fyne.Theme.
func (t *Theme) Icon(n fyne.ThemeIconName) fyne.Resource { return t.base.Icon(n) }

// Size implements fyne.Theme.
func (t *Theme) Size(n fyne.ThemeSizeName) float32 {
	switch n {
	case base.SizeNameText, base.SizeNameCaptionText:
		return 16 * t.look.Scale
	case base.SizeNameSubHeadingText:
		return 20 * t.look.Scale
	case base.SizeNameHeadingText:
		return 26 * t.look.Scale
	case base.SizeNameInlineIcon:
		return 22 * t.look.Scale
	case base.SizeNameInnerPadding:
		return 14 // with a line of text at scale 1: a field of at least Target
	case base.SizeNamePadding:
		return 4
	case base.SizeNameInputBorder:
		if t.look.Palette == Contrast {
			return 3
		}
		return 1.5
	case base.SizeNameInputRadius, base.SizeNameSelectionRadius, base.SizeNameButtonRadius:
		return 6
	case base.SizeNameScrollBar:
		return 14
	case base.SizeNameScrollBarSmall:
		return 5
	}
	return t.base.Size(n)
}

// Of finds the kit's theme among the app's settings; before it is set, as in a
// test of one widget, it is the light one.
func Of(a fyne.App) *Theme {
	if a != nil {
		if t, ok := a.Settings().Theme().(*Theme); ok {
			return t
		}
	}
	return New(Look{})
}
