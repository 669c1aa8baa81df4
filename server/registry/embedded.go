package registry

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// Embedded keeps the registry in the centre's own ledger. It is safe for
// several goroutines; all state lies in the ledger.
type Embedded struct {
	seals *seals

	followers []string // names of outside registries, see Follow
	clock     func() time.Time
}

var _ Port = (*Embedded)(nil)

// NewEmbedded opens the registry with its 32-byte data key; rand makes nonces
// and is crypto/rand's Reader outside tests.
func NewEmbedded(key [32]byte, rand io.Reader) (*Embedded, error) {
	s, err := newSeals(key, rand)
	return &Embedded{seals: s}, err
}

// Linked tells who the subjects of registrations are.
func (e *Embedded) Linked(ctx context.Context, tx ledger.Tx, area civic.Area, registrations []civic.RegistrationID) (map[civic.RegistrationID][]Link, error) {
	ids := make([]any, len(registrations))
	for i := range registrations {
		ids[i] = registrations[i][:]
	}
	out := make(map[civic.RegistrationID][]Link, len(ids))
	err := inChunks(ids, func(marks string, args []any) error {
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var registration, person []byte
			var l Link
			if err := r.Scan(&registration, &l.Subject, &l.To.Home, &person); err != nil {
				return err
			}
			l.To.Person = civic.PersonID(person)
			id := civic.RegistrationID(registration)
			out[id] = append(out[id], l)
			return nil
		}, "SELECT registration, subject, home, person FROM registry_link WHERE area = ?"+strconv.Itoa(len(args)+1)+
			" AND registration IN ("+marks+") ORDER BY registration, subject", append(args, string(area))...)
	})
	return out, err
}

// chunk is how many values one statement asks for; few sizes keep the number
// of different statements small.
const chunk = 256

// inChunks calls do with placeholders and values, at most chunk at a time. The
// last values are repeated to fill the size up.
func inChunks(values []any, do func(marks string, args []any) error) error {
	for len(values) > 0 {
		size := chunk
		switch {
		case len(values) <= 16:
			size = 16
		case len(values) <= 64:
			size = 64
		}
		n := min(size, len(values))
		args := make([]any, size, size+1)
		copy(args, values[:n])
		for i := n; i < size; i++ {
			args[i] = values[n-1]
		}
		var b strings.Builder
		for i := range args {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteByte('?')
			b.WriteString(strconv.Itoa(i + 1))
		}
		if err := do(b.String(), args); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}
