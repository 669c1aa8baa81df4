package screen

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

func around(k *fakeKit) {
	k.around = kit.Person{Name: "Rosalía Quiahua Paz", BirthDate: "1994", Place: "Santa Ana", Person: civic.PersonID{7}, Registration: civic.RegistrationID{7}, Status: civic.Registered, District: true}
	k.district = kit.District{Present: true, People: 2, Made: noon.Add(-time.Hour), Next: noon.Add(time.Hour), LeftOut: 3}
}

// Somebody of the district is found by name, and opens with a receipt only
// after a wrong one was refused.
func TestOpenByReceipt(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"}, around)
	d.key(fyne.KeyF2)
	d.write("Rosalía")
	d.key(fyne.KeyReturn)
	d.wantPage("open")
	d.write("HIS RECEIPT")
	d.key(fyne.KeyReturn)
	d.wantPage("open")
	if err := d.current().(*openPage).err; civic.CodeOf(err) != civic.PersonShut {
		t.Fatal(err)
	}
	d.write("HER RECEIPT")
	d.key(fyne.KeyReturn)
	d.wantPage("services")
	if who := d.current().(*servicesPage).who; who == nil || who.born != "1994-03-05" {
		t.Fatalf("it goes on with %+v", who)
	}
}

// A supervisor needs a reason and his own words; the citizen may also go on
// without anything being opened.
func TestOpenBySupervisor(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "es"}, around)
	d.key(fyne.KeyF2)
	d.write("Rosalía")
	d.key(fyne.KeyReturn, fyne.KeyF7)
	d.wantPage("supervisor")
	d.write("perdió sus papeles")
	d.key(fyne.KeyReturn)
	d.write("other words")
	d.key(fyne.KeyReturn)
	p := d.current().(*supervisorPage)
	if civic.CodeOf(p.err) != civic.NotSupervisor || p.passphrase != "" {
		t.Fatalf("%v, %q", p.err, p.passphrase)
	}
	d.press("supervisor.apply")
	if d.current().(*supervisorPage).code == "" {
		t.Error("no code to read out")
	}
	d.key(fyne.KeyReturn) // the reason stands
	d.write("a supervisor's own words")
	d.key(fyne.KeyReturn)
	d.wantPage("services")
}

// The centre is asked with a reason; without a signal the page says so.
func TestAskTheCentre(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"}, func(*fakeKit) {})
	d.key(fyne.KeyF2, fyne.KeyF7)
	d.wantPage("ask")
	for _, words := range []string{"Rosalía", "Quiahua Paz", "05031994", "Teozacoalco", "lost her papers"} {
		d.write(words)
		d.key(fyne.KeyReturn)
	}
	p := d.current().(*askPage)
	if civic.CodeOf(p.err) != civic.NoNetwork {
		t.Fatal(p.err)
	}
	if q := d.kit.asked; q.Given != "Rosalía" || q.Birth != "1994-03-05" || q.Place != "Teozacoalco" {
		t.Fatalf("asked %+v", q)
	}
}
