package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/hub"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

func (c *command) hub() *cobra.Command {
	return parent("hub", "A regional office's hub: enrol, status; serve it with serve --forward", c.enrolHub(), c.hubStatus())
}

type enrolledHub struct {
	Device string `json:"device"`
	Area   string `json:"area"`
}

func (e enrolledHub) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "This folder is a hub of %s now. Serve it with: serve --forward URL\n", e.Area)
}

func (c *command) enrolHub() *cobra.Command {
	var server, code, name string
	cmd := &cobra.Command{
		Use:   "enrol",
		Short: "Make the data folder a hub, with a code made by device invite --hub",
		Args:  cobra.NoArgs,
		RunE: c.plain(func(ctx context.Context, _ []string) (any, error) {
			parsed, err := protocol.ParseCode(code)
			if err != nil {
				return nil, err
			}
			device, area, err := hub.Enrol(ctx, hub.Enrolment{Dir: c.data, Server: server, Code: parsed, Name: name, Clock: c.env.Clock, Rand: c.env.Rand})
			if err != nil {
				return nil, err
			}
			return enrolledHub{device.String(), string(area)}, nil
		}),
	}
	cmd.Flags().StringVar(&server, "server", "", "the centre's `URL`")
	cmd.Flags().StringVar(&code, "code", "", "the enrolment `code`")
	cmd.Flags().StringVar(&name, "name", "hub", "what people call this hub")
	required(cmd, "server")
	required(cmd, "code")
	return cmd
}

type hubState struct{ hub.Status }

func (s hubState) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%d files, %d bytes: %d wait, %d are at the centre and not safe there yet.\n", s.Files, s.Bytes, s.Waiting, s.Forwarded)
}

func (c *command) hubStatus() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "What the hub carries",
		Args:  cobra.NoArgs,
		RunE: c.plain(func(context.Context, []string) (any, error) {
			h, err := hub.Open(hub.Config{Dir: c.data, Clock: c.env.Clock, Rand: c.env.Rand, Logger: c.logger(slog.LevelError)})
			if err != nil {
				return nil, err
			}
			return hubState{h.Status()}, nil
		}),
	}
}

func (c *command) serveHub(ctx context.Context, s serving) error {
	hours, err := parseHours(s.hours)
	if err != nil {
		return err
	}
	h, err := hub.Open(hub.Config{Dir: c.data, Server: s.forward, Hosts: s.hosts, Clock: c.env.Clock, Rand: c.env.Rand,
		Logger: c.logger(slog.LevelInfo), Every: s.every, Hours: hours})
	if civic.CodeOf(err) == civic.NotEnrolled && isCentre(c.config(nil).WithDefaults().Keys) {
		err = civic.NewProblem(civic.WrongUse, err, "This folder is a centre's: serve it without --forward.")
	}
	if err != nil {
		return err
	}
	lock, err := serve.Occupy(c.data, serve.ServeLock)
	if err != nil {
		return err
	}
	defer lock.Close()
	l, err := serve.ListenOn(ctx, s.listen)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(c.env.Stdout, "listening on %s\n", l.Addr())
	return h.Serve(ctx, l)
}

// isCentre tells whether a centre's keys lie in a folder.
func isCentre(keys string) bool {
	_, err := os.Stat(keys)
	return err == nil
}

// parseHours reads "20:00-05:00"; empty for all day.
func parseHours(s string) (h hub.Hours, err error) {
	if s == "" {
		return h, nil
	}
	from, to, ok := strings.Cut(s, "-")
	one, err1 := time.Parse("15:04", from)
	two, err2 := time.Parse("15:04", to)
	if err := errors.Join(err1, err2); !ok || err != nil {
		return h, civic.NewProblem(civic.WrongUse, err, "Hours are written 20:00-05:00.")
	}
	return hub.Hours{From: sinceMidnight(one), To: sinceMidnight(two)}, nil
}

func sinceMidnight(t time.Time) time.Duration {
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}
