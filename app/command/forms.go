package command

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/formcmd"
)

func (c *command) form() *cobra.Command {
	check := &cobra.Command{Use: "check FILE.xlsx", Short: "Load a workbook and say what is wrong with it", Args: cobra.ExactArgs(1)}
	check.RunE = c.work(func(_ context.Context, args []string) (any, error) {
		b, err := readFile(args[0])
		if err != nil {
			return nil, err
		}
		result := formcmd.Check(b)
		for _, line := range result.Lines() {
			c.face.Print("%s", line)
		}
		return result, result.Refused()
	})

	var answers string
	run := &cobra.Command{Use: "run FILE.xlsx --answers F.json", Short: "Play answers on a form and print the state of every node", Args: cobra.ExactArgs(1)}
	run.RunE = c.work(func(_ context.Context, args []string) (any, error) {
		b, err := readFile(args[0])
		if err != nil {
			return nil, err
		}
		played, err := readFile(answers)
		if err != nil {
			return nil, err
		}
		result, err := formcmd.Run(b, played, form.Env{Now: time.Now, Zone: time.Local, Rand: rand.Reader})
		if err != nil {
			return nil, err
		}
		if text, err := json.MarshalIndent(result, "", "  "); err == nil {
			c.face.Print("%s", text)
		}
		return result, nil
	})
	run.Flags().StringVar(&answers, "answers", "", "`file` of answers: JSON")
	_ = run.MarkFlagRequired("answers") // the flag exists: it was just made

	list := &cobra.Command{Use: "list", Short: "List the forms on this kit", Args: cobra.NoArgs}
	list.RunE = c.with(lockedWill, func(_ context.Context, k *kit.Kit, _ []string) (any, error) {
		type one struct {
			ID        string   `json:"id"`
			Version   string   `json:"version"`
			Title     string   `json:"title"`
			Service   string   `json:"service"`
			Languages []string `json:"languages"`
			Questions int      `json:"questions"`
		}
		out := []one{}
		for _, s := range k.Services() {
			out = append(out, one{string(s.Form.ID), s.Form.Version, s.Title(""), string(s.ID), s.Languages, s.Questions})
			c.face.Print("%-16s %-8s %3d questions  %s", s.Form.ID, s.Form.Version, s.Questions, s.Title(""))
		}
		return map[string]any{"forms": out}, nil
	})
	return group("form", "Forms: list, check, run", list, check, run)
}
