package screen

import (
	"strings"

	"fyne.io/fyne/v2/container"

	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// helpPage tells what the keys do and what the states mean.
type helpPage struct{}

func (p *helpPage) name() string { return "help" }

func (s *Shell) help() {
	if _, already := s.current().(*helpPage); !already {
		s.open(&helpPage{})
	}
}

// helpKeys are the keys explained, each with the key of its words.
var helpKeys = [][2]string{
	{"Enter", "enter"}, {"Tab", "tab"}, {"Esc", "esc"}, {"Ctrl+Enter", "ctrlenter"}, {"Ctrl+S", "ctrls"}, {"Ctrl+Z", "ctrlz"},
	{"F1", "f1"}, {"F2", "f2"}, {"F3", "f3"}, {"F4", "f4"}, {"F5", "f5"}, {"F6", "f6"}, {"F7", "f7"}, {"F8", "f8"}, {"F9", "f9"}, {"F10", "f10"},
	{"a–z  1–9", "letters"}, {"?", "unknown"}, {"a", "about"}, {"↓", "down"}, {"PgUp  PgDn", "page"},
}

var helpStates = []string{"draft", "sealed", "received", "registered", "held", "returned", "quarantined"}

func (p *helpPage) build(s *Shell) view {
	say := s.c.Words.Say
	keys := part(widget.NewHeading(say("help.keys")))
	for _, k := range helpKeys {
		keys.Add(container.New(&widget.Pair{From: 300, Share: 0.22, Gap: theme.Gap}, widget.NewStrong(k[0]), widget.NewText(say("help."+k[1]))))
	}
	states := part(widget.NewHeading(say("help.states")))
	for _, name := range helpStates {
		status, _ := civic.ParseStatus(name)
		states.Add(container.New(&widget.Pair{From: 300, Share: 0.3, Gap: theme.Gap},
			container.New(&widget.Flow{}, widget.NewStatus(status, s.c.Words.Status(status))), widget.NewText(say("status."+name+".means"))))
	}
	safe := widget.NewPanel(theme.Settled, theme.IconLock, widget.NewText(strings.TrimSpace(say("help.safe"))))
	return view{title: say("help.title"), body: column(safe, keys, states)}
}
