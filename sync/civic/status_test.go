package civic_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/sync/civic"
)

var statuses = []civic.Status{
	civic.Draft, civic.Sealed, civic.Approved, civic.Sent, civic.Received, civic.Registered, civic.Merged, civic.Held, civic.Returned, civic.Quarantined,
}

// TestMoves holds the table of status moves to its promises.
func TestMoves(t *testing.T) {
	for _, s := range statuses {
		if back, ok := civic.ParseStatus(s.String()); !ok || back != s {
			t.Errorf("%s is read back as %s", s, back)
		}
		if !civic.CanMove(s, s) {
			t.Errorf("a repeated message moves %s", s)
		}
		if s != civic.Draft && civic.CanMove(s, civic.Draft) {
			t.Errorf("%s becomes a draft again", s)
		}
		if s.Settled() != (s == civic.Registered || s == civic.Merged) {
			t.Errorf("settled: %s", s)
		}
		// Whatever message is lost, what arrives later can be taken in.
		if s == civic.Sealed || s == civic.Approved || s == civic.Sent || s == civic.Received {
			for _, to := range []civic.Status{civic.Registered, civic.Merged, civic.Held, civic.Returned, civic.Quarantined} {
				if !civic.CanMove(s, to) {
					t.Errorf("%s cannot become %s", s, to)
				}
			}
		}
	}
	if civic.CanMove(civic.Draft, civic.Sent) || civic.CanMove(civic.Returned, civic.Registered) || civic.CanMove(civic.Registered, civic.Returned) {
		t.Error("a move that nobody makes is allowed")
	}
	civic.Moves(civic.Sealed)[0] = civic.Draft
	if civic.CanMove(civic.Sealed, civic.Draft) {
		t.Error("a caller changed the table")
	}
	if _, ok := civic.ParseStatus("lost"); ok || civic.Status(99).String() != "unknown" {
		t.Error("an unknown status has a name")
	}
}

// TestBetter holds for any claims: one of two is better, whatever the order,
// and the best of three does not hang on who came first.
func TestBetter(t *testing.T) {
	claim := rapid.Custom(func(t *rapid.T) civic.Claim {
		return civic.Claim{
			Absent:       civic.Absence(rapid.IntRange(0, 3).Draw(t, "absent")),
			Evidence:     civic.Evidence(rapid.IntRange(0, 4).Draw(t, "evidence")),
			At:           civic.Stamp{Wall: rapid.Int64Range(0, 3).Draw(t, "at")},
			Registration: civic.RegistrationID{rapid.Byte().Draw(t, "registration")},
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := claim.Draw(t, "a"), claim.Draw(t, "b"), claim.Draw(t, "c")
		if civic.Better(a, b) && civic.Better(b, a) {
			t.Fatal("each is better than the other")
		}
		if civic.Better(a, b) && civic.Better(b, c) && !civic.Better(a, c) {
			t.Fatal("the order hangs on who is asked first")
		}
	})
	known, better := civic.Claim{Value: "x"}, civic.Claim{Absent: civic.Unknown, Evidence: civic.Document}
	if !civic.Better(known, better) {
		t.Error("\"not known\" beats what somebody knows")
	}
}

// TestCatalogue holds every sentence a person can meet to the house's ways.
func TestCatalogue(t *testing.T) {
	for code, s := range civic.Catalogue() {
		if s.Message == "" || s.HTTP < 200 || s.HTTP > 599 {
			t.Errorf("%s: %+v", code, s)
		}
		for _, word := range []string{"sync error", "payload", "invalid input", "submit"} {
			if strings.Contains(strings.ToLower(s.Message+s.Hint), word) {
				t.Errorf("%s says %q", code, word)
			}
		}
		p := civic.NewProblem(code, errors.New("beneath"), "one", "two", "three")
		if text := p.Error() + p.Hint(); strings.Contains(text, "{1}") || strings.Contains(text, "{2}") {
			t.Errorf("%s leaves a place empty: %s", code, text)
		}
		if civic.CodeOf(p) != code || !errors.Is(p, &civic.Problem{Code: code}) || p.HTTPStatus() != s.HTTP {
			t.Errorf("%s is not found in its own error", code)
		}
	}
	odd := &civic.Problem{Code: "never_heard"}
	if !strings.Contains(odd.Error(), "never_heard") || odd.HTTPStatus() != 500 {
		t.Errorf("%v", odd)
	}
}

// TestIDs writes and reads every id.
func TestIDs(t *testing.T) {
	key := []byte("a public key of thirty-two bytes")
	id := civic.NewRegistrationID(key, 7)
	if id == civic.NewRegistrationID(key, 8) || id.IsZero() {
		t.Error("two counters make one id")
	}
	if back, err := civic.ParseRegistrationID(id.String()); err != nil || back != id {
		t.Error(back, err)
	}
	device := civic.NewDeviceID(key)
	if back, err := civic.ParseDeviceID(device.String()); err != nil || back != device {
		t.Error(back, err)
	}
	for _, bad := range []string{"", "00", strings.Repeat("g", 32), id.String() + "00"} {
		if _, err := civic.ParseRegistrationID(bad); err == nil {
			t.Errorf("%q is an id", bad)
		}
	}
}
