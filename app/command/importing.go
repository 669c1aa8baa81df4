package command

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// imported is what import prints.
type imported struct {
	Sealed       int           `json:"sealed"`
	Rejected     int           `json:"rejected"`
	Repeated     int           `json:"repeated"`
	RejectedFile string        `json:"rejected_file,omitempty"`
	Ignored      []string      `json:"ignored_columns,omitempty"`
	Warnings     []importedRow `json:"warnings"`
}

type importedRow struct {
	Row    int        `json:"row"`
	Column string     `json:"column"`
	Code   civic.Code `json:"code"`
}

// warningsShown is how many warnings are told one by one.
const warningsShown = 5

func (c *command) importList() *cobra.Command {
	var form string
	cmd := &cobra.Command{
		Use:   "import --form ID_OR_XLSX FILE.csv",
		Short: "Seal one registration for each row of a list",
		Args:  cobra.ExactArgs(1),
	}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		m := newMeter(c.face)
		r, err := k.Import(ctx, form, args[0], m.tell)
		out := imported{Sealed: r.Sealed, Rejected: r.Rejected, Repeated: r.Repeated, RejectedFile: r.RejectedFile, Ignored: r.Ignored, Warnings: []importedRow{}}
		for i, w := range r.Warnings {
			out.Warnings = append(out.Warnings, importedRow{Row: w.Row, Column: w.Column, Code: w.Code})
			if i < warningsShown {
				c.face.Say("Line %d, %s: no such date; kept as it was stated.", w.Row, w.Column)
			}
		}
		if more := len(r.Warnings) - warningsShown; more > 0 {
			c.face.Say("%d further dates were kept as stated.", more)
		}
		if len(r.Ignored) > 0 {
			c.face.Say("Columns that are no question of the form were left out: %s.", strings.Join(r.Ignored, ", "))
		}
		c.face.Say("%d sealed, %d rejected, %d were sealed before.", r.Sealed, r.Rejected, r.Repeated)
		if r.Sealed > 0 && k.BackupBehind(ctx) {
			p := civic.NewProblem(civic.BackupMissed, nil)
			c.face.Say("%s", p.Error())
			c.face.Hint(p.Hint())
		}
		if err == nil && r.Rejected > 0 {
			err = civic.NewProblem(civic.RowsRejected, nil, strconv.Itoa(r.Rejected), r.RejectedFile, strconv.Itoa(r.Sealed+r.Repeated))
		}
		return out, err
	})
	cmd.Flags().StringVar(&form, "form", "", "`id` of a form on this kit, or the path of its workbook")
	_ = cmd.MarkFlagRequired("form") // the flag exists: it was just made
	return cmd
}
