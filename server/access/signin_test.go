package access_test

import (
	"context"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/sync/civic"
)

func TestSignIn(t *testing.T) {
	c := newCentre(t)
	password, err := c.AddStaff(t.Context(), "ana", "", access.Administrator, "test")
	if err != nil {
		t.Fatal(err)
	}
	token, s, err := c.SignIn(t.Context(), "ana", password, "192.0.2.1:5")
	if err != nil || s.Role != access.Administrator || s.CSRF == "" {
		t.Fatal(err, s)
	}
	got, err := c.Session(t.Context(), token)
	if err != nil || got.Staff != "ana" || got.CSRF != s.CSRF {
		t.Fatal(err, got)
	}
	if err := c.SignOut(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Session(t.Context(), token); civic.CodeOf(err) != civic.SignInRefused {
		t.Fatal(err)
	}
	for range 5 {
		if _, _, err := c.SignIn(t.Context(), "ana", "wrong", "192.0.2.1:9"); civic.CodeOf(err) != civic.SignInRefused {
			t.Fatal(err)
		}
	}
	if _, _, err := c.SignIn(t.Context(), "ana", password, "192.0.2.1:5"); civic.CodeOf(err) != civic.TooManyTries {
		t.Fatal(err)
	}
	c.now = c.now.Add(time.Minute)
	token, _, err = c.SignIn(t.Context(), "ana", password, "192.0.2.1:5")
	if err != nil {
		t.Fatal(err)
	}
	c.now = c.now.Add(9 * time.Hour)
	if _, err := c.Session(t.Context(), token); civic.CodeOf(err) != civic.SignInRefused {
		t.Fatal("a session outlived the day", err)
	}
	if _, _, err := c.SignIn(t.Context(), "nobody", password, "192.0.2.1:5"); civic.CodeOf(err) != civic.SignInRefused {
		t.Fatal(err)
	}
}

func TestCancelledSignIn(t *testing.T) {
	c := newCentre(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := c.SignIn(ctx, "ana", "x", ""); err == nil {
		t.Fatal("signed in")
	}
}

// An unknown name waits like a known one, and nobody keeps another out.
func TestTriesTellNothing(t *testing.T) {
	c := newCentre(t)
	password, err := c.AddStaff(t.Context(), "ana", "", access.Reviewer, "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ana", "nobody"} {
		for range 5 {
			_, _, _ = c.SignIn(t.Context(), name, "wrong", "192.0.2.1:9")
		}
		if _, _, err := c.SignIn(t.Context(), name, "wrong", "192.0.2.1:10"); civic.CodeOf(err) != civic.TooManyTries {
			t.Errorf("%s: %v", name, err)
		}
	}
	token, _, err := c.SignIn(t.Context(), "ana", password, "192.0.2.2:9")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ResetPassword(t.Context(), "ana", "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Session(t.Context(), token); civic.CodeOf(err) != civic.SignInRefused {
		t.Error("a session outlived its password", err)
	}
}
