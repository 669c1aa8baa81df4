package screen

import (
	"strconv"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/formtest"
)

// living puts a form on the kit that lists who lives in a home, nobody at first.
func living(k *fakeKit) {
	f, err := form.Load(formtest.Workbook(k.t, map[string]string{
		"survey": `type | name | label::English (en) | x_start
begin_repeat | members | Also lives here | 0
text | given | Given name
end_repeat`,
		"settings": "form_title | form_id | version | default_language\nHome | agreement | 1 | English (en)",
	}))
	if err != nil {
		k.t.Fatal(err)
	}
	k.form = f
}

// A list of nobody says what to do; Ctrl+N adds one and the keyboard is there.
func TestAListOfNobodySaysWhatToDo(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"}, living)
	p, _ := d.agreement()
	d.shows("Nothing here yet.")
	d.shortcutKey(fyne.KeyN)
	if len(p.rows) == 0 || d.names["q:members[1]/given"].(fyne.Focusable) != d.win.Canvas().Focused() {
		t.Errorf("after Ctrl+N there are %d rows and the keyboard is at %v", len(p.rows), d.win.Canvas().Focused())
	}
}

// From the review a question far down a long page is led to, and stands in view
// once the window has drawn the page.
func TestAQuestionFarDownIsBroughtIntoView(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en", Scale: 1.5}, living)
	var later []func()
	d.c.Later = func(_ time.Duration, f func()) { later = append(later, f) }
	p, _ := d.agreement()
	for range 12 {
		d.shortcutKey(fyne.KeyN)
	}
	path := "members[" + strconv.Itoa(11) + "]/given"
	p.goTo, later = path, nil
	p.turn(p.section)
	d.scrollTo(0) // as in a window that did not know yet where the question stands
	for _, f := range later {
		f()
	}
	if d.names["q:"+path].(fyne.Focusable) != d.win.Canvas().Focused() || d.scroll.Offset.Y == 0 {
		t.Errorf("the keyboard is at %v, the page stands at %v", d.win.Canvas().Focused(), d.scroll.Offset)
	}
}
