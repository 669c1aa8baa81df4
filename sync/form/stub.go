package form

import (
	"errors"

	"github.com/askonce/fieldkit/sync/civic"
)

var errSoon = errors.New("not built yet")

// Load reads a workbook (.xlsx) and compiles it. A workbook the kit cannot run
// comes back as a *[Refusal].
func Load(b []byte) (*Form, error) { return nil, errSoon }

// Claims says what the registration's answers mean, each with its subject.
func (f *Form) Claims(r *civic.Registration) []civic.Claim { return nil }

// Validate judges a sealed registration by the form's rules as they would have
// stood when it was sealed.
func (f *Form) Validate(r *civic.Registration, env Env) []Finding { return nil }

// Session is a running form. It is not safe for several goroutines at once.
type Session struct{}

// Start begins an interview with the form's defaults.
func Start(f *Form, e Env) *Session { return nil }

// Resume goes on with answers given before; answers to questions the form does
// not have are dropped.
func Resume(f *Form, e Env, answers []civic.Answer) *Session { return nil }

// Form is the form that is running.
func (s *Session) Form() *Form { return nil }

// SetLanguage chooses the language of messages and labels; Sections does too.
func (s *Session) SetLanguage(lang string) {}

// Set takes the answer to one question and recomputes what hangs on it. The
// answer's own Path is ignored. A value that does not fit is kept as it was
// typed and Check tells; an error means that there is no such question, or that
// it takes no answer.
func (s *Session) Set(path string, a civic.Answer) error { return errSoon }

// State tells how one question stands.
func (s *Session) State(path string) State { return State{} }

// Sections lists the pages as they stand now: relevant questions only, repeats
// unfolded, labels with the answers they mention filled in.
func (s *Session) Sections(lang string) []Section { return nil }

// AddInstance adds one more instance of a repeat and gives its path,
// "members[3]".
func (s *Session) AddInstance(repeatPath string) (string, error) { return "", errSoon }

// RemoveInstance takes one instance away; those behind it move up.
func (s *Session) RemoveInstance(path string) error { return errSoon }

// Check judges the answers of one section; CheckAll those of the whole form.
func (s *Session) Check(sectionPath string) []Finding { return nil }

// CheckAll judges every answer.
func (s *Session) CheckAll() []Finding { return nil }

// Answers gives what was answered in any way to relevant questions, in the
// order of the form.
func (s *Session) Answers() []civic.Answer { return nil }

// Catalogue keeps forms by id and version; it is safe for several goroutines.
type Catalogue struct{}

// NewCatalogue makes an empty one.
func NewCatalogue() *Catalogue { return &Catalogue{} }

// Add loads a workbook and keeps it; the same form again changes nothing.
func (c *Catalogue) Add(b []byte) (*Form, error) { return nil, errSoon }

// Form finds one version of a form.
func (c *Catalogue) Form(ref civic.FormRef) (*Form, bool) { return nil, false }

// Latest finds the version of a form that was added last.
func (c *Catalogue) Latest(id civic.FormID) (*Form, bool) { return nil, false }

// All lists every form kept, by id, then in the order of adding.
func (c *Catalogue) All() []*Form { return nil }
