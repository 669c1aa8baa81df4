package command

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/skip2/go-qrcode"
	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ingest"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
)

func (c *command) device() *cobra.Command {
	return parent("device", "Kits: invite, list, withdraw", c.invite(), c.listDevices(), c.revoke())
}

type invited struct {
	Code    string    `json:"code"`
	URL     string    `json:"url"`
	Expires time.Time `json:"expires"`
	Area    string    `json:"area"`
}

func (i invited) Tell(w io.Writer) {
	if q, err := qrcode.New(i.Code, qrcode.Medium); err == nil {
		_, _ = fmt.Fprintln(w, q.ToSmallString(false))
	}
	_, _ = fmt.Fprintf(w, "centre   %s\ncode     %s\noffice   %s\nexpires  %s\nThe code enrols one kit, once.\n",
		i.URL, i.Code, i.Area, i.Expires.Format(time.RFC3339))
}

func (c *command) invite() *cobra.Command {
	var area, at string
	var life time.Duration
	var hub bool
	cmd := &cobra.Command{
		Use:   "invite",
		Short: "Make a code that enrols one kit of an office, once",
		Args:  cobra.NoArgs,
		RunE: c.workAnywhere(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
			if life <= 0 {
				return nil, civic.NewProblem(civic.WrongUse, nil, "A code has to be valid for some time: --expires is more than 0.")
			}
			given := at != ""
			if at == "" {
				var err error
				if at, err = centre.URL(ctx); err != nil {
					return nil, err
				}
			}
			if u, err := url.Parse(at); err != nil || u.Scheme != "https" || u.Host == "" {
				if given {
					return nil, civic.NewProblem(civic.WrongUse, err, "The address of a centre is written https://HOST:PORT.")
				}
				return nil, civic.NewProblem(civic.WrongUse, err, "The centre has not listened yet: give --url https://….")
			}
			invite := centre.Access.Invite
			if hub {
				invite = centre.Access.InviteHub
			}
			code, expires, err := invite(ctx, civic.Area(area), life, "command")
			if err != nil {
				return nil, err
			}
			return invited{code.String(), at, expires.UTC(), area}, nil
		}),
	}
	cmd.Flags().StringVar(&area, "area", "", "the kit's `office`, such as mx-20-067")
	cmd.Flags().StringVar(&at, "url", "", "where the kit reaches the centre (default: where serve last listened)")
	cmd.Flags().DurationVar(&life, "expires", access.DefaultInvite, "how long the code may be used")
	cmd.Flags().BoolVar(&hub, "hub", false, "for a regional office's hub instead of a kit")
	required(cmd, "area")
	return cmd
}

type deviceRow struct {
	ID            string     `json:"id"`
	Area          string     `json:"area"`
	Name          string     `json:"name"`
	Hub           bool       `json:"hub,omitempty"`
	Enrolled      time.Time  `json:"enrolled"`
	Seen          *time.Time `json:"seen"`
	Revoked       *time.Time `json:"revoked"`
	ClockAhead    int64      `json:"clock_ahead_seconds"`
	Registrations int        `json:"registrations"`
	Missing       int        `json:"missing"`
	Waiting       int        `json:"waiting"`
	Quarantined   int        `json:"quarantined"`
}

func rowOf(d access.Device, s ingest.DeviceStatus) deviceRow {
	return deviceRow{
		ID: d.ID.String(), Area: string(d.Area), Name: d.Name, Hub: d.Hub, Enrolled: d.Enrolled, Seen: when(d.Seen), Revoked: when(d.Revoked),
		ClockAhead: int64(d.Drift / time.Second), Registrations: s.Registrations, Missing: s.Missing, Waiting: s.Waiting, Quarantined: s.Quarantined,
	}
}

// when is a moment for JSON, null for never.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type deviceRows struct {
	Devices []deviceRow `json:"devices"`
}

func (d deviceRows) Tell(w io.Writer) {
	for _, r := range d.Devices {
		state := "never seen"
		switch {
		case r.Revoked != nil:
			state = "withdrawn " + r.Revoked.Format(time.DateOnly)
		case r.Seen != nil:
			state = "seen " + r.Seen.Format(time.RFC3339)
		}
		_, _ = fmt.Fprintf(w, "%s  %-12s %-20s %6d registrations, %d missing, %d waiting, %d quarantined, %s\n",
			r.ID, r.Area, r.Name, r.Registrations, r.Missing, r.Waiting, r.Quarantined, state)
	}
}

func (c *command) listDevices() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Every kit with what came from it",
		Args:  cobra.NoArgs,
		RunE: c.workAnywhere(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
			devices, err := centre.Access.Devices(ctx)
			if err != nil {
				return nil, err
			}
			rows := deviceRows{Devices: []deviceRow{}}
			err = centre.DB.View(ctx, func(tx ledger.Tx) error {
				rows.Devices = rows.Devices[:0]
				for _, d := range devices {
					s, err := centre.Ingest.DeviceStatus(ctx, tx, d)
					if err != nil {
						return err
					}
					rows.Devices = append(rows.Devices, rowOf(d, s))
				}
				return nil
			})
			return rows, err
		}),
	}
}

type revoked struct {
	Device string `json:"device"`
	Area   string `json:"area"`
}

func (r revoked) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "Withdrawn: %s of %s. What it sends from now on is set aside.\n", r.Device, r.Area)
}

func (c *command) revoke() *cobra.Command {
	var upTo uint64
	var wipe bool
	cmd := &cobra.Command{
		Use:   "revoke ID",
		Short: "Withdraw a kit",
		Args:  cobra.ExactArgs(1),
		RunE: c.workAnywhere(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			id, err := civic.ParseDeviceID(args[0])
			if err != nil {
				return nil, civic.NewProblem(civic.DeviceAbsent, err, args[0])
			}
			d, err := centre.Access.Revoke(ctx, id, upTo, wipe, "command")
			if err != nil {
				return nil, err
			}
			return revoked{d.ID.String(), string(d.Area)}, nil
		}),
	}
	cmd.Flags().Uint64Var(&upTo, "up-to", 0, "`counter` of the last registration whose receipt counts; 0 for all")
	cmd.Flags().BoolVar(&wipe, "wipe", false, "tell the kit to hand over what is unsent, then destroy its keys")
	return cmd
}
