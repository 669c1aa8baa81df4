package claims

import (
	"context"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/sync/civic"
)

// settle takes the rows in that are not there yet, office by office.
func (t *run) settle(ctx context.Context, tx ledger.Tx, rows []*read) (done Result, err error) {
	by := map[civic.Area][]*read{}
	for _, row := range rows {
		by[row.area] = append(by[row.area], row)
	}
	areas := make([]civic.Area, 0, len(by))
	for a := range by {
		areas = append(areas, a)
	}
	slices.Sort(areas)
	for _, area := range areas {
		if err := t.office(ctx, tx, area, by[area], &done); err != nil {
			return done, err
		}
	}
	return done, nil
}

// version is the newest version of an entry.
type version struct {
	n            int64
	digest       []byte
	registration civic.RegistrationID
	at           int64
	withdrawn    bool
}

func (t *run) office(ctx context.Context, tx ledger.Tx, area civic.Area, rows []*read, done *Result) error {
	newest, err := versions(ctx, tx, area, t.Source, rows)
	if err != nil {
		return err
	}
	now := t.Clock().Unix()
	var incoming []reconcile.Incoming
	var entries [][]any
	for _, row := range rows {
		was, known := newest[row.entry]
		if known && !was.withdrawn && string(was.digest) == string(row.digest[:]) {
			done.Known++
			continue
		}
		reg := &civic.Registration{
			ID: registrationOf(row, was.n+1), Counter: uint64(row.number), Area: area, SourceRow: row.id,
			Form: civic.FormRef{ID: civic.ClaimsForm(t.Source), Version: "1"}, Sealed: civic.Stamp{Wall: row.at},
		}
		if known && !was.withdrawn {
			done.Changed++
			reg.Corrects = was.registration
			if reg.Sealed.Wall <= was.at { // the newer row wins, whatever its date says
				reg.Sealed.Wall = was.at + 1
			}
		} else {
			done.Taken++
		}
		digest := civic.Digest(sha256.Sum256(append(row.entry[:], row.digest[:]...)))
		incoming = append(incoming, reconcile.Incoming{Registration: reg, Digest: digest, Form: said{row.claims}})
		entries = append(entries, []any{string(area), string(t.Source), row.entry[:], was.n + 1, row.digest[:], reg.ID[:], reg.Sealed.Wall, now})
	}
	if len(incoming) == 0 {
		return nil
	}
	outcomes, err := t.Reconciler.Settle(ctx, tx, area, incoming)
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		switch o.Status {
		case civic.Merged:
			done.Linked++
		case civic.Held:
			done.Held++
		default:
			done.Fresh++
		}
	}
	_, err = tx.Insert(ctx, "claims_row", []string{"area", "source", "entry", "n", "digest", "registration", "said_at", "taken_at"}, entries, "")
	return err
}

// versions reads the newest version of each entry.
func versions(ctx context.Context, tx ledger.Tx, area civic.Area, source civic.ServiceID, rows []*read) (map[[16]byte]version, error) {
	out := map[[16]byte]version{}
	const size = 200
	for len(rows) > 0 {
		n := min(size, len(rows))
		args := []any{string(area), string(source)}
		var marks strings.Builder
		for i := range size { // one statement for all sizes: the last is repeated
			if i > 0 {
				marks.WriteByte(',')
			}
			marks.WriteString("?" + strconv.Itoa(i+3))
			args = append(args, rows[min(i, n-1)].entry[:])
		}
		err := ledger.All(ctx, tx, func(row ledger.Row) error {
			var entry, registration []byte
			var v version
			var withdrawn int64
			if err := row.Scan(&entry, &v.n, &v.digest, &registration, &v.at, &withdrawn); err != nil {
				return err
			}
			if len(entry) != 16 || len(registration) != 16 {
				return civic.NewProblem(civic.LedgerDamaged, nil)
			}
			v.registration, v.withdrawn = civic.RegistrationID(registration), withdrawn != 0
			if v.n > out[[16]byte(entry)].n {
				out[[16]byte(entry)] = v
			}
			return nil
		}, "SELECT entry, n, digest, registration, said_at, withdrawn_at FROM claims_row WHERE area = ?1 AND source = ?2 AND entry IN ("+marks.String()+")", args...)
		if err != nil {
			return nil, err
		}
		rows = rows[n:]
	}
	return out, nil
}
