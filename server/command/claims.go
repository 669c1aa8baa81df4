package command

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/claims"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/server/tabular"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
)

func (c *command) claims() *cobra.Command {
	return parent("claims", "What agencies know already: tables taken in as claims", c.importClaims(), c.listClaims(), c.withdrawClaims())
}

// lone is the office of a table where the centre has none yet.
const lone = civic.Area("centre")

// progressEvery is how often a long command says how far it is.
const progressEvery = 2 * time.Second

type claimsImport struct {
	mapFile, source, area, date, actor string
	special                            bool
}

// claimsImported is the result of an import.
type claimsImported struct {
	claims.Result
	Source       string  `json:"source"`
	Date         string  `json:"date"`      // of rows whose date no column tells
	DateFrom     string  `json:"date_from"` // flag or file
	RejectedFile string  `json:"rejected_file,omitempty"`
	Seconds      float64 `json:"seconds"`
}

func (r claimsImported) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%d rows of %s: %d taken, %d changed, %d known already, %d refused; %d linked to a known person, %d new, %d held for review.\n",
		r.Rows, r.Source, r.Taken, r.Changed, r.Known, r.Rejected, r.Linked, r.Fresh, r.Held)
}

func (c *command) importClaims() *cobra.Command {
	var in claimsImport
	cmd := &cobra.Command{
		Use:   "import FILE.csv --map MAP.json --source NAME",
		Short: "Take an agency's table in as claims with their source, date and evidence",
		Long: "Take an agency's existing table in as claims, matched to persons like any registration.\n\n" +
			"MAP.json is an object: each key an attribute of the dictionary, or id (the row's own), date (when it was collected),\n" +
			"evidence, area (the office); each value a column's name, a list of them, or\n" +
			"{\"column\": \"c\", \"values\": {\"H\": \"male\"}, \"date\": \"dmy\"} or {\"value\": \"document\"}. surname, place and identifiers take lists.\n\n" +
			"The same table again takes nothing twice; a changed row is a newer claim. Refused rows stand in FILE.rejected.csv.\n" +
			"NAME is what agreements call the source; nothing of it reaches a kit that no agreement lets reuse it.",
		Args: cobra.ExactArgs(1),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			result, err := c.takeClaims(ctx, centre, args[0], in)
			return result, err
		}),
	}
	f := cmd.Flags()
	f.StringVar(&in.mapFile, "map", "", "`file` that says what the columns mean: JSON")
	f.StringVar(&in.source, "source", "", "`name` of the source, as agreements call it")
	f.StringVar(&in.area, "area", "", "`office` of rows whose area no column tells (default: the only one there is)")
	f.StringVar(&in.date, "date", "", "`day` the table was collected, such as 2025-06-30 (default: the file's)")
	f.StringVar(&in.actor, "by", "command", "`name` of who does it, for the audit")
	f.BoolVar(&in.special, "special", false, "take in attributes the law calls special, such as health")
	required(cmd, "map")
	required(cmd, "source")
	return cmd
}

func importer(centre *serve.Centre) (*claims.Importer, error) {
	if centre.Registry == nil {
		return nil, civic.NewProblem(civic.NeedsOpener, nil)
	}
	return &claims.Importer{DB: centre.DB, Registry: centre.Registry, Reconciler: centre.Reconciler, Key: centre.Access.Keys().Data(),
		Clock: centre.Clock, Rand: centre.Rand}, nil
}

func (c *command) takeClaims(ctx context.Context, centre *serve.Centre, file string, in claimsImport) (result claimsImported, err error) {
	im, err := importer(centre)
	if err != nil {
		return result, err
	}
	mapped, err := readInput(in.mapFile)
	if err != nil {
		return result, err
	}
	dictionary, err := attributes.Read(assets.Attributes)
	if err != nil {
		return result, err
	}
	job := claims.Job{Source: civic.ServiceID(in.source), Actor: in.actor}
	if job.Map, err = claims.ReadMap(mapped, dictionary, in.special); err != nil {
		return result, err
	}
	if job.Table, err = tabular.Open(file); err != nil {
		return result, err
	}
	defer job.Table.Close()
	if job.Offices, job.Area, err = offices(ctx, centre, civic.Area(in.area)); err != nil {
		return result, err
	}
	if job.Date, result.DateFrom, err = collected(file, in.date); err != nil {
		return result, err
	}
	result.Source, result.Date = in.source, job.Date.Format(time.DateOnly)
	refused := &refusedRows{name: rejectedName(file), head: job.Table.Head()}
	job.Rejected = refused.add
	begun := c.env.Clock()
	next := begun.Add(progressEvery)
	job.Progress = func(r claims.Result) {
		if now := c.env.Clock(); !c.face.JSON && !now.Before(next) {
			next = now.Add(progressEvery)
			c.face.Say("%s", importing(r.Rows, job.Table.Done(), now.Sub(begun)))
		}
	}
	result.Result, err = im.Import(ctx, job)
	result.Seconds = c.env.Clock().Sub(begun).Seconds()
	if errors.Is(err, context.Canceled) && !c.face.JSON {
		c.face.Say("Stopped after %d rows. What was taken in stands; the same command goes on with the rest.", result.Rows)
	}
	err = errors.Join(err, refused.close(err == nil))
	if err == nil && result.Rejected > 0 {
		result.RejectedFile = refused.name
		err = civic.NewProblem(civic.ClaimsRejected, nil, strconv.Itoa(result.Rejected), refused.name, strconv.Itoa(result.Rows-result.Rejected))
	}
	return result, err
}

