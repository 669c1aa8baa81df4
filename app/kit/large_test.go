package kit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form/formtest"
)

// A roster that no registration can hold is refused in words about it; its
// draft stays, and is sealed once it is smaller.
func TestAnInterviewTooLargeForOneRegistration(t *testing.T) {
	w := enrolled(t)
	survey := "type|name|label\nbegin_repeat|pupils|Pupils\n"
	for i := range 42 {
		survey += fmt.Sprintf("text|q%d|Q%d\n", i, i)
	}
	f, err := w.forms.Add(formtest.Workbook(t, map[string]string{"survey": survey + "end_repeat", "settings": "form_title|form_id|version\nSchool|roster|1"}))
	if err != nil {
		t.Fatal(err)
	}
	iv, err := w.Begin(t.Context(), f.Ref().ID)
	if err != nil {
		t.Fatal(err)
	}
	// Filled as a list would, for a thousand saves prove nothing.
	d := iv.Draft()
	d.Answers = nil
	for n := range 98 {
		for i := range 42 {
			d.Answers = append(d.Answers, civic.Answer{Path: fmt.Sprintf("pupils[%d]/q%d", n+1, i), Value: "x"})
		}
	}
	st, err := w.store()
	if err != nil {
		t.Fatal(err)
	}
	iv = capture.New(f, w.env(st), d, keeper{st}, st.Stamp)
	if err := iv.GoTo(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	_, err = w.Seal(t.Context(), iv)
	wantCode(t, err, civic.InterviewTooLarge)
	if ds, err := w.Drafts(t.Context()); err != nil || len(ds) != 1 || ds[0].Answered != 98*42 {
		t.Fatal(ds, err)
	}
	if err := iv.RemoveInstance(t.Context(), "pupils[98]"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Seal(t.Context(), iv); err != nil {
		t.Fatal(err)
	}

	text := strings.Repeat("x", 16<<10)
	for name, d := range map[string]capture.Draft{
		"pictures": {Attachments: make([]civic.Attachment, batch.MaxAttachments+1)},
		"text":     {Answers: repeated(civic.Answer{Path: "p", Value: text}, 64)},
	} {
		if civic.CodeOf(fitsOne(d)) != civic.InterviewTooLarge {
			t.Error(name)
		}
	}
	if err := fitsOne(capture.Draft{Answers: repeated(civic.Answer{Path: "p", Value: text}, 62), Attachments: make([]civic.Attachment, batch.MaxAttachments)}); err != nil {
		t.Error(err)
	}
}

func repeated(a civic.Answer, n int) []civic.Answer {
	out := make([]civic.Answer, n)
	for i := range out {
		out[i] = a
	}
	return out
}
