package kit

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/pack"
)

// Resemblance is a known person whom the new one of an interview resembles.
type Resemblance struct {
	Person Person
	// Why are codes of what agrees, best first, for words of the officer's
	// language: alike.why.<code>, with Years in the place of a gap in birth.
	Why    []string
	Years  int
	Chance float64 // that they are the same, as the centre would reckon
}

// What can agree. Each has words under alike.why.
const (
	WhySameName   = "same_name"
	WhyLikeName   = "like_name"
	WhySameBirth  = "same_birth"
	WhySameYear   = "same_year"
	WhyNearYear   = "near_year"
	WhySamePlace  = "same_place"
	WhySamePhone  = "same_phone"
	WhySameNumber = "same_number"
)

// mostAlike are shown; more would be a list of namesakes.
const mostAlike = 3

// mostCompared bounds the people compared for one match key, as at the centre.
const mostCompared = 200

// Alike finds whom the person of a new interview resembles, by the matcher and
// the model that the centre decides with: among this kit's own registrations
// and the index layer of the district pack. Of somebody chosen as known, or whom
// a correction is about, nothing is said. It is quick enough to be asked after each answer.
func (k *Kit) Alike(ctx context.Context, iv *capture.Interview) ([]Resemblance, error) {
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	d := iv.Draft()
	if len(d.People) > 0 || !d.Corrects.IsZero() {
		return nil, nil
	}
	var claims []civic.Claim
	for _, c := range iv.Form().Claims(&civic.Registration{Form: d.Form, Answers: d.Answers}) {
		if c.Subject == "" {
			claims = append(claims, c)
		}
	}
	r := match.FromClaims(claims)
	if len(r.Given) == 0 && r.Full == "" || !match.Prepare(r).Enough() {
		return nil, nil
	}
	model := match.DefaultModel()
	found, err := k.alikeHere(ctx, st, model, r, d.Practice)
	if err != nil {
		return nil, err
	}
	if !d.Practice {
		more, err := k.alikeAround(ctx, st, model, r)
		if err != nil {
			return nil, err
		}
		for _, m := range more {
			// Somebody of whom an own registration tells is shown by that one.
			if !slices.ContainsFunc(found, func(f Resemblance) bool { return f.Person.Person == m.Person.Person }) {
				found = append(found, m)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Resemblance) int { return cmp.Compare(b.Chance, a.Chance) })
	return found[:min(len(found), mostAlike)], nil
}

// WentOn notes that the officer saw whom the new person resembles and went on:
// the centre decides, and the journal shows that there was a doubt.
func (k *Kit) WentOn(ctx context.Context, iv *capture.Interview, seen []Resemblance) error {
	st, err := k.open()
	if err != nil || len(seen) == 0 {
		return err
	}
	id := iv.ID()
	words := []string{civic.RegistrationID(id).String()}
	for _, s := range seen {
		words = append(words, s.Person.Person.String(), strconv.Itoa(int(100*s.Chance)))
	}
	return problem(st.Append(ctx, eventAlike, words...))
}

// alikeHere compares with the kit's own registrations of like names.
func (k *Kit) alikeHere(ctx context.Context, st *store.Store, model *match.Model, r match.Record, practice bool) ([]Resemblance, error) {
	name := strings.Join(append(append([]string{r.Full}, r.Given...), r.Surnames...), " ")
	near, err := st.Search(ctx, strings.TrimSpace(name), mostCompared)
	if err != nil {
		return nil, problem(err)
	}
	asked := match.Prepare(r)
	var out []Resemblance
	for _, p := range near {
		e, err := st.Registration(ctx, p.Registration)
		if err != nil || e.Forgotten || e.Registration.Practice != practice || !reusable(e.Status) {
			continue
		}
		f, ok := k.forms.Form(e.Registration.Form)
		if !ok {
			continue
		}
		var claims []civic.Claim
		for _, c := range f.Claims(&e.Registration) {
			if c.Subject == p.Subject {
				claims = append(claims, c)
			}
		}
		known := match.FromClaims(claims)
		alike, ok := weigh(model, r, known, asked, match.Prepare(known))
		if !ok {
			continue
		}
		alike.Person = Person{Name: p.Name, Place: p.Place, Registration: p.Registration, Subject: p.Subject, Status: e.Status, BirthDate: known.Birth.String()}
		for _, o := range e.Persons {
			if o.Subject == p.Subject {
				alike.Person.Person = o.Person
			}
		}
		out = append(out, alike)
	}
	return out, nil
}

// alikeAround compares with the people of the district who share a match key.
func (k *Kit) alikeAround(ctx context.Context, st *store.Store, model *match.Model, r match.Record) (out []Resemblance, err error) {
	asked, hidden := match.Prepare(r), hiddenOf(r)
	err = k.district(ctx, st, func(n *neighbours) error {
		if n.state == nil {
			return nil
		}
		met := map[uint32]bool{}
		for _, key := range asked.Keys() {
			for _, number := range n.of(pack.ShortKey(key)) {
				if met[number] {
					continue
				}
				met[number] = true
				p, ok := n.state.Person(number)
				if !ok {
					continue
				}
				known := hidden.fill(p, r)
				if alike, ok := weigh(model, r, known, asked, match.Prepare(known)); ok {
					alike.Person = packPerson(&p.Person)
					alike.Person.Opened = n.opened[p.ID] != nil
					out = append(out, alike)
				}
			}
		}
		return nil
	})
	return out, problem(err)
}

// hidden are the match keys of a record by what goes into them beside names.
type hidden struct{ day, phone, number map[uint32]bool }

func hiddenOf(r match.Record) hidden {
	all := match.Keys(r)
	without := func(change func(*match.Record)) map[uint32]bool {
		less := r
		change(&less)
		rest := map[uint64]bool{}
		for _, k := range match.Keys(less) {
			rest[k] = true
		}
		out := map[uint32]bool{}
		for _, k := range all {
			if !rest[k] {
				out[pack.ShortKey(k)] = true
			}
		}
		return out
	}
	return hidden{
		day:    without(func(l *match.Record) { l.Birth = civic.Date{Year: r.Birth.Year} }),
		phone:  without(func(l *match.Record) { l.Phones = nil }),
		number: without(func(l *match.Record) { l.Identifiers = nil }),
	}
}

// fill adds to what the index layer tells of a person what their match keys show
// to agree with the new one: the day of birth, a phone, a number.
func (h hidden) fill(p *pack.Known, r match.Record) match.Record {
	known := p.Record()
	for _, k := range p.Keys {
		if h.day[k] {
			known.Birth = civic.Date{Year: p.Year, Month: r.Birth.Month, Day: r.Birth.Day}
		}
		if h.phone[k] {
			known.Phones = r.Phones
		}
		if h.number[k] {
			known.Identifiers = r.Identifiers
		}
	}
	return known
}

// weigh compares two people; ok tells that the centre would at least look twice.
func weigh(model *match.Model, r, known match.Record, a, b *match.Prepared) (Resemblance, bool) {
	c := model.Compare(a, b, true)
	if c.Relation != match.Same || c.Probability < model.Review {
		return Resemblance{}, false
	}
	out := Resemblance{Chance: c.Probability}
	names, places := 0, false
	like := false
	for _, e := range c.Evidence {
		switch {
		case e.Weight <= 0:
		case e.Field == "given" || e.Field == "surname" || e.Field == "full":
			names++
			like = like || e.Level != "equal"
		case strings.HasPrefix(e.Field, "place."):
			places = true
		case e.Field == "phone":
			out.Why = append(out.Why, WhySamePhone)
		case strings.HasPrefix(e.Field, "id."):
			out.Why = append(out.Why, WhySameNumber)
		}
	}
	switch gap := r.Birth.Year - known.Birth.Year; {
	case r.Birth.Year == 0 || known.Birth.Year == 0:
	case r.Birth == known.Birth && r.Birth.Day != 0:
		out.Why = append([]string{WhySameBirth}, out.Why...)
	case gap == 0:
		out.Why = append([]string{WhySameYear}, out.Why...)
	default:
		out.Years = max(gap, -gap)
		out.Why = append([]string{WhyNearYear}, out.Why...)
	}
	if names > 0 {
		why := WhySameName
		if like {
			why = WhyLikeName
		}
		out.Why = append([]string{why}, out.Why...)
	}
	if places {
		out.Why = append(out.Why, WhySamePlace)
	}
	return out, true
}
