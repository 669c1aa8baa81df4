package kit

import (
	"context"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/identity"
)

// gleanAtOnce is how many registrations are opened at a time.
const gleanAtOnce = 500

// gleaned remembers what looks over the work took from registrations, until the
// kit is locked: sealed ones never change, so that each is opened once. Names,
// numbers and answers are kept as hashes under a seed of this run only.
type gleaned struct {
	mu   sync.Mutex
	seed maphash.Seed
	by   map[civic.RegistrationID]*gleaning
}

func (g *gleaned) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.by = nil
}

// gleaning is what one registration gives to the rules; some 200 bytes.
type gleaning struct {
	id       civic.RegistrationID
	counter  uint64
	officer  civic.OfficerID
	form     civic.FormID
	services []civic.ServiceID
	sealed   civic.Stamp
	took     time.Duration // from the first question to the seal, 0 when unknown
	imported bool
	corrects civic.RegistrationID

	answers int // that somebody was asked for
	absent  int // of them "not known" or "does not want to say"

	person, surname  uint64 // the principal, by name and birth; 0 without a name
	phones, papers   []numberOf
	introducer       uint64
	dated, firstOfJa bool   // the principal's birthday is known to the day; it is the first of January
	rest             uint64 // all answers that do not say who somebody is
	restOf           int    // how many those are
}

// numberOf is a number said of one of the registration's people.
type numberOf struct {
	subject string
	value   uint64
	person  uint64 // by name and birth
	surname uint64
}

// glean looks at every registration that is still readable, newest first, as
// their stubs stand now. Practice is left out.
func (k *Kit) glean(ctx context.Context, st *store.Store) ([]*gleaning, map[civic.RegistrationID]store.Entry, error) {
	stubs, err := st.Stubs(ctx, store.Filter{})
	if err != nil {
		return nil, nil, problem(err)
	}
	g := &k.gleaned
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.by == nil {
		g.by, g.seed = make(map[civic.RegistrationID]*gleaning, len(stubs)), maphash.MakeSeed()
	}
	now := make(map[civic.RegistrationID]store.Entry, len(stubs))
	var missing []civic.RegistrationID
	for _, e := range stubs {
		if e.Registration.Practice {
			continue
		}
		now[e.Registration.ID] = e
		if _, have := g.by[e.Registration.ID]; !have {
			missing = append(missing, e.Registration.ID)
		}
	}
	for len(missing) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, nil, problem(err)
		}
		some := missing[:min(len(missing), gleanAtOnce)]
		missing = missing[len(some):]
		entries, err := st.Registrations(ctx, store.Filter{IDs: some})
		if err != nil {
			return nil, nil, problem(err)
		}
		for i := range entries {
			g.by[entries[i].Registration.ID] = k.gleanOne(g.seed, &entries[i])
		}
	}
	out := make([]*gleaning, 0, len(now))
	for _, e := range stubs {
		if one := g.by[e.Registration.ID]; one != nil && !e.Registration.Practice {
			out = append(out, one)
		}
	}
	return out, now, nil
}

// identifying tells whether an attribute says who somebody is or where a village
// is: such answers differ between people, or are alike for all neighbours, and
// tell nothing about copied ones.
func identifying(a civic.Attribute) bool {
	switch a {
	case "given_name", "surname", "second_surname", "full_name", "sex", "birth_date", "birth_time", "birth_place", "mother_name", "father_name",
		"nationality", "national_id", "other_id", "guardian", "phone", "email", "address", "address_more", "house_number", "locality", "municipality",
		"state", "postcode", "account_number", "photo", "signature", "fingerprint", "consent", "evidence", "introducer", "head_of_family", "witness", "language":
		return true
	}
	return false
}

