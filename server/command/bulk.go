package command

import (
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
)

// readWords reads who agrees, NAME=FILE each with the file of a password.
func readWords(words []string) (agreed [2]access.Word, err error) {
	if len(words) != len(agreed) {
		return agreed, civic.NewProblem(civic.TwoPeople, nil)
	}
	for i, word := range words {
		name, file, _ := strings.Cut(word, "=")
		password, err := readInput(file)
		if err != nil {
			return agreed, err
		}
		agreed[i] = access.Word{Name: name, Password: strings.TrimSpace(string(password))}
	}
	return agreed, nil
}

// peopleAtOnce is how many persons are opened at a time.
const peopleAtOnce = 200

// exportAnswers writes what is held of everybody. Two people who may read have
// to agree, and everybody the list names can read in the log that it was made.
func exportAnswers(ctx context.Context, centre *serve.Centre, path, reason string, words []string) (result exported, err error) {
	agreed, err := readWords(words)
	if err != nil {
		return result, err
	}
	names, err := centre.Access.TwoReaders(ctx, agreed[0], agreed[1])
	if err != nil {
		return result, err
	}
	if reason, err = access.CheckReason(reason); err != nil {
		return result, err
	}
	// The deed is written first: a list that was made was read.
	err = centre.DB.Update(ctx, func(tx ledger.Tx) error {
		return translog.Append(ctx, tx, centre.Clock(), []translog.Entry{{
			Everyone: true, Kind: translog.Staff, Actor: names[0], OnBehalf: names[1], Action: translog.Export, Procedure: "export_answers", Reason: reason,
		}})
	})
	if err != nil {
		return result, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".export-*") // mode 0600
	if err != nil {
		return result, civic.NewProblem(civic.FileUnwritable, err, path)
	}
	defer os.Remove(f.Name())
	list := csv.NewWriter(f)
	err = list.Write([]string{"person_id", "attribute", "value", "as_stated", "evidence", "said_at", "office", "registration_id"})
	if err == nil {
		err = eachPerson(ctx, centre, func(p *registry.Person) error {
			result.Persons++
			seen := map[civic.RegistrationID]bool{}
			for _, s := range p.Said {
				seen[s.Registration] = true
			}
			result.Registrations += len(seen)
			for _, a := range registry.Fold(p) {
				c := a.Holds
				row := []string{
					p.Person.String(), string(a.Name), c.Value, c.Stated, c.Evidence.String(), c.At.Time().UTC().Format(time.RFC3339), string(c.Area), c.Registration.String(),
				}
				if err := list.Write(row); err != nil {
					return err
				}
			}
			return nil
		})
	}
	list.Flush()
	if err = errors.Join(err, list.Error(), f.Sync(), f.Close()); err != nil {
		return result, err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return result, civic.NewProblem(civic.FileUnwritable, err, path)
	}
	return result, nil
}

// eachPerson opens every person, some at a time.
func eachPerson(ctx context.Context, centre *serve.Centre, each func(*registry.Person) error) error {
	var refs []registry.Ref
	err := centre.DB.View(ctx, func(tx ledger.Tx) (err error) {
		refs, err = centre.Registry.All(ctx, tx)
		return err
	})
	for err == nil && len(refs) > 0 {
		n := min(peopleAtOnce, len(refs))
		var people []*registry.Person
		err = centre.DB.View(ctx, func(tx ledger.Tx) (err error) {
			people, err = centre.Registry.Known(ctx, tx, refs[:n])
			return err
		})
		for _, p := range people {
			if err == nil {
				err = each(p)
			}
		}
		refs = refs[n:]
	}
	return err
}
