package web

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/citizen"
	"github.com/askonce/fieldkit/server/forms"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/meter"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
)

//go:embed page/*.html words/*.json static/*
var files embed.FS

// Config is what the console takes from its surroundings.
type Config struct {
	DB       ledger.DB
	Access   *access.Access
	Registry *registry.Embedded
	// Reconciler does what reviewers say; Tell has a kit told what changed.
	Reconciler *reconcile.Reconciler
	Tell       func(ctx context.Context, tx ledger.Tx, device civic.DeviceID, outcomes []civic.Outcome) error
	Clock      func() time.Time
	// Log is the log of looks that auditors read; SignEvidence signs what they
	// take along as the centre.
	Log          *translog.Log
	SignEvidence func(translog.EvidenceNote) ([]byte, error)
	Logger       *slog.Logger
	// Meter sums up what interviews asked and saved. It may be nil.
	Meter *meter.Meter
	// TakeAlong writes the own data of a person of an office in a format, for a
	// reason; it logs what it does. It may be nil.
	TakeAlong func(ctx context.Context, ref registry.Ref, as, reason, staff string) ([]byte, error)
	// URL tells the address kits reach this centre at, for new enrolment codes.
	URL func(context.Context) (string, error)
	// Aside lists what was set aside whole, of all offices when area is empty;
	// Retry has one file of it looked at again and writes that down; a file of an
	// office other than area is refused with civic.NotYours, unless area is empty.
	// Either may be nil.
	Aside func(ctx context.Context, area civic.Area) ([]Aside, error)
	Retry func(ctx context.Context, area civic.Area, file civic.Digest, actor string) error
	// Demonstration tells whether kits are let forget what no copy on another disk
	// covers. It may be nil.
	Demonstration func(ctx context.Context) (bool, error)
	// Citizens is where objections are answered. It may be nil.
	Citizens *citizen.Citizens
	// Pictures lists the pictures a registration has of a subject, and Picture
	// opens one. They may be nil.
	Pictures func(ctx context.Context, office civic.Area, id civic.RegistrationID, subject string) ([]civic.Attachment, error)
	Picture  func(ctx context.Context, office civic.Area, content civic.Digest) ([]byte, error)
	// Outbox tells what waits for outside registries. It may be nil.
	Outbox func(ctx context.Context) ([]registry.Waits, error)
	// Queue counts what was received and is not decided yet. It may be nil.
	Queue func(ctx context.Context) (int, error)
	// Share holds the agreements. It may be nil.
	Share *share.Share
	// Forms is the catalogue of forms. It may be nil.
	Forms *forms.Forms
}

// Aside is a file or a registration that was set aside with a reason.
type Aside struct {
	Area    civic.Area
	File    civic.Digest
	Kind    string // key, batch, attachment
	Counter uint64 // of a single registration within a batch, else 0
	Device  civic.DeviceID
	Size    int64
	Reason  civic.Code
	Words   []string
	At      time.Time
}

// console is the handler's state; it never changes after New.
type console struct {
	Config
	pages pages
	books map[string]book
}

func newConsole(c Config) (s *console, err error) {
	s = &console{Config: c}
	if s.books, err = readBooks(); err == nil {
		s.pages, err = readPages()
	}
	return s, err
}

