package screen

import (
	"strconv"

	"github.com/askonce/fieldkit/app/camera"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
)

// camerasPage chooses which camera is read; what is chosen holds at once and is
// remembered. A source may also be typed, for hardware that the list misses.
type camerasPage struct {
	asked   bool
	sources []camera.Source
	typed   string
	err     error
}

func (p *camerasPage) name() string { return "cameras" }

func (p *camerasPage) build(s *Shell) view {
	say := s.c.Words.Say
	body := column(widget.NewText(say("cameras.intro")))
	if p.err != nil {
		body.Add(s.problemOf(p.err))
	}
	chosen := s.look().Camera
	list := part()
	offer := func(name, title, words, source string) {
		var badge *widget.Badge
		if source == chosen {
			badge = widget.NewBadge(theme.Settled, theme.IconCheck, say("media.chosen"))
		}
		l := widget.NewLine(s.hands, title, words, badge, func() {
			s.remember(func(l *Look) { l.Camera = source })
			p.typed, p.err = "", nil
			s.rebuild()
		})
		s.mark(name, l)
		list.Add(l)
	}
	offer("cameras.first", say("cameras.first"), say("cameras.first.line"), "")
	listed := chosen == ""
	for i, c := range p.sources {
		offer("cameras."+strconv.Itoa(i), c.Name, c.Input, c.String())
		listed = listed || c.String() == chosen
	}
	if !listed {
		offer("cameras.typed", chosen, say("cameras.typed.line"), chosen)
	}
	body.Add(list)
	f := s.field("cameras.source", &p.typed)
	f.SetPlaceHolder("v4l2:/dev/video0")
	try := func() {
		if p.typed != "" {
			source, err := camera.ParseSource(p.typed)
			if p.err = err; err != nil {
				s.rebuild()
				return
			}
			s.remember(func(l *Look) { l.Camera = source.String() })
			p.typed = ""
		}
		s.open(&livePage{title: say("cameras.title")})
	}
	f.Next = try
	body.Add(labelled(say("cameras.source"), f))
	return view{title: say("cameras.title"), body: body, shown: func() { p.list(s) },
		main: &action{name: "cameras.try", icon: theme.IconPhoto, words: say("cameras.try"), do: try}}
}

// list asks for the cameras once, beside the window: a program has to be asked.
func (p *camerasPage) list(s *Shell) {
	if p.asked || s.c.Camera == nil {
		return
	}
	p.asked = true
	s.c.Work(func() {
		all, err := s.c.Camera.List(s.ctx)
		s.c.Do(func() {
			p.sources = all
			if s.look().Camera == "" {
				p.err = err
			}
			if s.isCurrent(p) {
				s.rebuild()
			}
		})
	})
}
