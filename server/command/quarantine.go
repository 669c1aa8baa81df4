package command

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
)

func (c *command) quarantine() *cobra.Command {
	return parent("quarantine", "What was set aside: list, try again", c.listQuarantine(), c.retryQuarantine())
}

type heldRow struct {
	File    string    `json:"file"`
	Kind    string    `json:"kind"`
	Area    string    `json:"area"`
	Device  string    `json:"device"`
	Counter uint64    `json:"counter"`
	Count   int       `json:"count"`
	Bytes   int64     `json:"bytes"`
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
	At      time.Time `json:"at"`
}

type heldRows struct {
	Quarantined []heldRow `json:"quarantined"`
}

func (h heldRows) Tell(w io.Writer) {
	for _, r := range h.Quarantined {
		what := fmt.Sprintf("%s of %d", r.Kind, r.Count)
		if r.Counter > 0 {
			what = fmt.Sprintf("registration %d", r.Counter)
		}
		_, _ = fmt.Fprintf(w, "%s  %s  %-12s %s: %s (%s)\n", r.File, r.At.Format(time.RFC3339), r.Area, what, r.Message, r.Reason)
	}
}

func (c *command) listQuarantine() *cobra.Command {
	var area string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "What was set aside, with the reason",
		Args:  cobra.NoArgs,
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
			held, err := centre.Ingest.Quarantined(ctx, civic.Area(area))
			rows := heldRows{Quarantined: []heldRow{}}
			for _, h := range held {
				rows.Quarantined = append(rows.Quarantined, heldRow{
					File: h.File.String(), Kind: string(h.Kind), Area: string(h.Area), Device: h.Device.String(), Counter: h.Counter, Count: h.Count,
					Bytes: h.Size, Reason: string(h.Reason), Message: civic.NewProblem(h.Reason, nil, h.Words...).Error(), At: h.At,
				})
			}
			return rows, err
		}),
	}
	cmd.Flags().StringVar(&area, "area", "", "only of this `office`")
	return cmd
}

type retried struct {
	Retried int `json:"retried"`
}

func (r retried) Tell(w io.Writer) { _, _ = fmt.Fprintf(w, "%d taken up again.\n", r.Retried) }

func (c *command) retryQuarantine() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "retry [FILE...]",
		Short: "Take up again what was set aside: files by name, or all of one reason",
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			var r retried
			if reason == "" && len(args) == 0 {
				return nil, civic.NewProblem(civic.WrongUse, nil, "Name files, or a reason with --reason.")
			}
			if reason != "" {
				n, err := centre.Ingest.RetryReason(ctx, civic.Code(reason), "command")
				r.Retried += n
				if err != nil {
					return r, err
				}
			}
			for _, arg := range args {
				file, err := civic.ParseDigest(arg)
				if err != nil {
					return r, civic.NewProblem(civic.WrongUse, err, "A file is named by its 64 signs, as quarantine list shows it.")
				}
				n, err := centre.Ingest.Retry(ctx, "", file, "command")
				r.Retried += n
				if err != nil {
					return r, err
				}
			}
			return r, nil
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "all files set aside for this `code`")
	return cmd
}
