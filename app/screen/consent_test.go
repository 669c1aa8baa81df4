package screen

import (
	"errors"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// One office is refused and the rest kept, in words that are named to the
// letter; the law's own reading is told and no choice.
func TestConsentOfficeByOffice(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	d.key(fyne.KeyF2, fyne.KeyReturn)
	d.ask(map[string]string{"child/given_name": "Ana\n", "child/sex": "f", "child/birth_date": "03112026", "mother/given_name": "Eva\n", "father/father_named": "n", "proof/informant": "1"})
	d.key(fyne.KeyReturn)
	d.wantPage("consent")
	page := d.current().(*consentPage)
	d.write("y")
	if err := errors.Join(page.iv.SetReadAloud(t.Context(), true), page.iv.SetSpeaker(t.Context(), civic.ByInterpreter)); err != nil {
		t.Fatal(err)
	}
	d.key(fyne.KeyF6)
	d.wantPage("offices")
	readers, err := d.kit.Readers(t.Context(), page.iv)
	if err != nil || len(readers) != 3 {
		t.Fatalf("%+v, %v", readers, err)
	}
	for _, r := range readers {
		_, choice := d.names["consent.office:birth."+string(r.Agreement.Agency)]
		if choice != r.MayRefuse() {
			t.Errorf("%s: a choice is offered: %t", r.Agreement.Agency, choice)
		}
	}
	d.names["consent.office:birth.health"].(*widget.Choice).Pick(1)
	d.press("back")
	d.wantPage("consent")
	d.key(fyne.KeyReturn)
	d.wantPage("receipt")
	var all, health *civic.Consent
	for i, c := range d.kit.sealed[0].consent {
		switch c.Agency {
		case "":
			all = &d.kit.sealed[0].consent[i]
		case "health":
			health = &d.kit.sealed[0].consent[i]
		}
	}
	if all == nil || health == nil || len(d.kit.sealed[0].consent) != 2 || !all.Given || health.Given {
		t.Fatalf("%+v", d.kit.sealed[0].consent)
	}
	for _, c := range []*civic.Consent{all, health} {
		if c.Notice != noticeName || c.Words.IsZero() || c.Language != "en" || !c.ReadAloud || c.By != civic.ByInterpreter {
			t.Errorf("%+v", *c)
		}
	}
	if all.Words == health.Words {
		t.Error("other words have the same digest")
	}
}
