package command

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/district"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
)

type builtPack struct {
	Area    string `json:"area"`
	Number  int64  `json:"number"`
	New     bool   `json:"new"`
	People  int    `json:"people"`
	LeftOut int    `json:"left_out"`
	Changed int    `json:"changed"`
	Gone    int    `json:"gone"`
	Pieces  int    `json:"pieces"`
	Bytes   int64  `json:"bytes"`
	Total   int64  `json:"total_bytes"`
}

type builtPacks struct {
	Packs []builtPack `json:"packs"`
}

func (b builtPacks) Tell(w io.Writer) {
	for _, p := range b.Packs {
		_, _ = fmt.Fprintf(w, "%s: %d people, %d told anew, %d gone, %d bytes now, %d in all\n", p.Area, p.People, p.Changed, p.Gone, p.Bytes, p.Total)
		if p.LeftOut > 0 {
			_, _ = fmt.Fprintf(w, "%s: the pack is as large as it may be; %d people are not in it\n", p.Area, p.LeftOut)
		}
	}
}

func (c *command) pack() *cobra.Command {
	return parent("pack", "District packs: the people of an office, sealed for its kits", c.packBuild(), c.packSupervisors(), c.packApprove(), c.packEnd(), c.packWithdraw())
}

func (c *command) packBuild() *cobra.Command {
	var area string
	var neighbours []string
	var megabytes int64
	var every time.Duration
	var days int
	var anew bool
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Make the pack of an office, or bring the packs there are up to date",
		Long: "Make the pack of an office, or bring the packs there are up to date.\n" +
			"Once an office has a pack, the centre keeps it up to date by itself.",
		Args: cobra.NoArgs,
	}
	cmd.RunE = c.work(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
		d := centre.District
		all, err := d.Settings(ctx, civic.Area(area))
		if err != nil {
			return nil, err
		}
		if area != "" {
			s := district.Settings{Area: civic.Area(area), MaxBytes: district.DefaultMaxBytes, Every: district.DefaultEvery, Keep: district.DefaultKeep}
			if len(all) > 0 {
				s = all[0]
			}
			if cmd.Flags().Changed("with") {
				s.Neighbours = nil
				for _, n := range neighbours {
					s.Neighbours = append(s.Neighbours, civic.Area(n))
				}
			}
			if cmd.Flags().Changed("max-mb") {
				s.MaxBytes = megabytes << 20
			}
			if cmd.Flags().Changed("every") {
				s.Every = every
			}
			if cmd.Flags().Changed("keep-days") {
				s.Keep = time.Duration(days) * 24 * time.Hour
			}
			if s.MaxBytes < 1<<20 || s.Every < time.Minute || s.Keep < 24*time.Hour {
				return nil, civic.NewProblem(civic.WrongUse, nil, "A pack is at least 1 MB, looked at at most once a minute, and kept at least a day.")
			}
			if err := d.Set(ctx, s); err != nil {
				return nil, err
			}
			all = []district.Settings{s}
		}
		if len(all) == 0 {
			return nil, civic.NewProblem(civic.WrongUse, nil, "No office has a pack yet: name one with --area.")
		}
		out := builtPacks{Packs: []builtPack{}}
		for _, s := range all {
			r, err := d.Build(ctx, s.Area, anew)
			if err != nil {
				return out, err
			}
			out.Packs = append(out.Packs, builtPack{
				Area: string(r.Area), Number: r.Number, New: r.New, People: r.People, LeftOut: r.Left, Changed: r.Changed, Gone: r.Gone,
				Pieces: r.Pieces, Bytes: r.Bytes, Total: r.Total,
			})
		}
		return out, d.Tend(ctx)
	})
	f := cmd.Flags()
	f.StringVar(&area, "area", "", "the `office`; without it all that have a pack are brought up to date")
	f.StringSliceVar(&neighbours, "with", nil, "neighbouring `offices` whose people belong too")
	f.Int64Var(&megabytes, "max-mb", district.DefaultMaxBytes>>20, "how large it may grow; the nearest and latest go first")
	f.DurationVar(&every, "every", district.DefaultEvery, "how often the centre looks for changes by itself")
	f.IntVar(&days, "keep-days", int(district.DefaultKeep/(24*time.Hour)), "after so many days another pack with other keys replaces it")
	f.BoolVar(&anew, "anew", false, "make another pack with other keys now")
	return cmd
}

