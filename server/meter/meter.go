package meter

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Meter keeps and sums up figures. It has no state of its own.
type Meter struct {
	DB ledger.DB
	// Registry is nil where the registry's keys are not; then nothing is looked up.
	Registry   *registry.Embedded
	Dictionary *attributes.Dictionary
	// Agreements are those in use.
	Agreements func(ctx context.Context) (*agreement.Set, error)
	// Service is the service of a form, empty when the form is not known.
	Service func(civic.FormRef) civic.ServiceID
	Clock   func() time.Time
}

// Keep writes down what a kit says of its interviews. What was said once stays:
// a repeat changes nothing. sign is the kit's public key.
func (m *Meter) Keep(ctx context.Context, area civic.Area, sign []byte, meters []protocol.Meter) error {
	rows := make([][]any, len(meters))
	at := m.Clock().Unix()
	for i, k := range meters {
		id := civic.NewRegistrationID(sign, k.Counter)
		rows[i] = []any{string(area), id[:], int64(k.Asked), int64(k.Confirmed), int64(k.Reused), at}
	}
	return m.DB.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Insert(ctx, "meter", []string{"area", "registration", "asked", "confirmed", "reused", "at"}, rows, "ON CONFLICT (area, registration) DO NOTHING")
		return err
	}, ledger.Office(area))
}

// Row is one line of the meter.
type Row struct {
	Area      civic.Area      `json:"office"`
	Service   civic.ServiceID `json:"service"`
	Agency    string          `json:"agency"` // who answers for the service, as its agreement says
	Day       string          `json:"day"`    // by the kit's clock, UTC
	Visits    int             `json:"registrations"`
	Asked     int             `json:"asked"`
	Confirmed int             `json:"confirmed"`
	Reused    int             `json:"reused"`
	// Held are questions to which a fresh reusable answer was held, Again those
	// of them that were asked all the same; of the visits looked up so far.
	Held  int `json:"held"`
	Again int `json:"asked_again"`
}

// Saved is how many questions nobody had to put.
func (r Row) Saved() int { return r.Confirmed + r.Reused }

// Rows sums up an office, all when area is empty, over what was sealed since a
// moment: by office, service and day, the newest day first.
// agreements are those in use.
func (m *Meter) Rows(ctx context.Context, tx ledger.Tx, agreements *agreement.Set, area civic.Area, since time.Time) ([]Row, error) {
	var out []Row
	at := map[Row]int{}
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var v Row
		var form string
		var day int64
		if err := r.Scan(&v.Area, &form, &day, &v.Visits, &v.Asked, &v.Confirmed, &v.Reused, &v.Held, &v.Again); err != nil {
			return err
		}
		v.Service = m.serviceOf(form)
		v.Day = time.Unix(day*86400, 0).UTC().Format(time.DateOnly)
		key := Row{Area: v.Area, Service: v.Service, Day: v.Day}
		if i, ok := at[key]; ok { // two versions of a form
			out[i] = out[i].plus(v)
			return nil
		}
		v.Agency = agencyOf(agreements, v.Service)
		at[key] = len(out)
		out = append(out, v)
		return nil
	}, `SELECT m.area, o.form, o.sealed_at / 86400, count(*), sum(m.asked), sum(m.confirmed), sum(m.reused),
 sum(CASE WHEN m.held > 0 THEN m.held ELSE 0 END),
 sum(CASE WHEN m.held > m.confirmed + m.reused THEN m.held - m.confirmed - m.reused ELSE 0 END)
 FROM meter m JOIN outcome o ON o.area = m.area AND o.registration = m.registration
 WHERE (?1 = '' OR m.area = ?1) AND o.sealed_at >= ?2
 GROUP BY m.area, o.form, o.sealed_at / 86400 ORDER BY o.sealed_at / 86400 DESC, m.area, o.form`, string(area), since.Unix())
	return out, err
}

func (r Row) plus(o Row) Row {
	r.Visits += o.Visits
	r.Asked += o.Asked
	r.Confirmed += o.Confirmed
	r.Reused += o.Reused
	r.Held += o.Held
	r.Again += o.Again
	return r
}

// Sum adds rows up.
func Sum(rows []Row) Row {
	var all Row
	for _, r := range rows {
		all = all.plus(r)
	}
	return all
}

func (m *Meter) serviceOf(form string) civic.ServiceID {
	id, version, _ := strings.Cut(form, "@")
	if s := m.Service(civic.FormRef{ID: civic.FormID(id), Version: version}); s != "" {
		return s
	}
	return civic.ServiceID(id)
}

func agencyOf(set *agreement.Set, service civic.ServiceID) string {
	for _, a := range set.All() {
		if a.Service == service {
			return a.Controller
		}
	}
	return ""
}

// WriteCSV writes rows with a heading.
func WriteCSV(w io.Writer, rows []Row) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{"office", "service", "agency", "day", "registrations", "asked", "confirmed", "reused", "held", "asked_again"}) // Error tells
	for _, r := range rows {
		line := []string{string(r.Area), string(r.Service), r.Agency, r.Day}
		for _, n := range []int{r.Visits, r.Asked, r.Confirmed, r.Reused, r.Held, r.Again} {
			line = append(line, strconv.Itoa(n))
		}
		_ = c.Write(line)
	}
	c.Flush()
	return c.Error()
}
