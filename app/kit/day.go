package kit

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

// Events of the journal about receipts: the first word is how, the second the
// registration.
const eventReceipt civic.Code = "receipt_out"

// How a receipt was handed out.
const (
	ReceiptShown   = "shown"   // on the screen
	ReceiptPrinted = "printed" // on paper
	ReceiptSaved   = "saved"   // as a file
)

// ReceiptOut notes that a receipt was handed out, for the day's report.
func (k *Kit) ReceiptOut(ctx context.Context, id civic.RegistrationID, how string) error {
	st, err := k.open()
	if err != nil {
		return err
	}
	return problem(st.Append(ctx, eventReceipt, how, id.String()))
}

// ServiceDay counts the registrations of one service by where they stand: the
// four words, without drafts, and what needs a person.
type ServiceDay struct {
	Service civic.ServiceID
	Waiting int
	Centre  int
	Settled int
	Needs   int // held, returned or set aside
}

// Sealed is how many there are.
func (d ServiceDay) Sealed() int { return d.Waiting + d.Centre + d.Settled + d.Needs }

// ReasonCount is why registrations were held, returned or set aside.
type ReasonCount struct {
	Status civic.Status
	Code   civic.Code
	Count  int
}

// OfficerDay is what one officer sealed on a day, or all of them.
type OfficerDay struct {
	Officer     civic.OfficerID
	Name        string // for the screen; not in files unless asked for
	Sealed      int
	Imported    int // of them from a list: nobody was asked
	Corrections int // of them
	Services    []ServiceDay
	Reasons     []ReasonCount
	Meter       capture.Meter
	Metered     int // registrations that Meter counts
	OnPaper     int // receipts printed or saved
	Shown       int // receipts only shown
	NoReceipt   int
	NoPhoto     int // questions for a photo of the person that have none
	Unseen      int // wait for a supervisor
	GivenBack   int // wait for their correction
	// Registrations are the day's, newest first.
	Registrations []Row
}

// Day is the report of a day's work on this kit: counts, and the way to the
// registrations.
type Day struct {
	From, Until time.Time // midnight to midnight in the kit's zone
	Made        time.Time
	Office      civic.Area
	KitName     string
	Device      civic.DeviceID
	All         OfficerDay
	Officers    []OfficerDay // by name; those who sealed something
	Drafts      []DraftInfo  // open now, whoever began them; newest first
	Approved    int          // by a supervisor, on that day
	WentUnseen  int          // went out on that day without one
	LastContact time.Time    // zero if never
	LastBackup  time.Time    // of the medium that is in; zero if none, or never
	Forgotten   int          // of the day, no longer readable here: counted by service and state only
}

// Day makes the report of the day that a moment falls on, today for the zero
// time. Practice counts nowhere.
func (k *Kit) Day(ctx context.Context, day time.Time) (Day, error) {
	st, err := k.open()
	if err != nil {
		return Day{}, err
	}
	identity := st.Identity()
	d := Day{Made: k.o.Clock(), Office: identity.Area, KitName: identity.KitName, Device: identity.Device}
	d.From, d.Until = k.dayOf(day)
	if server, _, err := st.ServerTime(ctx); err == nil && server != 0 {
		d.LastContact = time.Unix(server, 0).UTC()
	}
	d.LastBackup = lastBackup(ctx, st)
	if d.Drafts, err = k.drafts(ctx, false); err != nil {
		return Day{}, err
	}
	receipts, err := d.told(ctx, st)
	if err != nil {
		return Day{}, problem(err)
	}
	ids, err := d.sealedOn(ctx, st)
	if err != nil {
		return Day{}, problem(err)
	}
	names, err := st.Officers(ctx)
	if err != nil {
		return Day{}, problem(err)
	}
	metered := late(ctx, st)
	by := map[civic.OfficerID]*OfficerDay{}
	for some := range slices.Chunk(ids, gleanAtOnce) {
		entries, err := st.Registrations(ctx, store.Filter{IDs: some})
		if err != nil {
			return Day{}, problem(err)
		}
		for i := range entries {
			e := &entries[i]
			if e.Forgotten {
				d.Forgotten++
			}
			o := by[e.Registration.Officer]
			if o == nil {
				o = &OfficerDay{Officer: e.Registration.Officer, Name: nameAmong(names, e.Registration.Officer)}
				by[o.Officer] = o
			}
			for _, sum := range []*OfficerDay{o, &d.All} {
				k.count(sum, e, metered, receipts)
			}
		}
	}
	for _, o := range by {
		o.sort()
		d.Officers = append(d.Officers, *o)
	}
	d.All.sort()
	slices.SortFunc(d.Officers, func(a, b OfficerDay) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Officer.String(), b.Officer.String()))
	})
	return d, nil
}

