package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/citizen"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/receipt"
)

// The citizen's pages stand beside the console, in its words and its frame, and
// share no session with it.

const (
	citizenCookie = "__Host-citizen"
	citizenStart  = "/citizen/"
	citizenPage   = "/citizen/looks"
	maxPicture    = 6 << 20 // bytes of a receipt's photograph
)

// CitizenConfig is what the citizen's pages take from their surroundings.
type CitizenConfig struct {
	Config // with Citizens
	Share  *share.Share
}

// citizens is the handler's state; it never changes after NewCitizen.
type citizens struct {
	*console
	door  *citizen.Citizens
	share *share.Share
}

// NewCitizen makes the citizen's pages. Their handler wants whole paths:
// /citizen/…
func NewCitizen(c CitizenConfig) (http.Handler, error) {
	s, err := newConsole(c.Config)
	if err != nil {
		return nil, err
	}
	p := &citizens{console: s, door: c.Citizens, share: c.Share}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /citizen/{$}", p.start)
	mux.HandleFunc("POST /citizen/enter", p.enter)
	mux.HandleFunc("POST /citizen/leave", p.leave)
	for pattern, do := range map[string]func(*caller) error{
		"GET " + citizenPage:    (*caller).looks,
		"GET /citizen/preview":  (*caller).preview,
		"POST /citizen/object":  (*caller).object,
		"POST /citizen/choose":  (*caller).choose,
		"POST /citizen/code":    (*caller).code,
		"GET /citizen/saved":    (*caller).saved,
		"GET /citizen/objected": (*caller).saved,
	} {
		mux.Handle(pattern, p.guard(do))
	}
	mux.HandleFunc("/citizen/", s.absent(citizenStart))
	return secureUpTo(maxPicture+maxForm, s.protection(citizenStart).Handler(mux)), nil
}

// caller is one request of a citizen, inside a visit or not.
type caller struct {
	*visit
	p       *citizens
	entered citizen.Visit
}

func (p *citizens) called(w http.ResponseWriter, r *http.Request) *caller {
	return &caller{visit: &visit{console: p.console, w: w, r: r, words: p.bookOf(r), home: citizenStart}, p: p}
}

// guard lets a request through inside a visit, with its token where it changes
// something.
func (p *citizens) guard(do func(*caller) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := p.called(w, r)
		cookie, err := r.Cookie(citizenCookie)
		if err == nil {
			c.entered, err = p.door.Visiting(r.Context(), cookie.Value)
		}
		if err != nil && r.Method == http.MethodPost && r.ParseForm() == nil && c.typed() != "" {
			c.show(http.StatusUnauthorized, "problem", &sentence{
				Message: c.words.say("visit.over"), Hint: c.words.say("visit.over.hint"), Typed: c.typed(), Link: citizenStart, LinkWords: c.words.say("citizen.go"),
			})
			return
		}
		if err != nil {
			http.Redirect(w, r, citizenStart+"?said=visit-over", http.StatusSeeOther)
			return
		}
		if r.Method == http.MethodPost && !c.formRight(c.entered.FormToken) {
			return
		}
		if err := do(c); err != nil {
			c.refuse(err)
		}
	})
}

func (p *citizens) start(w http.ResponseWriter, r *http.Request) {
	p.called(w, r).show(http.StatusOK, "citizen", nil)
}

// enter takes a receipt, as a photograph or as its text, and the code.
func (p *citizens) enter(w http.ResponseWriter, r *http.Request) {
	c := p.called(w, r)
	text, code, err := readEntry(r)
	if err == nil {
		var token string
		var v citizen.Visit
		if token, v, err = p.door.Enter(r.Context(), text, code); err == nil {
			http.SetCookie(w, &http.Cookie{
				Name: citizenCookie, Value: token, Path: "/", MaxAge: int(v.Expires.Sub(p.Clock()) / time.Second),
				Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
			})
			http.Redirect(w, r, citizenPage, http.StatusSeeOther)
			return
		}
	}
	if problem := problemOf(err); problem.HTTPStatus() < 500 {
		c.show(problem.HTTPStatus(), "citizen", c.sentence(err))
		return
	}
	c.refuse(err)
}

// readEntry reads the form of enter without keeping a file anywhere.
func readEntry(r *http.Request) (text, code string, err error) {
	malformed := func(err error) error {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return civic.NewProblem(civic.UploadTooLarge, err)
		}
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return "", "", malformed(err)
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return "", "", malformed(err)
	}
	for range 8 {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return text, code, nil
		}
		if err != nil {
			return "", "", malformed(err)
		}
		switch part.FormName() {
		case "code", "text":
			b, err := io.ReadAll(io.LimitReader(part, 16<<10))
			if err != nil {
				return "", "", malformed(err)
			}
			if part.FormName() == "code" {
				code = string(b)
			} else if s := strings.TrimSpace(string(b)); s != "" {
				text = s
			}
		case "picture":
			within := io.LimitedReader{R: part, N: maxPicture}
			read, err := receipt.ReadPicture(&within)
			if err == nil {
				text = read
			} else if within.N == 0 {
				return "", "", civic.NewProblem(civic.UploadTooLarge, err)
			} else if part.FileName() != "" {
				return "", "", civic.NewProblem(civic.ReceiptUnreadable, err)
			}
		}
	}
	return "", "", malformed(nil)
}

func (p *citizens) leave(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(citizenCookie); err == nil {
		if err := p.door.Leave(r.Context(), c.Value); err != nil {
			p.called(w, r).refuse(err)
			return
		}
	}
	forget(w, citizenCookie)
	http.Redirect(w, r, citizenStart+"?said=left", http.StatusSeeOther)
}
