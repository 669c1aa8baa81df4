package places_test

import (
	"flag"
	"reflect"
	"testing"

	"github.com/askonce/fieldkit/sync/frozen"
	"github.com/askonce/fieldkit/sync/places"
)

var update = flag.Bool("update", false, "make golden bytes that do not exist yet")

// A list of places that was packed once, and a change to one, are read for ever.
// Its digest, which changes name it by, is over what is not compressed.
func TestGoldenPlaces(t *testing.T) {
	whole := catalogue(t, sample())
	less := catalogue(t, sample()[:8])
	packed, err := whole.Pack()
	if err != nil {
		t.Fatal(err)
	}
	change, err := places.Diff(less, whole)
	if err != nil {
		t.Fatal(err)
	}
	sum := whole.Digest()
	frozen.Check(t, "digest.hex", sum[:], *update)
	opened, err := places.Open(frozen.Kept(t, "packed.hex", packed, *update))
	if err != nil || !reflect.DeepEqual(opened.All(), whole.All()) {
		t.Errorf("the list opens otherwise: %v; %s", err, frozen.Sentence)
	}
	changed, err := places.Apply(less, frozen.Kept(t, "change.hex", change, *update))
	if err != nil || !reflect.DeepEqual(changed.All(), whole.All()) {
		t.Errorf("the change is read otherwise: %v; %s", err, frozen.Sentence)
	}
}
