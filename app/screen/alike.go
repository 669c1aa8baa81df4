package screen

import (
	"strings"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// identifying are the attributes that may tell that a new person is known.
var identifying = map[civic.Attribute]bool{"given_name": true, "surname": true, "second_surname": true, "full_name": true, "birth_date": true}

// warn says when the new person resembles one this kit knows, so that nobody is
// asked twice, nor registered twice. It is a hint; the officer goes on as he
// thinks right.
func (p *interviewPage) warn() {
	p.alike.Objects = nil
	if who, ok := p.resembling(); ok {
		s := p.s
		words := who.Name
		if who.BirthDate != "" {
			words += " · " + s.c.Words.DateValue(who.BirthDate)
		}
		same := widget.NewButton(s.hands, widget.Ordinary, theme.IconPerson, s.c.Words.Say("alike.same"), "", func() { p.same(who) })
		s.mark("alike", same)
		p.alike.Add(widget.NewPanel(theme.Known, theme.IconPerson, widget.NewStrong(s.c.Words.Say("alike.known")), widget.NewText(words), same))
	}
	p.alike.Hidden = len(p.alike.Objects) == 0
	p.alike.Refresh()
	p.s.grown()
}

// resembling finds a known person of the same names whose birth does not speak
// against it. Of somebody chosen as known nothing is said.
func (p *interviewPage) resembling() (kit.Person, bool) {
	if len(p.iv.Draft().People) > 0 {
		return kit.Person{}, false
	}
	said := map[civic.Attribute]string{}
	for _, a := range p.iv.Answers() {
		if q, ok := p.iv.Form().Question(a.Path); ok && q.Subject == "" && identifying[q.Attribute] && a.Absent == civic.Present {
			said[q.Attribute] = strings.TrimSpace(a.Value)
		}
	}
	if (said["given_name"] == "" || said["surname"] == "") && said["full_name"] == "" {
		return kit.Person{}, false
	}
	found, err := p.s.c.Kit.Search(p.s.ctx, strings.TrimSpace(said["full_name"]+" "+said["given_name"]+" "+said["surname"]), mostFound)
	if err != nil {
		return kit.Person{}, false
	}
	for _, who := range found {
		if hasWords(who.Name, said["full_name"], said["given_name"], said["surname"], said["second_surname"]) && sameYear(who.BirthDate, said["birth_date"]) {
			return who, true
		}
	}
	return kit.Person{}, false
}

// hasWords tells whether a name has every word of the parts.
func hasWords(name string, parts ...string) bool {
	words := " " + fold(name) + " "
	for _, w := range strings.Fields(fold(strings.Join(parts, " "))) {
		if !strings.Contains(words, " "+w+" ") {
			return false
		}
	}
	return true
}

// sameYear tells whether two dates can be of one year; an unknown one can.
func sameYear(a, b string) bool {
	x, errX := civic.ParseDate(a)
	y, errY := civic.ParseDate(b)
	return errX != nil || errY != nil || x.Year == y.Year
}

// same goes on with the known person: this interview is thrown away, with a way
// back.
func (p *interviewPage) same(who kit.Person) {
	s, id := p.s, p.iv.ID()
	if err := s.c.Kit.Discard(s.ctx, id); err != nil {
		s.fail(err)
		return
	}
	s.home()
	s.services(&someone{ref: capture.Ref{Registration: who.Registration, Subject: who.Subject}, name: who.Name, born: who.BirthDate})
	s.tell(s.c.Words.Say("alike.took", who.Name), func() {
		if err := s.c.Kit.Restore(s.ctx, id); err != nil {
			s.fail(err)
			return
		}
		s.home()
		s.resume(id)
	})
}
