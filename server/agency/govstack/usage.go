package govstack

import (
	"net/http"
	"slices"
	"time"

	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
)

// Usage is one row of what a person's own log says.
type Usage struct {
	ID             string
	At             time.Time
	Agency         bool   // an agency did it, and not somebody of the state
	Actor, Purpose string // which agency, or what sort of person
	Fields         []civic.Attribute
}

// Headers by which an agency hands on what the person showed it.
const (
	headerReceipt = "X-Citizen-Receipt"
	headerCode    = "X-Citizen-Code"
)

// proof checks the receipt and the code that came along, if any did.
func (c *call) proof(r *http.Request) (err error) {
	receipt := r.Header.Get(headerReceipt)
	if receipt == "" {
		return nil
	}
	if c.Proves == nil {
		return civic.NewProblem(civic.EntryRefused, nil)
	}
	if c.at, c.proved, err = c.Proves(r.Context(), receipt, r.Header.Get(headerCode)); err != nil && civic.CodeOf(err) == "" {
		c.Logger.Error("a citizen's receipt cannot be looked up", "error", err)
		err = civic.NewProblem(civic.ServerBusy, nil)
	}
	return err
}

// provedToBe tells whether the receipt that came along is of a person.
func (c *call) provedToBe(ref registry.Ref) (bool, error) {
	if c.proved.IsZero() {
		return false, nil
	}
	links, err := c.Registry.Linked(c.ctx, c.tx, c.at, []civic.RegistrationID{c.proved})
	return slices.Contains(links[c.proved], registry.Link{To: ref}), err
}

// usage tells a person's own log, to an agency that shows it to the person: the
// person's own request must be named. What others looked at concerns the agency
// only when the person is there and proves it, with receipt and code; without
// them it is told what it did itself.
func (c *call) usage() (any, error) {
	if c.ask.Explicit == "" || c.Config.Usage == nil {
		return nil, refusal{http.StatusForbidden, "explicit_request_missing", false}
	}
	record := map[string]any{"national_id": c.r.URL.Query().Get("userID")}
	if len(c.r.URL.Query().Get("userID")) == 32 {
		record = map[string]any{"ID": c.r.URL.Query().Get("userID")}
	}
	l, err := c.only(record, false)
	if err != nil {
		return nil, err
	}
	whole, err := c.provedToBe(l.Ref)
	if err != nil {
		return nil, err
	}
	if !whole && !c.proved.IsZero() { // somebody else's receipt
		return nil, refusal{http.StatusForbidden, civic.EntryRefused, false}
	}
	rows, err := c.Config.Usage(c.ctx, c.tx, l.Ref)
	if err != nil {
		return nil, err
	}
	if !whole {
		rows = slices.DeleteFunc(rows, func(u Usage) bool { return !u.Agency || u.Actor != string(c.got.Agency.ID) })
	}
	reading, err := c.Share.Open(c.ctx, c.tx, c.ask)
	if err != nil {
		return nil, err
	}
	reading.Note(translog.LogReading, l.Ref, nil, "")
	if err := reading.Close(c.ctx); err != nil {
		return nil, err
	}
	out := []map[string]any{}
	for _, u := range rows {
		records := []map[string]string{}
		for _, f := range u.Fields {
			records = append(records, map[string]string{"ReferenceID": string(f)})
		}
		out = append(out, map[string]any{
			"ID": u.ID, "ReaderID": u.Actor, "ReaderInstitutionID": u.Actor, "ReaderInstitutionName": u.Actor, "ReaderApplicationName": u.Purpose,
			"SearchDateTime": u.At.UTC().Format(time.RFC3339), "Refrences": records, //nolint:misspell // as the standard spells it
		})
	}
	return out, nil
}
