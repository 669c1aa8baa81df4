package forms

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// Config is what Forms takes from its surroundings.
type Config struct {
	DB     ledger.DB
	Access *access.Access
	// Catalogue holds the forms that ship with the program and those of the
	// centre's folder; what is published joins them.
	Catalogue *form.Catalogue
	Clock     func() time.Time
	Rand      io.Reader
	Logger    *slog.Logger
}

// Forms is the catalogue, for any number of goroutines.
type Forms struct {
	Config

	mu   sync.Mutex
	seen int64 // the last version taken into the catalogue
}

// New makes one; call Refresh before it is used.
func New(c Config) *Forms { return &Forms{Config: c} }

// Offered is how a version stands in an office.
type Offered struct {
	Area    civic.Area // empty: all offices
	Order   uint64
	Retired bool
	Actor   string
	At      time.Time
}

// Version is one version of a form in the catalogue.
type Version struct {
	Form      civic.FormID
	Version   string
	Title     string
	Questions int
	// Shipped versions come with the programs; Packed is then 0.
	Shipped bool
	Packed  int // bytes as it travels
	At      time.Time
	Offers  []Offered
}

// Ref names it.
func (v Version) Ref() civic.FormRef { return civic.FormRef{ID: v.Form, Version: v.Version} }

// maxActor bounds the name of who publishes, in bytes.
const maxActor = 64

// Publish takes a workbook, with the files it brings along, and offers it to an
// office, to all when area is empty. A workbook that fails its check, or that has
// the version of another, is refused: see [form.Refusal]. The same again changes
// nothing.
func (f *Forms) Publish(ctx context.Context, workbook []byte, files map[string][]byte, area civic.Area, actor string) (Version, error) {
	packed, err := form.Pack(workbook, files)
	if err != nil {
		return Version{}, refused(err)
	}
	for name := range files {
		if !form.FileName(name) {
			return Version{}, civic.NewProblem(civic.FormRefused, nil, "the file "+name+" has no name a form could use")
		}
	}
	// What another process published counts too.
	if _, err := f.Refresh(ctx); err != nil {
		return Version{}, err
	}
	loaded, err := f.Catalogue.Fits(packed)
	if err != nil {
		return Version{}, refused(err)
	}
	if loaded.Version == "" {
		return Version{}, civic.NewProblem(civic.FormRefused, nil, "its settings name no version")
	}
	v := Version{Form: loaded.ID, Version: loaded.Version, Title: loaded.Title(""), Questions: count(loaded), Packed: len(packed), At: f.Clock().UTC().Truncate(time.Second)}
	err = f.DB.Update(ctx, func(tx ledger.Tx) error {
		added, err := f.keep(ctx, tx, v, packed, workbook)
		if err != nil {
			return err
		}
		changed, err := f.offer(ctx, tx, v.Ref(), area, false, actor)
		if err != nil || !added && !changed {
			return err
		}
		return f.note(ctx, tx, area, actor, "publish_form", v.Ref())
	})
	if err != nil {
		return Version{}, err
	}
	_, err = f.Refresh(ctx)
	return v, err
}

// Retire ends a version in an office, everywhere when area is empty: nothing new
// takes it, what was made with it goes on. civic.FormUnknown when there is none.
func (f *Forms) Retire(ctx context.Context, ref civic.FormRef, area civic.Area, actor string) error {
	if _, ok := f.Form(ref); !ok {
		return civic.NewProblem(civic.FormUnknown, nil, ref.String())
	}
	return f.DB.Update(ctx, func(tx ledger.Tx) error {
		changed, err := f.offer(ctx, tx, ref, area, true, actor)
		if err != nil || !changed {
			return err
		}
		return f.note(ctx, tx, area, actor, "retire_form", ref)
	})
}

// Workbook gives a published version as it was given, for whoever wants to
// change it; civic.FormUnknown when it was not published.
func (f *Forms) Workbook(ctx context.Context, ref civic.FormRef) (b []byte, err error) {
	err = f.DB.View(ctx, func(tx ledger.Tx) error {
		return tx.QueryRow(ctx, "SELECT workbook FROM forms_version WHERE form = ?1 AND version = ?2", string(ref.ID), ref.Version).Scan(&b)
	})
	if errors.Is(err, ledger.ErrNoRows) {
		err = civic.NewProblem(civic.FormUnknown, err, ref.String())
	}
	return b, err
}

func refused(err error) error {
	var r *form.Refusal
	switch {
	case errors.As(err, &r):
		return err
	case errors.Is(err, form.ErrPackedTooLarge):
		return civic.NewProblem(civic.FormRefused, err, err.Error())
	}
	return err
}

func count(f *form.Form) (n int) {
	for _, q := range f.Questions() {
		if q.Kind.Asked() {
			n++
		}
	}
	return n
}

// keep puts a version into the ledger; it tells whether it was not there.
func (f *Forms) keep(ctx context.Context, tx ledger.Tx, v Version, packed, workbook []byte) (bool, error) {
	var have []byte
	err := tx.QueryRow(ctx, "SELECT packed FROM forms_version WHERE form = ?1 AND version = ?2", string(v.Form), v.Version).Scan(&have)
	switch {
	case err == nil:
		// Another process may have published under this version since the look.
		c := form.NewCatalogue()
		if _, err := c.Add(have); err != nil {
			return false, err
		}
		_, err := c.Fits(packed)
		return false, refused(err)
	case !errors.Is(err, ledger.ErrNoRows):
		return false, err
	}
	n, err := next(ctx, tx)
	if err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO forms_version (form, version, added, packed, workbook, title, questions, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
		string(v.Form), v.Version, n, packed, workbook, v.Title, v.Questions, v.At.Unix())
	return true, err
}

// offer says how a version stands in an office; it tells whether that is new.
func (f *Forms) offer(ctx context.Context, tx ledger.Tx, ref civic.FormRef, area civic.Area, retired bool, actor string) (bool, error) {
	if len(actor) > maxActor {
		actor = actor[:maxActor]
	}
	var was int
	err := tx.QueryRow(ctx, "SELECT retired FROM forms_offer WHERE area = ?1 AND form = ?2 AND version = ?3", string(area), string(ref.ID), ref.Version).Scan(&was)
	if err == nil && (was != 0) == retired {
		return false, nil
	}
	if err != nil && !errors.Is(err, ledger.ErrNoRows) {
		return false, err
	}
	n, err := next(ctx, tx)
	if err != nil {
		return false, err
	}
	mark := 0
	if retired {
		mark = 1
	}
	_, err = tx.Exec(ctx, `INSERT INTO forms_offer (area, form, version, ord, retired, actor, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
		ON CONFLICT (area, form, version) DO UPDATE SET ord = excluded.ord, retired = excluded.retired, actor = excluded.actor, at = excluded.at`,
		string(area), string(ref.ID), ref.Version, n, mark, actor, f.Clock().Unix())
	return true, err
}

// next takes the next number of a change.
func next(ctx context.Context, tx ledger.Tx) (n int64, err error) {
	err = tx.QueryRow(ctx, `INSERT INTO forms_count (name, value) VALUES ('order', 1)
		ON CONFLICT (name) DO UPDATE SET value = forms_count.value + 1 RETURNING value`).Scan(&n)
	return n, err
}

func (f *Forms) note(ctx context.Context, tx ledger.Tx, area civic.Area, actor, action string, ref civic.FormRef) error {
	return audit.Write(ctx, tx, f.Clock(), []audit.Row{{Area: area, Actor: actor, Action: action, Detail: ref.String()}})
}
