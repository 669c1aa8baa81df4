package command

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/terminal"
)

// passed is what sync prints.
type passed struct {
	Sent      int   `json:"sent"`
	Received  int   `json:"received"`
	Settled   int   `json:"settled"`
	Held      int   `json:"held"`
	Returned  int   `json:"returned"`
	Attempts  int   `json:"attempts"`
	BytesUp   int64 `json:"bytes_up"`
	BytesDown int64 `json:"bytes_down"`
	Pending   int   `json:"pending"`
	Waiting   int   `json:"waiting"`
	Ended     bool  `json:"ended,omitempty"` // the registry ended this kit
}

func (c *command) sync() *cobra.Command {
	var wait time.Duration
	var server string
	cmd := &cobra.Command{
		Use: "sync", Short: "Send what waits and take in what the centre decided", Args: cobra.NoArgs,
		Long: "Send what waits and take in what the centre decided.\n" +
			"Without a passphrase it sends what was packed and keeps what comes for the next unlock.",
	}
	cmd.RunE = c.with(lockedWill, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		if cmd.Flags().Changed("server") {
			if err := k.PointAt(ctx, server); err != nil {
				return nil, err
			}
		}
		m := newMeter(c.face)
		r, err := k.Sync(ctx, wait, m.tell)
		out := passed{
			Sent: r.Sent, Received: r.Received, Settled: r.Settled, Held: r.Held, Returned: r.Returned,
			Attempts: r.Attempts, BytesUp: r.BytesUp, BytesDown: r.BytesDown, Pending: r.Pending, Ended: r.Ended,
		}
		if counts, cerr := k.Status(ctx); cerr == nil {
			out.Waiting = counts.Waiting()
		}
		if err != nil {
			return out, err
		}
		c.face.Say("%d sent, %d at the centre, %d settled, %d held, %d returned; %d wait on this kit.", r.Sent, r.Received, r.Settled, r.Held, r.Returned, out.Waiting)
		if r.Ended {
			c.face.Say("The registry ended this kit; everything is at the centre and the kit is empty now.")
		}
		if r.Locked {
			c.face.Hint("the answers that came are taken in at the next unlock")
		}
		return out, nil
	})
	cmd.Flags().StringVar(&server, "server", "", "from now on reach the centre at this `URL`: where it moved to, or the office's hub; empty for the address of the enrolment")
	cmd.Flags().DurationVar(&wait, "wait", 2*time.Minute, "stay so long for the centre to decide")
	return cmd
}

// counted is what status prints.
type counted struct {
	Drafts      int    `json:"drafts"`
	Sealed      int    `json:"sealed"`
	Sent        int    `json:"sent"`
	Received    int    `json:"received"`
	Settled     int    `json:"settled"`
	Held        int    `json:"held"`
	Returned    int    `json:"returned"`
	Quarantined int    `json:"quarantined"`
	Safe        int    `json:"safe"`
	People      int    `json:"people"`
	Damaged     int    `json:"damaged"`
	Device      string `json:"device"`
	Area        string `json:"area"`
	LastContact string `json:"last_contact,omitempty"` // RFC 3339, server's clock
	// CarriedSince is since when a hub or a courier has what the centre has not
	// signed for, RFC 3339; CarriedBy is hub or courier, CarriedFiles how many.
	CarriedSince string `json:"carried_since,omitempty"`
	CarriedBy    string `json:"carried_by,omitempty"`
	CarriedFiles int    `json:"carried_files,omitempty"`
	Partial      bool   `json:"partial,omitempty"` // locked: only what is on its way is counted
	Alerts       []told `json:"alerts"`
}

// told is an alert.
type told struct {
	Code    civic.Code `json:"code"`
	Message string     `json:"message"`
	Hint    string     `json:"hint"`
}

func (c *command) status() *cobra.Command {
	cmd := &cobra.Command{Use: "status", Short: "Count what is in the kit", Args: cobra.NoArgs}
	cmd.RunE = c.with(lockedWill, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		h, err := k.Home(ctx)
		if err != nil {
			return nil, err
		}
		n := h.Counts
		id := k.Identity()
		out := counted{
			Drafts: n.Drafts, Sealed: n.Sealed, Sent: n.Sent, Received: n.Received, Settled: n.Settled, Held: n.Held,
			Returned: n.Returned, Quarantined: n.Quarantined, Safe: n.Safe, People: n.People, Damaged: n.Damaged,
			Device: id.Device.String(), Area: string(id.Office), Partial: n.Partial, Alerts: []told{},
		}
		if !h.LastContact.IsZero() {
			out.LastContact = h.LastContact.Format(time.RFC3339)
		}
		if by := h.Carried; by.Files > 0 {
			out.CarriedSince, out.CarriedBy, out.CarriedFiles = by.Since.Format(time.RFC3339), "courier", by.Files
			if by.Hub {
				out.CarriedBy = "hub"
			}
			c.face.Say("With the %s since %s: %d sealed files. The kit keeps its own until the centre has signed.", out.CarriedBy, out.CarriedSince, by.Files)
		}
		for _, a := range h.Alerts {
			p := civic.NewProblem(a.Code, nil, a.Words...)
			out.Alerts = append(out.Alerts, told{Code: a.Code, Message: p.Error(), Hint: p.Hint()})
			c.face.Say("%s", p.Error())
			c.face.Hint(p.Hint())
		}
		if n.Partial {
			c.face.Say("The kit is locked: only what is on its way to the centre is counted.")
			c.face.Hint("give --passphrase-file for the whole")
		}
		for _, line := range []struct {
			name string
			n    int
		}{
			{"drafts", n.Drafts}, {"sealed, wait here", n.Sealed}, {"sent", n.Sent}, {"at the centre", n.Received}, {"settled", n.Settled},
			{"held for review", n.Held}, {"returned", n.Returned}, {"set aside", n.Quarantined}, {"safe", n.Safe}, {"people known", n.People},
		} {
			c.face.Print("%-18s %6d", line.name, line.n)
		}
		return out, nil
	})
	return cmd
}

// toldEvery is how long long work is silent at most.
const toldEvery = 3 * time.Second

// meter tells of long work now and then.
type meter struct {
	face *terminal.Face
	last time.Time
	now  func() time.Time
}

func newMeter(f *terminal.Face) *meter { return &meter{face: f, now: time.Now, last: time.Now()} }

func (m *meter) tell(p kit.Progress) {
	now := m.now()
	if now.Sub(m.last) < toldEvery || p.Total == 0 {
		return
	}
	m.last = now
	line := fmt.Sprintf("%s %d%% of %s", p.Phase, min(100, p.Done*100/p.Total), size(p.Total))
	if p.Rate > 0 {
		line += fmt.Sprintf(", %s/s", size(int64(p.Rate)))
	}
	if p.Left > 0 {
		line += fmt.Sprintf(", %s left", p.Left.Round(time.Second))
	}
	m.face.Say("%s", line)
}

// count tells of work counted in pieces.
func (m *meter) count(what string, done, total int, took time.Duration) {
	now := m.now()
	if now.Sub(m.last) < toldEvery {
		return
	}
	m.last = now
	line := fmt.Sprintf("%s %d of %d", what, done, total)
	if left := time.Duration(float64(took) / float64(done) * float64(total-done)); left > 0 {
		line += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	m.face.Say("%s", line)
}

// size writes bytes for people.
func size(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
