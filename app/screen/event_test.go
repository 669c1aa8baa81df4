package screen

import (
	"testing"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// at opens an interview and walks to a question.
func (d *desk) at(path string) *row {
	d.t.Helper()
	d.key(fyne.KeyF2, fyne.KeyReturn)
	d.wantPage("interview")
	p := d.current().(*interviewPage)
	for _, section := range p.iv.Sections("es") {
		for _, item := range section.Items {
			if item.Path == path {
				p.goTo = path
				p.turn(section.Path)
			}
		}
	}
	for _, r := range d.current().(*interviewPage).rows {
		if r.item.Path == path {
			return r
		}
	}
	d.t.Fatalf("no question %s on the page", path)
	return nil
}

// Who knows only an age, or what happened in the year, is asked for that.
func TestDateByAgeAndByEvent(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "es"})
	r := d.at("mother/birth_date")
	r.event()
	d.wantPage("event")
	d.write("60")
	d.key(fyne.KeyReturn)
	d.wantPage("interview")
	a := d.current().(*interviewPage).iv.State("mother/birth_date").Answer
	if want := d.c.Clock().Year() - 60; a.Value != (civic.Date{Year: want, Estimated: true}).String() || a.Stated != "como 60 años" {
		t.Errorf("about 60 is kept as %+v", a)
	}
	d.at2("mother/birth_date").event()
	d.wantPage("event")
	p := d.current().(*eventPage)
	p.typed = "SEQUIA"
	p.fill()
	if len(p.list.Objects) != 1 {
		t.Fatalf("%d events fit", len(p.list.Objects))
	}
	p.take(civic.Answer{Value: p.events[1].Date().String(), Stated: p.events[1].Say("es")})
	d.wantPage("interview")
	if a := d.current().(*interviewPage).iv.State("mother/birth_date").Answer; a.Value != "1971~" || a.Stated != "La sequía" {
		t.Errorf("the drought is kept as %+v", a)
	}
}

// at2 finds a question on the page shown.
func (d *desk) at2(path string) *row {
	d.t.Helper()
	for _, r := range d.current().(*interviewPage).rows {
		if r.item.Path == path {
			return r
		}
	}
	d.t.Fatalf("no question %s on the page", path)
	return nil
}

// The review tells what is doubtful about who vouches, and goes on.
func TestDoubtsAreToldAtReview(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "es"}, func(k *fakeKit) { k.doubts = []kit.Alert{{Code: civic.IntroducerLimit}} })
	d.key(fyne.KeyF2, fyne.KeyReturn)
	d.wantPage("interview")
	d.ask(said)
	d.wantPage("review")
	if d.names["doubt.0"] == nil {
		t.Error("the doubt is not shown")
	}
}
