package kit

import (
	"context"
	"crypto/ed25519"
	"slices"
	"strings"
	"sync"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/identity"
	"github.com/askonce/fieldkit/sync/places"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Names of the papers the store keeps.
const (
	paperPlaces   = "places"
	paperNotice   = "places notice" // whose parts are coming in
	paperSettings = "settings"
)

// FormPlaces is the name by which a form means the office's list of places, as
// in select_one_from_file places.csv.
const FormPlaces = "places"

// keptPlaces is the list of places as it lies in the store.
type keptPlaces struct {
	Serial uint64 `cbor:"1,keyasint"`
	Packed []byte `cbor:"2,keyasint"`
}

// shelf holds what was unpacked of the list of places, until the kit is locked.
type shelf struct {
	mu     sync.Mutex
	finder *places.Finder
	list   *places.Catalogue
	serial uint64     // of the list; 0 for the sample
	table  *form.List // the list as forms name it, by demand
}

func (s *shelf) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finder, s.list, s.table, s.serial = nil, nil, nil, 0
}

// Place is a place that fits what was typed.
type Place struct {
	Code, Name, Kind string
	// Around are the places it lies in, the nearest first.
	Around []AroundPlace
}

// AroundPlace is a place that another one lies in.
type AroundPlace struct{ Name, Kind string }

// Words tells a place from its namesakes.
func (p Place) Words() string {
	names := []string{p.Name}
	for _, a := range p.Around {
		names = append(names, a.Name)
	}
	return strings.Join(names, ", ")
}

// placeLevels are the attributes whose answer is the name of a place, by how
// deep it lies: 0 at the top; -1 for any, the deepest first.
var placeLevels = map[civic.Attribute]int{"state": 0, "municipality": 1, "locality": -1, "birth_place": -1}

// IsPlace tells whether an attribute's answer is the name of a place.
func IsPlace(a civic.Attribute) bool { _, ok := placeLevels[a]; return ok }

// FindPlaces gives places whose names an officer may be typing, for a question
// about an attribute. Those that lie in a place of near come first: what was
// answered of the state and the municipality.
func (k *Kit) FindPlaces(ctx context.Context, of civic.Attribute, typed string, near []string, limit int) ([]Place, error) {
	finder, list, err := k.finder(ctx)
	if err != nil {
		return nil, err
	}
	level, ok := placeLevels[of]
	if !ok || strings.TrimSpace(typed) == "" {
		return nil, nil
	}
	found := finder.Find(places.Query{Text: typed, Limit: 40 * max(limit, 1)})
	var out []Place
	seen := map[string]bool{}
	for _, f := range found {
		if level >= 0 && len(f.Around) != level || seen[f.Path()] {
			continue
		}
		if level < 0 && len(f.Around) == 0 && deeper(list) { // a state is no village, unless there is nothing else
			continue
		}
		seen[f.Path()] = true
		out = append(out, placeOf(f))
	}
	if len(near) > 0 {
		slices.SortStableFunc(out, func(a, b Place) int { return nearness(b, near) - nearness(a, near) })
	}
	return out[:min(len(out), max(limit, 1))], nil
}

func deeper(c *places.Catalogue) bool { return len(c.Kinds()) > 1 }

func nearness(p Place, near []string) int {
	n := 0
	for _, a := range p.Around {
		if slices.ContainsFunc(near, func(name string) bool { return identity.Fold(name) == identity.Fold(a.Name) }) {
			n++
		}
	}
	return n
}

func placeOf(f places.Found) Place {
	p := Place{Code: f.Code, Name: f.Name, Kind: f.Kind}
	for _, a := range f.Around {
		p.Around = append(p.Around, AroundPlace{a.Name, a.Kind})
	}
	return p
}

// finder unpacks the list of places on first use: the office's, else the sample
// that ships.
func (k *Kit) finder(ctx context.Context) (*places.Finder, *places.Catalogue, error) {
	st, err := k.open()
	if err != nil {
		return nil, nil, err
	}
	k.places.mu.Lock()
	defer k.places.mu.Unlock()
	if k.places.finder != nil {
		return k.places.finder, k.places.list, nil
	}
	list, serial, err := listOfPlaces(ctx, st)
	if err != nil {
		return nil, nil, problem(err)
	}
	k.places.finder, k.places.list, k.places.serial, k.places.table = places.NewFinder(list), list, serial, nil
	return k.places.finder, list, nil
}

// listOf gives a list that the kit holds to forms that name it: the office's
// places as "places". The sample that ships is no list of any ministry's, so
// without an office's list there is none.
func (k *Kit) listOf(name string) *form.List {
	if name != FormPlaces {
		return nil
	}
	finder, _, err := k.finder(context.Background())
	if err != nil {
		k.log.Warn("the list of places cannot be read", "code", civic.CodeOf(err))
		return nil
	}
	k.places.mu.Lock()
	defer k.places.mu.Unlock()
	if k.places.serial == 0 || k.places.finder != finder {
		return nil
	}
	if k.places.table == nil {
		k.places.table = form.NewList(places.NewTable(finder))
	}
	return k.places.table
}

