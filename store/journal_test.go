package store_test

import "testing"

// A line that was changed or taken out breaks the chain, and whoever has an
// older head sees that lines are missing at the end.
func TestTheJournalShowsWhatWasTakenOut(t *testing.T) {
	for name, damage := range map[string]string{
		"changed": "UPDATE j SET s=zeroblob(length(s)) WHERE n=2",
		"removed": "DELETE FROM j WHERE n=2",
		"swapped": "UPDATE j SET s=(SELECT s FROM j WHERE n=3) WHERE n=2",
		"head":    "UPDATE j SET h=zeroblob(32) WHERE n=3",
		"ended":   "DELETE FROM j WHERE n=(SELECT max(n) FROM j)",
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			for range 4 {
				ok(t, k.Append(t.Context(), "receipt_printed"))
			}
			anchored, err := k.Journal(t.Context())
			ok(t, err)
			ok(t, k.Close())
			k.raw(damage)
			k.openAgain()
			ok(t, k.Unlock(t.Context(), passphrase)) // adds a line of its own
			_, whole, err := k.Events(t.Context())
			ok(t, err)
			now, err := k.Journal(t.Context())
			ok(t, err)
			if whole && (name != "ended" || (now.Length == anchored.Length+1 && now.Hash != anchored.Hash)) {
				t.Fatalf("nobody would notice: %+v, anchored %+v", now, anchored)
			}
		})
	}
}
