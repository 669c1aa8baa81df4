package web

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/sync/civic"
)

// secondPath is the only page of a session whose second factor is to come.
const secondPath = "/console/second"

// halfSignedIn finds the session of somebody whose second factor is to come.
func (s *console) halfSignedIn(w http.ResponseWriter, r *http.Request) (*visit, string, bool) {
	v := &visit{console: s, w: w, r: r, words: s.bookOf(r)}
	c, err := r.Cookie(cookie)
	var half access.Session
	if err == nil {
		half, err = s.Access.Session(r.Context(), c.Value)
	}
	if err != nil {
		http.Redirect(w, r, "/console/sign-in", http.StatusSeeOther)
		return nil, "", false
	}
	if half.Second == access.SecondDone {
		http.Redirect(w, r, "/console/", http.StatusSeeOther)
		return nil, "", false
	}
	v.half = half
	return v, c.Value, true
}

// secondAsk is what the page of the second factor shows.
type secondAsk struct {
	CSRF    string
	Next    string // the page that was wanted, empty for the start
	SetUp   bool
	Picture square // of a new key
	Secret  string // the same, to type
	Problem *sentence
}

func (v *visit) askSecond(code int, problem error) error {
	ask := secondAsk{CSRF: v.half.CSRF, SetUp: v.half.Second == access.SecondSetUp}
	if next := cmp.Or(v.r.PostForm.Get("next"), v.r.URL.Query().Get("next")); next != "" {
		ask.Next = oursOr(next)
	}
	if problem != nil {
		ask.Problem = v.sentence(problem)
	}
	if ask.SetUp {
		uri, err := v.Access.NewSecond(v.r.Context(), v.half)
		if err != nil {
			return err
		}
		u, err := url.Parse(uri)
		if err != nil {
			return err
		}
		ask.Secret = u.Query().Get("secret")
		if ask.Picture, err = draw(uri); err != nil {
			return err
		}
	}
	v.show(code, "second", ask)
	return nil
}

func (s *console) secondPage(w http.ResponseWriter, r *http.Request) {
	if v, _, ok := s.halfSignedIn(w, r); ok {
		if err := v.askSecond(http.StatusOK, nil); err != nil {
			v.refuse(err)
		}
	}
}

func (s *console) second(w http.ResponseWriter, r *http.Request) {
	v, token, ok := s.halfSignedIn(w, r)
	if !ok {
		return
	}
	if !v.formRight(v.half.CSRF) {
		return
	}
	fresh, session, err := s.Access.GiveSecond(r.Context(), token, r.PostForm.Get("code"), r.RemoteAddr)
	switch civic.CodeOf(err) {
	case civic.SignInRefused:
		err = v.askSecond(http.StatusForbidden, civic.NewProblem(civic.CodeRefused, nil))
	case civic.TooManyTries:
		err = v.askSecond(http.StatusTooManyRequests, err)
	default:
		if err == nil {
			v.keep(fresh, session)
			http.Redirect(w, r, oursOr(r.PostForm.Get("next")), http.StatusSeeOther)
			return
		}
	}
	if err != nil {
		v.refuse(err)
	}
}
