package command

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// group makes a command that only holds others.
func group(use, short string, children ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return errors.New("name one of its commands: see " + cmd.CommandPath() + " --help")
	}}
	g.AddCommand(children...)
	return g
}

// worker is one of the officers that officer list prints.
type worker struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Here bool   `json:"here"`
}

func (c *command) officer() *cobra.Command {
	var fresh string
	list := &cobra.Command{Use: "list", Short: "List who may unlock this kit", Args: cobra.NoArgs}
	list.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		all, err := k.Officers(ctx)
		if err != nil {
			return nil, err
		}
		out := make([]worker, 0, len(all))
		for _, o := range all {
			out = append(out, worker{ID: o.ID.String(), Name: o.Name, Here: o.Here})
			c.face.Print("%s  %s", o.ID, o.Name)
		}
		return map[string]any{"officers": out}, nil
	})

	add := &cobra.Command{Use: "add NAME --new-passphrase-file F", Short: "Let another person unlock this kit", Args: cobra.ExactArgs(1)}
	add.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		pass, err := readSecret(fresh)
		if err != nil {
			return nil, err
		}
		id, err := k.AddOfficer(ctx, args[0], pass)
		if err != nil {
			return nil, err
		}
		c.face.Say("%s may unlock this kit now.", args[0])
		return map[string]string{"officer": id.String()}, nil
	})

	remove := &cobra.Command{Use: "remove ID", Short: "End a person's access to this kit", Args: cobra.ExactArgs(1)}
	remove.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		id, err := officerOf(ctx, k, args[0])
		if err != nil {
			return nil, err
		}
		if err := k.RemoveOfficer(ctx, id); err != nil {
			return nil, err
		}
		c.face.Say("What is written from now on is sealed with keys this officer never had.")
		return map[string]string{"officer": id.String()}, nil
	})

	passwd := &cobra.Command{Use: "passwd --new-passphrase-file F", Short: "Give yourself another passphrase", Args: cobra.NoArgs}
	passwd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		old, err := c.readPassphrase()
		if err != nil {
			return nil, err
		}
		pass, err := readSecret(fresh)
		if err != nil {
			return nil, err
		}
		if err := k.ChangePassphrase(ctx, old, pass); err != nil {
			return nil, err
		}
		c.face.Say("The new passphrase counts from now on.")
		return map[string]bool{"changed": true}, nil
	})
	for _, cmd := range []*cobra.Command{add, passwd} {
		cmd.Flags().StringVar(&fresh, "new-passphrase-file", "", "`file` with the new passphrase on its first line")
		_ = cmd.MarkFlagRequired("new-passphrase-file") // the flag exists: it was just made
	}
	return group("officer", "Who may unlock this kit: list, add, remove, passwd", list, add, remove, passwd)
}

// officerOf takes an officer by his id or his name.
func officerOf(ctx context.Context, k *kit.Kit, said string) (civic.OfficerID, error) {
	all, err := k.Officers(ctx)
	if err != nil {
		return civic.OfficerID{}, err
	}
	var found []civic.OfficerID
	for _, o := range all {
		if o.ID.String() == said || o.Name == said {
			found = append(found, o.ID)
		}
	}
	if len(found) != 1 {
		return civic.OfficerID{}, civic.NewProblem(civic.OfficerAbsent, nil, said)
	}
	return found[0], nil
}

func (c *command) recover() *cobra.Command {
	var officer string
	request := &cobra.Command{
		Use: "request FILE", Short: "Prepare a new officer for a kit that nobody can unlock; the file goes to the registry", Args: cobra.ExactArgs(1),
	}
	request.RunE = c.with(locked, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		pass, err := c.readPassphrase()
		if err != nil {
			return nil, err
		}
		b, err := k.RecoverRequest(ctx, officer, pass)
		if err != nil {
			return nil, err
		}
		if err := c.write(args[0], func() ([]byte, error) { return b, nil }); err != nil {
			return nil, err
		}
		c.face.Say("Bring %s to the registry; two people there release it.", args[0])
		c.face.Hint("the passphrase given now is the new officer's: keep it")
		return map[string]any{"request": args[0], "bytes": len(b)}, nil
	})
	request.Flags().StringVar(&officer, "officer", "officer 1", "`name` of the new officer")

	apply := &cobra.Command{Use: "apply FILE", Short: "Take in what the registry released", Args: cobra.ExactArgs(1)}
	apply.RunE = c.with(locked, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		pass, err := c.readPassphrase()
		if err != nil {
			return nil, err
		}
		release, err := readFile(args[0])
		if err != nil {
			return nil, err
		}
		if err := k.RecoverApply(ctx, release, pass); err != nil {
			return nil, err
		}
		c.face.Say("The kit opens with the new passphrase; nothing in it was touched.")
		return map[string]bool{"recovered": true}, nil
	})
	return group("recover", "When nobody can unlock the kit: request, apply", request, apply)
}

// maxRelease limits a file from the registry, in bytes.
const maxRelease = 16 << 20

func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxRelease {
		return nil, civic.NewProblem(civic.FileUnreadable, err, name)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, civic.NewProblem(civic.FileUnreadable, err, name)
	}
	return b, nil
}
