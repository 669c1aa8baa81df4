package kit

import (
	"crypto/ed25519"
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/protocol"
)

// told is a centre that tells the kit of forms, without the wire between.
type told struct {
	w       *world
	public  ed25519.PublicKey
	private ed25519.PrivateKey
}

func newTold(t *testing.T, w *world) told {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return told{w, public, private}
}

// parts are the messages of a notice about the test form; with noise they are
// several.
func (o told) parts(version string, order uint64, retired, whole bool) [][]byte {
	t := o.w.t
	t.Helper()
	n := protocol.FormNotice{Form: testForm, Version: version, Order: order, Retired: retired}
	if whole {
		noise := make([]byte, 15<<10)
		if _, err := rand.Read(noise); err != nil {
			t.Fatal(err)
		}
		b := workbook(t, map[string][][]any{
			"survey":   {{"type", "name", "label"}, {"text", "given_name", "Name"}, {"text", "surname", "Surname"}},
			"settings": {{"form_title", "form_id", "version"}, {"People", testForm, version}},
		})
		var err error
		if n.Packed, err = form.Pack(b, map[string][]byte{"noise.csv": noise}); err != nil {
			t.Fatal(err)
		}
	}
	statement, err := protocol.Sign(protocol.StatementForm, n, o.private)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := protocol.SplitForm(statement)
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

func (o told) hear(parts ...[]byte) {
	o.w.t.Helper()
	for _, p := range parts {
		st, err := o.w.open()
		if err != nil {
			o.w.t.Fatal(err)
		}
		if err := o.w.takeFormPart(o.w.t.Context(), st, p, o.public); err != nil {
			o.w.t.Fatal(err)
		}
	}
}

func (o told) latest() string {
	for _, s := range o.w.Services() {
		if s.Form.ID == testForm {
			return s.Form.Version
		}
	}
	return ""
}

// TestAFormComesInPieces: in any order, each more than once, with the program
// ended between any two.
func TestAFormComesInPieces(t *testing.T) {
	w := enrolled(t)
	o := newTold(t, w)
	parts := o.parts("2", 1, false, true)
	if len(parts) < 3 {
		t.Fatalf("%d parts", len(parts))
	}
	slices.Reverse(parts)
	for i, p := range parts {
		if o.latest() == "2" {
			t.Fatalf("the form is there after %d of %d parts", i, len(parts))
		}
		o.hear(p, p)
		w.sleep(0)
	}
	if o.latest() != "2" {
		t.Fatal("the form did not come")
	}
	st, err := w.open()
	if err != nil {
		t.Fatal(err)
	}
	p, err := protocol.ReadFormPart(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	// A part that comes once more after the last waits for the others, which never
	// come, and harms nothing.
	o.hear(parts[0])
	if left, err := st.Parts(t.Context(), p.Notice); err != nil || len(left) > 2 || o.latest() != "2" {
		t.Errorf("%d parts left, %v", len(left), err)
	}
	foreign := newTold(t, w).parts("9", 9, false, true)
	for i, p := range foreign {
		err := w.takeFormPart(t.Context(), st, p, o.public)
		if last := i == len(foreign)-1; last != (civic.CodeOf(err) == civic.StatementForged) {
			t.Errorf("part %d of another signer: %v", i, err)
		}
	}
}

// TestVersionsStayWhileNeeded: a draft and a readable registration keep their
// version, and what came by an import stays; nothing else does.
func TestVersionsStayWhileNeeded(t *testing.T) {
	w := enrolled(t)
	o := newTold(t, w)
	o.hear(o.parts("2", 1, false, true)...)
	draft := w.interview(nil)
	o.hear(o.parts("3", 2, false, true)...)
	kept := func() string {
		st, err := w.open()
		if err != nil {
			t.Fatal(err)
		}
		docs, err := st.FormDocuments(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for ref, d := range docs {
			if ref.ID == testForm && len(d.Bytes) > 0 {
				all = append(all, ref.Version)
			}
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	if kept() != "1 2 3" || o.latest() != "3" {
		t.Fatalf("kept %s, taken %s", kept(), o.latest())
	}
	if err := draft.Set(t.Context(), "given_name", civic.Answer{Value: "Ana"}); err != nil {
		t.Fatal(err)
	}
	id, err := w.Seal(t.Context(), draft)
	if err != nil {
		t.Fatal(err)
	}
	w.sleep(0)
	if e, err := w.Registration(t.Context(), id, "en"); err != nil || e.Form.Version != "2" || len(e.Sections) == 0 || kept() != "1 2 3" {
		t.Errorf("the registration reads by %s, %v; kept %s", e.Form.Version, err, kept())
	}
	o.hear(o.parts("4", 3, false, true)...)
	if kept() != "1 2 4" {
		t.Errorf("kept %s: nothing needs the third", kept())
	}
	// An older word about a version changes nothing; the end of one does.
	o.hear(o.parts("4", 1, true, false)...)
	if o.latest() != "4" {
		t.Errorf("taken %s", o.latest())
	}
	o.hear(o.parts("4", 5, true, false)...)
	if o.latest() != "2" {
		t.Errorf("taken %s, the version before is still here", o.latest())
	}
}
