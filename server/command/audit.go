package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/witness"
)

func (c *command) audit() *cobra.Command {
	return parent("audit", "The log of who looked at whom", c.auditVerify(), c.auditHead(), c.auditCheck())
}

// verified is what audit verify prints.
type verified struct {
	OK bool `json:"ok"`
	*translog.Report
}

func (v verified) Tell(w io.Writer) {
	if v.Report == nil {
		return
	}
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
	p("%d leaves under root %s; %d rows recomputed, %d wait, %d heads compared.\n", v.Size, v.Root, v.Rows, v.Waiting, v.Heads)
	for _, list := range []struct {
		word     string
		findings []translog.Finding
	}{{"WRONG", v.Findings}, {"note", v.Notices}} {
		for _, f := range list.findings {
			p("%-6s %s", list.word, f.Fault)
			if f.Leaf >= 0 {
				p(" at %d", f.Leaf)
			}
			if f.Row != "" {
				p(" row %s", f.Row)
			}
			p(" %s\n", f.Detail)
		}
	}
	if v.OK {
		p("Every row is in its place, and nothing is missing from this tree.\n")
	}
}

func (c *command) auditVerify() *cobra.Command {
	var heads []string
	var since string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Recompute every leaf from its row, the tree from its leaves, and compare tiles and signed heads",
		Args:  cobra.NoArgs,
		RunE: c.workAnywhere(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
			var check translog.Checking
			var err error
			if check.Outside, err = readHeads(heads); err != nil {
				return verified{}, err
			}
			if since != "" {
				at, err := moment(since)
				if err != nil {
					return verified{}, civic.NewProblem(civic.WrongUse, err, "--since is a day such as 2026-01-31 or a moment such as 2026-01-31T12:00:00Z")
				}
				check.Since = at.Unix()
			}
			if centre.Log == nil {
				return verified{}, civic.NewProblem(civic.NeedsOpener, nil)
			}
			if centre.Access.Keys().LogSigner() != nil {
				// What was written a moment ago is no finding.
				if _, err := centre.Log.Sequence(ctx); err != nil && civic.CodeOf(err) != civic.LogAltered {
					return verified{}, err
				}
			}
			r, err := centre.Log.Verify(ctx, check)
			if err == nil && !r.OK() {
				err = civic.NewProblem(civic.LogAltered, nil, strconv.FormatInt(int64(len(r.Findings))+r.Dropped, 10))
			}
			return verified{r != nil && r.OK(), r}, err
		}),
	}
	cmd.Flags().StringArrayVar(&heads, "checkpoint", nil, "`file` with a head that somebody kept outside; may be repeated")
	cmd.Flags().StringVar(&since, "since", "", "leave out rows of leaves before this `moment`; tree and heads are always checked whole")
	return cmd
}

func moment(s string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, s)
}

// readHeads reads signed notes out of files.
func readHeads(files []string) (notes [][]byte, err error) {
	for _, file := range files {
		f, err := os.Open(file) // the operator's own file
		if err != nil {
			return nil, civic.NewProblem(civic.FileAbsent, err, file)
		}
		b, err := io.ReadAll(io.LimitReader(f, witness.MaxNote+1))
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err == nil && len(b) > witness.MaxNote {
			return nil, civic.NewProblem(civic.LogMalformed, nil)
		}
		if err != nil {
			return nil, civic.NewProblem(civic.FileUnreadable, err, file)
		}
		notes = append(notes, b)
	}
	return notes, nil
}

// headShown is what audit head prints.
type headShown struct {
	Size int64  `json:"size"`
	Root string `json:"root"`
	Key  string `json:"key"`
	Note string `json:"note"`
}

func (h headShown) Tell(w io.Writer) { _, _ = io.WriteString(w, h.Note) }

func (c *command) auditHead() *cobra.Command {
	return &cobra.Command{
		Use:   "head",
		Short: "The newest signed head of the log, to be kept outside the centre",
		Args:  cobra.NoArgs,
		RunE: c.workAnywhere(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
			if centre.Log == nil {
				return headShown{}, civic.NewProblem(civic.NeedsOpener, nil)
			}
			h, err := centre.Log.Newest(ctx)
			if err != nil || h.IsZero() {
				return headShown{}, err
			}
			return headShown{h.Size, h.Root.String(), centre.Log.Name().Key(), string(centre.Log.Name().Note(h))}, nil
		}),
	}
}

// checkedEvidence is what audit check prints.
type checkedEvidence struct {
	OK bool `json:"ok"`
	translog.Checked
}

func (v checkedEvidence) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%d rows stand in the log of %d leaves under root %s.\n", v.Rows, v.Size, v.Root)
}

func (c *command) auditCheck() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use:   "check BUNDLE.zip",
		Short: "Check an evidence bundle by the log's key alone, anywhere",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			log, err := witness.NewLog(key)
			if err != nil {
				return ended{result: checkedEvidence{}, err: err}
			}
			f, err := os.Open(args[0])
			if err != nil {
				return ended{result: checkedEvidence{}, err: civic.NewProblem(civic.FileAbsent, err, args[0])}
			}
			defer func() { _ = f.Close() }() // read only
			b, err := io.ReadAll(io.LimitReader(f, maxBundle+1))
			if err != nil {
				return ended{result: checkedEvidence{}, err: civic.NewProblem(civic.FileUnreadable, err, args[0])}
			}
			r, err := translog.CheckEvidence(b, log)
			return ended{result: checkedEvidence{err == nil, r}, err: err}
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "the log's `key` in words, as the centre serves it at /log/key and kits hold it")
	return cmd
}

// maxBundle is the most that is read of an evidence bundle, in bytes.
const maxBundle = 64 << 20

// checkLog tells how the log of looks stands; the whole of it is for audit verify.
func checkLog(ctx context.Context, h *health, centre *serve.Centre) error {
	if centre.Log == nil {
		return nil
	}
	s, err := centre.Log.State(ctx)
	if err != nil {
		return err
	}
	switch {
	case s.Forked > 0:
		h.add("log", "bad", "%d heads seen outside do not lead to the log of looks: run fieldkit-server audit verify", s.Forked)
	case s.Waits > time.Minute:
		h.add("log", "warning", "rows of the log of looks have waited for their place for %s: serve gives it, unless the log was tampered with", s.Waits.Round(time.Second))
	default:
		h.add("log", "good", "%d rows under a signed head, %d kits witness it", s.Size, s.Witnesses)
	}
	if s.Gaps > 0 {
		h.add("log-gap", "warning", "%d restores left a gap in the log of looks; %d heads seen outside tell of rows that were lost", s.Gaps, s.Lost)
	}
	return nil
}
