package command

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/forms"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form/formcmd"
)

type offerRow struct {
	Area    string    `json:"area"` // empty: all
	Retired bool      `json:"retired"`
	Actor   string    `json:"actor"`
	At      time.Time `json:"at"`
}

type versionRow struct {
	Form      string     `json:"form"`
	Version   string     `json:"version"`
	Title     string     `json:"title"`
	Questions int        `json:"questions"`
	Shipped   bool       `json:"shipped"`
	Bytes     int        `json:"bytes"` // as it travels to a kit
	Offers    []offerRow `json:"offers"`
}

func versionOf(v forms.Version) versionRow {
	r := versionRow{Form: string(v.Form), Version: v.Version, Title: v.Title, Questions: v.Questions, Shipped: v.Shipped, Bytes: v.Packed, Offers: []offerRow{}}
	for _, o := range v.Offers {
		r.Offers = append(r.Offers, offerRow{string(o.Area), o.Retired, o.Actor, o.At})
	}
	return r
}

func (r versionRow) Tell(w io.Writer) {
	state := []string{}
	if r.Shipped {
		state = append(state, "ships with the program")
	}
	for _, o := range r.Offers {
		where, what := "everywhere", "in use"
		if o.Area != "" {
			where = "in " + o.Area
		}
		if o.Retired {
			what = "out of use"
		}
		state = append(state, what+" "+where)
	}
	_, _ = fmt.Fprintf(w, "%-16s %-12s %3d questions %6d B  %s (%s)\n", r.Form, r.Version, r.Questions, r.Bytes, r.Title, strings.Join(state, ", "))
}

type versionRows struct {
	Forms []versionRow `json:"forms"`
}

func (l versionRows) Tell(w io.Writer) {
	for _, r := range l.Forms {
		r.Tell(w)
	}
}

func (c *command) addForm() *cobra.Command {
	var area string
	var with []string
	cmd := &cobra.Command{
		Use:   "add FILE.xlsx",
		Short: "Check a form and send it to the kits: new interviews take it, drafts finish on theirs",
		Args:  cobra.ExactArgs(1),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			workbook, err := readInput(args[0])
			if err != nil {
				return nil, err
			}
			if result := formcmd.Check(workbook); !result.OK {
				return checked{result}, result.Refused()
			}
			files := map[string][]byte{}
			for _, name := range with {
				if files[filepath.Base(name)], err = readInput(name); err != nil {
					return nil, err
				}
			}
			v, err := centre.Published.Publish(ctx, workbook, files, civic.Area(area), "command")
			if err != nil {
				return nil, err
			}
			return versionOf(v), nil
		}),
	}
	cmd.Flags().StringVar(&area, "area", "", "the `office` whose kits take it; empty for all")
	cmd.Flags().StringArrayVar(&with, "with", nil, "a `file` the form uses: a list of choices, a picture (may be repeated)")
	return cmd
}

func (c *command) listForms() *cobra.Command {
	var area string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List every version of every form, and where it is in use",
		Args:  cobra.NoArgs,
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, _ []string) (any, error) {
			list, err := centre.Published.List(ctx, civic.Area(area))
			rows := versionRows{Forms: []versionRow{}}
			for _, v := range list {
				rows.Forms = append(rows.Forms, versionOf(v))
			}
			return rows, err
		}),
	}
	cmd.Flags().StringVar(&area, "area", "", "only what concerns this `office`")
	return cmd
}

type retiredForm struct {
	Form    string `json:"form"`
	Version string `json:"version"`
	Area    string `json:"area"`
}

func (r retiredForm) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "Nothing new takes %s@%s any more; what was begun or made with it goes on.\n", r.Form, r.Version)
}

func (c *command) retireForm() *cobra.Command {
	var area string
	cmd := &cobra.Command{
		Use:   "retire ID@VERSION",
		Short: "Take a version of a form out of use: nothing new takes it, what was made with it stays",
		Args:  cobra.ExactArgs(1),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			id, version, ok := strings.Cut(args[0], "@")
			if !ok || id == "" {
				return nil, civic.NewProblem(civic.WrongUse, nil, "A version of a form is written ID@VERSION; form list shows them.")
			}
			ref := civic.FormRef{ID: civic.FormID(id), Version: version}
			if err := centre.Published.Retire(ctx, ref, civic.Area(area), "command"); err != nil {
				return nil, err
			}
			return retiredForm{id, version, area}, nil
		}),
	}
	cmd.Flags().StringVar(&area, "area", "", "only in this `office`; empty for all")
	return cmd
}
