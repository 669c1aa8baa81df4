package screen

import (
	"strconv"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/voice"
	"github.com/askonce/fieldkit/app/widget"
)

// settingsPage changes how the app speaks and looks. Each choice holds at once.
type settingsPage struct{}

func (p *settingsPage) name() string { return "settings" }

func (p *settingsPage) build(s *Shell) view {
	say := s.c.Words.Say
	pick := func(name, label, picked string, all []widget.Option, do func(string)) fyne.CanvasObject {
		c := widget.NewChoice(s.hands, all, picked)
		c.Changed = func(names []string) {
			if len(names) > 0 && names[0] != picked {
				do(names[0])
			}
		}
		s.mark("settings."+name, c)
		return labelled(label, c)
	}
	var languages, sizes, palettes []widget.Option
	for _, l := range s.c.Words.Languages() {
		languages = append(languages, widget.Option{Name: l.Code, Label: l.Name})
	}
	for i, x := range theme.Scales() {
		sizes = append(sizes, widget.Option{Name: scaleName(x), Label: say("settings.size." + strconv.Itoa(i+1))})
	}
	for _, x := range theme.Palettes() {
		palettes = append(palettes, widget.Option{Name: string(x), Label: say("settings.palette." + string(x))})
	}
	look := s.theme().Look()
	body := column(
		pick("language", say("settings.language"), s.c.Words.Language(), languages, func(v string) { s.choose(func(l *Look) { l.Language = v }) }),
		pick("size", say("settings.size"), scaleName(look.Scale), sizes, func(v string) {
			s.choose(func(l *Look) {
				for _, x := range theme.Scales() {
					if scaleName(x) == v {
						l.Scale = x
					}
				}
			})
		}),
		pick("palette", say("settings.palette"), string(look.Palette), palettes, func(v string) { s.choose(func(l *Look) { l.Palette = theme.Palette(v) }) }),
	)
	v := view{title: say("settings.title"), body: body}
	if s.c.Voice != nil {
		p.voice(s, pick, body)
		v.side = s.readable(nil, func() reading {
			var r reading
			r.add(say("aloud.sample"), nil)
			return r
		})
	}
	more := part()
	for _, x := range []struct {
		name string
		page func() page
	}{{"oversee", func() page { return &overseePage{} }}, {"day", func() page { return &dayPage{} }}, {"officers", func() page { return &officersPage{} }}, {"secret", func() page { return &secretPage{} }},
		{"sending", func() page { return &sendingPage{} }}, {"media", func() page { return &mediaPage{} }}, {"cameras", func() page { return &camerasPage{} }}} {
		l := widget.NewLine(s.hands, say(x.name+".title"), say(x.name+".line"), nil, func() { s.open(x.page()) })
		s.mark("settings."+x.name, l)
		more.Add(l)
	}
	practice := widget.NewLine(s.hands, say("practice.settings"), say("practice.settings.line"), nil, func() { s.setPractice(!s.c.Kit.Practice()) })
	s.mark("settings.practice", practice)
	more.Add(practice)
	body.Add(more)
	id := s.c.Kit.Identity()
	body.Add(widget.NewPanel(theme.Plain, "", widget.NewText(say("home.office", string(id.Office), s.kitName(id.KitName))),
		widget.NewQuiet(say("settings.kit", id.Device.String(), id.Server)), widget.NewQuiet(say("settings.version", orDash(s.c.Version)))))
	return v
}

// voice are the choices about reading aloud.
func (p *settingsPage) voice(s *Shell, pick func(name, label, picked string, all []widget.Option, do func(string)) fyne.CanvasObject, body *fyne.Container) {
	say, look := s.c.Words.Say, s.look()
	var paces []widget.Option
	for _, x := range voice.Paces() {
		paces = append(paces, widget.Option{Name: string(x), Label: say("settings.pace." + string(x))})
	}
	pace := look.Pace
	if pace == "" {
		pace = voice.Normal
	}
	by := "asked"
	if look.Aloud {
		by = "itself"
	}
	body.Add(pick("pace", say("settings.pace"), string(pace), paces, func(v string) { s.choose(func(l *Look) { l.Pace = voice.Pace(v) }) }))
	body.Add(part(pick("aloud", say("settings.aloud"), by,
		[]widget.Option{{Name: "asked", Label: say("settings.aloud.asked")}, {Name: "itself", Label: say("settings.aloud.itself")}},
		func(v string) { s.mute = false; s.choose(func(l *Look) { l.Aloud = v == "itself" }) }), widget.NewQuiet(say("settings.aloud.hint"))))
}

func scaleName(x float32) string { return strconv.FormatFloat(float64(x), 'f', 2, 32) }
