package screen

import (
	"context"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/identity"
)

func (k *fakeKit) FindPlaces(_ context.Context, of civic.Attribute, typed string, _ []string, _ int) ([]kit.Place, error) {
	if !kit.IsPlace(of) || len(typed) < 2 {
		return nil, nil
	}
	return []kit.Place{{Code: "1", Name: "El Carrizal", Kind: "locality", Around: []kit.AroundPlace{{Name: "San Miguel", Kind: "municipality"}, {Name: "Valle Alto", Kind: "state"}}}}, k.fault()
}

func (k *fakeKit) Events(context.Context) ([]identity.Event, error) {
	return []identity.Event{{Year: 1955, Words: map[string]string{"es": "La gran inundación", "en": "The great flood"}},
		{Year: 1970, Until: 1972, Words: map[string]string{"es": "La sequía", "en": "The drought"}}}, k.fault()
}

func (k *fakeKit) Doubts(context.Context, *capture.Interview) ([]kit.Alert, error) {
	return k.doubts, k.fault()
}