// listOfPlaces opens what the store keeps; serial is 0 for the sample.
func listOfPlaces(ctx context.Context, st *store.Store) (*places.Catalogue, uint64, error) {
	b, err := st.Paper(ctx, paperPlaces)
	if err != nil {
		return nil, 0, err
	}
	if b != nil {
		var kept keptPlaces
		if err := protocol.Unmarshal(b, &kept); err != nil {
			return nil, 0, err
		}
		list, err := places.Open(kept.Packed)
		return list, kept.Serial, err
	}
	list, err := places.ReadSample(assets.Places)
	return list, 0, err
}

// PlacesCount tells how many places the list in use has, and its number, 0 for
// the sample that ships.
func (k *Kit) PlacesCount(ctx context.Context) (n int, serial uint64, err error) {
	st, err := k.open()
	if err != nil {
		return 0, 0, err
	}
	list, serial, err := listOfPlaces(ctx, st)
	if err != nil {
		return 0, 0, problem(err)
	}
	return list.Len(), serial, nil
}

// takePlacesNotice keeps what a notice says; the list comes in parts behind it.
func (k *Kit) takePlacesNotice(ctx context.Context, st *store.Store, statement []byte, server ed25519.PublicKey) error {
	n, err := protocol.OpenPlacesNotice(statement, server)
	if err != nil {
		return err
	}
	if n.Settled != 0 {
		var s identity.Settings
		if err := protocol.Unmarshal(n.Settings, &s); err != nil {
			return err
		}
		if !s.Valid() {
			return civic.NewProblem(civic.RequestMalformed, nil)
		}
		if err := st.KeepPaper(ctx, paperSettings, n.Settings); err != nil {
			return err
		}
	}
	if n.Serial == 0 {
		return nil
	}
	// All parts of the list before have come in before this notice.
	if err := k.completePlaces(ctx, st); err != nil {
		return err
	}
	n.Settings, n.Settled = nil, 0
	b, err := protocol.Marshal(n)
	if err != nil {
		return err
	}
	return st.KeepPaper(ctx, paperNotice, b)
}

// takePlacesPart keeps one piece of a list.
func (k *Kit) takePlacesPart(ctx context.Context, st *store.Store, body []byte) error {
	p, err := protocol.ReadPlacesPart(body)
	if err != nil {
		return err
	}
	return st.KeepPart(ctx, p.Sealed, int(p.Index), p.Bytes)
}

// completePlaces makes the list of its parts once all are here. Cut anywhere, it
// goes on with the next sync or unlock.
func (k *Kit) completePlaces(ctx context.Context, st *store.Store) error {
	b, err := st.Paper(ctx, paperNotice)
	if err != nil || len(b) == 0 {
		return err
	}
	var n protocol.PlacesNotice
	if err := protocol.Unmarshal(b, &n); err != nil || n.Serial == 0 {
		return err
	}
	pieces, err := st.Parts(ctx, n.Sealed)
	if err != nil || len(pieces) < int(n.Parts) {
		return err
	}
	ordered := make([][]byte, n.Parts)
	for i := range ordered {
		ordered[i] = pieces[i]
	}
	packed, err := protocol.JoinPlaces(n, ordered)
	if err == nil {
		err = k.usePlaces(ctx, st, n, packed)
	}
	if civic.CodeOf(err) != "" && err != nil {
		k.log.Warn("a list of places cannot be used", "code", civic.CodeOf(err))
		err = nil // the list in use stays; these parts will never do
	}
	if err != nil {
		return err
	}
	if err := st.KeepPaper(ctx, paperNotice, nil); err != nil {
		return err
	}
	return st.DropParts(ctx, n.Sealed)
}

func (k *Kit) usePlaces(ctx context.Context, st *store.Store, n protocol.PlacesNotice, packed []byte) error {
	if n.Since != 0 {
		before, serial, err := listOfPlaces(ctx, st)
		if err != nil {
			return err
		}
		if serial != n.Since {
			return civic.NewProblem(civic.PlacesUnreadable, nil)
		}
		list, err := places.Apply(before, packed)
		if err != nil {
			return err
		}
		if packed, err = list.Pack(); err != nil {
			return err
		}
	} else if _, err := places.Open(packed); err != nil {
		return err
	}
	b, err := protocol.Marshal(keptPlaces{Serial: n.Serial, Packed: packed})
	if err != nil {
		return err
	}
	if err := st.KeepPaper(ctx, paperPlaces, b); err != nil {
		return err
	}
	k.places.forget()
	return nil
}

// IdentitySettings are the office's rules for people without papers and its
// calendar of events, else the defaults with the sample that ships.
func (k *Kit) IdentitySettings(ctx context.Context) (identity.Settings, error) {
	st, err := k.open()
	if err != nil {
		return identity.Settings{}, err
	}
	b, err := st.Paper(ctx, paperSettings)
	if err != nil {
		return identity.Settings{}, problem(err)
	}
	if b != nil {
		var s identity.Settings
		return s, problem(protocol.Unmarshal(b, &s))
	}
	events, err := identity.ReadEvents(assets.Events)
	return identity.Settings{Rules: identity.DefaultRules(), Events: events}, problem(err)
}
