package web_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/server/web"
	"github.com/askonce/fieldkit/sync/civic"
)

// A picture opens beside a look at its person, for the reason of that look, and
// not to whoever knows its address.
func TestPictureTakesALook(t *testing.T) {
	c := newConsoleWith(t, nil, func(w *web.Config, _ *reconcile.Config) {
		w.Pictures = func(context.Context, civic.Area, civic.RegistrationID, string) ([]civic.Attachment, error) {
			return []civic.Attachment{{Digest: civic.Digest{1}}}, nil
		}
		w.Picture = func(context.Context, civic.Area, civic.Digest) ([]byte, error) {
			var b bytes.Buffer
			err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)))
			return b.Bytes(), err
		}
	})
	person := "/console/persons/" + string(office) + "/" + c.outcomes[0].Persons[0].Person.String()
	picture := strings.Replace(person, "persons", "pictures", 1) + "/" + string(office) + "/" + c.outcomes[0].Registration.String() + "/0"
	b := c.browser(t)
	b.signIn("reviewer")
	if code, body := b.do("GET", picture, nil); code != 403 || strings.Contains(body, "PNG") {
		t.Fatalf("without a look: %d", code)
	}
	b.explain(person)
	if code, body := b.do("GET", picture, nil); code != 200 || !strings.Contains(body, "PNG") {
		t.Fatalf("%d %s", code, body)
	}
	colleague := c.browser(t)
	colleague.signIn("supervisor")
	if code, _ := colleague.do("GET", picture, nil); code != 403 {
		t.Fatalf("another's look: %d", code)
	}
	var reasons []string // of the looks at the picture
	err := c.db.View(t.Context(), func(tx ledger.Tx) error {
		reasons = nil
		return ledger.All(t.Context(), tx, func(r ledger.Row) error {
			var text []byte
			if err := r.Scan(&text); err != nil {
				return err
			}
			row, err := translog.ReadBody(text)
			if len(row.Fields) == 1 && row.Fields[0] == "photo" {
				reasons = append(reasons, row.Reason)
			}
			return err
		}, "SELECT body FROM log_row WHERE person IS NOT NULL")
	})
	if err != nil || len(reasons) != 1 || reasons[0] != "she asks at the counter" {
		t.Errorf("%q %v", reasons, err)
	}
}
