package command

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// placeFound is one of the places that places prints.
type placeFound struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Words string `json:"words"` // with what it lies in
}

// places finds places as the window's fields do.
func (c *command) places() *cobra.Command {
	var limit int
	var of string
	var near []string
	cmd := &cobra.Command{Use: "places TYPED", Short: "Find places on this kit, as fields of the window do while somebody types", Args: cobra.MinimumNArgs(1)}
	cmd.RunE = c.with(unlocked, func(ctx context.Context, k *kit.Kit, args []string) (any, error) {
		found, err := k.FindPlaces(ctx, civic.Attribute(of), strings.Join(args, " "), near, limit)
		if err != nil {
			return nil, err
		}
		n, serial, err := k.PlacesCount(ctx)
		if err != nil {
			return nil, err
		}
		list := make([]placeFound, 0, len(found))
		for _, p := range found {
			list = append(list, placeFound{p.Code, p.Name, p.Kind, p.Words()})
			c.face.Print("%-14s %s", p.Code, p.Words())
		}
		return map[string]any{"places": list, "of": n, "list": serial}, nil
	})
	cmd.Flags().IntVar(&limit, "limit", 10, "show so many at most")
	cmd.Flags().StringVar(&of, "of", "locality", "the attribute that is asked for: state, municipality, locality, birth_place")
	cmd.Flags().StringSliceVar(&near, "near", nil, "names of the places around, as far as they were answered")
	return cmd
}
