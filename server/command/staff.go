package command

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/serve"
)

type staffRow struct {
	Name     string     `json:"name"`
	Area     string     `json:"area"` // empty: all
	Role     string     `json:"role"`
	Made     time.Time  `json:"made"`
	Disabled *time.Time `json:"disabled"`
	Second   bool       `json:"second_factor"` // one is set up
}

type staffRows struct {
	Staff []staffRow `json:"staff"`
}

func (s staffRows) Tell(w io.Writer) {
	for _, r := range s.Staff {
		state := ""
		if r.Disabled != nil {
			state = "disabled " + r.Disabled.Format(time.DateOnly)
		}
		second := "one factor"
		if r.Second {
			second = "two factors"
		}
		_, _ = fmt.Fprintf(w, "%-20s %-14s %-12s %-12s %s\n", r.Name, r.Role, r.Area, second, state)
	}
}

func (c *command) listStaff() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Every account with its role and office",
		Args:  cobra.NoArgs,
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
			all, err := centre.Access.ListStaff(ctx)
			rows := staffRows{Staff: []staffRow{}}
			for _, s := range all {
				rows.Staff = append(rows.Staff, staffRow{s.Name, string(s.Area), string(s.Role), s.Made.UTC(), when(s.Disabled), s.Second})
			}
			return rows, err
		}),
	}
}

type disabledStaff struct {
	Staff string `json:"staff"`
}

func (d disabledStaff) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "The account %s is ended, and whoever was signed in with it is out. staff password lets it in again.\n", d.Staff)
}

func (c *command) disableStaff() *cobra.Command {
	return &cobra.Command{
		Use:   "disable NAME",
		Short: "End an account and its open sessions",
		Args:  cobra.ExactArgs(1),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			if err := centre.Access.DisableStaff(ctx, args[0], "command"); err != nil {
				return nil, err
			}
			return disabledStaff{args[0]}, nil
		}),
	}
}

func (c *command) resetStaff() *cobra.Command {
	return &cobra.Command{
		Use:   "password NAME",
		Short: "Give an account a new password and end its open sessions",
		Args:  cobra.ExactArgs(1),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			password, err := centre.Access.ResetPassword(ctx, args[0], "command")
			if err != nil {
				return nil, err
			}
			return keepPassword(centre, args[0], password)
		}),
	}
}

type freedStaff struct {
	Staff string `json:"staff"`
}

func (f freedStaff) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "The account %s has no second factor any more and sets one up when it signs in next.\n", f.Staff)
}

func (c *command) resetSecond() *cobra.Command {
	return &cobra.Command{
		Use:   "second NAME",
		Short: "Take an account's second factor away: the phone was lost",
		Args:  cobra.ExactArgs(1),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			return freedStaff{args[0]}, centre.Access.ResetSecond(ctx, args[0], "command")
		}),
	}
}
