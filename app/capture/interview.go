package capture

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// Interview is one running interview.
type Interview struct {
	keeper Keeper
	stamp  func() civic.Stamp

	mu      sync.Mutex
	form    *form.Form
	session *form.Session
	draft   Draft
	reuse   *reuse // nil: nothing is held
	// How choices were told: the officer's word, who speaks, and what a voice has
	// read to its end since the interview was opened.
	aloud bool
	by    *civic.Speaker
	heard map[civic.Digest]bool
}

// New starts an interview, or goes on with one when the draft holds answers.
// The draft's ID must be set. stamp gives the moment each change is dated with.
func New(f *form.Form, env form.Env, d Draft, k Keeper, stamp func() civic.Stamp) *Interview {
	iv := &Interview{keeper: k, stamp: stamp, form: f, draft: d}
	if iv.draft.Language == "" && len(f.Languages()) > 0 {
		iv.draft.Language = f.Languages()[0]
	}
	if len(d.Answers) == 0 {
		iv.session = form.Start(f, env)
	} else {
		iv.session = form.Resume(f, env, d.Answers)
	}
	return iv
}

// ID names the draft.
func (iv *Interview) ID() DraftID { return iv.draft.ID }

// Form is the form's version the interview runs on, to its end.
func (iv *Interview) Form() *form.Form { return iv.form }

// Title is the form's title.
func (iv *Interview) Title(lang string) string { return iv.form.Title(lang) }

// Language is the one the citizen is asked in.
func (iv *Interview) Language() string {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	return iv.draft.Language
}

// SetLanguage changes it.
func (iv *Interview) SetLanguage(ctx context.Context, lang string) error {
	return iv.change(ctx, func() error { iv.draft.Language = lang; return nil })
}

// Draft is a copy of what would be kept now.
func (iv *Interview) Draft() Draft {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	return iv.snapshot()
}

// Sections are the pages to show now, relevant questions only, repeats unfolded.
func (iv *Interview) Sections(lang string) []form.Section {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	return iv.session.Sections(lang)
}

// State tells of one question whether it is relevant, required, read-only and
// answered well.
func (iv *Interview) State(path string) form.State {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	return iv.session.State(path)
}

// Set answers a question and keeps the draft. An answer that breaks a rule is
// kept too; Check tells of it. An error means that the answer is not on disk.
func (iv *Interview) Set(ctx context.Context, path string, a civic.Answer) error {
	return iv.change(ctx, func() error {
		a.Path = path
		return iv.session.Set(path, a)
	})
}

// Clear takes an answer back.
func (iv *Interview) Clear(ctx context.Context, path string) error {
	return iv.Set(ctx, path, civic.Answer{})
}

// AddInstance opens one more of a repeat and gives its path.
func (iv *Interview) AddInstance(ctx context.Context, repeat string) (path string, err error) {
	err = iv.change(ctx, func() error {
		path, err = iv.session.AddInstance(repeat)
		return err
	})
	return path, err
}

// RemoveInstance takes one of a repeat away, its answers with it.
func (iv *Interview) RemoveInstance(ctx context.Context, path string) error {
	return iv.change(ctx, func() error {
		if err := iv.session.RemoveInstance(path); err != nil {
			return err
		}
		iv.removed(path)
		return nil
	})
}

// Check tells what is still wrong on a page, in the order of the form.
func (iv *Interview) Check(section string) []form.Finding {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	return iv.session.Check(section)
}

// CheckAll tells what is still wrong anywhere.
func (iv *Interview) CheckAll() []form.Finding {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	return iv.session.CheckAll()
}

// Section is the page the officer was last on, "" for the first.
func (iv *Interview) Section() string {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	return iv.draft.Section
}

// GoTo remembers the page, so that a draft opens where it was left.
func (iv *Interview) GoTo(ctx context.Context, section string) error {
	return iv.change(ctx, func() error { iv.draft.Section = section; return nil })
}

// Attach answers a question with a picture that the kit has stored already.
func (iv *Interview) Attach(ctx context.Context, path string, a civic.Attachment) error {
	return iv.change(ctx, func() error {
		if err := iv.session.Set(path, civic.Answer{Path: path, Value: a.Name}); err != nil {
			return err
		}
		iv.draft.Attachments = append(slices.Clone(iv.draft.Attachments), a)
		return nil
	})
}

// Attachments are the pictures noted so far that an answer still names.
func (iv *Interview) Attachments() []civic.Attachment {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	return named(iv.draft.Attachments, iv.session.Answers())
}

// Answers are what would be sealed now, in the order of the form.
func (iv *Interview) Answers() []civic.Answer {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	return iv.session.Answers()
}

// change does one thing and keeps the draft before it returns.
func (iv *Interview) change(ctx context.Context, do func() error) error {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	if err := do(); err != nil {
		return err
	}
	if err := iv.fill(); err != nil {
		return err
	}
	iv.draft.Updated = iv.stamp()
	return iv.keeper.Keep(ctx, iv.snapshot())
}

func (iv *Interview) snapshot() Draft {
	d := iv.draft
	d.Answers = iv.session.Answers()
	d.Services = slices.Clone(d.Services)
	d.Consents = slices.Clone(d.Consents)
	d.People = maps.Clone(d.People)
	d.Attachments = named(d.Attachments, d.Answers)
	return d
}

func named(all []civic.Attachment, answers []civic.Answer) []civic.Attachment {
	var out []civic.Attachment
	for _, a := range all {
		if slices.ContainsFunc(answers, func(an civic.Answer) bool { return strings.TrimSpace(an.Value) == a.Name }) {
			out = append(out, a)
		}
	}
	return out
}
