package command

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// dayReport is what day prints: counts, and the registrations behind them by
// their ids. Nobody is named unless --names is given.
type dayReport struct {
	Day         string       `json:"day"`
	Office      string       `json:"office"`
	Device      string       `json:"device"`
	All         officerDay   `json:"all"`
	Officers    []officerDay `json:"officers"`
	Drafts      int          `json:"drafts"`
	OldestDraft int          `json:"oldest_draft_hours"`
	Approved    int          `json:"approved"`
	WentUnseen  int          `json:"went_unseen"`
	LastContact string       `json:"last_contact"`
	LastBackup  string       `json:"last_backup"`
	Approval    bool         `json:"approval"` // what is sealed waits for a supervisor
	Unseen      int          `json:"unseen"`   // waits now, of all days
	Goes        string       `json:"unseen_goes"`
	// Oddities are told to a supervisor only.
	Oddities []oddSeen `json:"oddities,omitempty"`
}

type officerDay struct {
	Officer     string       `json:"officer,omitempty"`
	Name        string       `json:"name,omitempty"`
	Sealed      int          `json:"sealed"`
	Imported    int          `json:"imported"`
	Corrections int          `json:"corrections"`
	Services    []serviceDay `json:"services"`
	Reasons     []reasonSeen `json:"reasons"`
	Asked       int          `json:"asked"`
	Confirmed   int          `json:"confirmed"`
	Saved       int          `json:"saved"`
	OnPaper     int          `json:"receipts_on_paper"`
	Shown       int          `json:"receipts_shown"`
	NoReceipt   int          `json:"receipts_none"`
	NoPhoto     int          `json:"photos_missing"`
	Unseen      int          `json:"unseen"`
	GivenBack   int          `json:"given_back"`
	IDs         []string     `json:"registrations"`
}

type serviceDay struct {
	Service string `json:"service"`
	Sealed  int    `json:"sealed"`
	Waiting int    `json:"waiting"`
	Centre  int    `json:"centre"`
	Settled int    `json:"settled"`
	Needs   int    `json:"needs"`
}

type reasonSeen struct {
	Status string `json:"status"`
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

type oddSeen struct {
	Rule  string   `json:"rule"`
	Words []string `json:"words"`
	Count int      `json:"count"`
	IDs   []string `json:"registrations"`
}

func (c *command) day() *cobra.Command {
	var date, pdf, table, lang, supervisor string
	var names bool
	cmd := &cobra.Command{
		Use: "day", Short: "The report of a day's work, and what a supervisor does with it", Args: cobra.NoArgs,
		Long: "The report of a day's work: counts by officer, service and state, to print (--pdf) or as a table (--csv).\n" +
			"A supervisor of this kit is also told what may be worth a look, and approves or gives back what waits for him.",
	}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		var day time.Time // today by the kit's clock
		if date != "" {
			var err error
			if day, err = time.ParseInLocation(time.DateOnly, date, time.Local); err != nil {
				return nil, civic.NewProblem(civic.WrongUse, err, "A day is written 2026-11-22.")
			}
			day = day.Add(12 * time.Hour)
		}
		if err := lead(ctx, k, supervisor); err != nil {
			return nil, err
		}
		if pdf != "" {
			if err := c.write(pdf, func() ([]byte, error) { return k.DayPDF(ctx, day, lang, names) }); err != nil {
				return nil, err
			}
		}
		if table != "" {
			if err := c.write(table, func() ([]byte, error) { return k.DayCSV(ctx, day, names) }); err != nil {
				return nil, err
			}
		}
		return c.tellDay(ctx, k, day, names)
	})
	f := cmd.Flags()
	f.StringVar(&date, "date", "", "the `day`, such as 2026-11-22 (default: today)")
	f.StringVar(&pdf, "pdf", "", "write the report to print to `file`")
	f.StringVar(&table, "csv", "", "write the report as a table to `file`")
	f.StringVar(&lang, "lang", "en", "`language` of the printed report")
	f.BoolVar(&names, "names", false, "name the officers; nobody else is ever named")
	cmd.PersistentFlags().StringVar(&supervisor, "supervisor", "", "`file` with a supervisor's own passphrase on its first line, when another officer is at work")
	cmd.AddCommand(c.dayApprove(&supervisor), c.dayGiveBack(&supervisor), c.dayWant(&supervisor))
	return cmd
}

