package share

import (
	"context"
	"errors"
	"net"
	"net/url"
	"regexp"
	"time"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// Agency is who may ask.
type Agency struct {
	ID       agreement.AgencyID
	Name     string
	Level    agreement.Level
	Callback string // where answers may be sent: a URL or the beginning of one
	// PerMinute bounds requests, PerDay persons handed out.
	PerMinute, PerDay int64
	// Unsigned marks a named sender of old whose requests carry no signature;
	// Purpose is what it asks for when it names none.
	Unsigned bool
	Purpose  civic.Purpose
	Made     time.Time
	Ended    time.Time // zero while it may ask
}

// What an agency may do when nobody said otherwise.
const (
	DefaultPerMinute = 600
	DefaultPerDay    = 10_000
)

var agencyShape = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,98}$`)

// AddAgency makes an agency or changes what it may do; actor is who does it.
func (s *Share) AddAgency(ctx context.Context, tx ledger.Tx, a Agency, actor string) error {
	if !agencyShape.MatchString(string(a.ID)) {
		return civic.NewProblem(civic.WrongUse, nil, "An agency's id is made of small letters, digits, points and hyphens, at most 99.")
	}
	if a.Level != agreement.Federal && a.Level != agreement.State && a.Level != agreement.Municipal {
		return civic.NewProblem(civic.WrongUse, nil, "A level is federal, state or municipal.")
	}
	if !safely(a.Callback) {
		return civic.NewProblem(civic.WrongUse, nil, "A callback is an https address without a name, a query or a fragment: what is sent there is somebody's own.")
	}
	if a.PerMinute <= 0 {
		a.PerMinute = DefaultPerMinute
	}
	if a.PerDay <= 0 {
		a.PerDay = DefaultPerDay
	}
	unsigned := 0
	if a.Unsigned {
		unsigned = 1
	}
	now := s.Clock()
	_, err := tx.Exec(ctx, `INSERT INTO share_agency (agency, name, level, callback, per_minute, per_day, unsigned, purpose, made_by, made_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
		ON CONFLICT (agency) DO UPDATE SET name = excluded.name, level = excluded.level, callback = excluded.callback,
		per_minute = excluded.per_minute, per_day = excluded.per_day, unsigned = excluded.unsigned, purpose = excluded.purpose`,
		string(a.ID), a.Name, string(a.Level), a.Callback, a.PerMinute, a.PerDay, unsigned, string(a.Purpose), actor, now.Unix())
	if err != nil {
		return err
	}
	if err := s.changed(ctx, tx); err != nil {
		return err
	}
	return note(ctx, tx, now, actor, "agency_add", string(a.ID))
}

// safely tells whether answers may be sent to an address, or none is given. What
// stays on this machine may do without TLS.
func safely(callback string) bool {
	if callback == "" {
		return true
	}
	u, err := url.Parse(callback)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (ip != nil && ip.IsLoopback() || u.Hostname() == "localhost")
}

// EndAgency takes an agency's right to ask, and its tokens, at once.
func (s *Share) EndAgency(ctx context.Context, tx ledger.Tx, id agreement.AgencyID, actor string) error {
	n, err := tx.Exec(ctx, "UPDATE share_agency SET ended_at = ?2 WHERE agency = ?1 AND ended_at = 0", string(id), s.Clock().Unix())
	if err != nil {
		return err
	}
	if n == 0 {
		return civic.NewProblem(civic.AgencyAbsent, nil, string(id))
	}
	if _, err := tx.Exec(ctx, "DELETE FROM share_token WHERE agency = ?1", string(id)); err != nil {
		return err
	}
	if err := s.changed(ctx, tx); err != nil {
		return err
	}
	return note(ctx, tx, s.Clock(), actor, "agency_end", string(id))
}

const agencyColumns = "agency, name, level, callback, per_minute, per_day, unsigned, purpose, made_at, ended_at"

// Agency finds one; civic.AgencyAbsent.
func (s *Share) Agency(ctx context.Context, tx ledger.Tx, id agreement.AgencyID) (Agency, error) {
	a, err := scanAgency(tx.QueryRow(ctx, "SELECT "+agencyColumns+" FROM share_agency WHERE agency = ?1", string(id)))
	if errors.Is(err, ledger.ErrNoRows) {
		return a, civic.NewProblem(civic.AgencyAbsent, nil, string(id))
	}
	return a, err
}

// Agencies lists all by id.
func (s *Share) Agencies(ctx context.Context, tx ledger.Tx) (all []Agency, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		a, err := scanAgency(r)
		all = append(all, a)
		return err
	}, "SELECT "+agencyColumns+" FROM share_agency ORDER BY agency")
	return all, err
}

func scanAgency(r ledger.Row) (a Agency, err error) {
	var id, level, purpose string
	var unsigned, made, ended int64
	err = r.Scan(&id, &a.Name, &level, &a.Callback, &a.PerMinute, &a.PerDay, &unsigned, &purpose, &made, &ended)
	a.ID, a.Level, a.Purpose, a.Unsigned = agreement.AgencyID(id), agreement.Level(level), civic.Purpose(purpose), unsigned != 0
	a.Made, a.Ended = moment(made), moment(ended)
	return a, err
}

func moment(at int64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(at, 0).UTC()
}

// note writes what was done beside the deed.
func note(ctx context.Context, tx ledger.Tx, at time.Time, actor, action, detail string) error {
	return audit.Write(ctx, tx, at, []audit.Row{{Actor: actor, Action: action, Detail: detail}})
}