// New makes the console. Its handler wants whole paths: /console/…
func New(c Config) (http.Handler, error) {
	s, err := newConsole(c)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /console/static/", static())
	mux.HandleFunc("POST /console/language", s.language)
	mux.HandleFunc("GET /console/sign-in", s.signInPage)
	mux.HandleFunc("POST /console/sign-in", s.signIn)
	mux.HandleFunc("POST /console/sign-out", s.signOut)
	mux.HandleFunc("GET "+secondPath, s.secondPage)
	mux.HandleFunc("POST "+secondPath, s.second)
	all := access.Roles()
	// Whoever has one of these may look at a person, with a reason or, where role
	// or office speak against it, by breaking the glass. Who runs servers never.
	persons := []access.Role{access.Reviewer, access.Supervisor, access.Auditor}
	watching := []access.Role{access.Auditor, access.Supervisor}
	reviewer := []access.Role{access.Reviewer}
	reviewing := []access.Role{access.Reviewer, access.Supervisor} // a supervisor may be the second pair of eyes
	administrator := []access.Role{access.Administrator}
	for _, r := range []struct {
		pattern string
		roles   []access.Role
		do      func(*visit) error
	}{
		{"GET /console/{$}", all, (*visit).overview},
		{"GET /console/registrations", all, (*visit).registrations},
		{"GET /console/registrations/{area}/{id}", all, (*visit).registration},
		{"GET /console/persons/{area}/{id}", persons, (*visit).person},
		{"POST /console/persons/reason", persons, (*visit).explain},
		{"POST /console/persons/glass", persons, (*visit).breakGlass},
		{"POST /console/sign-out-all", all, (*visit).signOutAll},
		{"GET /console/sessions", all, (*visit).sessions},
		{"POST /console/sessions/end", all, (*visit).endSession},
		{"GET /console/glass", watching, (*visit).glasses},
		{"POST /console/glass/review", watching, (*visit).reviewGlass},
		{"POST /console/persons/undo", reviewer, (*visit).undo},
		{"POST /console/persons/take-along", persons, (*visit).takeAlong},
		{"GET /console/reviews", reviewing, (*visit).reviews},
		{"GET /console/reviews/{area}/{id}", reviewing, (*visit).review},
		{"POST /console/reviews/decide", reviewing, (*visit).decide},
		{"POST /console/reviews/undo", reviewing, (*visit).reopen},
		{"GET /console/pictures/{area}/{id}/{office}/{registration}/{n}", reviewing, (*visit).showPicture},
		{"GET /console/outcomes", all, (*visit).outcomes},
		{"GET /console/meter", all, (*visit).meter},
		{"GET /console/meter.csv", all, (*visit).meterCSV},
		{"GET /console/evidence-due", all, (*visit).evidenceDue},
		{"GET /console/devices", all, (*visit).devices},
		{"POST /console/devices/invite", administrator, (*visit).invite},
		{"GET /console/devices/{kit}/withdraw", administrator, (*visit).withdraw},
		{"POST /console/devices/revoke", administrator, (*visit).revoke},
		{"GET /console/quarantine", all, (*visit).quarantine},
		{"POST /console/quarantine/retry", administrator, (*visit).retry},
		{"GET /console/audit", []access.Role{access.Auditor}, (*visit).audit},
		{"GET /console/audit.csv", []access.Role{access.Auditor}, (*visit).auditCSV},
		{"GET /console/registrations.csv", all, (*visit).registrationsCSV},
		{"GET /console/outcomes.csv", all, (*visit).outcomesCSV},
		{"GET /console/evidence-due.csv", all, (*visit).evidenceDueCSV},
		{"GET /console/help", all, (*visit).help},
		{"GET /console/log", []access.Role{access.Auditor}, (*visit).log},
		{"GET /console/log/rows/{leaf}", []access.Role{access.Auditor}, (*visit).logRow},
		{"POST /console/log/evidence", []access.Role{access.Auditor}, (*visit).evidence},
	} {
		mux.Handle(r.pattern, s.guard(r.roles, r.do))
	}
	mux.HandleFunc("GET /console", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/console/", http.StatusSeeOther)
	})
	if s.Citizens != nil {
		mux.Handle("GET /console/objections", s.guard(watching, (*visit).objections))
		mux.Handle("POST /console/objections/answer", s.guard([]access.Role{access.Supervisor}, (*visit).answerObjection))
		mux.Handle("POST /console/objections/code", s.guard([]access.Role{access.Supervisor}, (*visit).forgetCode))
	}
	if s.Share != nil {
		s.agreementRoutes(mux)
	}
	for _, r := range s.formRoutes(all) {
		mux.Handle(r.pattern, s.guard(r.roles, r.do))
	}
	mux.HandleFunc("/console/", s.absent("/console/"))
	protect := s.protection("/console/")
	pages := secureUpTo(maxForm, protect.Handler(mux))
	if s.Forms == nil {
		return pages, nil
	}
	outer := http.NewServeMux()
	outer.Handle("/", pages)
	outer.Handle("POST "+uploadPath, secureUpTo(maxUpload, protect.Handler(s.uploads())))
	return outer, nil
}

// secureUpTo sets what every answer carries, and bounds what is asked with, in
// bytes.
func secureUpTo(most int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Strict-Transport-Security", "max-age=31536000")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, most)
		next.ServeHTTP(w, r)
	})
}

// maxForm is the largest form that is read, in bytes.
const maxForm = 64 << 10

func static() http.Handler {
	h := http.StripPrefix("/console/", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") { // a folder is nobody's to list
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=3600")
		h.ServeHTTP(w, r)
	})
}
