package kit

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Begin starts an interview for a form. Disk, keys and lease are checked
// before; the draft is on disk when Begin returns.
func (k *Kit) Begin(ctx context.Context, id civic.FormID) (*capture.Interview, error) {
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	f, ok := k.forms.Latest(id)
	if !ok {
		return nil, civic.NewProblem(civic.FormUnknown, nil, string(id))
	}
	if err := k.checkBefore(ctx, st); err != nil {
		return nil, err
	}
	d := capture.Draft{Form: f.Ref(), Services: []civic.ServiceID{f.Service()}, Started: st.Stamp(), Practice: k.Practice()}
	if _, err := rand.Read(d.ID[:]); err != nil {
		return nil, problem(err)
	}
	iv := capture.New(f, k.env(st), d, keeper{st}, st.Stamp)
	if err := iv.GoTo(ctx, ""); err != nil {
		return nil, problem(err)
	}
	return iv, nil
}

// Drafts are the interviews not sealed yet, newest first.
// While somebody practises they are those about invented people, else the others.
func (k *Kit) Drafts(ctx context.Context) ([]DraftInfo, error) { return k.drafts(ctx, k.Practice()) }

func (k *Kit) drafts(ctx context.Context, practice bool) ([]DraftInfo, error) {
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	drafts, err := st.Drafts(ctx)
	if err != nil {
		return nil, problem(err)
	}
	out := make([]DraftInfo, 0, len(drafts))
	for _, d := range drafts {
		if d.Practice != practice {
			continue
		}
		info := DraftInfo{ID: d.ID, Form: d.Form, Section: d.Section, Started: d.Started.Time(), Updated: d.Updated.Time(), Answered: len(d.Answers), Note: d.Note, Corrects: d.Corrects}
		if f, ok := k.forms.Form(d.Form); ok {
			info.Title = titles(f)
			info.Name = nameOf(f, &civic.Registration{Form: d.Form, Answers: d.Answers})
		}
		out = append(out, info)
	}
	slices.SortStableFunc(out, func(a, b DraftInfo) int { return b.Updated.Compare(a.Updated) })
	return out, nil
}

// Resume goes on with a draft where it was left, on the form's version it was
// begun with; also on a full disk, and when what is held cannot be read.
func (k *Kit) Resume(ctx context.Context, id capture.DraftID) (*capture.Interview, error) {
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	d, err := st.Draft(ctx, id)
	if err != nil {
		return nil, problem(err)
	}
	f, ok := k.forms.Form(d.Form)
	if !ok {
		return nil, civic.NewProblem(civic.FormVersionUnknown, nil, d.Form.Version)
	}
	iv := capture.New(f, k.env(st), fromStore(d), keeper{st}, st.Stamp)
	if err := k.reuse(ctx, st, iv); err != nil {
		// What others said is a help; what was said here must not hang on it.
		k.log.Warn("what is held cannot be offered to a draft", "code", civic.CodeOf(err))
	}
	return iv, nil
}

// Discard throws a draft away; Restore takes that back for a day.
func (k *Kit) Discard(ctx context.Context, id capture.DraftID) error {
	st, err := k.open()
	if err != nil {
		return err
	}
	return problem(st.DiscardDraft(ctx, id))
}

// Restore takes Discard back.
func (k *Kit) Restore(ctx context.Context, id capture.DraftID) error {
	st, err := k.open()
	if err != nil {
		return err
	}
	return problem(st.RestoreDraft(ctx, id))
}

// Attach stores a picture (JPEG or PNG) for a question and answers it. What is
// kept is the picture alone, made as small as a photo should be.
func (k *Kit) Attach(ctx context.Context, iv *capture.Interview, question, name string, r io.Reader) error {
	st, err := k.open()
	if err != nil {
		return err
	}
	const most = protocol.MaxAttachment - 64<<10 // room for the seal
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return civic.NewProblem(civic.FileUnreadable, err, path.Base(name))
	}
	if len(b) > most {
		return civic.NewProblem(civic.UploadTooLarge, nil, strconv.Itoa(most>>20)+" MB")
	}
	media := http.DetectContentType(b)
	if media != "image/jpeg" && media != "image/png" {
		return civic.NewProblem(civic.PictureUnknown, nil)
	}
	if b, media, err = leanPhoto(b, media); err != nil {
		return err
	}
	// The officer's own file name may hold a person's name: a neutral one travels.
	var tag [6]byte
	if _, err := rand.Read(tag[:]); err != nil {
		return problem(err)
	}
	neutral := "photo-" + hex.EncodeToString(tag[:]) + map[string]string{"image/jpeg": ".jpg", "image/png": ".png"}[media]
	a, err := st.PutAttachment(ctx, neutral, media, b)
	if err != nil {
		return problem(err)
	}
	return problem(iv.Attach(ctx, question, a))
}

// Picture reads an attachment back, for the review page.
func (k *Kit) Picture(ctx context.Context, a civic.Attachment) ([]byte, error) {
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	b, err := st.Attachment(ctx, a.Digest)
	return b, problem(err)
}

// env is what a running form may know of this kit.
func (k *Kit) env(st *store.Store) form.Env {
	return form.Env{Now: k.o.Clock, Zone: k.o.Zone, Device: st.Identity().Device.String(), Officer: st.Officer().ID.String(), Rand: rand.Reader, Lists: k.listOf}
}

// keeper puts drafts into the store.
type keeper struct{ st *store.Store }

func (k keeper) Keep(ctx context.Context, d capture.Draft) error {
	return problem(k.st.SaveDraft(ctx, store.Draft{
		ID: d.ID, Form: d.Form, Services: d.Services, Language: d.Language, Answers: d.Answers, Consents: d.Consents,
		Attachments: d.Attachments, Section: d.Section, Corrects: d.Corrects, Started: d.Started, Updated: d.Updated, Practice: d.Practice,
		People: peopleToStore(d.People), Note: d.Note,
	}))
}

func fromStore(d store.Draft) capture.Draft {
	return capture.Draft{
		ID: d.ID, Form: d.Form, Services: d.Services, Language: d.Language, Answers: d.Answers, Consents: d.Consents,
		Attachments: d.Attachments, Section: d.Section, Corrects: d.Corrects, Started: d.Started, Updated: d.Updated, Practice: d.Practice,
		People: peopleOfStore(d.People), Note: d.Note,
	}
}
