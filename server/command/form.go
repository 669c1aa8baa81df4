package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/formcmd"
)

// maxInput bounds a file given to a command, in bytes.
const maxInput = 64 << 20

// readInput reads a file named on the command line.
func readInput(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, civic.NewProblem(civic.FileUnreadable, err, path)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxInput+1))
	if err == nil && len(b) > maxInput {
		err = fmt.Errorf("larger than %d MiB", maxInput>>20)
	}
	if err != nil {
		return nil, civic.NewProblem(civic.FileUnreadable, err, path)
	}
	return b, nil
}

// plain makes a cobra function of work that needs no centre.
func (c *command) plain(do func(ctx context.Context, args []string) (any, error)) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		result, err := do(cmd.Context(), args)
		return ended{result, err}
	}
}

func (c *command) form() *cobra.Command {
	return parent("form", "Forms: check, map, send to kits, try out", c.checkForm(), c.mapForm(), c.addForm(), c.listForms(), c.retireForm(), c.modelForm(), c.runForm(), c.evalForm())
}

// checked tells a form's faults to people.
type checked struct{ formcmd.Checked }

func (r checked) Tell(w io.Writer) {
	for _, line := range r.Lines() {
		_, _ = fmt.Fprintln(w, line)
	}
}

func (c *command) checkForm() *cobra.Command {
	var fix string
	cmd := &cobra.Command{
		Use:   "check FILE.xlsx",
		Short: "Load a workbook and say what is wrong with it",
		Args:  cobra.ExactArgs(1),
		RunE: c.plain(func(_ context.Context, args []string) (any, error) {
			b, err := readInput(args[0])
			if err != nil {
				return nil, err
			}
			result := formcmd.Check(b)
			if fix != "" {
				var fixed []byte
				if fixed, result, err = formcmd.Fix(b); err != nil {
					return checked{result}, err
				}
				if fixed == nil {
					fixed = b
				}
				if err := os.WriteFile(fix, fixed, 0o644); err != nil {
					return checked{result}, civic.NewProblem(civic.FileUnwritable, err, fix)
				}
			}
			return checked{result}, result.Refused()
		}),
	}
	cmd.Flags().StringVar(&fix, "fix", "", "write a repaired workbook to this `file`")
	return cmd
}

// mapped tells what questions mean to people.
type mapped struct{ formcmd.Mapped }

func (m mapped) Tell(w io.Writer) {
	for _, line := range m.Lines() {
		_, _ = fmt.Fprintln(w, line)
	}
}

func (c *command) mapForm() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "map FILE.xlsx",
		Short: "Propose which attribute each question means, and write what is sure into the workbook",
		Args:  cobra.ExactArgs(1),
		RunE: c.plain(func(_ context.Context, args []string) (any, error) {
			b, err := readInput(args[0])
			if err != nil {
				return nil, err
			}
			dictionary, err := attributes.Read(assets.Attributes)
			if err != nil {
				return nil, err
			}
			written, result, err := formcmd.Map(b, dictionary, out != "")
			if err != nil {
				return nil, err
			}
			if out != "" {
				if err := os.WriteFile(out, written, 0o644); err != nil {
					return mapped{result}, civic.NewProblem(civic.FileUnwritable, err, out)
				}
			}
			return mapped{result}, nil
		}),
	}
	cmd.Flags().StringVar(&out, "out", "", "write x_attr, x_ttl and save_to into this `file`")
	return cmd
}

func (c *command) modelForm() *cobra.Command {
	return &cobra.Command{
		Use:   "model FILE.xlsx",
		Short: "Print a form as data: binds, choices, translations",
		Args:  cobra.ExactArgs(1),
		RunE: c.printed(func(args []string) (any, error) {
			b, err := readInput(args[0])
			if err != nil {
				return nil, err
			}
			return formcmd.Model(b)
		}),
	}
}

// printed is plain for commands whose result is data, with --json or without.
func (c *command) printed(do func(args []string) (any, error)) func(*cobra.Command, []string) error {
	return func(_ *cobra.Command, args []string) error {
		c.face.JSON = true
		result, err := do(args)
		if err != nil {
			result = nil
		}
		return ended{result, err}
	}
}

func (c *command) surroundings() form.Env { return form.Env{Now: c.env.Clock, Zone: time.Local} }

func (c *command) runForm() *cobra.Command {
	var answers string
	cmd := &cobra.Command{
		Use:   "run FILE.xlsx",
		Short: "Play answers on a form and print the state of every node",
		Args:  cobra.ExactArgs(1),
		RunE: c.printed(func(args []string) (any, error) {
			b, err := readInput(args[0])
			if err != nil {
				return nil, err
			}
			played, err := readInput(answers)
			if err != nil {
				return nil, err
			}
			return formcmd.Run(b, played, c.surroundings())
		}),
	}
	cmd.Flags().StringVar(&answers, "answers", "", "`file` of answers: JSON")
	required(cmd, "answers")
	return cmd
}

func (c *command) evalForm() *cobra.Command {
	var xml, context, lang string
	cmd := &cobra.Command{
		Use:   "eval EXPRESSION",
		Short: "Evaluate one expression in a document",
		Args:  cobra.ExactArgs(1),
		RunE: c.printed(func(args []string) (any, error) {
			b, err := readInput(xml)
			if err != nil {
				return nil, err
			}
			return formcmd.Eval(b, context, args[0], lang, c.surroundings())
		}),
	}
	cmd.Flags().StringVar(&xml, "xml", "", "`file` of the document")
	cmd.Flags().StringVar(&context, "context", "", "`path` of the node it is evaluated at")
	cmd.Flags().StringVar(&lang, "lang", "", "language of its translations")
	required(cmd, "xml")
	return cmd
}

// required marks a flag that cannot be left out.
func required(cmd *cobra.Command, flag string) {
	if err := cmd.MarkFlagRequired(flag); err != nil {
		panic(err) // only for a flag that was not defined
	}
}
