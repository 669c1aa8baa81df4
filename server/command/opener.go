package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/serve"
)

func (c *command) opener() *cobra.Command {
	var listen, url string
	var hosts []string
	cmd := &cobra.Command{
		Use:   "opener",
		Short: "Be the part of the centre that holds the registry's keys",
		Long: "Open what kits sent, decide, and serve the console, until stopped. Kits call another process, the intake: fieldkit-server serve\n" +
			"with --keys and a folder made by fieldkit-server opener keys, on the same data. Who has the intake's account, the ledger\n" +
			"and the disk can open neither a batch nor an attachment.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			config := c.config(c.logger(slog.LevelInfo))
			config.Opener = true
			centre, err := serve.Open(ctx, config)
			if err != nil {
				return ended{err: err}
			}
			return ended{err: errors.Join(c.open(ctx, centre, listen, url, hosts), centre.Close())}
		},
	}
	f := cmd.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:8444", "`address` to listen on, for the console and agencies")
	f.StringVar(&url, "url", "", "where staff and agencies reach it (default: made of the address)")
	f.StringSliceVar(&hosts, "host", nil, "further `names` in the certificate")
	cmd.AddCommand(c.openerKeys())
	return cmd
}

func (c *command) open(ctx context.Context, centre *serve.Centre, listen, url string, hosts []string) error {
	if err := needsOpener(centre); err != nil {
		return err
	}
	lock, err := c.occupy(serve.OpenerLock)
	if err != nil {
		return err
	}
	defer lock.Close()
	l, err := centre.Listen(ctx, listen, url)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(c.env.Stdout, "listening on %s\n", l.Addr())
	return centre.Serve(ctx, l, hosts)
}

type intakeKeys struct {
	Keys string `json:"keys"`
}

func (k intakeKeys) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "The intake's keys are in %s: give them to its user, and give serve --keys.\nKeep the centre's other keys where only the opener's user reads them.\n", k.Keys)
}

func (c *command) openerKeys() *cobra.Command {
	return &cobra.Command{
		Use:   "keys DIR",
		Short: "Make a folder of keys for an intake: they open nothing",
		Args:  cobra.ExactArgs(1),
		RunE: c.work(func(_ context.Context, centre *serve.Centre, args []string) (any, error) {
			return intakeKeys{args[0]}, centre.Access.Keys().MakeIntake(args[0])
		}),
	}
}
