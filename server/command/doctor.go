package command

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ingest"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
)

// Below these the disk is low, or too low to go on with.
const (
	diskLow  = 2 << 30
	diskStop = 200 << 20
)

type finding struct {
	Name    string `json:"name"`
	Level   string `json:"level"` // good, warning, bad
	Message string `json:"message"`
}

type health struct {
	OK       bool      `json:"ok"`
	Findings []finding `json:"findings"`
}

func (h *health) add(name, level, format string, args ...any) {
	h.Findings = append(h.Findings, finding{name, level, fmt.Sprintf(format, args...)})
	h.OK = h.OK && level != "bad"
}

func (h *health) Tell(w io.Writer) {
	for _, f := range h.Findings {
		_, _ = fmt.Fprintf(w, "%-8s %-8s %s\n", f.Level, f.Name, f.Message)
	}
}

func (c *command) doctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look after keys, disk, clock, ledger and backup",
		Args:  cobra.NoArgs,
		RunE: c.workAnywhere(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
			h := &health{OK: true}
			checkKeys(h, centre)
			checkDisk(h, centre.Data)
			if err := checkLedger(ctx, h, centre); err != nil {
				return h, err
			}
			if err := checkLog(ctx, h, centre); err != nil {
				return h, err
			}
			if !h.OK {
				return h, civic.NewProblem(civic.CentreUnwell, nil)
			}
			return h, nil
		}),
	}
}

func checkKeys(h *health, centre *serve.Centre) {
	keys := centre.Access.Keys()
	if open := keys.TooOpen(); len(open) > 0 {
		h.add("keys", "bad", "others than their owner can read %s", strings.Join(open, ", "))
	} else {
		h.add("keys", "good", "readable by their owner only")
	}
	if keys.RecoveryHere() {
		h.add("recovery", "warning", "recovery.age lies beside the other keys; move it to a safe that two people open")
	} else {
		h.add("recovery", "good", "the private recovery key is not on this machine")
	}
}

func checkDisk(h *health, dir string) {
	free, err := freeBytes(dir)
	switch {
	case err != nil:
		h.add("disk", "warning", "free space is not known here")
	case free < diskStop:
		h.add("disk", "bad", "%d MiB are free: too few to take in anything", free>>20)
	case free < diskLow:
		h.add("disk", "warning", "%d MiB are free", free>>20)
	default:
		h.add("disk", "good", "%d GiB are free", free>>30)
	}
}

func checkLedger(ctx context.Context, h *health, centre *serve.Centre) error {
	if err := centre.DB.Check(ctx); err != nil {
		h.add("ledger", "bad", "%s", err)
	} else {
		h.add("ledger", "good", "no damage found")
	}
	var s ingest.Status
	var last int64
	var backup, disk, restored string
	err := centre.DB.View(ctx, func(tx ledger.Tx) (err error) {
		if s, err = centre.Ingest.Status(ctx, tx); err != nil {
			return err
		}
		if backup, err = access.Setting(ctx, tx, serve.LastBackup); err != nil {
			return err
		}
		if disk, err = access.Setting(ctx, tx, serve.SameDiskSetting); err != nil {
			return err
		}
		if restored, err = access.Setting(ctx, tx, serve.RestoredSetting); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "SELECT COALESCE(MAX(received_at), 0) FROM ingest_file").Scan(&last)
	})
	if err != nil {
		return err
	}
	if ahead := time.Unix(last, 0).Sub(centre.Clock()); last > 0 && ahead > time.Minute {
		h.add("clock", "bad", "the clock is at least %s behind: something was received later than now", ahead.Round(time.Second))
	} else {
		h.add("clock", "good", "%s UTC", centre.Clock().UTC().Format(time.DateTime))
	}
	checkBackup(h, s, backup, disk, centre.Clock())
	if err := checkOutside(ctx, h, centre); err != nil {
		return err
	}
	if from, to, ok := strings.Cut(restored, " "); ok {
		h.add("restored", "warning", "this centre was restored: what staff decided between %s and %s is not in it", from, to)
	}
	if s.Quarantined > 0 {
		h.add("aside", "warning", "%d registrations and files are set aside: see fieldkit-server quarantine list", s.Quarantined)
	}
	return checkNamesakes(ctx, h, centre)
}

func checkNamesakes(ctx context.Context, h *health, centre *serve.Centre) error {
	return centre.DB.View(ctx, func(tx ledger.Tx) error {
		n, err := reconcile.Cut(ctx, tx, "", centre.Clock().Add(-reconcile.CutWithin))
		if err == nil && n > 0 {
			h.add("namesakes", "warning", "%d registrations of the last 30 days met more namesakes than are compared: somebody may stand twice; their outcomes say match_name_too_common, and the console names the offices", n)
		}
		return err
	})
}

// backupOld is when a backup is called old.
const backupOld = 36 * time.Hour

func checkBackup(h *health, s ingest.Status, last, disk string, now time.Time) {
	made, err := time.Parse(time.RFC3339, last)
	switch {
	case s.Demo:
		h.add("backup", "warning", "demonstration: received counts as safe, and kits forget what no backup covers")
	case disk == serve.SameDiskSafe:
		h.add("backup", "warning", "demonstration: the backup lies on the centre's own disk, and kits forget what does not outlive it")
	case disk == serve.SameDiskCopy:
		h.add("backup", "warning", "the last backup lies on the centre's own disk: nothing becomes safe by it, and kits keep everything")
	case s.Received == 0:
		h.add("backup", "good", "nothing was received yet")
	case s.Safe == 0:
		h.add("backup", "warning", "no backup was made: nothing becomes safe, and kits keep everything")
	case s.Safe < s.Received:
		h.add("backup", "warning", "%d of %d files are not in the last backup; kits keep them", s.Received-s.Safe, s.Received)
	case err == nil && now.Sub(made) > backupOld:
		h.add("backup", "warning", "the last backup is of %s", last)
	default:
		h.add("backup", "good", "every file is in the last backup, of %s", last)
	}
}
