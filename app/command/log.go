package command

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// logWatch is what log prints.
type logWatch struct {
	Size   int64      `json:"size"`
	Root   string     `json:"root,omitempty"`
	Heads  int        `json:"heads"`
	Asking int        `json:"asking"`
	Files  int        `json:"files,omitempty"`
	Alarms []logAlarm `json:"alarms"`
}

type logAlarm struct {
	Code      string `json:"code"`
	HeldSize  int64  `json:"held_size"`
	HeldRoot  string `json:"held_root"`
	ShownSize int64  `json:"shown_size"`
	ShownRoot string `json:"shown_root"`
	Lost      int64  `json:"lost,omitempty"`
}

func (c *command) log() *cobra.Command {
	var evidence string
	cmd := &cobra.Command{
		Use: "log", Short: "What this kit knows of the centre's log of looks; exit 1 when something is wrong with it", Args: cobra.NoArgs,
		Long: "What this kit knows of the centre's log of looks. Each sync brings its newest signed head and the proof that\n" +
			"the log only grew; \"export\" swaps heads with other kits by a medium.",
	}
	cmd.RunE = c.with(lockedWill, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		w, err := k.LogWatch(ctx)
		if err != nil {
			return nil, err
		}
		out := logWatch{Size: w.Size, Root: w.Root, Heads: w.Heads, Asking: w.Asking, Alarms: []logAlarm{}}
		worst := civic.Code("")
		lost := int64(0)
		for _, a := range w.Alarms {
			out.Alarms = append(out.Alarms, logAlarm{
				Code: string(a.Code), HeldSize: a.Held.Size, HeldRoot: a.Held.Root.String(),
				ShownSize: a.Shown.Size, ShownRoot: a.Shown.Root.String(), Lost: a.Lost,
			})
			if worst == "" || a.Code == civic.LogForked {
				worst = a.Code
			}
			lost = max(lost, a.Lost)
		}
		if evidence != "" {
			if out.Files, err = k.LogEvidence(ctx, evidence); err != nil {
				return out, err
			}
		}
		c.face.Say("%d rows seen under root %s; %d heads kept, %d of other kits to be compared.", out.Size, out.Root, out.Heads, out.Asking)
		if worst != "" {
			return out, civic.NewProblem(worst, nil, strconv.FormatInt(lost, 10))
		}
		return out, nil
	})
	cmd.Flags().StringVar(&evidence, "evidence", "", "`folder` to write the heads kept and the evidence of each alarm to")
	return cmd
}
