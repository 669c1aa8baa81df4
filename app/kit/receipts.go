package kit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/receipt"
)

// reference is what people read out instead of an id: office and number.
func reference(r *civic.Registration) string {
	return string(r.Area) + "/" + r.Device.String()[:4] + "/" + strconv.FormatUint(r.Counter, 10)
}

// Receipt is the registration's signed receipt.
func (k *Kit) Receipt(ctx context.Context, id civic.RegistrationID) (Receipt, error) {
	st, err := k.open()
	if err != nil {
		return Receipt{}, err
	}
	e, err := entryOf(ctx, st, id)
	if err != nil {
		return Receipt{}, err
	}
	r := e.Registration
	if e.Forgotten || e.Receipt == "" {
		return Receipt{}, civic.NewProblem(civic.RegistrationAbsent, nil, id.String())
	}
	out := Receipt{
		Registration: id, Text: e.Receipt, Reference: reference(&r), Office: r.Area,
		Services: r.Services, Issued: r.Sealed.Time(), Practice: r.Practice,
	}
	if f, ok := k.forms.Form(r.Form); ok {
		all := factsOf(f, &r)
		out.Name, out.BirthDate = all.name(""), all.birth("").String()
	}
	out.Slip, err = slipOf(st, &r)
	return out, err
}

// slipOf works out the code of a registration's slip, as the registry does.
func slipOf(st *store.Store, r *civic.Registration) (string, error) {
	_, secret, err := st.Keys()
	if err != nil {
		return "", problem(err)
	}
	canonical, err := batch.Canonical(r)
	if err != nil {
		return "", problem(err)
	}
	return protocol.SlipOf(secret[:], r.Counter, sha256.Sum256(canonical)), nil
}

// SlipPDF is the slip to print, in a language.
func (k *Kit) SlipPDF(ctx context.Context, id civic.RegistrationID, lang string) ([]byte, error) {
	p, err := k.paper(ctx, id, lang)
	if err != nil {
		return nil, err
	}
	b, err := receipt.SlipPDF(receipt.Slip{
		Title: p.say("receipt.slip.title"), Code: p.Slip, Footer: p.say("receipt.slip.footer"), Mark: p.mark,
		Regular: p.regular, Bold: p.bold, Made: p.Issued,
		Lines: []receipt.Line{{Label: p.say("receipt.number"), Value: p.Reference}},
	})
	return b, problem(err)
}

// paper is what every print of a receipt needs.
type paper struct {
	Receipt
	say           func(key string) string // in the citizen's language
	regular, bold []byte                  // fonts
	mark          string                  // empty, but for a practice registration
}

func (k *Kit) paper(ctx context.Context, id civic.RegistrationID, lang string) (p paper, err error) {
	if p.Receipt, err = k.Receipt(ctx, id); err != nil {
		return p, err
	}
	if p.regular, p.bold, err = fonts(); err != nil {
		return p, err
	}
	p.say = func(key string) string { return k.o.Words(lang, key) }
	if p.Practice {
		p.mark = p.say("practice.mark")
	}
	return p, nil
}

// fonts have every letter that is printed.
func fonts() (regular, bold []byte, err error) {
	if regular, err = assets.Fonts.ReadFile("fonts/NotoSans-Regular.ttf"); err == nil {
		bold, err = assets.Fonts.ReadFile("fonts/NotoSans-Bold.ttf")
	}
	return regular, bold, problem(err)
}

// PNG draws the receipt's QR.
func (r Receipt) PNG() ([]byte, error) {
	b, err := receipt.PNG(r.Text)
	return b, problem(err)
}

// ReceiptPNG draws a registration's receipt.
func (k *Kit) ReceiptPNG(ctx context.Context, id civic.RegistrationID) ([]byte, error) {
	r, err := k.Receipt(ctx, id)
	if err != nil {
		return nil, err
	}
	return r.PNG()
}

