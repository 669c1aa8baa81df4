package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	base "fyne.io/fyne/v2/theme"
)

// Tone is a meaning that has a colour: where a registration is, or how much a
// message wants to be seen. Each is also told by a shape and a word, never by
// colour alone.
type Tone uint8

// The tones.
const (
	Plain     Tone = iota
	Draft          // on this kit, not finished
	Waiting        // on this kit, to be sent
	Centre         // on the centre's disk
	Settled        // decided
	Attention      // a person must look
	Known          // an answer held already, not typed now
)

// Shade is a tone's pair of colours: ink on paper.
type Shade struct{ Ink, Paper color.Color }

// Ink names the theme's colour for words and drawings in this tone.
func (n Tone) Ink() fyne.ThemeColorName { return "kitInk" + fyne.ThemeColorName(rune('0'+n)) }

// Paper names the theme's colour behind them.
func (n Tone) Paper() fyne.ThemeColorName { return "kitPaper" + fyne.ThemeColorName(rune('0'+n)) }

// palette is written by hand; a test holds every ink to a contrast of 4.5
// against its paper, 7 in the high contrast one.
type palette struct {
	paper, card, ink, quiet, line, accent, onAccent, pale, focus, bad color.Color

	tones map[Tone]Shade
}

func hex(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

func shade(ink, paper uint32) Shade { return Shade{Ink: hex(ink), Paper: hex(paper)} }

var palettes = map[Palette]palette{
	Light: {
		paper: hex(0xf6f7f8), card: hex(0xffffff), ink: hex(0x15191d), quiet: hex(0x525b63), line: hex(0x8d969e),
		accent: hex(0x0b5e8a), onAccent: hex(0xffffff), pale: hex(0xdcebf3), focus: hex(0x0b5e8a), bad: hex(0x9a3412),
		tones: map[Tone]Shade{
			Plain: shade(0x15191d, 0xffffff), Draft: shade(0x4a5258, 0xe8eaec), Waiting: shade(0x7a4a00, 0xfdf0d5),
			Centre: shade(0x0b4f76, 0xdcebf3), Settled: shade(0x14603a, 0xdcf1e4), Attention: shade(0x8c2f10, 0xfbe4da),
			Known: shade(0x4a3b7c, 0xebe7f7),
		},
	},
	Dark: {
		paper: hex(0x14181b), card: hex(0x1e2429), ink: hex(0xeef1f3), quiet: hex(0xb1bac1), line: hex(0x76828b),
		accent: hex(0x7cc4ec), onAccent: hex(0x06212f), pale: hex(0x24404f), focus: hex(0x7cc4ec), bad: hex(0xffb08f),
		tones: map[Tone]Shade{
			Plain: shade(0xeef1f3, 0x1e2429), Draft: shade(0xc6cdd2, 0x323a40), Waiting: shade(0xf7cf8b, 0x463611),
			Centre: shade(0xa5d8f3, 0x173c50), Settled: shade(0x9fdcb9, 0x143d27), Attention: shade(0xffb59a, 0x54200f),
			Known: shade(0xcfc3f5, 0x35295a),
		},
	},
	Contrast: {
		paper: hex(0xffffff), card: hex(0xffffff), ink: hex(0x000000), quiet: hex(0x1c1c1c), line: hex(0x000000),
		accent: hex(0x00337a), onAccent: hex(0xffffff), pale: hex(0xe3ecfb), focus: hex(0xb30000), bad: hex(0x8a0000),
		tones: map[Tone]Shade{
			Plain: shade(0x000000, 0xffffff), Draft: shade(0x000000, 0xffffff), Waiting: shade(0x4a2c00, 0xffffff),
			Centre: shade(0x00337a, 0xffffff), Settled: shade(0x003d1c, 0xffffff), Attention: shade(0x7a0000, 0xffffff),
			Known: shade(0x34206e, 0xffffff),
		},
	},
}

func (p palette) colors() map[fyne.ThemeColorName]color.Color {
	clear := color.NRGBA{}
	faint := func(c color.Color, alpha uint8) color.Color {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		n.A = alpha
		return n
	}
	all := map[fyne.ThemeColorName]color.Color{
		base.ColorNameBackground:          p.paper,
		base.ColorNameForeground:          p.ink,
		base.ColorNamePrimary:             p.accent,
		base.ColorNameForegroundOnPrimary: p.onAccent,
		base.ColorNameButton:              p.card,
		base.ColorNameDisabledButton:      p.paper,
		base.ColorNameDisabled:            p.quiet,
		base.ColorNamePlaceHolder:         p.quiet,
		base.ColorNameInputBackground:     p.card,
		base.ColorNameInputBorder:         p.line,
		base.ColorNameSeparator:           faint(p.line, 110),
		base.ColorNameFocus:               faint(p.focus, 60),
		base.ColorNameHover:               faint(p.accent, 26),
		base.ColorNamePressed:             faint(p.accent, 70),
		base.ColorNameSelection:           p.pale,
		base.ColorNameError:               p.bad,
		base.ColorNameWarning:             p.tones[Waiting].Ink,
		base.ColorNameSuccess:             p.tones[Settled].Ink,
		base.ColorNameHeaderBackground:    p.card,
		base.ColorNameMenuBackground:      p.card,
		base.ColorNameOverlayBackground:   p.card,
		base.ColorNameScrollBar:           faint(p.quiet, 150),
		base.ColorNameScrollBarBackground: clear,
		base.ColorNameShadow:              faint(p.ink, 40),
		ColorCard:                         p.card,
		ColorQuiet:                        p.quiet,
		ColorFocusLine:                    p.focus,
		ColorClear:                        clear,
	}
	for n, s := range p.tones {
		all[n.Ink()], all[n.Paper()] = s.Ink, s.Paper
	}
	return all
}

// Colours beside Fyne's own.
const (
	ColorCard      fyne.ThemeColorName = "kitCard"      // the paper of a question
	ColorQuiet     fyne.ThemeColorName = "kitQuiet"     // words that are not read first
	ColorClear     fyne.ThemeColorName = "kitClear"     // nothing
	ColorFocusLine fyne.ThemeColorName = "kitFocusLine" // the frame of what has the keyboard
)
