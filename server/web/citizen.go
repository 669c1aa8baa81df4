package web

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/citizen"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/server/translog"
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
		"POST /citizen/object":  (*caller).object,
		"POST /citizen/choose":  (*caller).choose,
		"POST /citizen/code":    (*caller).code,
		"GET /citizen/saved":    (*caller).saved,
		"GET /citizen/objected": (*caller).saved,
	} {
		mux.Handle(pattern, p.guard(do))
	}
	return secureUpTo(maxPicture, http.NewCrossOriginProtection().Handler(mux)), nil
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
		if err != nil {
			http.Redirect(w, r, citizenStart, http.StatusSeeOther)
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
	malformed := func(err error) error { return civic.NewProblem(civic.RequestMalformed, err) }
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
			read, err := receipt.ReadPicture(io.LimitReader(part, maxPicture))
			if err == nil {
				text = read
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
	http.Redirect(w, r, citizenStart, http.StatusSeeOther)
}

// seenLook is one row as its person reads it.
type seenLook struct {
	translog.Row
	Who     string // the agency's name, or what sort of person looked
	Purpose string
	Key     string // of the row, for an objection
	Mine    bool   // an act of the citizen's own
}

func (c *caller) looks() error {
	var d struct {
		Token      string
		Factor     string
		Rows       []seenLook
		Hidden     int
		More       bool
		Next       string
		Choices    []share.Choice
		Objections []citizen.Objection
		Now        time.Time
		Until      time.Time
	}
	var before translog.RowID
	if raw, err := hex.DecodeString(c.r.URL.Query().Get("before")); err == nil {
		copy(before[:], raw)
	}
	looks, err := c.p.door.Looks(c.r.Context(), c.entered, before)
	if err != nil {
		return err
	}
	names := map[string]string{}
	err = c.DB.View(c.r.Context(), func(tx ledger.Tx) error {
		all, err := c.p.share.Agencies(c.r.Context(), tx)
		for _, a := range all {
			names[string(a.ID)] = a.Name
		}
		if err == nil {
			d.Choices, err = share.Choices(c.r.Context(), tx, c.entered.Area, []civic.RegistrationID{c.entered.Registration})
		}
		return err
	})
	if err != nil {
		return err
	}
	if d.Objections, err = c.p.door.Mine(c.r.Context(), c.entered); err != nil {
		return err
	}
	for _, row := range looks.Rows {
		s := seenLook{Row: row, Key: hex.EncodeToString(row.ID[:]), Mine: row.Kind == translog.Citizen, Who: c.words.say("look.kind." + string(row.Kind))}
		if name := names[row.Actor]; row.Kind == translog.Agency && name != "" {
			s.Who = name
		}
		s.Purpose = purposeWords(row.Entry.Purpose)
		d.Rows = append(d.Rows, s)
		d.Next = s.Key
	}
	d.Token, d.Factor, d.Hidden, d.More, d.Now, d.Until = c.entered.FormToken, c.entered.Factor, looks.Hidden, looks.More, c.Clock(), c.entered.Expires
	c.show(http.StatusOK, "looks", d)
	return nil
}

// purposeWords is a purpose as people read it: the last word of a DPV term,
// its parts set apart.
func purposeWords(p civic.Purpose) string {
	s := string(p)
	if i := strings.LastIndexAny(s, "#/:"); i >= 0 {
		s = s[i+1:]
	}
	var b strings.Builder
	for i, r := range s {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

func (c *caller) object() error {
	o := citizen.Objection{Words: c.r.PostForm.Get("words"), RowArea: civic.Area(c.r.PostForm.Get("row_area"))}
	if raw := c.r.PostForm.Get("row"); raw != "" {
		id, err := hex.DecodeString(raw)
		if err != nil || len(id) != len(o.Row) || len(o.RowArea) > maxArea {
			return civic.NewProblem(civic.RequestMalformed, err)
		}
		o.Row = translog.RowID(id)
	}
	if _, err := c.p.door.Object(c.r.Context(), c.entered, o); err != nil {
		return err
	}
	c.redirect("/citizen/objected")
	return nil
}

// choose lets others reuse what was said, or no longer.
func (c *caller) choose() error {
	state := policy.Withdrawn
	if c.r.PostForm.Get("choice") == "give" {
		state = policy.Given
	}
	scope := policy.Scope{Source: civic.ServiceID(c.r.PostForm.Get("source")), Target: civic.ServiceID(c.r.PostForm.Get("target")), Purpose: civic.Purpose(c.r.PostForm.Get("purpose"))}
	ctx := c.r.Context()
	err := c.DB.Update(ctx, func(tx ledger.Tx) error {
		known, err := share.Choices(ctx, tx, c.entered.Area, []civic.RegistrationID{c.entered.Registration})
		if err != nil {
			return err
		}
		// Only what was asked before is chosen anew; to withdraw all needs no such.
		asked := state == policy.Withdrawn && scope == policy.Scope{}
		for _, k := range known {
			if k.Scope.Source == scope.Source && k.Scope.Target == scope.Target && k.Scope.Purpose == scope.Purpose {
				asked, scope = true, k.Scope
			}
		}
		if !asked {
			return civic.NewProblem(civic.RequestMalformed, nil)
		}
		_, err = c.p.share.Choose(ctx, tx, share.Choice{
			Area: c.entered.Area, Registration: c.entered.Registration, State: state, Scope: scope, Language: c.words.Code,
			Notice: "citizen/choose", By: share.ByIndividual, Channel: "receipt", Actor: c.entered.Factor, Said: c.Clock(),
		})
		return err
	})
	if err == nil {
		c.redirect("/citizen/saved")
	}
	return err
}

func (c *caller) code() error {
	first, again := c.r.PostForm.Get("code"), c.r.PostForm.Get("again")
	if first != again {
		return civic.NewProblem(civic.CodesDiffer, nil)
	}
	if err := c.p.door.SetCode(c.r.Context(), c.entered, first); err != nil {
		return err
	}
	c.redirect("/citizen/saved")
	return nil
}

func (c *caller) saved() error {
	c.show(http.StatusOK, "saved", strings.HasSuffix(c.r.URL.Path, "objected"))
	return nil
}

// objections is the queue of those who answer.
func (v *visit) objections() error {
	type row struct {
		citizen.Objection
		Key     string
		Overdue bool
		Who     string
	}
	var d struct {
		Rows      []row
		Answering bool
	}
	err := v.read("read_objections", nil, "", func(ctx context.Context, tx ledger.Tx) error {
		list, err := v.Citizens.Open(ctx, tx, v.session.Area)
		d.Rows = nil
		for _, o := range list {
			d.Rows = append(d.Rows, row{Objection: o, Key: hex.EncodeToString(o.ID[:]), Overdue: o.Overdue(v.Clock()), Who: string(o.Agency)})
		}
		return err
	})
	if err != nil {
		return err
	}
	d.Answering = v.session.Role == access.Supervisor
	v.show(http.StatusOK, "objections", d)
	return nil
}

func (v *visit) answerObjection() error {
	area := civic.Area(v.r.PostForm.Get("office"))
	id, err := hex.DecodeString(v.r.PostForm.Get("id"))
	if err != nil || len(id) != 16 || !v.may(area) {
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	err = v.Citizens.Answer(v.r.Context(), v.session.Staff, area, [16]byte(id), v.r.PostForm.Get("verdict") == "upheld", v.r.PostForm.Get("words"))
	if err == nil {
		v.redirect("/console/objections")
	}
	return err
}

// forgetCode brings the slip's code back for somebody who forgot their own.
func (v *visit) forgetCode() error {
	area := civic.Area(v.r.PostForm.Get("office"))
	id, err := civic.ParseRegistrationID(v.r.PostForm.Get("registration"))
	if err != nil || !v.may(area) {
		return civic.NewProblem(civic.RegistrationAbsent, err, v.r.PostForm.Get("registration"))
	}
	if err := v.Citizens.ForgetCode(v.r.Context(), v.session.Staff, area, id); err != nil {
		return err
	}
	v.redirect("/console/objections")
	return nil
}
