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

// someone is one of the people that search prints.
type someone struct {
	Name         string `json:"name"`
	BirthDate    string `json:"birth_date"`
	Place        string `json:"place,omitempty"`
	Subject      string `json:"subject,omitempty"`
	Person       string `json:"person,omitempty"`
	Registration string `json:"registration"`
	Status       string `json:"status"`
	District     bool   `json:"district,omitempty"` // of the district pack: by name, year and place only
}

func (c *command) search() *cobra.Command {
	var limit int
	cmd := &cobra.Command{Use: "search QUERY", Short: "Find people known to this kit", Args: cobra.MinimumNArgs(1)}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		found, err := k.Search(ctx, strings.Join(args, " "), limit)
		if err != nil {
			return nil, err
		}
		people := make([]someone, 0, len(found))
		for _, p := range found {
			s := someone{Name: p.Name, BirthDate: p.BirthDate, Place: p.Place, Subject: p.Subject, Registration: p.Registration.String(), Status: p.Status.String(), District: p.District}
			if !p.Person.IsZero() {
				s.Person = p.Person.String()
			}
			people = append(people, s)
			c.face.Print("%s  %-10s  %-10s  %s", s.Registration, s.BirthDate, s.Status, s.Name)
		}
		if len(people) == 0 {
			c.face.Say("Nobody of that name is known to this kit.")
		}
		return map[string]any{"people": people}, nil
	})
	cmd.Flags().IntVar(&limit, "limit", 50, "show so many at most")
	return cmd
}

// listed is one of the registrations that registrations prints.
type listed struct {
	Registration string         `json:"registration"`
	Reference    string         `json:"reference"`
	Name         string         `json:"name"`
	Sealed       string         `json:"sealed"`
	Status       string         `json:"status"`
	Safe         bool           `json:"safe"`
	Reasons      []civic.Reason `json:"reasons,omitempty"`
}

func (c *command) registrations() *cobra.Command {
	var f kit.Filter
	var status string
	cmd := &cobra.Command{Use: "registrations", Short: "List what was sealed on this kit", Args: cobra.NoArgs}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		if status != "" {
			s, ok := civic.ParseStatus(status)
			if !ok {
				return nil, civic.NewProblem(civic.WrongUse, nil, fmt.Sprintf("There is no status %q.", status))
			}
			f.Statuses = []civic.Status{s}
		}
		rows, err := k.Registrations(ctx, f)
		if err != nil {
			return nil, err
		}
		out := make([]listed, 0, len(rows))
		for _, r := range rows {
			out = append(out, listed{
				Registration: r.ID.String(), Reference: r.Reference, Name: r.Name, Sealed: r.Sealed.Format(time.RFC3339),
				Status: r.Status.String(), Safe: r.Safe, Reasons: r.Reasons,
			})
			c.face.Print("%s  %-16s  %-10s  %s", r.ID, r.Sealed.Format("2006-01-02 15:04"), r.Status, r.Name)
		}
		return map[string]any{"registrations": out}, nil
	})
	cmd.Flags().StringVar(&f.Query, "query", "", "only those whose name holds `words`")
	cmd.Flags().StringVar(&status, "status", "", "only those in one `state`")
	cmd.Flags().IntVar(&f.Limit, "limit", 200, "show so many at most")
	return cmd
}

func (c *command) drafts() *cobra.Command {
	cmd := &cobra.Command{Use: "drafts", Short: "List the interviews not sealed yet", Args: cobra.NoArgs}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		all, err := k.Drafts(ctx)
		if err != nil {
			return nil, err
		}
		type draft struct {
			ID       string `json:"id"`
			Form     string `json:"form"`
			Name     string `json:"name"`
			Answered int    `json:"answered"`
			Updated  string `json:"updated"`
		}
		out := make([]draft, 0, len(all))
		for _, d := range all {
			id := fmt.Sprintf("%x", d.ID[:])
			out = append(out, draft{ID: id, Form: string(d.Form.ID), Name: d.Name, Answered: d.Answered, Updated: d.Updated.Format(time.RFC3339)})
			c.face.Print("%s  %s  %3d answers  %s", id, d.Updated.Format("2006-01-02 15:04"), d.Answered, d.Name)
		}
		return map[string]any{"drafts": out}, nil
	})
	return cmd
}
