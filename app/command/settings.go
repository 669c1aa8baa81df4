package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// chosen is what settings prints.
type chosen struct {
	Window    string `json:"window"` // 20:00-06:00, empty for any time
	DataCap   int64  `json:"data_cap_mb"`
	DataUsed  int64  `json:"data_used_bytes"` // today, both ways
	NoMobile  bool   `json:"no_mobile"`
	Retention int    `json:"retention_days"`
	Backup    string `json:"backup"`
}

// maxDays is the longest retention, in days.
const maxDays = 3650

func (c *command) settings() *cobra.Command {
	var window string
	var megabytes int64
	var noMobile bool
	var days int
	cmd := &cobra.Command{
		Use: "settings", Short: "Show or change when the kit syncs by itself and how long it keeps what is safe", Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&window, "window", "", "sync by itself only between two `times`, such as 20:00-06:00; \"any\" for always")
	f.Int64Var(&megabytes, "data-cap", 0, "`megabytes` a day for syncing by itself; 0 for no cap")
	f.BoolVar(&noMobile, "no-mobile", false, "do not sync by itself over a mobile network")
	f.IntVar(&days, "retention", 0, "`days` to keep what is safe at the centre")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if f.Changed("retention") && (days < 1 || days > maxDays) {
			return fmt.Errorf("--retention takes 1 to %d days", maxDays)
		}
		if _, _, err := readWindow(window); err != nil {
			return err
		}
		return nil
	}
	cmd.RunE = c.with(lockedWill, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		p, err := k.SyncPolicy(ctx)
		if err != nil {
			return nil, err
		}
		if f.Changed("window") {
			if p.From, p.Until, err = readWindow(window); err != nil {
				return nil, err
			}
		}
		if f.Changed("data-cap") {
			p.DailyBytes = megabytes << 20
		}
		if f.Changed("no-mobile") {
			p.NoMobile = noMobile
		}
		if f.Changed("window") || f.Changed("data-cap") || f.Changed("no-mobile") {
			if err := k.SetSyncPolicy(ctx, p); err != nil {
				return nil, err
			}
		}
		if f.Changed("retention") {
			if err := k.SetRetention(ctx, time.Duration(days)*24*time.Hour); err != nil {
				return nil, err
			}
		}
		return c.showSettings(ctx, k, p)
	})
	return cmd
}

func (c *command) showSettings(ctx context.Context, k *kit.Kit, p kit.SyncPolicy) (any, error) {
	out := chosen{DataCap: p.DailyBytes >> 20, NoMobile: p.NoMobile}
	if p.From != p.Until {
		out.Window = fmt.Sprintf("%02d:%02d-%02d:%02d", p.From/60, p.From%60, p.Until/60, p.Until%60)
	}
	var err error
	if out.DataUsed, err = k.DataUsed(ctx); err != nil {
		return nil, err
	}
	keep, err := k.Retention(ctx)
	if err != nil {
		return nil, err
	}
	out.Retention = int(keep / (24 * time.Hour))
	if out.Backup, err = k.BackupDir(ctx); err != nil {
		return nil, err
	}
	c.face.Print("syncs by itself    %s", or(out.Window, "at any time"))
	c.face.Print("data a day         %d MB (0 is no cap), %s used today", out.DataCap, size(out.DataUsed))
	c.face.Print("mobile networks    %s", map[bool]string{true: "left out", false: "used"}[out.NoMobile])
	c.face.Print("keeps what is safe %d days", out.Retention)
	c.face.Print("backup             %s", or(out.Backup, "none"))
	return out, nil
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// readWindow reads 20:00-06:00.
func readWindow(s string) (from, until int, err error) {
	if s == "any" || s == "" {
		return 0, 0, nil
	}
	a, b, ok := strings.Cut(s, "-")
	first, err1 := time.Parse("15:04", strings.TrimSpace(a))
	second, err2 := time.Parse("15:04", strings.TrimSpace(b))
	if !ok || err1 != nil || err2 != nil {
		return 0, 0, civic.NewProblem(civic.WrongUse, nil, "A window is written 20:00-06:00.")
	}
	return first.Hour()*60 + first.Minute(), second.Hour()*60 + second.Minute(), nil
}
