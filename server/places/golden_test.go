package places_test

import (
	"flag"
	"reflect"
	"testing"

	"github.com/askonce/fieldkit/sync/frozen"
	"github.com/askonce/fieldkit/sync/identity"
	"github.com/askonce/fieldkit/sync/protocol"
)

var update = flag.Bool("update", false, "make golden bytes that do not exist yet")

// An office's rules and calendar as kits are told of them.
func TestGoldenSettings(t *testing.T) {
	s := identity.Settings{Rules: identity.Rules{IntroducerLimit: 20, ReviewMonths: 24},
		Events: []identity.Event{{Year: 1985, Until: 1986, Words: map[string]string{"es": "el temblor", "en": "the earthquake"}}}}
	b, err := protocol.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	frozen.Check(t, "settings.hex", b, *update)
	var again identity.Settings
	if err := protocol.Unmarshal(frozen.Read(t, "version1", "settings.hex"), &again); err != nil || !reflect.DeepEqual(again, s) || !again.Valid() {
		t.Errorf("%+v, %v", again, err)
	}
}
