package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/places"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/identity"
)

func (c *command) places() *cobra.Command {
	return parent("places", "The list of places kits search", c.importPlaces())
}

func (c *command) events() *cobra.Command {
	return parent("events", "The calendar of events for who does not know his year of birth", c.importEvents())
}

type placesImported struct {
	places.Imported
	places.Report
	Told int `json:"told"` // kits it was put down for at once
}

func (r placesImported) Tell(w io.Writer) {
	if r.Same {
		_, _ = fmt.Fprintf(w, "This list of %d places is the one in use.\n", r.Places)
		return
	}
	_, _ = fmt.Fprintf(w, "%d places, list %d: %d bytes on the wire for a new kit", r.Places, r.Serial, r.Whole)
	if r.Delta > 0 {
		_, _ = fmt.Fprintf(w, ", %d for one that has the list before", r.Delta)
	}
	_, _ = fmt.Fprintln(w, ".")
	if r.Orphans > 0 {
		_, _ = fmt.Fprintf(w, "%d places stand alone: what they lie in is in no file.\n", r.Orphans)
	}
}

func (c *command) importPlaces() *cobra.Command {
	var mapFile, area, actor, kind string
	cmd := &cobra.Command{
		Use:   "import FILE.csv...",
		Short: "Make a list of places the one that kits search",
		Long: "Make a list of places the one that kits search. Several files (states, municipalities, localities) make one list.\n\n" +
			"Columns are found by their usual names (code, name, parent, kind, other, lat, lon, in Spanish too), places around by\n" +
			"columns such as entidad and municipio or by the code of a parent; --map names them: {\"code\": \"cvegeo\", \"name\": \"localidad\",\n" +
			"\"levels\": [{\"kind\": \"state\", \"column\": \"entidad\"}]}. Kits fetch the list at their next sync, afterwards only what has changed.",
		Args: cobra.MinimumNArgs(1),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			columns, err := placeColumns(mapFile)
			if err != nil {
				return nil, err
			}
			if kind != "" {
				columns.All = kind
			}
			list, report, err := places.ReadTables(args, columns)
			if err != nil {
				return nil, err
			}
			done, err := centre.Places.Import(ctx, civic.Area(area), list, actor)
			if err != nil {
				return nil, err
			}
			result := placesImported{Imported: done, Report: report}
			if centre.Access.Keys().Opens() {
				result.Told, err = centre.Places.Deliver(ctx)
			}
			return result, err
		}),
	}
	f := cmd.Flags()
	f.StringVar(&mapFile, "map", "", "`file` that names the columns: JSON")
	f.StringVar(&area, "area", "", "`office` the list is for (default: all)")
	f.StringVar(&kind, "kind", "", "`kind` of every place, where no column tells it")
	f.StringVar(&actor, "by", "command", "`name` of who does it, for the audit")
	return cmd
}

func placeColumns(file string) (c places.Columns, err error) {
	if file == "" {
		return c, nil
	}
	b, err := readInput(file)
	if err != nil {
		return c, err
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, civic.NewProblem(civic.FileUnreadable, err, file)
	}
	return c, nil
}

type settingsChanged struct {
	Events int            `json:"events"`
	Rules  identity.Rules `json:"rules"`
	Told   int            `json:"told"`
}

func (r settingsChanged) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%d events; one introducer vouches for at most %d new persons a year (0: no limit); weak evidence is looked at again after %d months (0: never).\n",
		r.Events, r.Rules.IntroducerLimit, r.Rules.ReviewMonths)
}

func (c *command) change(ctx context.Context, centre *serve.Centre, area, action, actor string, change func(*identity.Settings)) (any, error) {
	s, err := centre.Places.Change(ctx, civic.Area(area), action, actor, change)
	if err != nil {
		return nil, err
	}
	r := settingsChanged{Events: len(s.Events), Rules: s.Rules}
	if centre.Access.Keys().Opens() {
		r.Told, err = centre.Places.Deliver(ctx)
	}
	return r, err
}