// lead lets a supervisor step up, where a file with his passphrase is given.
func lead(ctx context.Context, k *kit.Kit, file string) error {
	if file == "" {
		return nil
	}
	words, err := ownWords(file)
	if err == nil {
		_, err = k.Lead(ctx, words)
	}
	return err
}

func ownWords(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", civic.NewProblem(civic.PassphraseFile, err, file)
	}
	first, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimRight(first, "\r"), nil
}

func (c *command) tellDay(ctx context.Context, k *kit.Kit, day time.Time, names bool) (any, error) {
	d, err := k.Day(ctx, day)
	if err != nil {
		return nil, err
	}
	o, err := k.Oversight(ctx)
	if err != nil {
		return nil, err
	}
	out := dayReport{
		Day: d.From.Format(time.DateOnly), Office: string(d.Office), Device: d.Device.String(), All: tellOfficer(d.All, false), Officers: []officerDay{},
		Drafts: len(d.Drafts), OldestDraft: int(d.OldestDraft() / time.Hour), Approved: d.Approved, WentUnseen: d.WentUnseen,
		LastContact: written(d.LastContact), LastBackup: written(d.LastBackup), Approval: o.Wanted, Unseen: o.Unseen, Goes: written(o.Goes),
	}
	out.All.Officer = ""
	for _, one := range d.Officers {
		out.Officers = append(out.Officers, tellOfficer(one, names))
	}
	c.face.Print("%s  %d sealed, %d drafts open, %d wait for a supervisor", out.Day, d.All.Sealed, out.Drafts, out.Unseen)
	for _, one := range out.Officers {
		c.face.Print("%s  %d sealed, %d questions asked, %d saved, %d receipts not handed out", or(one.Name, one.Officer[:8]), one.Sealed, one.Asked, one.Saved, one.NoReceipt)
		for _, s := range one.Services {
			c.face.Print("  %-16s  %d waiting, %d at the centre, %d settled, %d need a look", s.Service, s.Waiting, s.Centre, s.Settled, s.Needs)
		}
	}
	odd, err := k.Oddities(ctx, day)
	if errors.Is(err, civic.NewProblem(civic.NotSupervisor, nil)) {
		return out, nil // counts are for every officer
	}
	for _, x := range odd {
		seen := oddSeen{Rule: string(x.Code), Words: x.Words, Count: x.Count}
		for _, r := range x.Registrations {
			seen.IDs = append(seen.IDs, r.ID.String())
		}
		out.Oddities = append(out.Oddities, seen)
		c.face.Print("worth a look: %s (%s), %d registrations", strings.ReplaceAll(seen.Rule, "_", " "), strings.Join(x.Words, ", "), x.Count)
	}
	return out, err
}

func tellOfficer(o kit.OfficerDay, names bool) officerDay {
	out := officerDay{
		Officer: o.Officer.String(), Sealed: o.Sealed, Imported: o.Imported, Corrections: o.Corrections, Services: []serviceDay{}, Reasons: []reasonSeen{},
		Asked: o.Meter.Asked, Confirmed: o.Meter.Confirmed, Saved: o.Meter.Saved(), OnPaper: o.OnPaper, Shown: o.Shown, NoReceipt: o.NoReceipt,
		NoPhoto: o.NoPhoto, Unseen: o.Unseen, GivenBack: o.GivenBack, IDs: []string{},
	}
	if names {
		out.Name = o.Name
	}
	for _, s := range o.Services {
		out.Services = append(out.Services, serviceDay{string(s.Service), s.Sealed(), s.Waiting, s.Centre, s.Settled, s.Needs})
	}
	for _, r := range o.Reasons {
		out.Reasons = append(out.Reasons, reasonSeen{r.Status.String(), string(r.Code), r.Count})
	}
	for _, r := range o.Registrations {
		out.IDs = append(out.IDs, r.ID.String())
	}
	return out
}

