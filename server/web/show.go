package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
)

// pageSize is how many rows one page of a list shows.
const pageSize = 50

func (v *visit) overview() error {
	var d struct {
		Counts  reconcile.Counts
		Devices int
		Silent  int // kits not heard of for three days
		Aside   int
		Queue   int
		Cut     int // registrations of late whose search was cut short
		Latest  []reconcile.Entry
		Now     []task // what waits for the visitor
		First   bool   // nothing has come yet
		Setting bool   // the visitor sets the centre up
		Outside []registry.Waits

		Demonstration bool
	}
	err := v.read("read_overview", nil, "", func(ctx context.Context, tx ledger.Tx) (err error) {
		if d.Counts, err = reconcile.Count(ctx, tx, v.session.Area); err != nil {
			return err
		}
		if d.Cut, err = reconcile.Cut(ctx, tx, v.session.Area, v.Clock().Add(-reconcile.CutWithin)); err != nil {
			return err
		}
		if d.Now, err = v.waiting(ctx, tx); err != nil {
			return err
		}
		d.Latest, err = reconcile.List(ctx, tx, reconcile.Filter{Area: v.session.Area, Limit: 8})
		return err
	})
	if err != nil {
		return err
	}
	devices, err := v.ownDevices()
	if err != nil {
		return err
	}
	for _, k := range devices {
		if !k.IsRevoked() {
			d.Devices++
			if v.Clock().Sub(k.Seen) > 72*time.Hour {
				d.Silent++
			}
		}
	}
	if v.Aside != nil {
		aside, err := v.Aside(v.r.Context(), v.session.Area)
		if err != nil {
			return err
		}
		d.Aside = len(aside)
	}
	if v.Outbox != nil {
		if d.Outside, err = v.Outbox(v.r.Context()); err != nil {
			return err
		}
	}
	if v.Queue != nil {
		if d.Queue, err = v.Queue(v.r.Context()); err != nil {
			return err
		}
	}
	if v.Demonstration != nil {
		if d.Demonstration, err = v.Demonstration(v.r.Context()); err != nil {
			return err
		}
	}
	if v.session.Role == access.Administrator {
		if d.Aside > 0 {
			d.Now = append(d.Now, task{v.words.say("now.aside", v.words.number(d.Aside)), "/console/quarantine"})
		}
		if d.Silent > 0 {
			d.Now = append(d.Now, task{v.words.say("now.silent", v.words.number(d.Silent)), "/console/devices"})
		}
	}
	d.First, d.Setting = d.Counts.Registrations == 0 && d.Queue == 0, v.session.Role == access.Administrator
	v.show(200, "overview", d)
	return nil
}

// ownDevices lists the kits whose office the visitor sees.
func (v *visit) ownDevices() ([]access.Device, error) {
	all, err := v.Access.Devices(v.r.Context())
	return slices.DeleteFunc(all, func(d access.Device) bool { return !v.may(d.Area) }), err
}

func (v *visit) registrations() error {
	var d struct {
		Statuses []civic.Status
		Status   civic.Status
		Area     civic.Area
		Device   string
		Entries  []reconcile.Entry
		Kits     map[civic.DeviceID]string
		Next     string // address of the next page
		Later    bool   // it is not the first page
		First    string // address of the first page
		CSV      string // the same as a list
		// KitsByText names kits by what addresses call them.
		KitsByText map[string]string
	}
	q := v.r.URL.Query()
	var f reconcile.Filter
	f, d.Area = v.registrationFilter()
	if f.Device != (civic.DeviceID{}) {
		d.Device = f.Device.String()
	}
	d.Status, d.Later = f.Status, f.Before.At != 0
	d.Statuses = []civic.Status{civic.Registered, civic.Merged, civic.Held, civic.Returned}
	err := v.read("read_registrations", nil, f.Status.String(), func(ctx context.Context, tx ledger.Tx) (err error) {
		d.Entries, err = reconcile.List(ctx, tx, f)
		return err
	})
	if err != nil {
		return err
	}
	if len(d.Entries) > pageSize {
		d.Entries = d.Entries[:pageSize]
		last := d.Entries[pageSize-1].Outcome
		next := url.Values{"before": {strconv.FormatInt(last.At.Unix(), 10)}, "number": {last.Registration.String()}}
		for _, k := range []string{"status", "office", "kit"} {
			if q.Get(k) != "" {
				next.Set(k, q.Get(k))
			}
		}
		d.Next = "/console/registrations?" + next.Encode()
	}
	list := url.Values{}
	for _, k := range []string{"status", "office", "kit"} {
		if q.Get(k) != "" {
			list.Set(k, q.Get(k))
		}
	}
	d.First, d.CSV = "/console/registrations?"+list.Encode(), "/console/registrations.csv?"+list.Encode()
	if d.Kits, err = v.kitNames(); err != nil {
		return err
	}
	d.KitsByText = map[string]string{d.Device: d.Kits[f.Device]}
	v.show(200, "registrations", d)
	return nil
}

