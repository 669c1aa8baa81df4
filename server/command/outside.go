package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
)

// outsideWaits is what one outside registry has still to be told.
type outsideWaits struct {
	Registry string `json:"registry"`
	Kind     string `json:"kind,omitempty"`
	URL      string `json:"url,omitempty"`
	Ask      string `json:"ask,omitempty"`
	Depth    int    `json:"waiting"`
	Age      int64  `json:"oldest_seconds"` // how long the oldest waits
	Refused  int    `json:"refused"`
	Told     int    `json:"told"`
	Tries    int    `json:"tries"`
}

func (w outsideWaits) line() string {
	s := fmt.Sprintf("%-16s %9d waiting", w.Registry, w.Depth)
	if w.Depth > 0 {
		s += fmt.Sprintf(", the oldest for %s, tried %d times", time.Duration(w.Age)*time.Second, w.Tries)
	}
	if w.Refused > 0 {
		s += fmt.Sprintf(", %d refused", w.Refused)
	}
	return s + fmt.Sprintf(", %d told", w.Told)
}

func waitsOf(ctx context.Context, centre *serve.Centre) ([]outsideWaits, error) {
	list, err := centre.Outbox(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]outsideWaits, 0, len(list))
	for _, w := range list {
		o := outsideWaits{Registry: w.Registry, Depth: w.Depth, Refused: w.Refused, Told: w.Told, Tries: w.Tries}
		if w.Since > 0 {
			o.Age = max(0, centre.Clock().Unix()-w.Since)
		}
		out = append(out, o)
	}
	return out, nil
}

type outsideList struct {
	Registries []outsideWaits   `json:"registries"`
	Refused    []outsideRefusal `json:"refused,omitempty"`
	Waiting    int64            `json:"waiting"`
}

type outsideRefusal struct {
	Registry string `json:"registry"`
	Person   string `json:"person"`
	Said     string `json:"said"`
	Since    string `json:"since"`
}

func (l outsideList) Tell(w io.Writer) {
	if len(l.Registries) == 0 {
		_, _ = fmt.Fprintln(w, "No outside registry is joined.")
	}
	for _, r := range l.Registries {
		_, _ = fmt.Fprintf(w, "%s\n  %s %s, asked: %s\n", r.line(), r.Kind, r.URL, r.Ask)
	}
	for _, r := range l.Refused {
		_, _ = fmt.Fprintf(w, "refused by %s: person %s, %s, since %s\n", r.Registry, r.Person, r.Said, r.Since)
	}
}

func (c *command) listOutside() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Outside registries, and what waits for them",
		Args:  cobra.NoArgs,
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
			return outsides(ctx, centre)
		}),
	}
}

func outsides(ctx context.Context, centre *serve.Centre) (l outsideList, err error) {
	if l.Registries, err = waitsOf(ctx, centre); err != nil {
		return l, err
	}
	joined, err := centre.Registries(ctx)
	if err != nil {
		return l, err
	}
	for i := range l.Registries {
		l.Waiting += int64(l.Registries[i].Depth)
		for _, j := range joined {
			if j.Name == l.Registries[i].Registry {
				l.Registries[i].Kind, l.Registries[i].URL, l.Registries[i].Ask = j.Kind, j.URL, j.Ask
			}
		}
	}
	err = centre.DB.View(ctx, func(tx ledger.Tx) error {
		list, err := registry.Refused(ctx, tx, "", 100)
		l.Refused = nil
		for _, r := range list {
			l.Refused = append(l.Refused, outsideRefusal{r.Registry, r.Person.String(), r.Code, time.Unix(r.Since, 0).UTC().Format(time.RFC3339)})
		}
		return err
	})
	return l, err
}

// joining holds what says how an outside registry is joined.
type joining struct {
	name, token, ca, ask string
	systems              []string
}

func (j *joining) flags(cmd *cobra.Command, prefix string) {
	f := cmd.Flags()
	f.StringVar(&j.token, prefix+"token", "", "`file` with its bearer token on the first line")
	f.StringVar(&j.ca, prefix+"ca", "", "`file` with the certificates its own must lead to (default: the system's)")
	f.StringVar(&j.ask, prefix+"ask", serve.AskWait, "who somebody may be is asked there, and while it does not answer registrations `wait`, or go on; no: not asked")
	f.StringVar(&j.name, prefix+"name", "", "what it is called here (default: its kind)")
	f.StringSliceVar(&j.systems, prefix+"system", nil, "identifier system or type of an attribute, as `national_id=URI`")
}

func (j *joining) to(where string) (serve.Joined, error) {
	o, err := serve.ParseJoined(where)
	if err != nil {
		return o, err
	}
	o.TokenFile, o.CAFile, o.Ask = j.token, j.ca, j.ask
	if j.name != "" {
		o.Name = j.name
	}
	for _, s := range j.systems {
		a, system, ok := strings.Cut(s, "=")
		if !ok {
			return o, civic.NewProblem(civic.WrongUse, nil, "A system is written attribute=URI.")
		}
		if o.Systems == nil {
			o.Systems = map[civic.Attribute]string{}
		}
		o.Systems[civic.Attribute(a)] = system
	}
	return o, nil
}