// ReceiptPDF is the receipt to print, one page, in a language.
func (k *Kit) ReceiptPDF(ctx context.Context, id civic.RegistrationID, lang string) ([]byte, error) {
	p, err := k.paper(ctx, id, lang)
	if err != nil {
		return nil, err
	}
	page := receipt.Page{
		Title: p.say("receipt.title"), Footer: p.say("receipt.footer"), Mark: p.mark, Text: p.Text,
		Regular: p.regular, Bold: p.bold, Made: p.Issued,
	}
	for _, line := range []receipt.Line{
		{Label: p.say("receipt.name"), Value: p.Name},
		{Label: p.say("receipt.birth"), Value: p.BirthDate},
		{Label: p.say("receipt.services"), Value: k.serviceTitles(p.Services, lang)},
		{Label: p.say("receipt.office"), Value: string(p.Office)},
		{Label: p.say("receipt.number"), Value: p.Reference},
		{Label: p.say("receipt.issued"), Value: p.Issued.In(k.o.Zone).Format("2006-01-02 15:04")},
	} {
		if line.Value != "" {
			page.Lines = append(page.Lines, line)
		}
	}
	b, err := receipt.PDF(page)
	return b, problem(err)
}

func (k *Kit) serviceTitles(ids []civic.ServiceID, lang string) string {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		name := string(id)
		for _, s := range k.Services() {
			if s.ID == id {
				name = s.Title(lang)
			}
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// Verify checks a receipt's text without a network, locked or not. A refused
// receipt is a Verdict, not an error.
func (k *Kit) Verify(ctx context.Context, text string) (Verdict, error) {
	st, err := k.store()
	if err != nil {
		return Verdict{}, err
	}
	keys, err := receiptKeys(ctx, st)
	if err != nil {
		return Verdict{}, problem(err)
	}
	v := receipt.Verify(strings.TrimRight(text, "\r\n"), keys, k.now(ctx, st))
	out := Verdict{Text: strings.TrimRight(text, "\r\n"), Valid: v.Result == receipt.Genuine, Unknown: v.Result == receipt.NotKnownYet, Reason: v.Reason}
	if out.Valid {
		c := v.Content
		out.Registration, out.Office, out.Issued = c.Registration, c.Office, c.Issued
		out.Name, out.BirthDate, out.Reference, out.Practice = c.Name, c.Birth.String(), c.Reference, c.Practice
		for _, s := range c.Services {
			out.Services = append(out.Services, s.ID)
		}
	}
	return out, nil
}

// VerifyPicture finds the code in a PNG or JPEG and checks it.
func (k *Kit) VerifyPicture(ctx context.Context, r io.Reader) (Verdict, error) {
	if _, err := k.store(); err != nil {
		return Verdict{}, err
	}
	text, err := receipt.ReadPicture(r)
	if err != nil {
		return Verdict{}, problem(err)
	}
	return k.Verify(ctx, text)
}

// receiptKeys are the keys of the registry's bundle, and the kit's own, which a
// bundle may not name yet.
func receiptKeys(ctx context.Context, st *store.Store) (receipt.Keys, error) {
	bundle, _, err := st.Bundle(ctx)
	if err != nil {
		return nil, err
	}
	var own ed25519.PublicKey
	if st.Unlocked() {
		if key, _, err := st.Keys(); err == nil {
			own, _ = key.Public().(ed25519.PublicKey)
		}
	}
	identity := st.Identity()
	return func(kid []byte) (receipt.Key, bool) {
		for _, kit := range bundle.Kits {
			if bytes.Equal(receipt.KeyID(kit.Device), kid) {
				return receipt.Key{Public: ed25519.PublicKey(kit.Public), Office: kit.Office, UpTo: kit.UpTo}, true
			}
		}
		if own != nil && bytes.Equal(receipt.KeyID(identity.Device), kid) {
			return receipt.Key{Public: own, Office: identity.Area}, true
		}
		return receipt.Key{}, false
	}, nil
}

// now is the best guess at the present: the centre's clock carried on where
// there was contact, else the kit's.
func (k *Kit) now(ctx context.Context, st *store.Store) time.Time {
	if t, ok := serverNow(ctx, st); ok && t.After(k.o.Clock()) {
		return t
	}
	return k.o.Clock()
}

// plainWords are the English words of a printed receipt, for a kit that was
// opened without translations.
func plainWords(_, key string) string {
	switch key {
	case "receipt.title":
		return "Receipt"
	case "receipt.name":
		return "Name"
	case "receipt.birth":
		return "Born"
	case "receipt.services":
		return "Service"
	case "receipt.office":
		return "Office"
	case "receipt.number":
		return "Number"
	case "receipt.issued":
		return "Issued"
	case "receipt.footer":
		return "Keep this paper. Any office can check it without a network."
	case "practice.mark":
		return "PRACTICE"
	}
	return key
}
