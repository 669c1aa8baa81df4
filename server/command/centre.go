package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/hub"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
)

type madeStaff struct {
	Staff        string `json:"staff"`
	PasswordFile string `json:"password_file"`
}

func (m madeStaff) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "The account %s signs in with the password in %s.\nRead it, then remove the file.\n", m.Staff, m.PasswordFile)
}

func (c *command) initCentre() *cobra.Command {
	var name, staff string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make a new centre: keys, an empty ledger, the first staff account",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := serve.Init(cmd.Context(), c.config(nil), name); err != nil {
				return ended{err: err}
			}
			return c.work(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
				err := centre.DB.Update(ctx, func(tx ledger.Tx) error {
					return access.SetSetting(ctx, tx, access.SecondFactorSetting, access.SecondFactorRequired)
				})
				if err != nil {
					return nil, err
				}
				return c.addStaff(ctx, centre, staff, "", access.Administrator)
			})(cmd, nil)
		},
	}
	cmd.Flags().StringVar(&name, "name", "Civil registry", "what people call the registry")
	cmd.Flags().StringVar(&staff, "staff", "admin", "name of the first account")
	return cmd
}

func (c *command) staff() *cobra.Command {
	var area, role string
	add := &cobra.Command{
		Use:   "add NAME",
		Short: "Make an account for the console",
		Args:  cobra.ExactArgs(1),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			if slices.Contains(access.Roles(), access.Role(role)) {
				return c.addStaff(ctx, centre, args[0], civic.Area(area), access.Role(role))
			}
			return nil, civic.NewProblem(civic.WrongUse, nil, "A role is one of "+roleNames()+".")
		}),
	}
	add.Flags().StringVar(&area, "area", "", "the `office` whose affairs may be seen; empty for all")
	add.Flags().StringVar(&role, "role", string(access.Reviewer), "one of "+roleNames())
	return parent("staff", "Accounts for the console: add, list, disable, password, second", add, c.listStaff(), c.disableStaff(), c.resetStaff(), c.resetSecond())
}

func roleNames() string {
	var names []string
	for _, r := range access.Roles() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

// addStaff makes an account and writes its password to a file that only its
// owner can read.
func (c *command) addStaff(ctx context.Context, centre *serve.Centre, name string, area civic.Area, role access.Role) (any, error) {
	password, err := centre.Access.AddStaff(ctx, name, area, role, "command")
	if err != nil {
		return nil, err
	}
	return keepPassword(centre, name, password)
}

// keepPassword writes a password to a file that only its owner can read.
func keepPassword(centre *serve.Centre, name, password string) (any, error) {
	path, err := filepath.Abs(filepath.Join(centre.Data, "password-"+filepath.Base(name)))
	if err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return madeStaff{name, path}, os.WriteFile(path, []byte(password+"\n"), 0o600)
}

// serving holds the flags of serve.
type serving struct {
	listen, url, forward, hours string
	hosts                       []string
	demo                        bool
	every                       time.Duration
	backup                      string
	anyDisk                     bool
	backupEvery                 time.Duration
	registry                    string
	joining                     joining
}

func (c *command) serve() *cobra.Command {
	var s serving
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve kits and the console until stopped",
		Long: "Serve kits and the console until stopped.\n" +
			"With --forward this is a regional hub: it takes in sealed files, cannot read them, and forwards them to the centre.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if s.forward != "" {
				return ended{err: c.serveHub(ctx, s)}
			}
			if err := c.joinFirst(ctx, s); err != nil {
				return ended{err: err}
			}
			centre, err := serve.Open(ctx, c.config(c.logger(slog.LevelInfo)))
			if err != nil && hub.Here(c.data) {
				err = civic.NewProblem(civic.WrongUse, err, "This folder is a hub's: serve it with --forward and the centre's address.")
			}
			if err != nil {
				return ended{err: err}
			}
			return ended{err: errors.Join(c.listen(ctx, centre, s), centre.Close())}
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.listen, "listen", "127.0.0.1:8443", "`address` to listen on")
	f.StringVar(&s.url, "url", "", "where kits reach this centre, for invitations (default: made of the address)")
	f.StringSliceVar(&s.hosts, "host", nil, "further `names` in the certificate")
	f.BoolVar(&s.demo, "safe-is-received", false, "a demonstration without a backup: let kits forget what is received")
	f.StringVar(&s.backup, "backup", "", "`folder` on another disk to back up to by itself")
	f.BoolVar(&s.anyDisk, "same-disk", false, sameDiskUse)
	f.DurationVar(&s.backupEvery, "backup-every", 15*time.Minute, "how often, when something new has come")
	f.StringVar(&s.registry, "registry", "", "join an outside registry, `fhir:URL` or spdci:URL, as fieldkit-server registry join does")
	s.joining.flags(cmd, "registry-")
	f.StringVar(&s.forward, "forward", "", "be a hub: the centre's `URL`")
	f.DurationVar(&s.every, "forward-every", 5*time.Minute, "of a hub: how often it forwards")
	f.StringVar(&s.hours, "forward-hours", "", "of a hub: the `hours` in which it forwards, such as 20:00-05:00")
	return cmd
}

