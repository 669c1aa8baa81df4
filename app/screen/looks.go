package screen

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
)

// looksPage tells the citizen who looked at their data: the receipt is at hand,
// the code is theirs to type.
type looksPage struct {
	receipt string
	code    string
	looks   *kit.Looks
	err     error
	shown   reading // what can be read aloud: never the code
}

func (p *looksPage) name() string { return "looks" }

func (p *looksPage) build(s *Shell) view {
	say := s.c.Words.Say
	ask := func() { p.ask(s) }
	code := s.field("looks.code", &p.code)
	code.Password = true
	code.Next = ask
	intro := widget.NewText(say("looks.intro"))
	body := column(intro, labelled(say("looks.code"), code))
	p.shown = reading{}
	p.shown.words(intro)
	switch {
	case p.err != nil:
		body.Add(s.problemOf(p.err))
	case p.looks != nil:
		body.Add(p.found(s))
	}
	return view{title: say("looks.title"), body: body, focus: code, side: s.readable(nil, func() reading { return p.shown }),
		main: &action{name: "looks.go", icon: theme.IconPerson, words: say("looks.go"), do: ask}}
}

func (p *looksPage) ask(s *Shell) {
	if p.code == "" {
		return
	}
	code := p.code
	p.code = "" // the citizen's, not for the next one at the table
	var looks kit.Looks
	s.work(s.c.Words.Say("looks.working"), func() (err error) {
		looks, err = s.c.Kit.Looks(s.ctx, p.receipt, code)
		return err
	}, func(err error) {
		p.looks, p.err = &looks, err
		if err != nil {
			p.looks = nil
		}
		s.rebuild()
	})
}

// found are the rows, in words that can be read out.
func (p *looksPage) found(s *Shell) fyne.CanvasObject {
	words := s.c.Words
	as := "looks.asof"
	if p.looks.Offline {
		as = "looks.offline"
	}
	p.shown = reading{}
	shown := func(w *widget.Words) *widget.Words {
		p.shown.words(w)
		return w
	}
	list := column(shown(widget.NewQuiet(words.Say(as, words.Moment(p.looks.At, s.c.Clock())))))
	if len(p.looks.Rows) == 0 {
		list.Add(shown(widget.NewStrong(words.Say("looks.none"))))
	}
	for _, r := range p.looks.Rows {
		who := words.Say("looks.kind." + r.Kind)
		if r.Who != "" {
			who += " · " + r.Who
		}
		lines := []fyne.CanvasObject{shown(widget.NewStrong(words.Moment(r.At, s.c.Clock()) + " · " + who)), shown(widget.NewText(words.Say("looks.action." + r.Action)))}
		if r.Purpose != "" {
			lines = append(lines, shown(widget.NewText(words.Say("looks.purpose", string(r.Purpose)))))
		}
		if len(r.Fields) > 0 {
			names := make([]string, len(r.Fields))
			for i, f := range r.Fields {
				names[i] = strings.ReplaceAll(string(f), "_", " ")
			}
			lines = append(lines, shown(widget.NewText(words.Say("looks.fields", strings.Join(names, ", ")))))
		}
		if r.Reason != "" {
			lines = append(lines, shown(widget.NewText(words.Say("looks.reason", r.Reason))))
		}
		if r.Basis != "" {
			lines = append(lines, shown(widget.NewQuiet(r.Basis+" "+r.Agreement)))
		}
		list.Add(widget.NewPanel(theme.Known, theme.IconPerson, lines...))
	}
	if p.looks.Hidden > 0 {
		list.Add(shown(widget.NewText(words.Say("looks.hidden", strconv.Itoa(p.looks.Hidden)))))
	}
	list.Add(shown(widget.NewQuiet(words.Say("looks.object"))))
	return list
}
