package registry

import (
	"context"

	"github.com/askonce/fieldkit/server/ledger"
)

// Kinds of events.
const (
	eventLink   = 1
	eventUnlink = 2
	eventSplit  = 3
)

// Apply writes changes of one or more offices, see [Port].
func (e *Embedded) Apply(ctx context.Context, tx ledger.Tx, changes []Change) error {
	rows, err := e.rowsOf(changes)
	if err != nil {
		return err
	}
	fresh, more := rows.keys()
	for _, t := range []struct {
		table    string
		columns  []string
		rows     [][]any
		conflict string
	}{
		{"registry_person", []string{"area", "person", "state", "created_at"}, rows.persons, ""},
		{"registry_said", []string{"area", "person", "registration", "subject", "office", "said_at", "said"}, rows.said, ""},
		{"registry_link", []string{"area", "registration", "subject", "home", "person"}, rows.links, ""},
		{"registry_key", []string{"key", "person", "home"}, fresh, ""},
		{"registry_key", []string{"key", "person", "home"}, more, "ON CONFLICT DO NOTHING"},
		{"registry_event", eventColumns(), rows.events, ""},
	} {
		if _, err := tx.Insert(ctx, t.table, t.columns, t.rows, t.conflict); err != nil {
			return err
		}
	}
	return e.applied(ctx, tx, changes)
}

func eventColumns() []string {
	return []string{"area", "registration", "subject", "n", "kind", "home", "person", "was_home", "was_person", "undoes", "actor", "detail", "at"}
}

func (e *Embedded) event(n int64, kind int, s *Said, to, was Ref, undoes int64, actor string, d Detail, at int64) ([]any, error) {
	detail, err := e.seals.seal("event", s.Registration[:], d)
	if err != nil {
		return nil, err
	}
	var before any
	if !was.Person.IsZero() {
		before = was.Person[:]
	}
	return []any{
		string(s.Office), s.Registration[:], s.Subject, n, int64(kind), string(to.Home), to.Person[:],
		string(was.Home), before, undoes, actor, detail, at,
	}, nil
}
