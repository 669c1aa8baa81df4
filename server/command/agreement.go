package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

type revisionRow struct {
	Agreement string     `json:"agreement"`
	Revision  int        `json:"revision"`
	State     string     `json:"state"`
	InForce   bool       `json:"in_force"`
	Agency    string     `json:"agency"`
	Level     string     `json:"level"`
	Purpose   string     `json:"purpose"`
	Basis     string     `json:"lawful_basis"`
	From      string     `json:"from"`
	Until     string     `json:"until"`
	Digest    string     `json:"digest"`
	Drafted   string     `json:"drafted_by"`
	Decided   string     `json:"decided_by"`
	DecidedAt *time.Time `json:"decided_at"`
}

type revisionRows struct {
	Agreements []revisionRow `json:"agreements"`
}

func (r revisionRows) Tell(w io.Writer) {
	for _, v := range r.Agreements {
		mark := v.State
		if v.InForce {
			mark = "in force"
		}
		_, _ = fmt.Fprintf(w, "%-20s %3d  %-11s %-16s %-10s %-20s %s\n", v.Agreement, v.Revision, mark, v.Agency, v.Level, v.Purpose, v.Basis)
	}
}

func revisionOf(r share.Revision, now time.Time) revisionRow {
	a := r.Agreement
	return revisionRow{
		a.ID, a.Version, r.State.String(), r.State == share.Approved && a.Holds(now), string(a.Agency), string(a.Level), string(a.Purpose.Code), string(a.Basis),
		a.Lifecycle.From, a.Lifecycle.Until, r.Digest.String(), r.Drafted.Name, r.Decided.Name, when(r.DecidedAt),
	}
}

type shownAgreement struct{ json.RawMessage }

func (s shownAgreement) Tell(w io.Writer) { _, _ = fmt.Fprintf(w, "%s\n", s.RawMessage) }

// by checks who does it: NAME=FILE, an account of a role that may.
func (c *command) by(ctx context.Context, centre *serve.Centre, word string) (share.By, error) {
	name, file, _ := strings.Cut(word, "=")
	password, err := readInput(file)
	if err != nil {
		return share.By{}, err
	}
	s, err := centre.Access.Confirm(ctx, name, strings.TrimSpace(string(password)), "command")
	if err != nil {
		return share.By{}, err
	}
	if !share.MayAgree(string(s.Role)) {
		return share.By{}, civic.NewProblem(civic.NotYours, nil)
	}
	return share.By{Name: s.Staff, Role: string(s.Role), Area: s.Area}, nil
}

// agreed is a deed of somebody who gave a password.
func (c *command) agreed(by *string, do func(ctx context.Context, centre *serve.Centre, tx ledger.Tx, who share.By, args []string) (share.Revision, error)) func(*cobra.Command, []string) error {
	return c.work(func(ctx context.Context, centre *serve.Centre, args []string) (result any, err error) {
		if centre.Share == nil {
			return nil, civic.NewProblem(civic.KeysAbsent, nil, centre.Keys)
		}
		who, err := c.by(ctx, centre, *by)
		if err != nil {
			return nil, err
		}
		err = centre.DB.Update(ctx, func(tx ledger.Tx) error {
			r, err := do(ctx, centre, tx, who, args)
			result = revisionRows{[]revisionRow{revisionOf(r, centre.Clock())}}
			return err
		})
		if err != nil {
			return nil, err
		}
		return result, nil
	})
}

func (c *command) agreement() *cobra.Command {
	var by string
	var revision int
	list := &cobra.Command{
		Use: "list [ID]", Short: "Every revision of every agreement, or of one", Args: cobra.MaximumNArgs(1),
		RunE: c.deed(func(ctx context.Context, centre *serve.Centre, tx ledger.Tx, args []string) (any, error) {
			id := ""
			if len(args) > 0 {
				id = args[0]
			}
			all, err := centre.Share.Revisions(ctx, tx, id)
			rows := revisionRows{Agreements: []revisionRow{}}
			for _, r := range all {
				rows.Agreements = append(rows.Agreements, revisionOf(r, centre.Clock()))
			}
			return rows, err
		}),
	}
	show := &cobra.Command{
		Use: "show ID", Short: "One revision, as it was written", Args: cobra.ExactArgs(1),
		RunE: c.deed(func(ctx context.Context, centre *serve.Centre, tx ledger.Tx, args []string) (any, error) {
			r, err := newestRevision(ctx, tx, centre, args[0], revision)
			if err != nil {
				return nil, err
			}
			return shownAgreement{r.Body}, nil
		}),
	}
	draft := &cobra.Command{
		Use: "draft FILE.json", Short: "Draft a revision; its version and the digest of the one before are filled in",
		Args: cobra.ExactArgs(1),
		RunE: c.agreed(&by, func(ctx context.Context, centre *serve.Centre, tx ledger.Tx, who share.By, args []string) (share.Revision, error) {
			text, err := readInput(args[0])
			if err != nil {
				return share.Revision{}, err
			}
			body, err := follow(ctx, tx, centre.Share, text)
			if err != nil {
				return share.Revision{}, err
			}
			return centre.Share.Draft(ctx, tx, body, who)
		}),
	}
	// decided is a command that ends the waiting of a drafted revision.
	decided := func(use, short string, do func(s *share.Share, ctx context.Context, tx ledger.Tx, id string, version int, who share.By) (share.Revision, error)) *cobra.Command {
		return &cobra.Command{
			Use: use, Short: short, Args: cobra.ExactArgs(1),
			RunE: c.agreed(&by, func(ctx context.Context, centre *serve.Centre, tx ledger.Tx, who share.By, args []string) (share.Revision, error) {
				r, err := newestRevision(ctx, tx, centre, args[0], revision)
				if err != nil {
					return r, err
				}
				return do(centre.Share, ctx, tx, args[0], r.Agreement.Version, who)
			}),
		}
	}
	approve := decided("approve ID", "Put a drafted revision into force; somebody else than who drafted it, in another role", (*share.Share).Approve)
	down := decided("turn-down ID", "End a drafted revision", (*share.Share).TurnDown)
	for _, cmd := range []*cobra.Command{draft, approve, down} {
		cmd.Flags().StringVar(&by, "by", "", "`NAME=FILE`: the account that does it and the file with its password")
	}
	for _, cmd := range []*cobra.Command{show, approve, down} {
		cmd.Flags().IntVar(&revision, "revision", 0, "which revision; the newest when left out")
	}
	return parent("agreement", "Agreements: list, show, draft, approve, turn-down", list, show, draft, approve, down)
}