// importing says how far an import is: how much, how fast, how long still.
func importing(rows int, part float64, since time.Duration) string {
	words := fmt.Sprintf("%d rows, %.0f %%, %.0f a second", rows, 100*part, float64(rows)/since.Seconds())
	if part > 0 && part < 1 {
		words += fmt.Sprintf(", about %v still; Ctrl+C stops, and the same command goes on", (time.Duration(float64(since) * (1 - part) / part)).Round(time.Second))
	}
	return words
}

// offices lists the offices that have kits, and the one to use where no column
// tells.
func offices(ctx context.Context, centre *serve.Centre, wanted civic.Area) ([]civic.Area, civic.Area, error) {
	devices, err := centre.Access.Devices(ctx)
	if err != nil {
		return nil, "", err
	}
	var all []civic.Area
	for _, d := range devices {
		if !slices.Contains(all, d.Area) {
			all = append(all, d.Area)
		}
	}
	switch {
	case wanted != "":
		return append(all, wanted), wanted, nil
	case len(all) == 0:
		return []civic.Area{lone}, lone, nil
	case len(all) == 1:
		return all, all[0], nil
	}
	return all, "", civic.NewProblem(civic.WrongUse, nil, "Say with --area which office these people belong to: there are several.")
}

// collected is when a table was collected.
func collected(file, day string) (time.Time, string, error) {
	if day != "" {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return at, "", civic.NewProblem(civic.WrongUse, err, "A day is written 2025-06-30.")
		}
		return at, "flag", nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return time.Time{}, "", civic.NewProblem(civic.FileUnreadable, err, file)
	}
	return info.ModTime().UTC().Truncate(24 * time.Hour), "file", nil
}

// refusedRows writes the list of refused rows beside the table, readable by its
// owner only: it holds what the table holds.
type refusedRows struct {
	name string
	head []string
	file *os.File
	csv  *csv.Writer
}

func (r *refusedRows) add(number int, cells []string, reason string) error {
	if r.file == nil {
		f, err := os.OpenFile(r.name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return civic.NewProblem(civic.FileUnwritable, err, r.name)
		}
		r.file, r.csv = f, csv.NewWriter(f)
		_ = r.csv.Write(append(slices.Clone(r.head), "table row", "reason")) // Error tells at the end
	}
	row := make([]string, len(r.head), len(r.head)+2)
	copy(row, cells)
	return r.csv.Write(append(row, strconv.Itoa(number), reason))
}

// close ends the list; a whole import without refused rows takes away what an
// earlier one left.
func (r *refusedRows) close(whole bool) error {
	if r.file == nil {
		if b, err := os.ReadFile(r.name); whole && err == nil && strings.HasPrefix(string(b), strings.Join(r.head, ",")+",table row,reason") {
			return os.Remove(r.name)
		}
		return nil
	}
	r.csv.Flush()
	if err := errors.Join(r.csv.Error(), r.file.Close()); err != nil {
		return civic.NewProblem(civic.FileUnwritable, err, r.name)
	}
	return nil
}

func rejectedName(file string) string {
	if n := len(file) - len(".csv"); n > 0 && strings.EqualFold(file[n:], ".csv") {
		file = file[:n]
	}
	return file + ".rejected.csv"
}

type claimsListed struct {
	Sources []claims.Source `json:"sources"`
}

func (l claimsListed) Tell(w io.Writer) {
	for _, s := range l.Sources {
		_, _ = fmt.Fprintf(w, "%-24s %-16s %8d standing %8d taken back, last %s\n", s.Source, s.Area, s.Standing, s.Withdrawn, time.Unix(s.Last, 0).UTC().Format(time.DateOnly))
	}
}

func (c *command) listClaims() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "The sources that were taken in",
		Args:  cobra.NoArgs,
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
			im, err := importer(centre)
			if err != nil {
				return nil, err
			}
			list, err := im.Sources(ctx)
			return claimsListed{list}, err
		}),
	}
}

type claimsWithdrawn struct {
	Source    string `json:"source"`
	Withdrawn int    `json:"withdrawn"`
}

func (r claimsWithdrawn) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%d rows of %s are marked as taken back. They stay written and count no longer.\n", r.Withdrawn, r.Source)
}

func (c *command) withdrawClaims() *cobra.Command {
	var source, reason, actor string
	cmd := &cobra.Command{
		Use:   "withdraw --source NAME --reason WORDS",
		Short: "Mark everything of a source as taken back; nothing is deleted",
		Args:  cobra.NoArgs,
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
			im, err := importer(centre)
			if err != nil {
				return nil, err
			}
			n, err := im.Withdraw(ctx, civic.ServiceID(source), actor, reason, nil)
			return claimsWithdrawn{source, n}, err
		}),
	}
	f := cmd.Flags()
	f.StringVar(&source, "source", "", "`name` of the source")
	f.StringVar(&reason, "reason", "", "`words` for the audit: why, never a name")
	f.StringVar(&actor, "by", "command", "`name` of who does it, for the audit")
	required(cmd, "source")
	return cmd
}
