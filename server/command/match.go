package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/match/table"
)

// matching holds the flags that the match commands share.
type matching struct {
	columns, out, truth, model string
	seed                       uint64
	auto                       float64
}

func (m *matching) flags(cmd *cobra.Command, out string) *cobra.Command {
	f := cmd.Flags()
	f.StringVar(&m.columns, "map", "", "`file` that names the columns: JSON")
	required(cmd, "map")
	f.StringVar(&m.truth, "truth", "", "`column` that tells which rows are one person, to measure with")
	f.StringVar(&m.model, "model", "", "`file` of a trained model (default: train on the list itself)")
	f.Uint64Var(&m.seed, "seed", 1, "`seed` of the random pairs")
	f.Float64Var(&m.auto, "auto", 0, "precision asked of pairs that are taken without a look")
	if out != "" {
		f.StringVar(&m.out, "out", "", "`file` to write: "+out)
	}
	return cmd
}

func (m *matching) options() (o table.Options, err error) {
	if !(m.auto >= 0 && m.auto < 1) {
		return o, civic.NewProblem(civic.WrongUse, nil, "--auto is a share below 1, such as 0.995.")
	}
	o.Seed, o.Auto = m.seed, m.auto
	if m.model == "" {
		return o, nil
	}
	b, err := readInput(m.model)
	if err != nil {
		return o, err
	}
	if o.Model, err = match.LoadModel(b); err != nil {
		err = civic.NewProblem(civic.FileUnreadable, err, m.model)
	}
	return o, err
}

// list reads a CSV by the map of columns.
func (m *matching) list(path string) (*table.Table, error) {
	b, err := readInput(m.columns)
	if err != nil {
		return nil, err
	}
	columns, err := table.ReadMap(b)
	if err != nil {
		return nil, orUnreadable(err, m.columns)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, civic.NewProblem(civic.FileUnreadable, err, path)
	}
	defer f.Close()
	t, err := table.Read(f, columns, m.truth)
	return t, orUnreadable(err, path)
}

// orUnreadable keeps a problem, and makes another error one about the file.
func orUnreadable(err error, path string) error {
	if err == nil || civic.CodeOf(err) != "" {
		return err
	}
	return civic.NewProblem(civic.FileUnreadable, err, path)
}

// write fills the out file, whole or not at all; nothing when none was named.
func (m *matching) write(fill func(io.Writer) error) error {
	if m.out == "" {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(m.out), ".match-*")
	if err != nil {
		return civic.NewProblem(civic.FileUnwritable, err, m.out)
	}
	defer os.Remove(f.Name())
	err = errors.Join(fill(f), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), m.out)
	}
	if err != nil {
		return civic.NewProblem(civic.FileUnwritable, err, m.out)
	}
	return nil
}

// weighed is what a match command found, with what fills its file.
type weighed struct {
	result table.Result
	fill   func(io.Writer) error
}

// run works until it is done or told to stop: reading and weighing a long list
// takes a minute and looks at no context. What it did so far is of no use then,
// and the process ends.
func (m *matching) run(ctx context.Context, do func(table.Options) (weighed, error)) (any, error) {
	o, err := m.options()
	if err != nil {
		return nil, err
	}
	type end struct {
		w   weighed
		err error
	}
	done := make(chan end, 1)
	go func() {
		w, err := do(o)
		done <- end{w, err}
	}()
	var e end
	select {
	case <-ctx.Done():
	case e = <-done:
	}
	if ctx.Err() != nil {
		return nil, civic.NewProblem(civic.Stopped, ctx.Err())
	}
	if e.err == nil && e.w.fill != nil {
		e.err = m.write(e.w.fill)
	}
	return matched{e.w.result}, e.err
}

// matched tells a result to people.
type matched struct{ table.Result }

func (r matched) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%d rows, %d pairs compared, %d pairs found at %.4f", r.Rows, r.Compared, r.Pairs, r.Threshold)
	if r.Persons > 0 {
		_, _ = fmt.Fprintf(w, ", %d persons", r.Persons)
	}
	if r.F1 != nil {
		_, _ = fmt.Fprintf(w, "; precision %.4f, recall %.4f, F1 %.4f", *r.Precision, *r.Recall, *r.F1)
	}
	_, _ = fmt.Fprintln(w)
}

func (c *command) match() *cobra.Command {
	return parent("match", "Matching on any list: cluster, link, score, train, evaluate",
		c.matchOne("cluster FILE.csv", "Find which rows are one person", "row,cluster,probability", func(_ *matching, t *table.Table, o table.Options) (weighed, error) {
			groups, result, err := table.Cluster(t, o)
			return weighed{result, func(w io.Writer) error { return table.WriteClusters(w, groups) }}, err
		}),
		c.matchOne("score FILE.csv", "Weigh every likely pair", "row_a,row_b,probability,relation", func(_ *matching, t *table.Table, o table.Options) (weighed, error) {
			pairs, result, err := table.Score(t, o)
			return weighed{result, func(w io.Writer) error { return table.WritePairs(w, pairs) }}, err
		}),
		c.matchOne("train FILE.csv", "Learn a model from a list", "the model, JSON", func(_ *matching, t *table.Table, o table.Options) (weighed, error) {
			model, result, err := table.Train(t, o)
			if err != nil {
				return weighed{result: result}, err
			}
			b, err := model.Marshal()
			return weighed{result, func(w io.Writer) error { _, err := io.Copy(w, bytes.NewReader(b)); return err }}, err
		}),
		c.matchOne("evaluate FILE.csv", "Compare with the column of --truth", "", func(m *matching, t *table.Table, o table.Options) (weighed, error) {
			if m.truth == "" {
				return weighed{}, civic.NewProblem(civic.WrongUse, nil, "Name the column that tells the truth: --truth COLUMN.")
			}
			result, err := table.Evaluate(t, o)
			return weighed{result: result}, err
		}),
		c.matchLink())
}

// matchOne is a command over one list.
func (c *command) matchOne(use, short, out string, do func(*matching, *table.Table, table.Options) (weighed, error)) *cobra.Command {
	m := &matching{}
	return m.flags(&cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: c.plain(func(ctx context.Context, args []string) (any, error) {
			return m.run(ctx, func(o table.Options) (weighed, error) {
				t, err := m.list(args[0])
				if err != nil {
					return weighed{}, err
				}
				return do(m, t, o)
			})
		}),
	}, out)
}

func (c *command) matchLink() *cobra.Command {
	m := &matching{}
	return m.flags(&cobra.Command{
		Use:   "link A.csv B.csv ...",
		Short: "Find who of the first list is who of the others",
		Args:  cobra.MinimumNArgs(2),
		RunE: c.plain(func(ctx context.Context, args []string) (any, error) {
			return m.run(ctx, func(o table.Options) (weighed, error) {
				a, err := m.list(args[0])
				if err != nil {
					return weighed{}, err
				}
				var b *table.Table
				for _, path := range args[1:] {
					next, err := m.list(path)
					if err != nil {
						return weighed{}, err
					}
					if b == nil {
						b = next
					} else {
						b = table.Join(b, next)
						b.Split = 0
					}
				}
				pairs, result, err := table.Link(a, b, o)
				return weighed{result, func(w io.Writer) error { return table.WritePairs(w, pairs) }}, err
			})
		}),
	}, "row_a,row_b,probability,relation")
}
