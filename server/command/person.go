package command

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/portable"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/terminal"
)

func (c *command) person() *cobra.Command {
	return parent("person", "One person's own data", c.exportPerson())
}

type personExported struct {
	Person string `json:"person"`
	As     string `json:"as"`
	File   string `json:"file"`
	Bytes  int    `json:"bytes"`
}

func (r personExported) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%d bytes in %s. That it was taken along stands in the log the person can read.\n", r.Bytes, r.File)
}

func (c *command) exportPerson() *cobra.Command {
	var as, reason, file, actor string
	cmd := &cobra.Command{
		Use:   "export ID --as semic|fhir|dpv --reason WORDS",
		Short: "Write a person's own data for the person to take along",
		Long: "Write a person's own data for the person to take along, with where every value came from:\n" +
			"semic is SEMIC Core Person as JSON-LD, fhir a bundle of FHIR R4, dpv a record after ISO/IEC TS 27560.\n" +
			"It is logged where the person can read it.",
		Args: cobra.ExactArgs(1),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			id, err := civic.ParsePersonID(args[0])
			if err != nil {
				return nil, terminal.Misuse(err)
			}
			b, err := centre.TakeAlong(ctx, id, as, reason, actor, translog.Program)
			if err != nil {
				return nil, err
			}
			if file == "" {
				file = "person-" + args[0][:8] + "." + as + ".json"
			}
			if err := os.WriteFile(file, b, 0o600); err != nil {
				return nil, civic.NewProblem(civic.FileUnwritable, err, file)
			}
			return personExported{Person: args[0], As: as, File: file, Bytes: len(b)}, nil
		}),
	}
	f := cmd.Flags()
	f.StringVar(&as, "as", portable.SEMIC, "`format`: semic, fhir or dpv")
	f.StringVar(&reason, "reason", "", "`words`: why, for the log")
	f.StringVar(&file, "out", "", "`file` to write (default: person-….json here)")
	f.StringVar(&actor, "by", "command", "`name` of who does it, for the log")
	return cmd
}
