package capture_test

import (
	"testing"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/sync/civic"
)

// A choice counts as read aloud if its very words were read to the end, or if
// the officer says so; each is what it was when the draft is opened again.
func TestHeardWords(t *testing.T) {
	ctx := t.Context()
	m := &memory{}
	iv := start(t, household(t), capture.Draft{}, m)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	words := func(s string) civic.Digest { return civic.NoticeDigest("kit/consent", "es", s) }
	choose := func(agency, s string, given bool) {
		t.Helper()
		ok(iv.SetConsent(ctx, civic.Consent{Service: "household", Agency: agency, Given: given, Language: "es", Notice: "kit/consent", Words: words(s)}))
	}
	aloud := func(want ...bool) {
		t.Helper()
		all := m.last(t).Consents
		if len(all) != len(want) {
			t.Fatalf("%+v", all)
		}
		for i, c := range all {
			if c.ReadAloud != want[i] {
				t.Errorf("%q is marked %t", c.Agency, c.ReadAloud)
			}
		}
	}
	if iv.WasHeard() || iv.WasHeard(words("all")) {
		t.Error("heard before")
	}
	choose("", "all", true)
	aloud(false)
	ok(iv.Heard(ctx, words("all"), words("one"), civic.Digest{}))
	aloud(true)
	choose("one", "one", false)
	choose("two", "two", false)
	choose("bare", "bare", false)
	aloud(true, true, false, false)
	if !iv.Told().ReadAloud || !iv.WasHeard(words("all"), words("one")) || iv.WasHeard(words("two")) || iv.WasHeard(civic.Digest{}) {
		t.Error("what was heard is not told")
	}
	ok(iv.SetSpeaker(ctx, civic.ByGuardian))
	aloud(true, true, false, false)
	if iv.Told().By != civic.ByGuardian || m.last(t).Consents[3].By != civic.ByGuardian {
		t.Error("who chose is not kept")
	}
	choose("", "all", false) // chosen otherwise
	choose("one", "other words", true)
	aloud(true, false, false, false)

	// Opened again: marks stay, what was read is not known any more.
	iv = start(t, household(t), m.last(t), m)
	choose("", "all", true)
	choose("three", "one", true)
	aloud(true, false, false, false, false)
	if !iv.Told().ReadAloud || iv.Told().By != civic.ByGuardian {
		t.Errorf("%+v", iv.Told())
	}

	// The officer's hand is the last word, until something is read again.
	ok(iv.SetReadAloud(ctx, true))
	choose("four", "four", true)
	aloud(true, true, true, true, true, true)
	ok(iv.SetReadAloud(ctx, false))
	choose("five", "five", true)
	aloud(false, false, false, false, false, false, false)
	ok(iv.Heard(ctx, words("all")))
	aloud(true, false, false, false, false, false, false)
}