func (c *command) listen(ctx context.Context, centre *serve.Centre, s serving) error {
	lock, err := c.occupy(serve.ServeLock)
	if err != nil {
		return err
	}
	defer lock.Close()
	if s.backup != "" {
		if err := centre.CheckBackup(s.backup); err != nil {
			return err
		}
	}
	l, err := centre.Listen(ctx, s.listen, s.url)
	if err != nil {
		return err
	}
	if err := centre.Demonstrate(ctx, s.demo); err != nil {
		return errors.Join(err, l.Close())
	}
	if s.demo {
		centre.Logger.Warn("demonstration: received counts as safe, kits forget what no backup covers")
	}
	_, _ = fmt.Fprintf(c.env.Stdout, "listening on %s\n", l.Addr())
	if s.backup != "" {
		backing := make(chan struct{})
		go func() {
			defer close(backing)
			centre.BackupEvery(ctx, s.backup, s.anyDisk, s.backupEvery)
		}()
		defer func() { <-backing }()
	}
	return centre.Serve(ctx, l, s.hosts)
}

type status struct {
	Registrations int  `json:"registrations"`
	Persons       int  `json:"persons"`
	Merged        int  `json:"merged"`
	Held          int  `json:"held"`
	Returned      int  `json:"returned"`
	Queue         int  `json:"queue"`
	Quarantined   int  `json:"quarantined"`
	Devices       int  `json:"devices"`
	Received      int  `json:"received_files"`
	Safe          int  `json:"safe_files"`
	Demo          bool `json:"safe_is_received"`
	SameDisk      bool `json:"safe_on_same_disk"` // a demonstration, too
	TooCommon     int  `json:"too_common"`        // of the last 30 days, whose name more people share than are compared
	// Moments in RFC 3339, empty for never: the last backup; and, of a restored
	// centre, its backup and its restore.
	// Outside registries, and what waits for them.
	Outside    []outsideWaits `json:"outside_registries"`
	LastBackup string         `json:"last_backup"`
	Restored   string         `json:"restored"`
}

func (s status) Tell(w io.Writer) {
	for _, line := range []struct {
		name string
		n    int
	}{
		{"registrations", s.Registrations}, {"persons", s.Persons}, {"merged", s.Merged}, {"held for review", s.Held},
		{"returned", s.Returned}, {"waiting", s.Queue}, {"quarantined", s.Quarantined}, {"kits", s.Devices},
		{"names too common", s.TooCommon}, {"files received", s.Received}, {"files safe", s.Safe},
	} {
		_, _ = fmt.Fprintf(w, "%-16s %9d\n", line.name, line.n)
	}
	for _, o := range s.Outside {
		_, _ = fmt.Fprintln(w, o.line())
	}
	if s.Demo {
		_, _ = fmt.Fprintln(w, "Demonstration: received counts as safe.")
	}
	if s.SameDisk {
		_, _ = fmt.Fprintln(w, "Demonstration: what is safe lies on the centre's own disk only.")
	}
	if s.LastBackup != "" {
		_, _ = fmt.Fprintf(w, "last backup      %s\n", s.LastBackup)
	}
	if s.Restored != "" {
		_, _ = fmt.Fprintf(w, "restored         %s (backup and restore)\n", s.Restored)
	}
}

func (c *command) status() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "What is in the registry, and what waits",
		Args:  cobra.NoArgs,
		RunE: c.workAnywhere(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
			var s status
			devices, err := centre.Access.Devices(ctx)
			if err != nil {
				return nil, err
			}
			err = centre.DB.View(ctx, func(tx ledger.Tx) error {
				n, err := reconcile.Count(ctx, tx, "")
				if err != nil {
					return err
				}
				q, err := centre.Ingest.Status(ctx, tx)
				if err != nil {
					return err
				}
				s = status{Registrations: n.Registrations, Persons: n.Persons, Merged: n.Merged, Held: n.Held, Returned: n.Returned,
					Queue: q.Queue, Quarantined: q.Quarantined, Devices: len(devices), Received: q.Received, Safe: q.Safe, Demo: q.Demo}
				if s.LastBackup, err = access.Setting(ctx, tx, serve.LastBackup); err != nil {
					return err
				}
				disk, err := access.Setting(ctx, tx, serve.SameDiskSetting)
				if err != nil {
					return err
				}
				s.SameDisk = disk == serve.SameDiskSafe
				if s.TooCommon, err = reconcile.Cut(ctx, tx, "", centre.Clock().Add(-reconcile.CutWithin)); err != nil {
					return err
				}
				s.Restored, err = access.Setting(ctx, tx, serve.RestoredSetting)
				return err
			})
			if err == nil {
				s.Outside, err = waitsOf(ctx, centre)
			}
			return s, err
		}),
	}
}
