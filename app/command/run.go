package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/text"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/terminal"
)

// Env is the world around a command.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// OpenWindow shows the kit in a folder and returns when it is closed.
	OpenWindow func(ctx context.Context, home string) error
	// Home is the kit's folder where --home is not given; empty for "fieldkit"
	// in the user's configuration folder.
	Home string
	// Kit changes how kits are opened, for tests; may be nil.
	Kit func(*kit.Options)
}

// command is one run.
type command struct {
	env  Env
	face *terminal.Face

	home           string
	passphraseFile string
	json           bool
}

// Run runs one command line, without the program's name, and gives the exit code.
func Run(ctx context.Context, args []string, env Env) (code int) {
	c := &command{env: env, json: slices.Contains(args, "--json") || slices.Contains(args, "--json=true")}
	c.face = &terminal.Face{Program: "fieldkit", Out: env.Stdout, Err: env.Stderr, JSON: c.json}
	defer func() {
		if r := recover(); r != nil {
			code = c.face.End(nil, civic.NewProblem(civic.Unexpected, nil))
		}
	}()
	root := c.root()
	root.SetArgs(args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)

	// What a command returns wrapped in done went through the work; any other
	// error is cobra's, about the words of the command line.
	err := known(root, args)
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	var end done
	switch {
	case err == nil:
		return terminal.OK
	case errors.As(err, &end):
		return c.face.End(end.result, end.err)
	}
	return c.face.End(nil, terminal.Misuse(err))
}

// known refuses a command that there is none of, also where help is asked for.
func known(root *cobra.Command, args []string) error {
	word := firstWord(root, args)
	if word == "" || word == "help" {
		return nil
	}
	found, _, err := root.Find(args)
	if err == nil && found == root {
		err = fmt.Errorf("unknown command %q", word)
	}
	return err
}

// firstWord is the first argument that is neither a flag of the program nor a
// flag's value; empty when there is none.
func firstWord(root *cobra.Command, args []string) string {
	for i := 0; i < len(args); i++ {
		name, value := strings.CutPrefix(args[i], "--")
		switch {
		case args[i] == "--":
			return ""
		case !strings.HasPrefix(args[i], "-"):
			return args[i]
		case value && !strings.Contains(name, "="):
			if f := root.PersistentFlags().Lookup(name); f != nil && f.NoOptDefVal == "" {
				i++ // its value follows
			}
		}
	}
	return ""
}

// done is how a command ends: what it found out, and what went wrong if
// anything did.
type done struct {
	result any   // printed as JSON
	err    error // exit 1 when not nil
}

func (d done) Error() string { return "done" }

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "fieldkit",
		Short: "Register people once, with or without a network",
		Long: "Register people once, with or without a network.\n" +
			"Without a command the window opens.",
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.env.OpenWindow == nil {
				return errors.New("this program was built without a window: give a command")
			}
			if err := c.env.OpenWindow(cmd.Context(), c.folder()); err != nil {
				return done{err: err}
			}
			return nil
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&c.home, "home", "", "the kit's `folder` (default: the user's configuration folder)")
	flags.StringVar(&c.passphraseFile, "passphrase-file", "", "`file` with the officer's passphrase on its first line")
	flags.BoolVar(&c.json, "json", false, "print one JSON object on standard output")
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(c.enrol(), c.importList(), c.sync(), c.status(), c.receipt(), c.verify(), c.search(), c.registrations(), c.drafts(), c.passphrase(),
		c.officer(), c.recover(), c.backup(), c.restore(), c.export(), c.courier(), c.form(), c.settings(), c.plan(), c.pack(), c.places(), c.log(), c.looks(), c.day(), c.wipe())
	return root
}

// work makes a cobra function of one that does the work and gives the result to
// print.
func (c *command) work(do func(ctx context.Context, args []string) (any, error)) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		result, err := do(cmd.Context(), args)
		return done{result: result, err: err}
	}
}

// folder is where the kit lives.
func (c *command) folder() string {
	switch {
	case c.home != "":
		return c.home
	case c.env.Home != "":
		return c.env.Home
	}
	config, err := os.UserConfigDir()
	if err != nil {
		config = "."
	}
	return filepath.Join(config, "fieldkit")
}

// kit opens the kit in the folder, locked. The caller closes it.
func (c *command) kit(ctx context.Context) (*kit.Kit, error) {
	o := kit.Options{Home: c.folder(), Logger: slog.New(slog.NewTextHandler(c.env.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))}
	if book, err := text.Load(); err == nil {
		t := text.NewTeller(book, text.Fallback)
		o.Words = func(lang, key string) string { return t.SayIn(lang, key) }
	}
	if c.env.Kit != nil {
		c.env.Kit(&o)
	}
	return kit.Open(ctx, o)
}

// needs says how a command wants the kit.
type needs uint8

const (
	lockedWill needs = iota // unlocked only if a passphrase file is given
	locked                  // stays locked: a passphrase given is not the kit's yet
	unlocked                // a passphrase is asked for when no file is given
)

// with opens the kit, unlocks it as needed, works and closes it again. Unlocked
// kits are locked before, so that what was sealed is packed to travel at night.
func (c *command) with(n needs, do func(ctx context.Context, k *kit.Kit, args []string) (any, error)) func(*cobra.Command, []string) error {
	return c.work(func(ctx context.Context, args []string) (result any, err error) {
		if _, err := os.Stat(c.folder()); errors.Is(err, fs.ErrNotExist) {
			return nil, civic.NewProblem(civic.NotEnrolled, nil) // and no folder is made for that
		}
		k, err := c.kit(ctx)
		if err != nil {
			return nil, err
		}
		defer func() {
			// A stopped command still packs and closes.
			after, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
			defer cancel()
			if k.State() == kit.Unlocked {
				err = first(err, k.Lock(after))
			}
			err = first(err, k.Close())
		}()
		if k.State() == kit.NotEnrolled {
			return nil, civic.NewProblem(civic.NotEnrolled, nil)
		}
		if n == unlocked || n == lockedWill && c.passphraseFile != "" {
			pass, err := c.readPassphrase()
			if err != nil {
				return nil, err
			}
			if err := k.Unlock(ctx, pass); err != nil {
				return nil, err
			}
		}
		return do(ctx, k, args)
	})
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