type joinedOutside struct {
	Registry string `json:"registry"`
	Waiting  int64  `json:"waiting"`
}

func (j joinedOutside) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%s is joined, and will be told of %d persons. Start fieldkit-server serve (or opener) anew.\n", j.Registry, j.Waiting)
}

func (c *command) joinOutside() *cobra.Command {
	var j joining
	cmd := &cobra.Command{
		Use:   "join fhir:URL | spdci:URL",
		Short: "Ask and tell an outside registry, from the next start on",
		Long: "Ask an outside registry who somebody may be, and tell it of every person that is registered, from the next start on.\n" +
			"FHIR R4 is searched ($match where it has it) and written; SPDCI v1.0.0 is searched and notified, which is all it has.",
		Args: cobra.ExactArgs(1),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			o, err := j.to(args[0])
			if err != nil {
				return nil, err
			}
			n, err := centre.Join(ctx, o)
			return joinedOutside{o.Name, n}, err
		}),
	}
	j.flags(cmd, "")
	return cmd
}

func (c *command) leaveOutside() *cobra.Command {
	return &cobra.Command{
		Use:   "leave NAME",
		Short: "Ask and tell an outside registry no longer, from the next start on",
		Args:  cobra.ExactArgs(1),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			if err := centre.Leave(ctx, args[0]); err != nil {
				return nil, err
			}
			return outsides(ctx, centre)
		}),
	}
}

func (c *command) retryOutside() *cobra.Command {
	return &cobra.Command{
		Use:   "retry NAME",
		Short: "Tell an outside registry once more what it refused, and at once what waits",
		Args:  cobra.ExactArgs(1),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			err := centre.DB.Update(ctx, func(tx ledger.Tx) error {
				_, err := registry.Retry(ctx, tx, args[0])
				return err
			})
			if err != nil {
				return nil, err
			}
			return outsides(ctx, centre)
		}),
	}
}

type secondPolicy struct {
	Risk       int  `json:"risk"`
	Registered bool `json:"registered"`
}

func (p secondPolicy) Tell(w io.Writer) {
	switch {
	case p.Risk == 0 && !p.Registered:
		_, _ = fmt.Fprintln(w, "One reviewer decides alone.")
	case p.Risk > 0:
		_, _ = fmt.Fprintf(w, "Merges with a risk of %d of 1000 or more need two reviewers.\n", p.Risk)
	}
	if p.Registered {
		_, _ = fmt.Fprintln(w, "Merges of two persons who both rest on papers or on several visits need two reviewers.")
	}
}

func (c *command) reviewPolicy() *cobra.Command {
	var p reconcile.SecondPair
	cmd := &cobra.Command{
		Use:   "second-pair",
		Short: "Show or say which merges need a second reviewer",
		Args:  cobra.NoArgs,
	}
	cmd.Flags().IntVar(&p.Risk, "risk", 0, "from this risk on, 1 to 1000; 0 for never")
	cmd.Flags().BoolVar(&p.Registered, "registered", false, "where both rest on papers or on several visits")
	cmd.RunE = c.work(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
		if cmd.Flags().Changed("risk") || cmd.Flags().Changed("registered") {
			if err := centre.SetSecond(ctx, p); err != nil {
				return nil, err
			}
		}
		now, err := centre.Second(ctx)
		return secondPolicy(now), err
	})
	return cmd
}

// joinFirst joins the outside registry that serve was started with, unless it
// is joined so already.
func (c *command) joinFirst(ctx context.Context, s serving) (err error) {
	if s.registry == "" {
		return nil
	}
	j, err := s.joining.to(s.registry)
	if err != nil {
		return err
	}
	centre, err := serve.Open(ctx, c.config(nil))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, centre.Close()) }()
	if err := needsOpener(centre); err != nil {
		return err
	}
	list, err := centre.Registries(ctx)
	if err != nil {
		return err
	}
	for _, o := range list {
		if reflect.DeepEqual(o, j) {
			return nil
		}
	}
	_, err = centre.Join(ctx, j)
	return err
}

// outsideOld is when something that waits for an outside registry is called
// old.
const outsideOld = 6 * time.Hour

func checkOutside(ctx context.Context, h *health, centre *serve.Centre) error {
	list, err := waitsOf(ctx, centre)
	for _, o := range list {
		age := time.Duration(o.Age) * time.Second
		switch {
		case o.Refused > 0:
			h.add("registry", "warning", "%s refused to be told of %d persons: see fieldkit-server registry list", o.Registry, o.Refused)
		case o.Depth > 0 && age > outsideOld:
			h.add("registry", "warning", "%d persons wait to be told to %s, the oldest for %s: does it answer?", o.Depth, o.Registry, age)
		case o.Depth > 0:
			h.add("registry", "good", "%d persons wait to be told to %s, the oldest for %s", o.Depth, o.Registry, age)
		default:
			h.add("registry", "good", "%s was told of everybody", o.Registry)
		}
	}
	return err
}
