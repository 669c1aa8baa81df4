package command

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/app/kit"
)

// lookedAt is what looks prints.
type lookedAt struct {
	At      time.Time  `json:"at"`
	Offline bool       `json:"offline"` // as of the kit's last sync
	Hidden  int        `json:"hidden"`  // kept back while under investigation
	Looks   []lookItem `json:"looks"`
}

type lookItem struct {
	At        time.Time `json:"at"`
	Kind      string    `json:"kind"`
	Who       string    `json:"who"`
	Action    string    `json:"action"`
	Purpose   string    `json:"purpose"`
	Fields    []string  `json:"fields"`
	Basis     string    `json:"lawful_basis"`
	Agreement string    `json:"agreement"`
	Reason    string    `json:"reason"`
	Code      string    `json:"code"`
}

func (c *command) looks() *cobra.Command {
	var paper, code string
	cmd := &cobra.Command{
		Use:   "looks --receipt TEXT|PICTURE --code CODE",
		Short: "Tell the citizen who looked at their data",
		Long: "Tell the citizen who looked at their data, with their receipt and its code: the slip's, or the one they chose.\n" +
			"The centre answers; without a network the kit does, for people registered on it, as of its last sync.",
		Args: cobra.NoArgs,
	}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		text, err := receiptText(paper)
		if err != nil {
			return nil, err
		}
		l, err := k.Looks(ctx, text, code)
		if err != nil {
			return nil, err
		}
		out := lookedAt{At: l.At.UTC(), Offline: l.Offline, Hidden: l.Hidden, Looks: []lookItem{}}
		for _, r := range l.Rows {
			item := lookItem{
				At: r.At.UTC(), Kind: r.Kind, Who: r.Who, Action: r.Action, Purpose: string(r.Purpose), Fields: []string{},
				Basis: r.Basis, Agreement: r.Agreement, Reason: r.Reason, Code: string(r.Code),
			}
			for _, f := range r.Fields {
				item.Fields = append(item.Fields, string(f))
			}
			out.Looks = append(out.Looks, item)
			c.face.Print("%s  %-8s %-20s %-14s %s %s", item.At.Format("2006-01-02 15:04"), item.Kind, item.Who, item.Action, item.Purpose, item.Reason)
		}
		if l.Offline {
			c.face.Say("As of the last sync, %s.", out.At.Format("2006-01-02 15:04"))
		}
		return out, nil
	})
	f := cmd.Flags()
	f.StringVar(&paper, "receipt", "", "the receipt's `text`, or a picture of it")
	f.StringVar(&code, "code", "", "the slip's or the citizen's own `code`")
	for _, name := range []string{"receipt", "code"} {
		_ = cmd.MarkFlagRequired(name) // the flags exist: they were just made
	}
	return cmd
}
