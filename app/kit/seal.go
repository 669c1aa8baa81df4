package kit

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"strconv"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/receipt"
)

// packWhen is how many sealed registrations may wait before they are packed
// without being asked, so that a night's sync finds them even when nobody
// locked the kit.
const packWhen = 50

// Unfinished says why an interview cannot be sealed yet, in the order of the
// form. It unwraps to the problem of its first finding.
type Unfinished struct{ Findings []form.Finding }

func (u *Unfinished) Error() string { return u.Unwrap().Error() }

func (u *Unfinished) Unwrap() error {
	f := u.Findings[0]
	return civic.NewProblem(f.Code, nil, f.Words...)
}

// Seal closes an interview for good: when it returns without an error, the
// registration is on disk, numbered, chained and has its receipt. Answers that
// do not fit come back as *Unfinished. Sealing the same interview again gives
// the id it was sealed under.
func (k *Kit) Seal(ctx context.Context, iv *capture.Interview) (civic.RegistrationID, error) {
	var none civic.RegistrationID
	st, err := k.open()
	if err != nil {
		return none, err
	}
	if wrong := iv.CheckAll(); len(wrong) > 0 {
		return none, &Unfinished{Findings: wrong}
	}
	s, err := k.newSealer(st)
	if err != nil {
		return none, err
	}
	d := iv.Draft()
	if err := fitsOne(d); err != nil {
		return none, err
	}
	meter := iv.Meter()
	var sealedAs uint64
	id, err := st.Seal(ctx, d.ID, func(counter uint64, previous civic.Digest) (*civic.Registration, civic.Digest, string, error) {
		sealedAs = counter
		return s.make(iv.Form(), d, "", counter, previous)
	})
	if err != nil {
		return none, problem(err)
	}
	if sealedAs != 0 && !d.Practice {
		k.keepMeter(ctx, st, sealedAs, meter)
	}
	k.copyAside(ctx, st)
	if counts, err := st.Counts(ctx); err == nil && counts.ByStatus[civic.Sealed] >= packWhen {
		if err := k.pack(ctx, st); err != nil {
			k.log.Warn("waiting registrations could not be packed yet", "code", civic.CodeOf(err))
		}
	}
	return id, nil
}

// fitsOne refuses an interview that no registration can hold, such as the roster
// of a boarding school, before the wire would in words about a single answer.
func fitsOne(d capture.Draft) error {
	size := 0
	for _, a := range d.Answers {
		size += len(a.Path) + len(a.Value) + len(a.Stated)
	}
	const others = 16 << 10 // what else a registration says
	if len(d.Answers) <= batch.MaxAnswers && len(d.Attachments) <= batch.MaxAttachments && size <= batch.MaxRegistration-others {
		return nil
	}
	return civic.NewProblem(civic.InterviewTooLarge, nil, strconv.Itoa(len(d.Answers)), strconv.Itoa(len(d.Attachments)),
		strconv.Itoa(batch.MaxAnswers), strconv.Itoa(batch.MaxAttachments))
}

// sealer makes registrations of drafts with the kit's keys.
type sealer struct {
	key      ed25519.PrivateKey
	public   ed25519.PublicKey
	secret   [32]byte
	identity store.Identity
	officer  civic.OfficerID
	stamp    func() civic.Stamp
}

func (k *Kit) newSealer(st *store.Store) (sealer, error) {
	key, secret, err := st.Keys()
	if err != nil {
		return sealer{}, problem(err)
	}
	public, _ := key.Public().(ed25519.PublicKey)
	return sealer{key: key, public: public, secret: secret, identity: st.Identity(), officer: st.Officer().ID, stamp: st.Stamp}, nil
}

// make builds the registration of a counter with its salted digest and its
// signed receipt.
func (s sealer) make(f *form.Form, d capture.Draft, row string, counter uint64, previous civic.Digest) (*civic.Registration, civic.Digest, string, error) {
	r := &civic.Registration{
		Device: s.identity.Device, ID: civic.NewRegistrationID(s.public, counter), Counter: counter, Previous: previous,
		Area: s.identity.Area, Officer: s.officer, Form: d.Form, Services: slices.Clone(d.Services), Language: d.Language,
		Started: d.Started, Sealed: s.stamp(),
		Answers: d.Answers, Consents: d.Consents, Attachments: d.Attachments,
		Corrects: d.Corrects, SourceRow: row, Practice: d.Practice,
	}
	canonical, err := batch.Canonical(r)
	if err != nil {
		return nil, civic.Digest{}, "", err
	}
	digest := batch.DigestOf(protocol.SaltOf(s.secret[:], counter), canonical)
	content := contentOf(f, r, digest)
	secret := protocol.ClaimSecretOf(s.secret[:], counter, sha256.Sum256(canonical))
	content.Secret = secret[:]
	text, err := receipt.Sign(content, s.identity.Device, s.key)
	if err != nil {
		return nil, civic.Digest{}, "", err
	}
	return r, digest, text, nil
}

// contentOf is what the receipt of a registration says.
func contentOf(f *form.Form, r *civic.Registration, digest civic.Digest) receipt.Content {
	all := factsOf(f, r)
	c := receipt.Content{
		Registration: r.ID, Binding: [16]byte(digest[:16]), Counter: r.Counter, Office: r.Area, Issued: r.Sealed.Time(),
		Reference: reference(r), Language: r.Language, Name: all.name(""), Birth: all.birth(""), Sex: all.sex(""),
		Guardian: all.text("", "guardian"), Practice: r.Practice,
	}
	if c.Guardian == "" {
		c.Guardian = all.name("mother")
	}
	for _, id := range r.Services {
		reuse := slices.ContainsFunc(r.Consents, func(c civic.Consent) bool {
			return c.Service == id && c.Purpose == capture.ReusePurpose && c.Agency == "" && c.Given
		})
		c.Services = append(c.Services, receipt.Service{ID: id, Reuse: reuse})
	}
	return c
}