// seen is what day approve prints.
type seen struct {
	Approved int `json:"approved"`
	Unseen   int `json:"unseen"` // still waits
}

func (c *command) dayApprove(supervisor *string) *cobra.Command {
	var all, calm bool
	cmd := &cobra.Command{Use: "approve [ID…]", Short: "Let what waits for a supervisor leave the kit: some, all that shows nothing odd, or all"}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		if (len(args) > 0) == (all || calm) || all && calm {
			return nil, civic.NewProblem(civic.WrongUse, nil, "Give ids, --calm or --all.")
		}
		if err := lead(ctx, k, *supervisor); err != nil {
			return nil, err
		}
		ids, err := registrationIDs(args)
		if err != nil {
			return nil, err
		}
		var out seen
		if calm {
			out.Approved, out.Unseen, err = k.ApproveCalm(ctx)
		} else {
			if all {
				if ids, err = waiting(ctx, k); err != nil {
					return nil, err
				}
			}
			if out.Approved, err = k.Approve(ctx, ids...); err == nil {
				var o kit.Oversight
				o, err = k.Oversight(ctx)
				out.Unseen = o.Unseen
			}
		}
		if err != nil {
			return nil, err
		}
		c.face.Say("%d approved, %d still wait.", out.Approved, out.Unseen)
		return out, nil
	})
	cmd.Flags().BoolVar(&all, "all", false, "everything that waits")
	cmd.Flags().BoolVar(&calm, "calm", false, "everything that shows nothing odd and was not given back")
	return cmd
}

// waiting lists what waits for a supervisor.
func waiting(ctx context.Context, k *kit.Kit) (ids []civic.RegistrationID, err error) {
	const most = 1 << 20
	rows, err := k.Registrations(ctx, kit.Filter{Unseen: true, Limit: most})
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return ids, err
}

func registrationIDs(args []string) (ids []civic.RegistrationID, err error) {
	for _, a := range args {
		id, err := civic.ParseRegistrationID(a)
		if err != nil {
			return nil, civic.NewProblem(civic.RegistrationAbsent, err, a)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (c *command) dayGiveBack(supervisor *string) *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use: "return ID --note TEXT", Short: "Have the officer ask again: a draft that corrects it, with a note", Args: cobra.ExactArgs(1),
		Long: "Have the officer ask again: what was sealed stays as it is and waits, and a draft with its answers and the note lies among the drafts.\n" +
			"Both go out together once the correction is approved, or after a week.",
	}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		ids, err := registrationIDs(args)
		if err != nil {
			return nil, err
		}
		if err := lead(ctx, k, *supervisor); err != nil {
			return nil, err
		}
		if err := k.GiveBack(ctx, ids[0], note); err != nil {
			return nil, err
		}
		c.face.Say("Given back. The draft lies with the officer's drafts.")
		return struct {
			Returned string `json:"returned"`
		}{args[0]}, nil
	})
	cmd.Flags().StringVar(&note, "note", "", "what should be asked again, in a few `words`")
	return cmd
}

func (c *command) dayWant(supervisor *string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "approval on|off", Short: "Whether what is sealed waits for a supervisor; takes his own passphrase", Args: cobra.ExactArgs(1), ValidArgs: []string{"on", "off"},
		Long: "Whether what is sealed waits for a supervisor before it is sent. It takes a supervisor's own passphrase (--supervisor),\n" +
			"also when that supervisor is the officer at work. What nobody looks at goes out by itself after seven days.",
	}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		if args[0] != "on" && args[0] != "off" || *supervisor == "" {
			return nil, civic.NewProblem(civic.WrongUse, nil, "Say on or off, and give --supervisor.")
		}
		words, err := ownWords(*supervisor)
		if err != nil {
			return nil, err
		}
		if err := k.WantApproval(ctx, args[0] == "on", words); err != nil {
			return nil, err
		}
		c.face.Say("%s", map[string]string{"on": "From now on nothing is sent before a supervisor has looked, seven days at most.", "off": "What is sealed is sent as before."}[args[0]])
		return struct {
			Approval bool `json:"approval"`
		}{args[0] == "on"}, nil
	})
	return cmd
}
