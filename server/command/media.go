package command

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/serve"
)

type imported struct {
	Accepted    int `json:"accepted"`
	Repeated    int `json:"repeated"`
	Quarantined int `json:"quarantined"`
	Ignored     int `json:"ignored"`
	Answers     int `json:"answers"`
}

func (i imported) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%d files taken in, %d were here, %d set aside, %d are none of ours; answers for %d kits.\n",
		i.Accepted, i.Repeated, i.Quarantined, i.Ignored, i.Answers)
}

func (c *command) importMedia() *cobra.Command {
	return &cobra.Command{
		Use:   "import DIR",
		Short: "Take in sealed files from a medium and leave the answers on it",
		Args:  cobra.ExactArgs(1),
		RunE: c.workAnywhere(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			n, err := centre.Ingest.Import(ctx, args[0])
			return imported{n.Accepted, n.Repeated, n.Quarantined, n.Ignored, n.Answers}, err
		}),
	}
}

type backed struct {
	OK       bool      `json:"ok"`
	At       time.Time `json:"at"`
	Files    int       `json:"files"`
	Bytes    int64     `json:"bytes"`
	Safe     int       `json:"safe"`
	SameDisk bool      `json:"same_disk"`
	Covers   bool      `json:"covers"`
}

func (b backed) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%d files, %d bytes; %d files of kits are safe now.\n", b.Files, b.Bytes, b.Safe)
	switch {
	case b.SameDisk && b.Covers:
		_, _ = fmt.Fprintln(w, "Demonstration: the copy lies on the centre's own disk and does not outlive it, yet kits may forget what it holds.")
	case b.SameDisk:
		_, _ = fmt.Fprintln(w, "The copy lies on the centre's own disk and does not outlive it: nothing became safe, and kits keep everything.\n"+
			"Name a folder on another disk or machine.")
	}
}

func (c *command) backup() *cobra.Command {
	var anyDisk bool
	cmd := &cobra.Command{
		Use:   "backup DIR",
		Short: "Copy ledger and attachments elsewhere; kits may then forget what it covers",
		Args:  cobra.ExactArgs(1),
		RunE: c.workAnywhere(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			b, err := centre.Backup(ctx, args[0], anyDisk)
			return backed{err == nil, b.At, b.Files, b.Bytes, b.Safe, b.SameDisk, b.Covers}, err
		}),
	}
	cmd.Flags().BoolVar(&anyDisk, "same-disk", false, sameDiskUse)
	return cmd
}

const sameDiskUse = "a demonstration: let kits forget what a copy on the centre's own disk covers"

type restored struct {
	OK       bool      `json:"ok"`
	Backup   time.Time `json:"backup"`
	Restored time.Time `json:"restored"`
	LogSize  int64     `json:"log_size"`    // leaves of the log of looks that the copy held
	LogKnown bool      `json:"log_outside"` // a head known outside was given
}

func (r restored) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "Restored to %s. What came after is lost here until kits send it again, which they do by themselves;\n"+
		"what staff decided or withdrew since then must be done again, and kits enrolled since then be invited again.\n"+
		"The log of looks goes on after %d rows; the gap is noted, and kits that saw more will show it.\n", r.Backup.Format(time.RFC3339), r.LogSize)
}

func (c *command) restore() *cobra.Command {
	var heads []string
	cmd := &cobra.Command{
		Use:   "restore DIR",
		Short: "Make the centre again from a backup, after its keys were put back",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			config := c.config(nil)
			var err error
			if config.Outside, err = readHeads(heads); err != nil {
				return ended{result: restored{}, err: err}
			}
			gap, err := serve.Restore(cmd.Context(), config, args[0])
			if err != nil {
				return ended{result: restored{}, err: err}
			}
			return ended{result: restored{true, time.Unix(gap.Backup, 0).UTC(), time.Unix(gap.Restored, 0).UTC(), gap.Log.Size, len(gap.Log.Outside) > 0}}
		},
	}
	cmd.Flags().StringArrayVar(&heads, "checkpoint", nil, "`file` with a head of the log of looks that somebody kept outside; may be repeated")
	return cmd
}
