package command

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/terminal"
)

// Env is the world around a command.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Clock          func() time.Time
	Rand           io.Reader
	// PasswordCost is argon2id's; the usual one when zero.
	PasswordCost access.PasswordCost
}

// command is one run.
type command struct {
	env  Env
	face *terminal.Face

	data, keys, db string
	stray          error // words after a command that only holds others
}

// Run runs one command line, without the program's name, and gives the exit code.
func Run(ctx context.Context, args []string, env Env) int {
	c := &command{env: env}
	c.face = &terminal.Face{Program: "fieldkit-server", Out: env.Stdout, Err: env.Stderr, Causes: true, JSON: slices.Contains(args, "--json") || slices.Contains(args, "--json=true")}
	root := c.root()
	root.SetArgs(args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(ctx)
	var end ended
	switch {
	case err == nil && c.stray != nil:
		err = c.stray
	case err == nil:
		return terminal.OK
	case errors.As(err, &end):
		return c.face.End(end.result, end.err)
	}
	// Any other error is about the words of the command line.
	return c.face.End(nil, terminal.Misuse(err))
}

// ended is how a command ends: what it found out, and what went wrong if
// anything did.
type ended struct {
	result any
	err    error
}

func (ended) Error() string { return "ended" }

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:               "fieldkit-server",
		Short:             "The centre: takes in what kits send, decides once, tells every kit",
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              cobra.NoArgs,
		RunE:              unnamed,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&c.data, "data", "var/server", "the centre's `folder`: ledger, keys and files")
	flags.StringVar(&c.keys, "keys", "", "`folder` of the keys, where it is not in the data folder")
	flags.StringVar(&c.db, "db", "", "`place` of the ledger, where it is not in the data folder: file:PATH, or postgres://USER@HOST/DATABASE")
	flags.BoolVar(&c.face.JSON, "json", c.face.JSON, "print one JSON object on standard output")
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if rest := cmd.Flags().Args(); cmd.HasSubCommands() && len(rest) > 0 {
			c.stray = errors.New("unknown command " + rest[0] + " for " + cmd.CommandPath())
			return
		}
		help(cmd, args)
	})
	root.AddCommand(c.initCentre(), c.serve(), c.device(), c.staff(), c.status(), c.registry(), c.quarantine(), c.importMedia(), c.backup(), c.restore(), c.doctor(),
		c.form(), c.match(), c.hub(), c.recover(), c.opener(), c.claims(), c.places(), c.events(), c.identity(), c.person(), c.meter(), c.pack(), c.audit(),
		c.agency(), c.agreement(), c.policy())
	return root
}

// parent makes a command that only holds others.
func parent(use, short string, children ...*cobra.Command) *cobra.Command {
	p := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: unnamed}
	p.AddCommand(children...)
	return p
}

// unnamed refuses a command line that ends before a command's name.
func unnamed(cmd *cobra.Command, _ []string) error {
	return errors.New("name one of its commands: see " + cmd.CommandPath() + " --help")
}

func (c *command) config(logger *slog.Logger) serve.Config {
	return serve.Config{
		Data: c.data, Keys: c.keys, Ledger: c.db, Clock: c.env.Clock, Rand: c.env.Rand,
		Logger: logger, PasswordCost: c.env.PasswordCost,
	}
}

// work makes a cobra function of one that works on the open centre with the
// registry's keys and gives the result to print.
func (c *command) work(do func(ctx context.Context, centre *serve.Centre, args []string) (any, error)) func(*cobra.Command, []string) error {
	return c.workAnywhere(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
		if err := needsOpener(centre); err != nil {
			return nil, err
		}
		return do(ctx, centre, args)
	})
}

// needsOpener refuses an intake's keys, with which there is no registry.
func needsOpener(centre *serve.Centre) error {
	if !centre.Access.Keys().Opens() {
		return civic.NewProblem(civic.NeedsOpener, nil)
	}
	return nil
}

// workAnywhere is work that an intake's keys suffice for.
func (c *command) workAnywhere(do func(ctx context.Context, centre *serve.Centre, args []string) (any, error)) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		centre, err := serve.Open(cmd.Context(), c.config(c.logger(slog.LevelError)))
		if err != nil {
			return ended{err: err}
		}
		result, err := do(cmd.Context(), centre, args)
		return ended{result, errors.Join(err, centre.Close())}
	}
}

// occupy takes the data folder: for this process alone, or on PostgreSQL beside
// others that serve the same centre.
func (c *command) occupy(what string) (io.Closer, error) {
	if ledger.IsPostgres(c.db) {
		return serve.Share(c.data, what)
	}
	return serve.Occupy(c.data, what)
}

// logger writes what goes on to standard error.
func (c *command) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(c.env.Stderr, &slog.HandlerOptions{Level: level}))
}
