package web

import (
	"bytes"
	"cmp"
	"errors"
	"html/template"
	"net/http"
	"strconv"
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
		"short":   short,
		"percent": percent,
		"purpose": purposeWords,
	}).ParseFS(files, "page/frame.html")
	if err != nil {
		return nil, err
	}
	out := pages{}
	for _, name := range []string{"sign-in", "second", "sessions", "look", "glasses", "citizen", "looks", "crossing", "saved", "objections", "problem", "overview", "registrations", "registration", "person", "reviews", "review", "outcomes", "meter", "due", "devices", "invited", "quarantine", "audit", "log", "logrow", "forms", "desk", "preview", "mapping", "agreements", "agreement"} {
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

// percent writes a share of a thousand as people read it.
func percent(of1000 int) string { return strconv.FormatFloat(float64(of1000)/10, 'f', -1, 64) + " %" }

// short is the head of an id, enough to tell it from its neighbours.
func short(id interface{ String() string }) string { return id.String()[:8] }

// frame is what every page is given.
type frame struct {
	Session   access.Session
	SignedIn  bool
	Language  string
	Languages []book
	Page      string
	Home      string // where this sort of page begins
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
		})
		f := frame{Session: v.session, SignedIn: v.session.Staff != "", Language: v.words.Code, Page: page, Home: cmp.Or(v.home, "/console/"), Data: data}
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

// when writes a moment the same for everybody: UTC, to the minute.
func (v *visit) when(t time.Time) string {
	if t.IsZero() || t.Unix() == 0 {
		return v.words.say("never")
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// sentence is a problem as the visitor reads it.
type sentence struct{ Message, Hint string }

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
		return &sentence{v.words.say(key, words...), v.words.say(key+".hint", words...)}
	}
	return &sentence{p.Error(), p.Hint()}
}

// refuse shows a problem as a page, and logs what nobody expected.
func (v *visit) refuse(err error) {
	p := problemOf(err)
	if p.HTTPStatus() >= 500 {
		v.Logger.Error("the console could not answer", "path", v.r.Pattern, "code", string(p.Code), "err", err)
	}
	v.show(p.HTTPStatus(), "problem", v.sentence(err))
}
