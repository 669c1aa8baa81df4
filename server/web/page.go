package web

import (
	"bytes"
	"cmp"
	"errors"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/sync/civic"
)

// pages are the templates by name, each joined with the frame all share.
type pages map[string]*template.Template

func readPages() (pages, error) {
	frame, err := template.New("frame").Funcs(template.FuncMap{
		// Stand-ins: each request brings its own, in its language.
		"t":       func(string, ...any) string { return "" },
		"reason":  func(civic.Code, []string) string { return "" },
		"status":  func(civic.Status) string { return "" },
		"when":    func(time.Time) string { return "" },
		"moment":  func(int64) string { return "" },
		"day":     func(string) string { return "" },
		"number":  func(any) string { return "" },
		"percent": func(int) string { return "" },
		"purpose": func(civic.Purpose) string { return "" },
		"basis":   func(string) string { return "" },
		"service": func(civic.ServiceID) string { return "" },
		"deed":    func(string) string { return "" },
		"detail":  func(string, string) string { return "" },
		"drift":   func(time.Duration) string { return "" },
		"value":   func(civic.Attribute, string) string { return "" },
		"short":   short,
		"add":     func(n int) int { return n + 1 },
		"pair":    func(token string, data any) pair { return pair{token, data} },
	}).ParseFS(files, "page/frame.html")
	if err != nil {
		return nil, err
	}
	out := pages{}
	for _, name := range []string{"sign-in", "second", "sessions", "look", "glasses", "citizen", "looks", "crossing", "saved", "objections", "problem", "overview", "registrations", "registration", "person", "reviews", "review", "outcomes", "meter", "due", "devices", "withdraw", "invited", "quarantine", "audit", "log", "logrow", "forms", "desk", "preview", "mapping", "agreements", "agreement", "help"} {
		t, err := frame.Clone()
		if err != nil {
			return nil, err
		}
		if out[name], err = t.ParseFS(files, "page/"+name+".html"); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// short is the head of an id, enough to tell it from its neighbours.
func short(id interface{ String() string }) string { return id.String()[:8] }

// pair is what a part of a page is given that holds a form.
type pair struct {
	Token string
	Data  any
}

// frame is what every page is given.
type frame struct {
	Session   access.Session
	SignedIn  bool
	Language  string
	Languages []book
	Page      string
	Home      string // where this sort of page begins
	Here      string // the address of this page, to come back to
	Said      string // what was done just now
	Glasses   int    // broken and not reviewed yet, for everybody to see
	Data      any
}

// show writes a page; data is what its template says.
func (v *visit) show(code int, page string, data any) {
	t, err := v.pages[page].Clone()
	if err == nil {
		t.Funcs(template.FuncMap{
			"t":      v.words.say,
			"reason": v.words.reason,
			"status": func(s civic.Status) string { return v.words.say("status." + s.String()) },
			"when":   v.when,
			"moment": func(at int64) string { return v.when(time.Unix(at, 0)) },
			"day":    v.words.day, "number": v.words.number, "percent": v.words.percent,
			"purpose": v.words.purpose, "basis": v.words.basis, "service": v.words.service, "deed": v.words.deed, "detail": v.words.detail, "drift": v.words.drift, "value": v.words.value,
		})
		f := frame{Session: v.session, SignedIn: v.session.Staff != "", Language: v.words.Code, Page: page, Home: cmp.Or(v.home, "/console/"), Data: data}
		f.Here = f.Home
		if v.r.Method == http.MethodGet && code < http.StatusInternalServerError {
			f.Here = v.r.URL.RequestURI()
		}
		if said := "said." + v.r.URL.Query().Get("said"); v.words.Words[said] != "" {
			f.Said = v.words.say(said)
		}
		for _, code := range languages() {
			f.Languages = append(f.Languages, v.books[code])
		}
		if f.SignedIn {
			if f.Glasses, err = v.glassesOpen(); err != nil {
				v.Logger.Error("the console cannot tell how many glasses are broken", "err", err)
			}
		}
		var b bytes.Buffer
		if err = t.ExecuteTemplate(&b, "frame.html", f); err == nil {
			v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
			v.w.WriteHeader(code)
			_, _ = b.WriteTo(v.w) // a browser that went away is no fault
			return
		}
	}
	v.Logger.Error("a page of the console cannot be drawn", "page", page, "err", err)
	http.Error(v.w, civic.NewProblem(civic.Unexpected, nil).Error(), http.StatusInternalServerError)
}

// when writes a moment in the reader's language: UTC, to the minute. The foot of
// every page says that it is UTC.
func (v *visit) when(t time.Time) string {
	if t.IsZero() || t.Unix() == 0 {
		return v.words.say("never")
	}
	t = t.UTC()
	return v.words.date(t) + ", " + t.Format("15:04")
}

// sentence is a problem as the visitor reads it, with a way on.
type sentence struct {
	Message, Hint, Link, LinkWords string

	Typed string // what the visitor wrote, so that it is not lost
}

func problemOf(err error) *civic.Problem {
	var p *civic.Problem
	if errors.As(err, &p) {
		return p
	}
	return civic.NewProblem(civic.Unexpected, err)
}

func (v *visit) sentence(err error) *sentence {
	p := problemOf(err)
	var words []any
	for _, w := range p.Words {
		words = append(words, w)
	}
	key := "problem." + string(p.Code)
	if _, ok := v.words.Words[key]; ok {
		return &sentence{Message: v.words.say(key, words...), Hint: v.words.say(key+".hint", words...)}
	}
	if v.words.Program[key] != "" {
		fill := func(s string) string { return filled(s, words) }
		return &sentence{Message: fill(v.words.Program[key]), Hint: fill(v.words.Program[key+".hint"])}
	}
	return &sentence{Message: p.Error(), Hint: p.Hint()}
}

// refuse shows a problem as a page, and logs what nobody expected.
func (v *visit) refuse(err error) {
	p := problemOf(err)
	if p.HTTPStatus() >= 500 {
		v.Logger.Error("the console could not answer", "path", v.r.Pattern, "code", string(p.Code), "err", err)
	}
	s := v.sentence(err)
	s.Typed = v.typed()
	if p.Code == civic.MovedOn && strings.HasPrefix(v.r.URL.Path, "/console/reviews/") {
		s.Link, s.LinkWords = "/console/reviews", v.words.say("problem.to-reviews")
	}
	v.show(p.HTTPStatus(), "problem", s)
}
