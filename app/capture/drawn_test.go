package capture

import (
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/formtest"
)

// A signature is asked for each time, whatever attribute a form's author gave
// it: no picture of another visit stands in it, nor that somebody did not sign
// then.
func TestASignatureIsNeverReused(t *testing.T) {
	f, err := form.Load(formtest.Workbook(t, map[string]string{
		"survey": `type | name | label | appearance | x_attr
text | given | Name | | given_name
image | sign | Signature | signature | signature
image | mapped | Signature of the head | signature | second_surname
image | drawn | Drawing | draw | second_surname
image | shot | Photo | | second_surname`,
		"settings": "form_id | version | x_service\nagreement | 1 | school",
	}))
	if err != nil {
		t.Fatal(err)
	}
	held := said(1, "birth", 10, "", "yes", "given_name", "Inés", "signature", "s.png", "second_surname", "")
	held.Claims[2].Absent = civic.None
	w := shipped(t)
	p := &Planner{Dictionary: w.dictionary, Agreements: w.agreements, Known: Know([]Source{held})}
	o := newOfficer(t, w)
	iv := New(f, o.env(), Draft{ID: DraftID{1}, Services: []civic.ServiceID{"school"}, Started: o.stamp()}, &kept{}, o.stamp)
	if err := iv.Reuse(t.Context(), p, map[string]Ref{"": {Registration: held.Registration}}); err != nil {
		t.Fatal(err)
	}
	if err := iv.Confirm(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := iv.State("given").Answer.Value; got != "Inés" {
		t.Fatalf("what may be reused is %q: nothing was tried", got)
	}
	asked := map[string]Why{}
	for _, l := range iv.Plan("").Ask {
		asked[l.Path] = l.Why
		if l.Held.Answer.Value != "" || l.Held.Answer.Absent != civic.Present {
			t.Errorf("%s is shown what is held: %+v", l.Path, l.Held.Answer)
		}
	}
	for _, path := range []string{"sign", "mapped", "drawn"} {
		if answered(iv.State(path).Answer) || asked[path] != WhyNever {
			t.Errorf("%s is filled with %+v, asked because %q", path, iv.State(path).Answer, asked[path])
		}
	}
}