// follow fills in what makes a draft follow on the newest revision.
func follow(ctx context.Context, tx ledger.Tx, s *share.Share, text []byte) ([]byte, error) {
	a, err := agreement.Read(text)
	if err != nil {
		return nil, civic.NewProblem(civic.AgreementRefused, err, err.Error())
	}
	if a.Version, a.Previous, err = s.Next(ctx, tx, a.ID); err != nil {
		return nil, err
	}
	return json.Marshal(a)
}

func newestRevision(ctx context.Context, tx ledger.Tx, centre *serve.Centre, id string, revision int) (share.Revision, error) {
	if revision == 0 {
		next, _, err := centre.Share.Next(ctx, tx, id)
		if err != nil {
			return share.Revision{}, err
		}
		revision = next - 1
	}
	return centre.Share.Revision(ctx, tx, id, revision)
}

type explained struct{ share.Explanation }

func (e explained) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%s\n", e.Sentence)
	for _, f := range e.Fields {
		word := "yes"
		if !f.Allowed {
			word = "no"
		}
		why := make([]string, len(f.Why))
		for i, y := range f.Why {
			why[i] = y.Code
		}
		_, _ = fmt.Fprintf(w, "  %-3s %-20s %s\n", word, f.Name, strings.Join(why, ", "))
	}
}

type shownPolicy struct {
	Version string `json:"version"`
	Text    string `json:"policies"`
}

func (s shownPolicy) Tell(w io.Writer) { _, _ = fmt.Fprintf(w, "// version %s\n%s", s.Version, s.Text) }

func (c *command) policy() *cobra.Command {
	var who, purpose, person, explicit string
	var fields []string
	var previewed bool
	explain := &cobra.Command{
		Use:   "explain --agency ID",
		Short: "Why an agency may or may not read: of anybody, or of one person (--person AREA/ID)",
		Args:  cobra.NoArgs,
		RunE: c.deed(func(ctx context.Context, centre *serve.Centre, tx ledger.Tx, _ []string) (any, error) {
			a, err := centre.Share.Agency(ctx, tx, agreement.AgencyID(who))
			if err != nil {
				return nil, err
			}
			ask := share.Ask{Agency: a, Purpose: civic.Purpose(purpose), Explicit: explicit, Previewed: previewed}
			for _, f := range fields {
				ask.Fields = append(ask.Fields, civic.Attribute(f))
			}
			var known *registry.Person
			if person != "" {
				area, id, _ := strings.Cut(person, "/")
				p, err := civic.ParsePersonID(id)
				if err != nil {
					return nil, civic.NewProblem(civic.WrongUse, err, "A person is written AREA/ID, as registry export and the console show it.")
				}
				all, err := centre.Registry.Known(ctx, tx, []registry.Ref{{Home: civic.Area(area), Person: p}})
				if err != nil {
					return nil, err
				}
				if len(all) == 0 {
					return nil, civic.NewProblem(civic.PersonAbsent, nil)
				}
				known = all[0]
			}
			e, err := centre.Share.Explain(ctx, tx, ask, known)
			if err != nil {
				return nil, err
			}
			return explained{e}, audit.Write(ctx, tx, centre.Clock(), []audit.Row{{Actor: "command", Action: "policy_explain", Detail: who}})
		}),
	}
	f := explain.Flags()
	f.StringVar(&who, "agency", "", "the agency's id")
	required(explain, "agency")
	f.StringVar(&purpose, "purpose", "", "what for")
	f.StringVar(&person, "person", "", "`AREA/ID` of a person")
	f.StringSliceVar(&fields, "fields", nil, "attributes, separated by commas; all that are agreed when left out")
	f.StringVar(&explicit, "explicit-request", "", "reference of the citizen's own request")
	f.BoolVar(&previewed, "previewed", false, "the citizen saw the values")
	show := &cobra.Command{
		Use: "show", Short: "The policies that decide, in Cedar", Args: cobra.NoArgs,
		RunE: c.deed(func(_ context.Context, centre *serve.Centre, _ ledger.Tx, _ []string) (any, error) {
			return shownPolicy{centre.Share.Policies().Version(), policy.Text()}, nil
		}),
	}
	return parent("policy", "Who may read what, and why: explain, show", explain, show)
}
