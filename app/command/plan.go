package command

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// plannedLine is one question of a plan.
type plannedLine struct {
	Service   civic.ServiceID `json:"service"`
	Path      string          `json:"path"`
	Label     string          `json:"label"`
	Subject   string          `json:"subject"`
	Attribute civic.Attribute `json:"attribute"`
	Why       string          `json:"why,omitempty"`   // of a question that is asked
	Value     string          `json:"value,omitempty"` // of one that is held
	From      string          `json:"from,omitempty"`
	At        string          `json:"at,omitempty"`
}

// counts of questions.
type counts struct {
	Ask     int `json:"ask"`
	Confirm int `json:"confirm"`
	Reuse   int `json:"reuse"`
}

type plannedService struct {
	Service civic.ServiceID `json:"service"`
	Form    string          `json:"form"`
	Counts  counts          `json:"counts"`
}

// plannedVisit is what plan prints.
type plannedVisit struct {
	Ask      []plannedLine    `json:"ask"`
	Confirm  []plannedLine    `json:"confirm"`
	Reuse    []plannedLine    `json:"reuse"`
	Counts   counts           `json:"counts"`
	Services []plannedService `json:"services"`
}

func (c *command) plan() *cobra.Command {
	var services []string
	var person string
	cmd := &cobra.Command{
		Use:   "plan --services a,b --person ID",
		Short: "Say what services would ask of a person this kit knows",
		Long: "Say what services would ask of a person this kit knows.\n" +
			"ID is a registration's id, with :mother or the like behind it for another of its people, or a person's id.",
		Args: cobra.NoArgs,
	}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, _ []string) (any, error) {
		ref, err := k.RefOf(ctx, person)
		if err != nil {
			return nil, err
		}
		wanted := make([]civic.ServiceID, len(services))
		for i, s := range services {
			wanted[i] = civic.ServiceID(s)
		}
		plans, err := k.Plan(ctx, wanted, ref)
		if err != nil {
			return nil, err
		}
		out := plannedVisit{Ask: []plannedLine{}, Confirm: []plannedLine{}, Reuse: []plannedLine{}}
		for _, p := range plans {
			n := counts{len(p.Plan.Ask), len(p.Plan.Confirm), len(p.Plan.Reuse)}
			out.Services = append(out.Services, plannedService{p.Service, p.Form.String(), n})
			out.Ask = append(out.Ask, linesOf(p.Service, p.Plan.Ask)...)
			out.Confirm = append(out.Confirm, linesOf(p.Service, p.Plan.Confirm)...)
			out.Reuse = append(out.Reuse, linesOf(p.Service, p.Plan.Reuse)...)
			c.face.Print("%-12s asks %d, confirms %d, reuses %d", p.Service, n.Ask, n.Confirm, n.Reuse)
		}
		out.Counts = counts{len(out.Ask), len(out.Confirm), len(out.Reuse)}
		return out, nil
	})
	cmd.Flags().StringSliceVar(&services, "services", nil, "the `services` the citizen came for, in order")
	cmd.Flags().StringVar(&person, "person", "", "`id` of the person")
	for _, name := range []string{"services", "person"} {
		_ = cmd.MarkFlagRequired(name) // the flag exists: it was just made
	}
	return cmd
}

func linesOf(s civic.ServiceID, lines []capture.Line) []plannedLine {
	out := make([]plannedLine, len(lines))
	for i, l := range lines {
		out[i] = plannedLine{Service: s, Path: l.Path, Label: l.Label, Subject: l.Subject, Attribute: l.Attribute, Why: string(l.Why), Value: l.Held.Answer.Value, From: string(l.Held.Service)}
		if !l.Held.At.IsZero() {
			out[i].At = l.Held.At.Format(time.DateOnly)
		}
	}
	return out
}
