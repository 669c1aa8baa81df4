package kit

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

// defaultRows is how many rows a list has when nobody says.
const defaultRows = 200

// Registrations lists what was sealed here, newest first.
func (k *Kit) Registrations(ctx context.Context, f Filter) ([]Row, error) {
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	if f.Limit <= 0 {
		f.Limit = defaultRows
	}
	query := fold(f.Query)
	from := store.Filter{Statuses: f.Statuses, Limit: f.Limit}
	if query != "" {
		from.Limit = 0 // whom a row is about is known only when it is open
	}
	if f.Unseen {
		if from.IDs, err = st.Unseen(ctx); err != nil || len(from.IDs) == 0 {
			return nil, problem(err)
		}
	}
	entries, err := st.Registrations(ctx, from)
	if err != nil {
		return nil, problem(err)
	}
	rows := make([]Row, 0, min(len(entries), f.Limit))
	for _, e := range entries {
		row := k.rowOf(e)
		if query != "" && !strings.Contains(fold(row.Name), query) && !strings.HasPrefix(row.ID.String(), query) && !strings.HasSuffix(row.Reference, f.Query) {
			continue
		}
		if rows = append(rows, row); len(rows) == f.Limit {
			break
		}
	}
	return rows, nil
}

func (k *Kit) rowOf(e store.Entry) Row {
	r := e.Registration
	row := Row{
		ID: r.ID, Reference: reference(&r), Services: r.Services, Sealed: r.Sealed.Time(), Status: e.Status, Safe: e.Safe,
		Reasons: e.Reasons, Practice: r.Practice, Forgotten: e.Forgotten, Unseen: e.Unseen,
	}
	if f, ok := k.forms.Form(r.Form); ok {
		row.Name = nameOf(f, &r)
	}
	return row
}

// Registration is one of them whole, worded in a language.
func (k *Kit) Registration(ctx context.Context, id civic.RegistrationID, lang string) (Entry, error) {
	st, err := k.open()
	if err != nil {
		return Entry{}, err
	}
	e, err := entryOf(ctx, st, id)
	if err != nil {
		return Entry{}, err
	}
	r := e.Registration
	out := Entry{
		Row: k.rowOf(e), Form: r.Form, Language: r.Language, Consents: r.Consents, Attachments: r.Attachments,
		Persons: e.Persons, Corrects: r.Corrects,
	}
	if f, ok := k.forms.Form(r.Form); ok && !e.Forgotten {
		out.Sections = capture.ReviewOf(f, k.env(st), r.Answers, lang)
	}
	return out, nil
}

// Search finds people this kit knows, best first.
func (k *Kit) Search(ctx context.Context, query string, limit int) ([]Person, error) {
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = 50
	}
	found, err := st.Search(ctx, query, limit)
	if err != nil {
		return nil, problem(err)
	}
	out := make([]Person, 0, len(found))
	for _, p := range found {
		e, err := st.Registration(ctx, p.Registration)
		if err != nil {
			continue // set aside as damaged between the search and now
		}
		person := Person{Name: p.Name, Place: p.Place, Registration: p.Registration, Subject: p.Subject, Status: e.Status}
		if f, ok := k.forms.Form(e.Registration.Form); ok {
			person.BirthDate = factsOf(f, &e.Registration).birth(p.Subject).String()
		}
		if i := slices.IndexFunc(e.Persons, func(o civic.PersonOf) bool { return o.Subject == p.Subject }); i >= 0 {
			person.Person = e.Persons[i].Person
		}
		out = append(out, person)
	}
	if k.Practice() || len(out) >= limit {
		return out, nil // practice meets nobody who exists
	}
	shown := map[civic.PersonID]bool{}
	for _, p := range out {
		if !p.Person.IsZero() {
			shown[p.Person] = true
		}
	}
	more, err := k.searchDistrict(ctx, st, query, limit-len(out), shown)
	if err != nil {
		k.log.Warn("the people of the district could not be searched", "code", civic.CodeOf(err))
	}
	return append(out, more...), nil
}

func entryOf(ctx context.Context, st *store.Store, id civic.RegistrationID) (store.Entry, error) {
	e, err := st.Registration(ctx, id)
	return e, problem(err)
}

// fold makes names comparable: small letters without accents.
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(strings.TrimSpace(s))) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}