// sealedOn lists what was sealed on the day, oldest first.
func (d *Day) sealedOn(ctx context.Context, st *store.Store) ([]civic.RegistrationID, error) {
	stubs, err := st.Stubs(ctx, store.Filter{Since: d.From})
	if err != nil {
		return nil, err
	}
	var ids []civic.RegistrationID
	for _, e := range slices.Backward(stubs) {
		if e.Registration.Sealed.Time().Before(d.Until) && !e.Registration.Practice {
			ids = append(ids, e.Registration.ID)
		}
	}
	return ids, nil
}

func nameAmong(all []store.Officer, id civic.OfficerID) string {
	if i := slices.IndexFunc(all, func(o store.Officer) bool { return o.ID == id }); i >= 0 {
		return all[i].Name
	}
	return ""
}

// told reads the journal from the day on: how receipts went out, and what a
// supervisor did on the day.
func (d *Day) told(ctx context.Context, st *store.Store) (map[string]string, error) {
	events, err := st.EventsSince(ctx, d.From)
	if err != nil {
		return nil, err
	}
	receipts := map[string]string{}
	for _, e := range events {
		onDay := e.At.Time().Before(d.Until)
		switch {
		case e.Event == eventReceipt && len(e.Words) == 2:
			if how := receipts[e.Words[1]]; how == "" || how == ReceiptShown {
				receipts[e.Words[1]] = e.Words[0]
			}
		case e.Event == store.EventApproved && onDay:
			d.Approved += max(0, len(e.Words)-1)
		case e.Event == store.EventUnseen && onDay:
			d.WentUnseen += len(e.Words)
		}
	}
	return receipts, nil
}

// count adds one registration.
func (k *Kit) count(sum *OfficerDay, e *store.Entry, metered map[uint64]capture.Meter, receipts map[string]string) {
	r := &e.Registration
	sum.Sealed++
	for _, id := range r.Services {
		i := slices.IndexFunc(sum.Services, func(s ServiceDay) bool { return s.Service == id })
		if i < 0 {
			i, sum.Services = len(sum.Services), append(sum.Services, ServiceDay{Service: id})
		}
		s := &sum.Services[i]
		switch e.Status {
		case civic.Held, civic.Returned, civic.Quarantined:
			s.Needs++
		case civic.Registered, civic.Merged:
			s.Settled++
		case civic.Received:
			s.Centre++
		default:
			s.Waiting++
		}
	}
	if e.Status == civic.Held || e.Status == civic.Returned || e.Status == civic.Quarantined {
		for _, reason := range e.Reasons {
			i := slices.IndexFunc(sum.Reasons, func(c ReasonCount) bool { return c.Code == reason.Code && c.Status == e.Status })
			if i < 0 {
				i, sum.Reasons = len(sum.Reasons), append(sum.Reasons, ReasonCount{Status: e.Status, Code: reason.Code})
			}
			sum.Reasons[i].Count++
		}
	}
	if e.Unseen {
		sum.Unseen++
		if slices.ContainsFunc(e.Reasons, func(r civic.Reason) bool { return r.Code == civic.GivenBack }) {
			sum.GivenBack++
		}
	}
	switch {
	case e.Forgotten:
	case r.SourceRow != "":
		sum.Imported++
	case !r.Corrects.IsZero():
		sum.Corrections++
	}
	switch receipts[r.ID.String()] {
	case ReceiptPrinted, ReceiptSaved:
		sum.OnPaper++
	case ReceiptShown:
		sum.Shown++
	default:
		sum.NoReceipt++
	}
	if m, ok := metered[r.Counter]; ok && r.SourceRow == "" {
		sum.Metered++
		sum.Meter = sum.Meter.Plus(m)
	}
	if f, ok := k.forms.Form(r.Form); ok && !e.Forgotten {
		sum.NoPhoto += missingPhotos(f, r)
	}
	sum.Registrations = append(sum.Registrations, k.rowOf(*e))
}

func (o *OfficerDay) sort() {
	slices.SortStableFunc(o.Registrations, func(a, b Row) int { return b.Sealed.Compare(a.Sealed) })
	slices.SortFunc(o.Services, func(a, b ServiceDay) int { return strings.Compare(string(a.Service), string(b.Service)) })
	slices.SortFunc(o.Reasons, func(a, b ReasonCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(string(a.Code), string(b.Code)))
	})
}

// lastBackup is when the copy on the medium was written last; zero when it is
// not in.
func lastBackup(ctx context.Context, st *store.Store) time.Time {
	dir, err := st.Setting(ctx, settingBackup)
	if err != nil || dir == "" {
		return time.Time{}
	}
	info, err := os.Stat(filepath.Join(dir, "kit-"+st.Identity().Device.String()+".rows"))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
