package kit

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/protocol"
)

// A revision that only a later program can read ends what the one before it
// allowed: nobody knows whether it still stands.
func TestLaterAgreementEndsTheOneBefore(t *testing.T) {
	w := enrolled(t)
	ctx := t.Context()
	st, err := w.open()
	if err != nil {
		t.Fatal(err)
	}
	allowed := func() bool {
		t.Helper()
		r, err := rulesHere(ctx, st)
		if err != nil {
			t.Fatal(err)
		}
		return r.agreements.Allows("school", "birth", "given_name", time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)).Allowed
	}
	if !allowed() {
		t.Fatal("the agreement that ships allows nothing")
	}
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	statement, err := protocol.Sign(protocol.StatementAgreement, []byte(`{"id":"school-reuse","version":7,"only_on":"Mondays"}`), key)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.takeAgreement(ctx, st, statement, public); err != nil {
		t.Fatal(err)
	}
	if allowed() {
		t.Error("what a later revision may have taken back is still allowed")
	}
}
