package access_test

import (
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// requireSecond makes every account give a second factor.
func requireSecond(t *testing.T, c *centre) {
	t.Helper()
	err := c.db.Update(t.Context(), func(tx ledger.Tx) error {
		return access.SetSetting(t.Context(), tx, access.SecondFactorSetting, access.SecondFactorRequired)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// codeOf is what a phone shows for a key at a time.
func codeOf(t *testing.T, uri string, at time.Time) string {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(u.Query().Get("secret"), at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestSecondFactor(t *testing.T) {
	c := newCentre(t)
	requireSecond(t, c)
	password, err := c.AddStaff(t.Context(), "ana", "", access.Reviewer, "test")
	if err != nil {
		t.Fatal(err)
	}
	token, s, err := c.SignIn(t.Context(), "ana", password, "a")
	if err != nil || s.Second != access.SecondSetUp {
		t.Fatal(s.Second, err)
	}
	uri, err := c.NewSecond(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.NewSecond(t.Context(), s); err != nil || again != uri {
		t.Fatal("loading the page again made another key", err)
	}
	if _, _, err := c.GiveSecond(t.Context(), token, "000000", "a"); civic.CodeOf(err) != civic.SignInRefused {
		t.Fatal(err)
	}
	code := codeOf(t, uri, c.now)
	fresh, s, err := c.GiveSecond(t.Context(), token, code[:3]+" "+code[3:], "a")
	if err != nil || s.Second != access.SecondDone || fresh == token {
		t.Fatal(s.Second, err)
	}
	if _, err := c.Session(t.Context(), token); civic.CodeOf(err) != civic.SignInRefused {
		t.Fatal("the token from before the second factor still counts")
	}
	if got, err := c.Session(t.Context(), fresh); err != nil || got.Second != access.SecondDone {
		t.Fatal(got.Second, err)
	}
	if _, err := c.NewSecond(t.Context(), s); civic.CodeOf(err) != civic.NotYours {
		t.Fatal("a second factor is replaced by whoever has a session", err)
	}

	// The next session needs a code that was not used yet.
	token, s, err = c.SignIn(t.Context(), "ana", password, "a")
	if err != nil || s.Second != access.SecondCode {
		t.Fatal(s.Second, err)
	}
	if _, _, err := c.GiveSecond(t.Context(), token, code, "a"); civic.CodeOf(err) != civic.SignInRefused {
		t.Fatal("a code counts twice", err)
	}
	c.now = c.now.Add(2 * time.Minute)
	if _, _, err := c.GiveSecond(t.Context(), token, code, "a"); civic.CodeOf(err) != civic.SignInRefused {
		t.Fatal("an old code counts", err)
	}
	if _, _, err := c.GiveSecond(t.Context(), token, codeOf(t, uri, c.now.Add(-30*time.Second)), "a"); err != nil {
		t.Fatal("a clock half a minute late is not heard", err)
	}

	// A lost phone: the key is taken away, the sessions end, a new one is set up.
	if err := c.ResetSecond(t.Context(), "ana", "test"); err != nil {
		t.Fatal(err)
	}
	_, s, err = c.SignIn(t.Context(), "ana", password, "a")
	if err != nil || s.Second != access.SecondSetUp {
		t.Fatal(s.Second, err)
	}
	if other, err := c.NewSecond(t.Context(), s); err != nil || other == uri {
		t.Fatal("the lost phone's key again", err)
	}
	if err := c.ResetSecond(t.Context(), "nobody", "test"); civic.CodeOf(err) != civic.StaffAbsent {
		t.Fatal(err)
	}
}

func TestSecondFactorTries(t *testing.T) {
	c := newCentre(t)
	requireSecond(t, c)
	password, _ := c.AddStaff(t.Context(), "ana", "", access.Reviewer, "test")
	token, s, err := c.SignIn(t.Context(), "ana", password, "a")
	if err != nil {
		t.Fatal(err)
	}
	uri, err := c.NewSecond(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, _, err := c.GiveSecond(t.Context(), token, "12345", "a"); civic.CodeOf(err) != civic.SignInRefused {
			t.Fatal(err)
		}
	}
	if _, _, err := c.GiveSecond(t.Context(), token, codeOf(t, uri, c.now), "a"); civic.CodeOf(err) != civic.TooManyTries {
		t.Fatal("codes are tried without an end", err)
	}
}

// Many codes at once, from wherever, are no more tries than one after the other;
// each that was looked at is a row for auditors.
func TestSecondFactorTriesAtOnce(t *testing.T) {
	c := newCentre(t)
	requireSecond(t, c)
	password, _ := c.AddStaff(t.Context(), "ana", "", access.Reviewer, "test")
	token, s, err := c.SignIn(t.Context(), "ana", password, "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.NewSecond(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	var refused, late atomic.Int64
	var wait sync.WaitGroup
	for range 24 {
		wait.Go(func() {
			switch _, _, err := c.GiveSecond(t.Context(), token, "12345", "a"); civic.CodeOf(err) {
			case civic.SignInRefused:
				refused.Add(1)
			case civic.TooManyTries:
				late.Add(1)
			}
		})
	}
	wait.Wait()
	if refused.Load() != 5 || late.Load() != 19 {
		t.Errorf("%d codes were looked at, %d not", refused.Load(), late.Load())
	}
	rows := 0
	err = c.db.View(t.Context(), func(tx ledger.Tx) error {
		return tx.QueryRow(t.Context(), "SELECT count(*) FROM audit WHERE actor = 'ana' AND action = 'second_factor_refused'").Scan(&rows)
	})
	if err != nil || rows != 5 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

// A secret moved to another account's row opens nothing there.
func TestSecondFactorBelongsToItsAccount(t *testing.T) {
	c := newCentre(t)
	requireSecond(t, c)
	for _, name := range []string{"ana", "eva"} {
		password, err := c.AddStaff(t.Context(), name, "", access.Reviewer, "test")
		if err != nil {
			t.Fatal(err)
		}
		token, s, err := c.SignIn(t.Context(), name, password, "a")
		if err != nil {
			t.Fatal(err)
		}
		if name == "ana" {
			uri, err := c.NewSecond(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := c.GiveSecond(t.Context(), token, codeOf(t, uri, c.now), "a"); err != nil {
				t.Fatal(err)
			}
			continue
		}
		err = c.db.Update(t.Context(), func(tx ledger.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE access_staff SET second = (SELECT second FROM access_staff WHERE name = 'ana') WHERE name = 'eva'")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.GiveSecond(t.Context(), token, "123456", "a"); civic.CodeOf(err) != civic.LedgerDamaged {
			t.Fatal(err)
		}
	}
}

func TestReasons(t *testing.T) {
	c := newCentre(t)
	password, _ := c.AddStaff(t.Context(), "ana", "", access.Reviewer, "test")
	_, ana, err := c.SignIn(t.Context(), "ana", password, "a")
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := c.SignIn(t.Context(), "ana", password, "b")
	if err != nil {
		t.Fatal(err)
	}
	object := []byte("0123456789abcdef")
	reason := func(s access.Session) (reason string, err error) {
		err = c.db.View(t.Context(), func(tx ledger.Tx) error {
			reason, err = c.Reason(t.Context(), tx, s, object)
			return err
		})
		return reason, err
	}
	if _, err := reason(ana); civic.CodeOf(err) != civic.ReasonWanted {
		t.Fatal(err)
	}
	if err := c.Explain(t.Context(), ana, object, "  work  "); civic.CodeOf(err) != civic.ReasonWanted {
		t.Fatal("any word is a reason", err)
	}
	if err := c.Explain(t.Context(), ana, object, "she asks  at the counter"); err != nil {
		t.Fatal(err)
	}
	if got, err := reason(ana); err != nil || got != "she asks at the counter" {
		t.Fatal(got, err)
	}
	if _, err := reason(other); civic.CodeOf(err) != civic.ReasonWanted {
		t.Fatal("another session's reason counts")
	}
	c.now = c.now.Add(time.Hour)
	if _, err := reason(ana); civic.CodeOf(err) != civic.ReasonWanted {
		t.Fatal("a reason counts for ever")
	}
}

func TestBreakGlass(t *testing.T) {
	c := newCentre(t)
	session := func(name string, role access.Role) access.Session {
		password, err := c.AddStaff(t.Context(), name, "", role, "test")
		if err != nil {
			t.Fatal(err)
		}
		_, s, err := c.SignIn(t.Context(), name, password, "a")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	ana, eva := session("ana", access.Auditor), session("eva", access.Auditor)
	person := civic.PersonID{1, 2, 3}
	noted := 0
	broken := func(s access.Session) (ok bool, list []access.Glass) {
		err := c.db.View(t.Context(), func(tx ledger.Tx) (err error) {
			if ok, err = c.Broken(t.Context(), tx, s, "mx-1", person); err == nil {
				list, err = c.Glasses(t.Context(), tx, "")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return ok, list
	}
	note := func(ledger.Tx, access.Glass) error { noted++; return nil }
	if err := c.BreakGlass(t.Context(), ana, "mx-1", person, "too short for that", note); civic.CodeOf(err) != civic.ReasonWanted {
		t.Fatal(err)
	}
	if ok, _ := broken(ana); ok || noted != 0 {
		t.Fatal("broken without a reason")
	}
	if err := c.BreakGlass(t.Context(), ana, "mx-1", person, "a court asks tonight, nobody else is here", note); err != nil || noted != 1 {
		t.Fatal(noted, err)
	}
	ok, list := broken(ana)
	if !ok || len(list) != 1 || list[0].Overdue(c.now) || !list[0].Overdue(c.now.Add(4*24*time.Hour)) {
		t.Fatal(ok, list)
	}
	if ok, _ := broken(eva); ok {
		t.Fatal("broken for everybody")
	}
	if err := c.ReviewGlass(t.Context(), ana, "mx-1", list[0].ID, true, "I was right to look"); civic.CodeOf(err) != civic.NotYours {
		t.Fatal("reviewed by the one who broke it", err)
	}
	if err := c.ReviewGlass(t.Context(), eva, "mx-1", list[0].ID, true, "the court's letter is here"); err != nil {
		t.Fatal(err)
	}
	if err := c.ReviewGlass(t.Context(), eva, "mx-1", list[0].ID, false, "I changed my mind"); civic.CodeOf(err) != civic.NotYours {
		t.Fatal("reviewed twice", err)
	}
	c.now = c.now.Add(time.Hour)
	ok, list = broken(ana)
	if ok || list[0].Reviewer != "eva" || !list[0].Justified || list[0].Overdue(c.now.AddDate(1, 0, 0)) {
		t.Fatal(ok, list)
	}
}

// A session ends when nobody uses it, and all of somebody's at one word.
func TestSessionsEnd(t *testing.T) {
	c := newCentre(t)
	password, _ := c.AddStaff(t.Context(), "ana", "", access.Reviewer, "test")
	idle, _, err := c.SignIn(t.Context(), "ana", password, "a")
	if err != nil {
		t.Fatal(err)
	}
	used, s, err := c.SignIn(t.Context(), "ana", password, "b")
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		c.now = c.now.Add(20 * time.Minute)
		if _, err := c.Session(t.Context(), used); err != nil {
			t.Fatal("a session in use ended", err)
		}
	}
	if _, err := c.Session(t.Context(), idle); civic.CodeOf(err) != civic.SignInRefused {
		t.Fatal("an idle session goes on", err)
	}
	other, _, err := c.SignIn(t.Context(), "ana", password, "c")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SignOutAll(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{used, other} {
		if _, err := c.Session(t.Context(), token); civic.CodeOf(err) != civic.SignInRefused {
			t.Fatal("a session outlived the word", err)
		}
	}
	if used, _, err = c.SignIn(t.Context(), "ana", password, "d"); err != nil {
		t.Fatal(err)
	}
	c.now = c.now.Add(25 * time.Minute)
	if _, err := c.Session(t.Context(), used); err != nil {
		t.Fatal(err)
	}
	for range 30 {
		c.now = c.now.Add(20 * time.Minute)
		_, err = c.Session(t.Context(), used)
	}
	if civic.CodeOf(err) != civic.SignInRefused {
		t.Fatal("a session lasts for ever", err)
	}
}

// Somebody's sessions are listed to them and ended by them, nobody else's.
func TestSessionsAreOnesOwn(t *testing.T) {
	c := newCentre(t)
	ana, _ := c.AddStaff(t.Context(), "ana", "", access.Reviewer, "test")
	ben, _ := c.AddStaff(t.Context(), "ben", "", access.Reviewer, "test")
	first, _, err := c.SignIn(t.Context(), "ana", ana, "a")
	if err != nil {
		t.Fatal(err)
	}
	c.now = c.now.Add(time.Minute)
	_, here, err := c.SignIn(t.Context(), "ana", ana, "b")
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := c.SignIn(t.Context(), "ben", ben, "c")
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.Sessions(t.Context(), here)
	if err != nil || len(all) != 2 || !all[0].This || all[1].This {
		t.Fatal(all, err)
	}
	if err := c.EndSession(t.Context(), other, all[1].Key); civic.CodeOf(err) != civic.RequestMalformed {
		t.Fatal("ended by somebody else", err)
	}
	if _, err := c.Session(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := c.EndSession(t.Context(), here, all[1].Key); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Session(t.Context(), first); civic.CodeOf(err) != civic.SignInRefused {
		t.Fatal("still open", err)
	}
	if err := c.EndSession(t.Context(), here, "no key"); civic.CodeOf(err) != civic.RequestMalformed {
		t.Fatal(err)
	}
}

// A refused password leaves a row under the account's name; a name that is
// nobody's, which may be a password, is not written.
func TestRefusedPasswordsAreRows(t *testing.T) {
	c := newCentre(t)
	if _, err := c.AddStaff(t.Context(), "ana", "mx-20", access.Reviewer, "test"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ana", "maize river lantern"} {
		if _, _, err := c.SignIn(t.Context(), name, "wrong", "a"); civic.CodeOf(err) != civic.SignInRefused {
			t.Fatal(err)
		}
	}
	var rows []string
	err := c.db.View(t.Context(), func(tx ledger.Tx) error {
		rows = nil
		return ledger.All(t.Context(), tx, func(r ledger.Row) error {
			var area, actor string
			err := r.Scan(&area, &actor)
			rows = append(rows, area+" "+actor)
			return err
		}, "SELECT area, actor FROM audit WHERE action = 'sign_in_refused' ORDER BY actor")
	})
	if want := []string{" ?", "mx-20 ana"}; err != nil || !slices.Equal(rows, want) {
		t.Fatal(rows, err)
	}
}
