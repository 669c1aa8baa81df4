package theme

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	base "fyne.io/fyne/v2/theme"
	fw "fyne.io/fyne/v2/widget"

	"github.com/askonce/fieldkit/assets"
)

// contrast is the ratio of WCAG 2, 1 to 21.
func contrast(a, b color.Color) float64 {
	light := func(c color.Color) float64 {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		part := func(v uint8) float64 {
			f := float64(v) / 255
			if f <= 0.03928 {
				return f / 12.92
			}
			return math.Pow((f+0.055)/1.055, 2.4)
		}
		return 0.2126*part(n.R) + 0.7152*part(n.G) + 0.0722*part(n.B)
	}
	x, y := light(a), light(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Words can be read on their paper in every palette: 4.5 to 1, in the high
// contrast one 7 to 1, as WCAG asks.
func TestEveryInkCanBeRead(t *testing.T) {
	for _, p := range Palettes() {
		th := New(Look{Palette: p})
		least := map[Palette]float64{Light: 4.5, Dark: 4.5, Contrast: 7}[p]
		pairs := map[string][2]fyne.ThemeColorName{
			"words on the page":       {base.ColorNameForeground, base.ColorNameBackground},
			"words on a card":         {base.ColorNameForeground, ColorCard},
			"quiet words on the page": {ColorQuiet, base.ColorNameBackground},
			"quiet words on a card":   {ColorQuiet, ColorCard},
			"the main button":         {base.ColorNameForegroundOnPrimary, base.ColorNamePrimary},
			"a quiet button":          {base.ColorNamePrimary, base.ColorNameBackground},
		}
		for n := Plain; n <= Known; n++ {
			pairs["tone "+string(n.Ink())] = [2]fyne.ThemeColorName{n.Ink(), n.Paper()}
		}
		for name, pair := range pairs {
			if got := contrast(th.Color(pair[0], 0), th.Color(pair[1], 0)); got < least {
				t.Errorf("%s: %s has a contrast of %.1f, want %.1f", p, name, got, least)
			}
		}
		if got := contrast(th.Color(Attention.Ink(), 0), th.Color(base.ColorNameBackground, 0)); got < least {
			t.Errorf("%s: a message on the page has a contrast of %.1f", p, got)
		}
	}
}

func TestSizesGrowTogether(t *testing.T) {
	small, large := New(Look{Scale: 0}), New(Look{Scale: 9})
	if small.Look().Scale != 1 || large.Look().Scale != 1.5 {
		t.Errorf("scales 0 and 9 became %v and %v", small.Look().Scale, large.Look().Scale)
	}
	for _, n := range []fyne.ThemeSizeName{SizeText, SizeHeading, SizeTitle} {
		if large.Size(n) != 1.5*small.Size(n) {
			t.Errorf("%s is %v and %v", n, small.Size(n), large.Size(n))
		}
	}
	if New(Look{Palette: "no such"}).Look().Palette != Light {
		t.Error("an unknown palette is not the light one")
	}
}

// A line of text to type in is as high as a thumb needs at every size.
func TestFieldsAreTargets(t *testing.T) {
	a := test.NewTempApp(t)
	for _, scale := range Scales() {
		a.Settings().SetTheme(New(Look{Scale: scale}))
		if got := fw.NewEntry().MinSize().Height; got < Target {
			t.Errorf("at scale %v a field is %v high, want %v", scale, got, Target)
		}
	}
	if Of(a).Look().Scale != 1.5 {
		t.Errorf("the app's theme is not found: %+v", Of(a).Look())
	}
}

// icons lists every drawing the code names.
func icons() []IconName {
	return []IconName{IconApp, IconAdd, IconAloud, IconAttention, IconBack, IconCentre, IconCheck, IconDraft, IconFolder,
		IconForward, IconHelp, IconLanguage, IconLock, IconMore, IconPerson, IconPhoto, IconPrint, IconReceipt,
		IconRegister, IconRemove, IconSave, IconSearch, IconSetAside, IconSettings, IconSettled, IconStop, IconSync,
		IconUndo, IconWaiting}
}

func TestEveryIconIsDrawn(t *testing.T) {
	for _, n := range icons() {
		if Drawing(n) == nil {
			t.Errorf("there is no drawing %q", n)
		}
	}
	files, err := assets.Icons.ReadDir("icons")
	if err != nil || len(files) != len(icons()) {
		t.Errorf("there are %d drawings and %d names (%v)", len(files), len(icons()), err)
	}
	if Icon("no such") != nil {
		t.Error("a drawing came from nowhere")
	}
}