// gleanOne takes one registration apart; nil when it is not readable any more or
// its form is not here.
func (k *Kit) gleanOne(seed maphash.Seed, e *store.Entry) *gleaning {
	r := &e.Registration
	f, ok := k.forms.Form(r.Form)
	if !ok || e.Forgotten {
		return nil
	}
	hash := func(parts ...string) uint64 {
		var h maphash.Hash
		h.SetSeed(seed)
		for _, p := range parts {
			_, _ = h.WriteString(p) // never fails
			_ = h.WriteByte(0)
		}
		return h.Sum64()
	}
	g := &gleaning{
		id: r.ID, counter: r.Counter, officer: r.Officer, form: r.Form.ID, services: r.Services, sealed: r.Sealed,
		imported: r.SourceRow != "", corrects: r.Corrects, took: tookFor(r),
	}
	claims := f.Claims(r)
	all := factsOf(f, r)
	if name := identity.Fold(all.name("")); name != "" {
		g.person, g.surname = hash(name, all.text("", "birth_date")), hash(identity.Fold(all.text("", "surname")))
	}
	if who := identity.IntroducerOf(claims, ""); who != "" {
		g.introducer = hash(who)
	}
	if d := all.birth(""); d.Month != 0 && d.Day != 0 && !d.Estimated {
		g.dated, g.firstOfJa = true, d.Month == 1 && d.Day == 1
	}
	for _, c := range claims {
		if c.Absent != civic.Present {
			continue
		}
		switch c.Attribute {
		case "phone":
			if n := digitsOf(c.Value); len(n) >= 6 {
				g.phones = append(g.phones, toldOf(hash, all, c.Subject, n[max(0, len(n)-9):]))
			}
		case "national_id", "other_id":
			if n := signsOf(c.Value); len(n) >= 5 {
				g.papers = append(g.papers, toldOf(hash, all, c.Subject, n))
			}
		}
	}
	k.gleanAnswers(g, f, r, hash)
	return g
}

func (k *Kit) gleanAnswers(g *gleaning, f *form.Form, r *civic.Registration, hash func(...string) uint64) {
	rest := []string{string(r.Form.ID)}
	for _, a := range r.Answers {
		q, ok := f.Question(a.Path)
		if !ok {
			continue
		}
		switch q.Kind {
		case form.Image, form.Calculate, form.Hidden, form.Meta, form.Note, form.Acknowledge:
			continue
		}
		g.answers++
		if a.Absent == civic.Unknown || a.Absent == civic.Refused {
			g.absent++
		}
		if !identifying(q.Attribute) && a.Absent == civic.Present && a.Value != "" {
			rest = append(rest, a.Path, a.Value)
			g.restOf++
		}
	}
	g.rest = hash(rest...)
}

// missingPhotos counts the questions for a photo of the person without one.
func missingPhotos(f *form.Form, r *civic.Registration) (n int) {
	for _, q := range f.Questions() {
		if q.Kind != form.Image || q.Repeat != "" || q.Attribute != "photo" {
			continue
		}
		if !slices.ContainsFunc(r.Answers, func(a civic.Answer) bool { return a.Path == q.Path && a.Absent == civic.Present }) {
			n++
		}
	}
	return n
}

func toldOf(hash func(...string) uint64, all facts, subject, value string) numberOf {
	t := numberOf{subject: subject, value: hash(value)}
	if name := identity.Fold(all.name(subject)); name != "" {
		t.person, t.surname = hash(name, all.text(subject, "birth_date")), hash(identity.Fold(all.text(subject, "surname")))
	}
	return t
}

// tookFor is how long an interview took. Of two clocks the one that says more is
// believed: one stands still while the tablet sleeps, the other can be set.
func tookFor(r *civic.Registration) time.Duration {
	wall := r.Sealed.Wall - r.Started.Wall
	if r.Sealed.Boot == r.Started.Boot {
		wall = max(wall, r.Sealed.Mono-r.Started.Mono)
	}
	return time.Duration(max(0, wall)) * time.Second
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func signsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, s)
}
