package web

import (
	"net/http"
	"strings"

	"github.com/askonce/fieldkit/server/access"
)

// absent answers for addresses that are none of these pages.
func (s *console) absent(home string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &visit{console: s, w: w, r: r, words: s.bookOf(r), home: home}
		if c, err := r.Cookie(cookie); err == nil && home != citizenStart {
			// With the menu for whoever is signed in; anybody else has none.
			if session, err := s.Access.Session(r.Context(), c.Value); err == nil && session.Second == access.SecondDone {
				v.session = session
			}
		}
		v.show(http.StatusNotFound, "problem", &sentence{Message: v.words.say("absent"), Hint: v.words.say("absent.hint")})
	}
}

// typed is what the visitor wrote in words of their own into the form that was
// refused. A page that is not kept by the browser would lose it on going back.
func (v *visit) typed() string {
	for _, name := range []string{"words", "text", "note", "reason", "remark"} {
		if s := strings.TrimSpace(v.r.PostForm.Get(name)); s != "" {
			return s
		}
	}
	return ""
}

// protection refuses what another site's page sends, with a page that says so.
func (s *console) protection(home string) *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{console: s, w: w, r: r, words: s.bookOf(r), home: home}
		v.show(http.StatusForbidden, "problem", &sentence{Message: v.words.say("foreign"), Hint: v.words.say("foreign.hint")})
	}))
	return p
}

// help says what each page is for and what the words mean.
func (v *visit) help() error {
	v.show(http.StatusOK, "help", struct{ Words []string }{[]string{"kit", "registration", "held", "returned", "aside", "merged", "evidence", "agreement", "glass", "log"}})
	return nil
}
