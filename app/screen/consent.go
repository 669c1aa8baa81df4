package screen

import (
	"strings"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// noticeName names the words of the consent pages in records of consent.
const noticeName = "kit/consent"

// consentPage puts the choice about reuse before the citizen, in his language
// and large, and seals.
type consentPage struct {
	iv        *capture.Interview
	interview *interviewPage
	err       error
}

func (p *consentPage) name() string { return "consent" }

func (p *consentPage) build(s *Shell) view {
	say := s.c.Words.Say
	v := view{title: say("consent.title"), practice: p.iv.Draft().Practice}
	body := column()
	if p.err != nil {
		body.Add(s.problemOf(p.err))
	}
	body.Add(widget.NewLarge(say("consent.explain")))
	asks := p.iv.Consents()
	var choices []*widget.Choice
	for _, ask := range asks {
		question := say("consent.ask", s.serviceTitle(ask.Service))
		c := widget.NewChoice(s.hands, []widget.Option{{Name: "yes", Label: say("consent.yes")}, {Name: "no", Label: say("consent.no")}}, yesNo(ask.Asked, ask.Given))
		c.Changed = func(names []string) {
			chosen := civic.Consent{Service: ask.Service, Given: len(names) > 0 && names[0] == "yes"}
			s.asked(&chosen, say("consent.explain"), question, say("consent.yes"), say("consent.no"), say("consent.free"))
			if err := p.iv.SetConsent(s.ctx, chosen); err != nil {
				s.fail(err)
			}
		}
		i := len(choices)
		c.Next = func() {
			if i+1 < len(choices) {
				s.c.Window.Canvas().Focus(choices[i+1])
				return
			}
			s.c.Window.Canvas().Unfocus()
		}
		s.mark("consent:"+string(ask.Service), c)
		choices = append(choices, c)
		body.Add(part(widget.NewHeading(question), c))
	}
	body.Add(widget.NewQuiet(say("consent.free")))
	body.Add(p.told(s))
	v.body = body
	if len(choices) > 0 && !asks[0].Asked {
		v.focus = choices[0]
	}
	v.main = &action{name: "seal", icon: theme.IconLock, words: say("seal.go"), do: func() { p.seal(s) }}
	v.side = []action{{name: "offices", icon: theme.IconPerson, words: say("consent.offices"), key: fyne.KeyF6, do: func() { s.open(&officesPage{iv: p.iv}) }}}
	return v
}

// asked says with which words, in which language, a choice was put.
func (s *Shell) asked(c *civic.Consent, texts ...string) {
	c.Language = s.c.Words.Language()
	c.Notice, c.Words = noticeName, civic.NoticeDigest(noticeName, c.Language, texts...)
}

func yesNo(asked, yes bool) string {
	switch {
	case !asked:
		return ""
	case yes:
		return "yes"
	}
	return "no"
}

// told asks how the choices were explained and who made them. Both stand as is
// usual, so that nobody has to touch them.
func (p *consentPage) told(s *Shell) fyne.CanvasObject {
	say := s.c.Words.Say
	now := p.iv.Told()
	set := func() {
		if err := p.iv.SetTold(s.ctx, now); err != nil {
			s.fail(err)
		}
	}
	how := widget.NewChoice(s.hands, []widget.Option{{Name: "shown", Label: say("consent.told.shown")}, {Name: "aloud", Label: say("consent.told.aloud")}},
		map[bool]string{true: "aloud", false: "shown"}[now.ReadAloud])
	how.Changed = func(names []string) {
		now.ReadAloud = len(names) > 0 && names[0] == "aloud"
		set()
	}
	var speakers []widget.Option
	for _, by := range civic.Speakers() {
		speakers = append(speakers, widget.Option{Name: by.String(), Label: say("consent.by." + by.String())})
	}
	who := widget.NewChoice(s.hands, speakers, now.By.String())
	who.Changed = func(names []string) {
		for _, by := range civic.Speakers() {
			if len(names) > 0 && names[0] == by.String() {
				now.By = by
			}
		}
		set()
	}
	s.mark("consent.told", how)
	s.mark("consent.by", who)
	return column(labelled(say("consent.told"), how), labelled(say("consent.by"), who))
}

// serviceTitle is what a service is called in the language of the moment.
func (s *Shell) serviceTitle(id civic.ServiceID) string {
	for _, service := range s.c.Kit.Services() {
		if service.ID == id {
			return service.Title(s.c.Words.Language())
		}
	}
	return string(id)
}

func (p *consentPage) seal(s *Shell) {
	for _, ask := range p.iv.Consents() {
		if !ask.Asked {
			s.tell(s.c.Words.Say("consent.missing"), nil)
			if s.view.focus != nil {
				s.c.Window.Canvas().Focus(s.view.focus)
			}
			return
		}
	}
	var id civic.RegistrationID
	s.work(s.c.Words.Say("seal.working"), func() (err error) {
		if err = s.c.Kit.WentOn(s.ctx, p.iv, p.interview.doubts); err != nil {
			return err
		}
		id, err = s.c.Kit.Seal(s.ctx, p.iv)
		return err
	}, func(err error) {
		if p.err = err; err != nil {
			s.rebuild()
			return
		}
		s.tried(taskRegister)
		s.pages = nil
		s.pages = append(s.pages, &homePage{})
		s.open(&receiptPage{id: id, fresh: true})
		s.nudge()
	})
}

// officesPage lets the citizen choose otherwise for one agency, and shows what
// the law takes without asking.
type officesPage struct {
	iv *capture.Interview
}

func (p *officesPage) name() string { return "offices" }

func (p *officesPage) build(s *Shell) view {
	say := s.c.Words.Say
	v := view{title: say("consent.offices"), practice: p.iv.Draft().Practice}
	readers, err := s.c.Kit.Readers(s.ctx, p.iv)
	body := column()
	switch {
	case err != nil:
		body.Add(s.problemOf(err))
	case len(readers) == 0:
		body.Add(widget.NewText(say("consent.offices.none")))
	default:
		body.Add(widget.NewLarge(say("consent.offices.explain")))
	}
	for _, r := range readers {
		body.Add(p.office(s, r))
	}
	v.body = body
	v.main = &action{name: "back", icon: theme.IconForward, words: say("consent.title"), do: s.back}
	return v
}

func (p *officesPage) office(s *Shell, r capture.Reader) fyne.CanvasObject {
	say := s.c.Words.Say
	lang := s.c.Words.Language()
	purpose := r.Agreement.Purpose.Text[lang]
	if purpose == "" {
		purpose = string(r.Agreement.Purpose.Code)
	}
	question := say("consent.offices.for", r.Agreement.Controller, s.serviceTitle(r.Service), purpose)
	if !r.MayRefuse() {
		return part(widget.NewText(question), widget.NewQuiet(say("consent.offices.law")))
	}
	agency := string(r.Agreement.Agency)
	c := widget.NewChoice(s.hands, []widget.Option{{Name: "yes", Label: say("consent.offices.yes")}, {Name: "no", Label: say("consent.offices.no")}}, yesNo(r.Asked, r.Given))
	c.Loose = true // taken back, what was said for the service counts
	c.Changed = func(names []string) {
		var err error
		if len(names) == 0 {
			err = p.iv.DropConsent(s.ctx, r.Service, agency)
		} else {
			chosen := civic.Consent{Service: r.Service, Agency: agency, Given: names[0] == "yes"}
			s.asked(&chosen, say("consent.offices.explain"), question, strings.Join([]string{say("consent.offices.yes"), say("consent.offices.no")}, "\n"))
			err = p.iv.SetConsent(s.ctx, chosen)
		}
		if err != nil {
			s.fail(err)
		}
	}
	s.mark("consent.office:"+string(r.Service)+"."+agency, c)
	return part(widget.NewText(question), c)
}
