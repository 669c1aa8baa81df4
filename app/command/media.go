package command

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/terminal"
)

// carried is what backup prints.
type carried struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

func (c *command) backup() *cobra.Command {
	cmd := &cobra.Command{
		Use: "backup DIR", Short: "Bring the sealed copy on a medium up to date", Args: cobra.ExactArgs(1),
		Long: "Bring the sealed copy on a medium up to date.\n" +
			"The kit remembers the folder and does so after each registration while the medium is there.",
	}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		r, err := k.Backup(ctx, args[0])
		if err != nil {
			return nil, err
		}
		c.face.Say("The copy in %s is up to date: %d files, %s.", args[0], r.Files, size(r.Bytes))
		return carried{r.Files, r.Bytes}, nil
	})
	return cmd
}

// exported is what export prints.
type exported struct {
	Files    int   `json:"files"`
	Bytes    int64 `json:"bytes"`
	Received int   `json:"received"` // messages of the centre taken in
	Settled  int   `json:"settled"`
	Held     int   `json:"held"`
	Returned int   `json:"returned"`
}

func (c *command) export() *cobra.Command {
	cmd := &cobra.Command{
		Use: "export DIR", Short: "Carry by hand: take in what the centre left on a medium, write what waits", Args: cobra.ExactArgs(1),
		Long: "Carry by hand: take in what the centre left on a medium, write what waits.\n" +
			"At the centre \"fieldkit-server import DIR\" takes the files in and leaves its answers; then run this again.",
	}
	cmd.RunE = c.with(lockedWill, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		r, err := k.Export(ctx, args[0])
		out := exported{r.Files, r.Bytes, r.Received, r.Settled, r.Held, r.Returned}
		if err != nil {
			return out, err
		}
		c.face.Say("%d files (%s) written to %s; %d messages of the centre taken in.", r.Files, size(r.Bytes), args[0], r.Received)
		return out, nil
	})
	return cmd
}

func (c *command) courier() *cobra.Command {
	cmd := &cobra.Command{
		Use: "courier DIR", Short: "Carry other kits' sealed files, unread: take them over from a medium, give it the answers", Args: cobra.ExactArgs(1),
	}
	cmd.RunE = c.with(lockedWill, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		r, err := k.Carry(ctx, args[0])
		out := carried{r.Files, r.Bytes}
		if err != nil {
			return out, err
		}
		c.face.Say("%d sealed files taken over from %s; %d sealed files and %d answers of the centre given to it.", r.Taken, args[0], r.Given, r.Answers)
		c.face.Hint("they go to the centre with this kit's next sync, or on to another medium with courier")
		return out, nil
	})
	return cmd
}

// wiped is what wipe prints.
type wiped struct {
	Wiped bool `json:"wiped"`
}

func (c *command) wipe() *cobra.Command {
	var medium string
	var yes bool
	cmd := &cobra.Command{
		Use: "wipe --yes [--medium DIR]", Short: "End this kit: destroy its keys and all that is on it", Args: cobra.NoArgs,
		Long: "End this kit: destroy its keys and all that is on it.\n" +
			"Refused while something is on this kit only; with --medium that is copied there first, sealed for the registry, and read again.\n" +
			"Afterwards the folder may be enrolled anew.",
	}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		if !yes {
			return nil, civic.NewProblem(civic.WrongUse, nil, "Say --yes: what is destroyed does not come back.")
		}
		if err := k.Wipe(ctx, medium); err != nil {
			return nil, err
		}
		c.face.Say("This kit is ended: its keys are destroyed and its folder is empty.")
		return wiped{true}, nil
	})
	cmd.Flags().StringVar(&medium, "medium", "", "`folder` of a medium that gets what is on this kit only")
	cmd.Flags().BoolVar(&yes, "yes", false, "do it")
	return cmd
}

// returned is what restore prints.
type returned struct {
	Device        string `json:"device"`
	Registrations int    `json:"registrations"`
	Drafts        int    `json:"drafts"`
	Attachments   int    `json:"attachments"`
	Damaged       int    `json:"damaged"`
	Torn          bool   `json:"torn"`
	Files         int    `json:"files"`
	Bytes         int64  `json:"bytes"`
	Request       string `json:"request,omitempty"`
}

func (c *command) restore() *cobra.Command {
	var device, request, release string
	cmd := &cobra.Command{
		Use:   "restore DIR --request FILE | restore DIR --release FILE",
		Short: "Take a lost kit's backup into this spare one",
		Long: "Take a lost kit's backup into this spare one.\n" +
			"First --request writes the file for the registry; then --release takes in what two people there released.",
		Args: cobra.ExactArgs(1),
	}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		lost, err := deviceOf(device)
		if err != nil {
			return nil, err
		}
		if request != "" {
			b, lost, err := k.RestoreRequest(ctx, args[0], lost)
			if err != nil {
				return nil, err
			}
			if err := c.write(request, func() ([]byte, error) { return b, nil }); err != nil {
				return nil, err
			}
			c.face.Say("Bring %s to the registry; two people there release it.", request)
			return returned{Device: lost.String(), Request: request, Files: 1, Bytes: int64(len(b))}, nil
		}
		statement, err := readFile(release)
		if err != nil {
			return nil, err
		}
		pass, err := c.readPassphrase()
		if err != nil {
			return nil, err
		}
		r, err := k.RestoreBackup(ctx, args[0], lost, statement, pass)
		if err != nil {
			return nil, err
		}
		c.face.Say("%d registrations, %d drafts and %d pictures came back.", r.Registrations, r.Drafts, r.Attachments)
		if r.Damaged > 0 || r.Torn {
			c.face.Say("%d entries of the medium could not be read.", r.Damaged)
			c.face.Hint("keep the medium: your office can look for them")
		}
		return returned{
			Device: r.Device.String(), Registrations: r.Registrations, Drafts: r.Drafts, Attachments: r.Attachments,
			Damaged: r.Damaged, Torn: r.Torn, Files: 1, Bytes: int64(len(statement)),
		}, nil
	})
	f := cmd.Flags()
	f.StringVar(&request, "request", "", "write the request for the registry to `file`")
	f.StringVar(&release, "release", "", "`file` that the registry released")
	f.StringVar(&device, "device", "", "`id` of the lost kit, where the medium holds several")
	cmd.MarkFlagsOneRequired("request", "release")
	cmd.MarkFlagsMutuallyExclusive("request", "release")
	return cmd
}

func deviceOf(s string) (civic.DeviceID, error) {
	if s == "" {
		return civic.DeviceID{}, nil
	}
	id, err := civic.ParseDeviceID(s)
	if err != nil {
		return id, terminal.Misuse(err)
	}
	return id, nil
}