func (c *command) importEvents() *cobra.Command {
	var area, actor string
	cmd := &cobra.Command{
		Use:   "import FILE.csv",
		Short: "Make a calendar of events the one officers choose from",
		Long: "Make a calendar of events the one officers choose from: a CSV whose first line is year,until and the languages,\n" +
			"such as year,until,es,en. It replaces the one before.",
		Args: cobra.ExactArgs(1),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			b, err := readInput(args[0])
			if err != nil {
				return nil, err
			}
			all, err := identity.ReadEvents(b)
			if err != nil {
				return nil, err
			}
			return c.change(ctx, centre, area, "import_events", actor, func(s *identity.Settings) { s.Events = all })
		}),
	}
	cmd.Flags().StringVar(&area, "area", "", "`office` the calendar is for (default: all)")
	cmd.Flags().StringVar(&actor, "by", "command", "`name` of who does it, for the audit")
	return cmd
}

func (c *command) identity() *cobra.Command {
	return parent("identity", "Rules for people without papers", c.identityRules(), c.weakIdentities())
}

func (c *command) identityRules() *cobra.Command {
	var area, actor string
	var limit, months int
	cmd := &cobra.Command{
		Use:   "rules [--introducer-limit N] [--review-months N]",
		Short: "How many new persons an introducer may vouch for within a year, and when weak evidence is looked at again",
		Args:  cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&area, "area", "", "`office` the rules are for (default: all)")
	f.IntVar(&limit, "introducer-limit", 0, "`N` new persons within a year, 0 for no limit")
	f.IntVar(&months, "review-months", 0, "`N` months until weak evidence should be strengthened, 0 for never")
	f.StringVar(&actor, "by", "command", "`name` of who does it, for the audit")
	cmd.RunE = c.work(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
		return c.change(ctx, centre, area, "identity_rules", actor, func(s *identity.Settings) {
			if f.Changed("introducer-limit") {
				s.Rules.IntroducerLimit = limit
			}
			if f.Changed("review-months") {
				s.Rules.ReviewMonths = months
			}
		})
	})
	return cmd
}

type weakListed struct {
	Weak []weakIdentity `json:"weak"`
}

type weakIdentity struct {
	Area         civic.Area `json:"area"`
	Registration string     `json:"registration"`
	Evidence     string     `json:"evidence"`
	Due          string     `json:"due"`
}

func (l weakListed) Tell(w io.Writer) {
	for _, k := range l.Weak {
		_, _ = fmt.Fprintf(w, "%s  %-14s %-14s %s\n", k.Due, k.Evidence, k.Area, k.Registration)
	}
	if len(l.Weak) == 0 {
		_, _ = fmt.Fprintln(w, "None is due.")
	}
}

// mostWeak bounds a list.
const mostWeak = 10_000

func (c *command) weakIdentities() *cobra.Command {
	var area string
	var days int
	cmd := &cobra.Command{
		Use:   "weak",
		Short: "Registrations whose evidence should be strengthened",
		Args:  cobra.NoArgs,
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
			l := weakListed{Weak: []weakIdentity{}}
			err := centre.DB.View(ctx, func(tx ledger.Tx) error {
				list, err := reconcile.Weaks(ctx, tx, civic.Area(area), centre.Clock().AddDate(0, 0, days), mostWeak)
				l.Weak = l.Weak[:0]
				for _, k := range list {
					l.Weak = append(l.Weak, weakIdentity{k.Area, k.Registration.String(), k.Evidence.String(), k.Due.Format(time.DateOnly)})
				}
				return err
			})
			return l, err
		}),
	}
	cmd.Flags().StringVar(&area, "area", "", "`office` (default: all)")
	cmd.Flags().IntVar(&days, "days", 90, "due within so many `days`")
	return cmd
}
