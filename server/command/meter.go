package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/meter"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
)

type metered struct {
	Rows  []meter.Row `json:"rows"`
	Sum   meter.Row   `json:"sum"`
	Saved int         `json:"saved"`
}

func (m metered) Tell(w io.Writer) {
	for _, r := range m.Rows {
		_, _ = fmt.Fprintf(w, "%s  %-14s %-14s %6d visits %7d asked %7d confirmed %7d reused %7d asked again\n", r.Day, r.Area, r.Service, r.Visits, r.Asked, r.Confirmed, r.Reused, r.Again)
	}
	s := m.Sum
	_, _ = fmt.Fprintf(w, "%d visits: %d questions asked, %d saved, %d asked again.\n", s.Visits, s.Asked, s.Saved(), s.Again)
}

func (c *command) meter() *cobra.Command {
	var file, area, since string
	cmd := &cobra.Command{
		Use:   "meter",
		Short: "What interviews asked and saved, and what was asked again, by office, service and day",
		Args:  cobra.NoArgs,
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
			from := time.Unix(0, 0)
			if since != "" {
				var err error
				if from, err = time.Parse(time.DateOnly, since); err != nil {
					return nil, civic.NewProblem(civic.WrongUse, err, "A day is written 2025-06-30.")
				}
			}
			rows, err := meterRows(ctx, centre, civic.Area(area), from)
			if err != nil || file == "" {
				s := meter.Sum(rows)
				return metered{Rows: append([]meter.Row{}, rows...), Sum: s, Saved: s.Saved()}, err
			}
			f, err := os.Create(file)
			if err != nil {
				return nil, civic.NewProblem(civic.FileUnwritable, err, file)
			}
			err = meter.WriteCSV(f, rows)
			if cerr := f.Close(); err == nil {
				err = cerr
			}
			s := meter.Sum(rows)
			return metered{Rows: append([]meter.Row{}, rows...), Sum: s, Saved: s.Saved()}, err
		}),
	}
	f := cmd.Flags()
	f.StringVar(&file, "csv", "", "write the rows to this `file`")
	f.StringVar(&area, "area", "", "`office` (default: all)")
	f.StringVar(&since, "since", "", "first `day`, such as 2025-06-30 (default: all)")
	return cmd
}

func meterRows(ctx context.Context, centre *serve.Centre, area civic.Area, since time.Time) (rows []meter.Row, err error) {
	for {
		n, err := centre.Meter.Look(ctx)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
	}
	agreements, err := centre.Meter.Agreements(ctx)
	if err != nil {
		return nil, err
	}
	err = centre.DB.View(ctx, func(tx ledger.Tx) (err error) {
		rows, err = centre.Meter.Rows(ctx, tx, agreements, area, since)
		return err
	})
	return rows, err
}
