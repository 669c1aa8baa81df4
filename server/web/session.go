package web

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/sync/civic"
)

// cookie carries the session; the prefix makes browsers insist on TLS, this
// host and the whole path.
const cookie = "__Host-console"

// visit is one request of somebody who signed in.
type visit struct {
	*console
	w       http.ResponseWriter
	r       *http.Request
	session access.Session
	half    access.Session // of somebody whose second factor is to come
	words   book
	home    string // where this sort of page begins, the console's when empty
}

// guard lets a request through when somebody signed in who has one of the
// roles and, if it changes something, sent the session's token along.
func (s *console) guard(roles []access.Role, do func(*visit) error) http.Handler {
	return s.signedIn(roles, func(v *visit) error {
		if v.r.Method == http.MethodPost && !v.formRight(v.session.CSRF) {
			return nil
		}
		return do(v)
	})
}

// signedIn is guard for a request whose token do reads itself.
func (s *console) signedIn(roles []access.Role, do func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{console: s, w: w, r: r, words: s.bookOf(r)}
		c, err := r.Cookie(cookie)
		if err == nil {
			v.session, err = s.Access.Session(r.Context(), c.Value)
		}
		if err != nil {
			if r.Method != http.MethodGet {
				_ = r.ParseForm() // as far as it goes: only to give back what was typed
				v.show(http.StatusUnauthorized, "problem", &sentence{
					Typed:   v.typed(),
					Message: v.words.say("session.over"), Hint: v.words.say("session.over.hint"), Link: "/console/sign-in", LinkWords: v.words.say("title.sign-in"),
				})
				return
			}
			http.Redirect(w, r, "/console/sign-in"+wanted(r.URL.RequestURI()), http.StatusSeeOther)
			return
		}
		if v.session.Second != access.SecondDone {
			http.Redirect(w, r, secondPath+wanted(r.URL.RequestURI()), http.StatusSeeOther)
			return
		}
		if !slices.Contains(roles, v.session.Role) {
			v.refuse(civic.NewProblem(civic.NotYours, nil))
			return
		}
		if err := do(v); err != nil {
			v.refuse(err)
		}
	})
}

// formRight tells whether a form came from a page of the session, and refuses
// it where not.
func (v *visit) formRight(token string) bool {
	err := v.r.ParseForm()
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		v.refuse(civic.NewProblem(civic.UploadTooLarge, err))
	case err != nil || subtle.ConstantTimeCompare([]byte(v.r.PostForm.Get("token")), []byte(token)) != 1:
		v.refuse(civic.NewProblem(civic.RequestMalformed, err))
	default:
		return true
	}
	return false
}

// wanted carries along which page somebody wanted who has to sign in first.
func wanted(address string) string {
	if address = oursOr(address); address == "/console/" {
		return ""
	}
	return "?" + url.Values{"next": {address}}.Encode()
}

// signingIn is what the page shows that asks for name and password.
type signingIn struct {
	Next    string // the page that was wanted, empty for the start
	Problem *sentence
}

// may tells whether the visitor sees an office's affairs.
func (v *visit) may(area civic.Area) bool { return v.session.Area == "" || v.session.Area == area }

func (s *console) signInPage(w http.ResponseWriter, r *http.Request) {
	v := &visit{console: s, w: w, r: r, words: s.bookOf(r)}
	var ask signingIn
	if next := r.URL.Query().Get("next"); next != "" {
		ask.Next = oursOr(next)
	}
	v.show(http.StatusOK, "sign-in", ask)
}

func (s *console) signIn(w http.ResponseWriter, r *http.Request) {
	v := &visit{console: s, w: w, r: r, words: s.bookOf(r)}
	if err := r.ParseForm(); err != nil {
		v.refuse(civic.NewProblem(civic.RequestMalformed, err))
		return
	}
	token, session, err := s.Access.SignIn(r.Context(), r.PostForm.Get("name"), r.PostForm.Get("password"), r.RemoteAddr)
	if err != nil {
		if code := civic.CodeOf(err); code != civic.SignInRefused && code != civic.TooManyTries {
			v.refuse(err)
			return
		}
		ask := signingIn{Problem: v.sentence(err)}
		if next := r.PostForm.Get("next"); next != "" {
			ask.Next = oursOr(next)
		}
		v.show(problemOf(err).HTTPStatus(), "sign-in", ask)
		return
	}
	v.keep(token, session)
	next := oursOr(r.PostForm.Get("next"))
	if session.Second != access.SecondDone {
		next = secondPath + wanted(next)
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// keep gives a session to the browser.
func (v *visit) keep(token string, session access.Session) {
	http.SetCookie(v.w, &http.Cookie{
		Name: cookie, Value: token, Path: "/", MaxAge: int(session.Expires.Sub(v.Clock()) / time.Second),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

func (s *console) signOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookie); err == nil {
		if err := s.Access.SignOut(r.Context(), c.Value); err != nil {
			(&visit{console: s, w: w, r: r, words: s.bookOf(r)}).refuse(err)
			return
		}
	}
	forget(w, cookie)
	http.Redirect(w, r, "/console/sign-in", http.StatusSeeOther)
}

// sessions shows where the visitor is signed in.
func (v *visit) sessions() error {
	all, err := v.Access.Sessions(v.r.Context(), v.session)
	if err != nil {
		return err
	}
	v.show(http.StatusOK, "sessions", all)
	return nil
}

// endSession ends one of the visitor's sessions.
func (v *visit) endSession() error {
	if err := v.Access.EndSession(v.r.Context(), v.session, v.r.PostForm.Get("session")); err != nil {
		return err
	}
	v.done("/console/sessions", "session-ended")
	return nil
}

// signOutAll ends the visitor's sessions everywhere.
func (v *visit) signOutAll() error {
	if err := v.Access.SignOutAll(v.r.Context(), v.session); err != nil {
		return err
	}
	forget(v.w, cookie)
	v.redirect("/console/sign-in")
	return nil
}

// forget has the browser forget a session and what it kept of its pages.
func forget(w http.ResponseWriter, name string) {
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	http.SetCookie(w, &http.Cookie{Name: name, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}