func (v *visit) kitNames() (map[civic.DeviceID]string, error) {
	devices, err := v.ownDevices()
	names := make(map[civic.DeviceID]string, len(devices))
	for _, k := range devices {
		names[k.ID] = k.Name
	}
	return names, err
}

func (v *visit) registration() error {
	var d struct {
		Entry   reconcile.Entry
		Kit     string
		Links   []registry.Link
		Persons bool // the visitor may open them
	}
	area := civic.Area(v.r.PathValue("area"))
	id, err := civic.ParseRegistrationID(v.r.PathValue("id"))
	if err != nil || !v.may(area) {
		return civic.NewProblem(civic.RegistrationAbsent, err, v.r.PathValue("id"))
	}
	err = v.read("read_registration", id[:], "", func(ctx context.Context, tx ledger.Tx) (err error) {
		if d.Entry, err = reconcile.Get(ctx, tx, area, id); err != nil {
			return err
		}
		links, err := v.Registry.Linked(ctx, tx, area, []civic.RegistrationID{id})
		d.Links = links[id]
		return err
	})
	if err != nil {
		return err
	}
	names, err := v.kitNames()
	if err != nil {
		return err
	}
	d.Kit, d.Persons = names[d.Entry.Device], v.session.Role == access.Reviewer || v.session.Role == access.Supervisor
	v.show(200, "registration", d)
	return nil
}

func (v *visit) person() error {
	var d struct {
		Person     *registry.Person
		Attributes []registry.Attribute
		Events     []registry.Event
		Undo       bool // the visitor may take back links
	}
	d.Undo = v.Reconciler != nil && v.session.Role == access.Reviewer
	home := civic.Area(v.r.PathValue("area"))
	id, err := civic.ParsePersonID(v.r.PathValue("id"))
	if err != nil {
		return civic.NewProblem(civic.PersonAbsent, err)
	}
	why, asked, err := v.lookAt(home, id)
	if err != nil || asked {
		return err
	}
	err = v.lookedAt(home, id, why, func(ctx context.Context, tx ledger.Tx) error {
		people, err := v.Registry.Known(ctx, tx, []registry.Ref{{Home: home, Person: id}})
		if err != nil {
			return err
		}
		if len(people) == 0 {
			return civic.NewProblem(civic.PersonAbsent, nil)
		}
		d.Person, d.Attributes = people[0], known(people[0])
		d.Events, err = v.Registry.Events(ctx, tx, people[0])
		return err
	})
	if err != nil {
		return err
	}
	v.show(200, "person", d)
	return nil
}

func (v *visit) outcomes() error {
	var d struct {
		Days    int
		Tallies []reconcile.Tally
	}
	var err error
	if d.Days, d.Tallies, err = v.tallies(); err != nil {
		return err
	}
	v.show(200, "outcomes", d)
	return nil
}

func (v *visit) audit() error {
	var rows []audit.Row
	err := v.read("read_audit", nil, "", func(ctx context.Context, tx ledger.Tx) (err error) {
		rows, err = audit.List(ctx, tx, v.session.Area, 200)
		return err
	})
	if err != nil {
		return err
	}
	v.show(200, "audit", rows)
	return nil
}
