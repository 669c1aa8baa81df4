package screen

import (
	"slices"
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
	notices   []civic.Digest // of the choices shown
}

func (p *consentPage) name() string { return "consent" }

func (p *consentPage) build(s *Shell) view {
	say := s.c.Words.Say
	v := view{title: say("consent.title"), practice: p.iv.Draft().Practice}
	body := column()
	if p.err != nil {
		body.Add(s.problemOf(p.err))
	}
	explain, free := widget.NewLarge(say("consent.explain")), widget.NewQuiet(say("consent.free"))
	body.Add(explain)
	asks := p.iv.Consents()
	var choices []*widget.Choice
	var aloud reading
	p.notices = nil
	aloud.words(explain)
	for _, ask := range asks {
		question := widget.NewHeading(say("consent.ask", s.serviceTitle(ask.Service)))
		texts := []string{explain.Text(), question.Text(), say("consent.yes"), say("consent.no"), free.Text()}
		c := widget.NewChoice(s.hands, []widget.Option{{Name: "yes", Label: say("consent.yes")}, {Name: "no", Label: say("consent.no")}}, yesNo(ask.Asked, ask.Given))
		c.Changed = func(names []string) {
			chosen := civic.Consent{Service: ask.Service, Given: len(names) > 0 && names[0] == "yes"}
			s.asked(&chosen, texts...)
			if err := p.iv.SetConsent(s.ctx, chosen); err != nil {
				s.fail(err)
			}
			p.shownTold(s)
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
		body.Add(part(question, c))
		aloud.words(question)
		aloud.add(texts[2], c)
		aloud.add(texts[3], c)
		p.notices = append(p.notices, s.notice(texts...))
	}
	aloud.words(free)
	aloud.heard = func() { s.heardOut(p.iv, "aloud.noted", p.notices); p.shownTold(s) }
	body.Add(free)
	body.Add(p.told(s))
	v.body = body
	if len(choices) > 0 && !asks[0].Asked {
		v.focus = choices[0]
	}
	v.main = &action{name: "seal", icon: theme.IconLock, words: say("seal.go"), do: func() { p.seal(s) }}
	v.side = []action{{name: "offices", icon: theme.IconPerson, words: say("consent.offices"), key: fyne.KeyF6, do: func() { s.open(&officesPage{iv: p.iv}) }}}
	v.side = s.readable(v.side, func() reading { return aloud })
	return v
}

// asked says with which words, in which language, a choice was put.
func (s *Shell) asked(c *civic.Consent, texts ...string) {
	c.Language = s.c.Words.Language()
	c.Notice, c.Words = noticeName, s.notice(texts...)
}

// notice stands for words as they are shown now, to the letter.
func (s *Shell) notice(texts ...string) civic.Digest {
	return civic.NoticeDigest(noticeName, s.c.Words.Language(), texts...)
}

// heardOut notes that the words of choices were read to their end. What was
// broken off is not noted: the officer may say by hand that he read the rest.
func (s *Shell) heardOut(iv *capture.Interview, noted string, notices []civic.Digest) {
	if err := iv.Heard(s.ctx, notices...); err != nil {
		s.fail(err)
		return
	}
	s.tell(s.c.Words.Say(noted), nil)
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
	how := widget.NewChoice(s.hands, s.howTold(), p.howNow())
	how.Changed = func(names []string) {
		if err := p.iv.SetReadAloud(s.ctx, len(names) > 0 && names[0] == "aloud"); err != nil {
			s.fail(err)
		}
	}
	var speakers []widget.Option
	for _, by := range civic.Speakers() {
		speakers = append(speakers, widget.Option{Name: by.String(), Label: say("consent.by." + by.String())})
	}
	who := widget.NewChoice(s.hands, speakers, now.By.String())
	who.Changed = func(names []string) {
		for _, by := range civic.Speakers() {
			if len(names) > 0 && names[0] == by.String() {
				if err := p.iv.SetSpeaker(s.ctx, by); err != nil {
					s.fail(err)
				}
			}
		}
	}
	s.mark("consent.told", how)
	s.mark("consent.by", who)
	return column(labelled(say("consent.told"), how), labelled(say("consent.by"), who))
}

// howTold are the ways to explain a choice.
func (s *Shell) howTold() []widget.Option {
	return []widget.Option{{Name: "shown", Label: s.c.Words.Say("consent.told.shown")}, {Name: "aloud", Label: s.c.Words.Say("consent.told.aloud")}}
}

// howNow is how the choices of this page were told, or will be that are still to
// be made.
func (p *consentPage) howNow() string {
	if p.iv.Told().ReadAloud || (p.iv.WasHeard(p.notices...) && !slices.ContainsFunc(p.iv.Consents(), func(a capture.ConsentAsk) bool { return a.Asked })) {
		return "aloud"
	}
	return "shown"
}

// shownTold shows how it is told now, after something was read or chosen.
func (p *consentPage) shownTold(s *Shell) {
	if how, ok := s.names["consent.told"].(*widget.Choice); ok {
		how.SetOptions(s.howTold(), []string{p.howNow()})
	}
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
	iv      *capture.Interview
	aloud   reading
	notices []civic.Digest // of the choices in it
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
		explain := widget.NewLarge(say("consent.offices.explain"))
		p.aloud, p.notices = reading{}, nil
		p.aloud.words(explain)
		p.aloud.heard = func() { s.heardOut(p.iv, "aloud.noted.office", p.notices) }
		body.Add(explain)
		v.side = s.readable(nil, func() reading { return p.aloud })
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
	question := widget.NewText(say("consent.offices.for", r.Agreement.Controller, s.serviceTitle(r.Service), purpose))
	p.aloud.words(question)
	if !r.MayRefuse() {
		law := widget.NewQuiet(say("consent.offices.law"))
		p.aloud.words(law)
		return part(question, law)
	}
	texts := []string{say("consent.offices.explain"), question.Text(), strings.Join([]string{say("consent.offices.yes"), say("consent.offices.no")}, "\n")}
	agency := string(r.Agreement.Agency)
	c := widget.NewChoice(s.hands, []widget.Option{{Name: "yes", Label: say("consent.offices.yes")}, {Name: "no", Label: say("consent.offices.no")}}, yesNo(r.Asked, r.Given))
	c.Loose = true // taken back, what was said for the service counts
	c.Changed = func(names []string) {
		var err error
		if len(names) == 0 {
			err = p.iv.DropConsent(s.ctx, r.Service, agency)
		} else {
			chosen := civic.Consent{Service: r.Service, Agency: agency, Given: names[0] == "yes"}
			s.asked(&chosen, texts...)
			err = p.iv.SetConsent(s.ctx, chosen)
		}
		if err != nil {
			s.fail(err)
		}
	}
	s.mark("consent.office:"+string(r.Service)+"."+agency, c)
	p.aloud.add(texts[2], c)
	p.notices = append(p.notices, s.notice(texts...))
	return part(question, c)
}
