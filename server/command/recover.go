package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
)

type recovered struct {
	Release string `json:"release"`
}

func (r recovered) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "Released: %s. Bring it to the kit: fieldkit recover apply.\n", r.Release)
}

func (c *command) recover() *cobra.Command {
	var key, out string
	var words []string
	cmd := &cobra.Command{
		Use:   "recover REQUEST",
		Short: "Release a kit's keys to a new officer; two people have to agree",
		Args:  cobra.ExactArgs(1),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			agreed, err := readWords(words)
			if err != nil {
				return nil, err
			}
			if key == "" {
				key = filepath.Join(centre.Keys, "recovery.age")
			}
			recovery, err := readInput(key)
			if err != nil {
				return nil, err
			}
			request, err := readInput(args[0])
			if err != nil {
				return nil, err
			}
			release, err := centre.Access.Recover(ctx, request, recovery, agreed[0], agreed[1], centre.Ingest.Succeed)
			if err != nil {
				return nil, err
			}
			if out == "" {
				out = args[0] + ".release"
			}
			if err := os.WriteFile(out, release, 0o600); err != nil {
				return nil, civic.NewProblem(civic.FileUnreadable, err, out)
			}
			return recovered{out}, nil
		}),
	}
	cmd.Flags().StringArrayVar(&words, "agree", nil, "`NAME=FILE`: an account and the file with its password; twice")
	cmd.Flags().StringVar(&key, "recovery-key", "", "`file` of the private recovery key, from the safe")
	cmd.Flags().StringVar(&out, "out", "", "`file` to write (default: REQUEST.release)")
	return cmd
}