type packSupervisor struct {
	Area     string `json:"area"`
	Device   string `json:"device"`
	Officer  string `json:"officer"`
	Code     string `json:"code"`
	Asked    string `json:"asked"`
	Approved string `json:"approved,omitempty"`
	Ended    string `json:"ended,omitempty"`
}

type packSupervisors struct {
	Supervisors []packSupervisor `json:"supervisors"`
}

func (p packSupervisors) Tell(w io.Writer) {
	for _, s := range p.Supervisors {
		state := "asks"
		switch {
		case s.Ended != "":
			state = "ended"
		case s.Approved != "":
			state = "supervisor"
		}
		_, _ = fmt.Fprintf(w, "%s  kit %s  officer %s  code %s  %s\n", s.Area, s.Device, s.Officer, s.Code, state)
	}
}

func supervisorOf(s district.Supervisor) packSupervisor {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	return packSupervisor{string(s.Area), s.Device.String(), s.Officer.String(), s.Code, at(s.Asked), at(s.Approved), at(s.Ended)}
}

func (c *command) packSupervisors() *cobra.Command {
	return &cobra.Command{Use: "supervisors", Short: "Officers who may open anybody in their kit's pack, and those who ask", Args: cobra.NoArgs,
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
			list, err := centre.District.Supervisors(ctx)
			out := packSupervisors{Supervisors: []packSupervisor{}}
			for _, s := range list {
				out.Supervisors = append(out.Supervisors, supervisorOf(s))
			}
			return out, err
		})}
}

func (c *command) packApprove() *cobra.Command {
	return &cobra.Command{Use: "approve KIT CODE", Short: "Make an officer a supervisor of his kit; CODE is what he reads out from it", Args: cobra.ExactArgs(2),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			return c.settleSupervisor(ctx, centre, args, false)
		})}
}

func (c *command) packEnd() *cobra.Command {
	return &cobra.Command{Use: "end KIT CODE", Short: "Take it back; another pack with other keys replaces the one he could open", Args: cobra.ExactArgs(2),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			return c.settleSupervisor(ctx, centre, args, true)
		})}
}

func (c *command) settleSupervisor(ctx context.Context, centre *serve.Centre, args []string, end bool) (any, error) {
	id, err := civic.ParseDeviceID(args[0])
	if err != nil {
		return nil, civic.NewProblem(civic.DeviceAbsent, err, args[0])
	}
	s, err := centre.District.Approve(ctx, id, args[1], "command", end)
	if err != nil {
		return nil, err
	}
	return packSupervisors{[]packSupervisor{supervisorOf(s)}}, centre.District.Tend(ctx)
}

type withdrawn struct {
	Person    string `json:"person"`
	Withdrawn bool   `json:"withdrawn"`
}

func (w withdrawn) Tell(out io.Writer) {
	if w.Withdrawn {
		_, _ = fmt.Fprintf(out, "%s leaves every pack with its next refresh.\n", w.Person)
		return
	}
	_, _ = fmt.Fprintf(out, "%s is among the people of packs again.\n", w.Person)
}

func (c *command) packWithdraw() *cobra.Command {
	var back bool
	var home string
	cmd := &cobra.Command{Use: "withdraw PERSON --area HOME", Short: "Take a person out of every pack", Args: cobra.ExactArgs(1)}
	cmd.RunE = c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
		id, err := civic.ParsePersonID(args[0])
		if err != nil {
			return nil, civic.NewProblem(civic.PersonAbsent, err)
		}
		err = centre.DB.Update(ctx, func(tx ledger.Tx) error {
			known, err := centre.Registry.Known(ctx, tx, []registry.Ref{{Home: civic.Area(home), Person: id}})
			if err == nil && len(known) == 0 {
				err = civic.NewProblem(civic.PersonAbsent, nil)
			}
			if err != nil {
				return err
			}
			return centre.District.Withdraw(ctx, tx, civic.Area(home), id, !back)
		})
		return withdrawn{args[0], !back}, err
	})
	cmd.Flags().StringVar(&home, "area", "", "the `office` that met the person first")
	cmd.Flags().BoolVar(&back, "back", false, "let the person in again")
	return cmd
}
