package command

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
)

func (c *command) registry() *cobra.Command {
	return parent("registry", "The registry of persons", c.exportRegistry(), c.joinOutside(), c.leaveOutside(), c.listOutside(), c.retryOutside(), c.reviewPolicy())
}

type exported struct {
	Persons       int `json:"persons"`
	Registrations int `json:"registrations"`
}

func (e exported) Tell(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%d persons with %d registrations.\n", e.Persons, e.Registrations)
}

func (c *command) exportRegistry() *cobra.Command {
	var answers bool
	var reason string
	var words []string
	cmd := &cobra.Command{
		Use:   "export FILE.csv",
		Short: "Persons with the registrations they hold: person_id,registration_id,source_row",
		Long: "Persons with the registrations they hold: person_id,registration_id,source_row.\n" +
			"With --answers what is held of everybody: two people who may read have to agree, with a reason that all whom it concerns can read.",
		Args: cobra.ExactArgs(1),
		RunE: c.work(func(ctx context.Context, centre *serve.Centre, args []string) (any, error) {
			if answers {
				return exportAnswers(ctx, centre, args[0], reason, words)
			}
			// The deed is written first: a list that was made was read.
			err := centre.DB.Update(ctx, func(tx ledger.Tx) error {
				return translog.Append(ctx, tx, centre.Clock(), []translog.Entry{{
					Everyone: true, Kind: translog.Program, Actor: "command", Action: translog.Export, Procedure: "export_registry",
				}})
			})
			if err != nil {
				return nil, err
			}
			return exportTo(ctx, centre, args[0])
		}),
	}
	cmd.Flags().BoolVar(&answers, "answers", false, "what is held of everybody, attribute by attribute")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for --answers: everybody concerned can read it")
	cmd.Flags().StringArrayVar(&words, "agree", nil, "for --answers, `NAME=FILE`: an account and the file with its password; twice")
	return cmd
}

// exportTo writes the list beside its place and moves it there when it is whole.
func exportTo(ctx context.Context, centre *serve.Centre, path string) (result exported, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".export-*")
	if err != nil {
		return result, civic.NewProblem(civic.FileUnwritable, err, path)
	}
	defer os.Remove(f.Name())
	list := csv.NewWriter(f)
	if err := list.Write([]string{"person_id", "registration_id", "source_row"}); err != nil {
		return result, err
	}
	persons := map[civic.PersonID]bool{}
	err = centre.DB.View(ctx, func(tx ledger.Tx) error {
		return centre.Registry.Export(ctx, tx, func(e registry.Exported) error {
			persons[e.Person] = true
			result.Registrations++
			return list.Write([]string{e.Person.String(), e.Registration.String(), e.SourceRow})
		})
	})
	list.Flush()
	if err = errors.Join(err, list.Error(), f.Close()); err != nil {
		return result, err
	}
	result.Persons = len(persons)
	if err := os.Rename(f.Name(), path); err != nil {
		return result, civic.NewProblem(civic.FileUnwritable, err, path)
	}
	return result, nil
}
