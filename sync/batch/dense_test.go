package batch

import (
	"crypto/ed25519"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/sync/batch/batchtest"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// testSetting is what both ends know of a batch of n registrations.
func testSetting(t testing.TB, n int) setting {
	t.Helper()
	forms := form.NewCatalogue()
	for _, write := range []func() ([]byte, error){batchtest.StrangeWorkbook, batchtest.New(batchtest.Options{}).Workbook} {
		b, err := write()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := forms.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	public := make(ed25519.PublicKey, ed25519.PublicKeySize)
	m := Manifest{Device: civic.NewDeviceID(public), Area: "mx-20-067", First: 7, Count: uint32(n), Packed: 1_795_000_000}
	return setting{Manifest: m, public: public, forms: Remember(forms), allTold: true}
}

func numberRegistrations(s setting, regs []civic.Registration) {
	for i := range regs {
		regs[i].Device, regs[i].Counter = s.Device, s.First+uint64(i)
		regs[i].ID = civic.NewRegistrationID(s.public, regs[i].Counter)
	}
}

// The dense way takes everything but absences that do not exist; it does not
// lean on the plain way for what is merely strange.
func TestDenseTakesTheStrange(t *testing.T) {
	s := testSetting(t, 1)
	rapid.Check(t, func(rt *rapid.T) {
		regs := make([]civic.Registration, rapid.IntRange(1, 5).Draw(rt, "count"))
		s.Count = uint32(len(regs))
		for i := range regs {
			regs[i] = batchtest.Strange(rt)
			for j := range regs[i].Answers {
				regs[i].Answers[j].Absent = min(regs[i].Answers[j].Absent, civic.None)
			}
		}
		numberRegistrations(s, regs)
		breaks := []uint32{0}
		for i := 1; i < len(regs); i++ {
			if rapid.Bool().Draw(rt, "break") {
				breaks = append(breaks, uint32(i))
			}
		}
		before := slices.Clone(regs)
		body, ok := encodeDense(s, regs, breaks)
		if !ok {
			rt.Fatal("the dense way gave up")
		}
		for i := range regs {
			if !same(&regs[i], &before[i]) {
				rt.Fatal("packing changed what it was given")
			}
		}
		if !brings(s, append([]byte{bodyWhole}, body...), regs, breaks) {
			rt.Fatalf("the registrations changed: %+v", regs)
		}
	})
}

// Every number comes back, through every way of coding one.
func TestNumbersComeBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type drawn struct {
			number     int64
			rank, of   int
			choice, in int
			raw        []byte
		}
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) drawn {
			of, in := rapid.IntRange(1, maxRank).Draw(t, "of"), rapid.IntRange(1, 5000).Draw(t, "in")
			return drawn{
				rapid.Int64().Draw(t, "number"), rapid.IntRange(0, of-1).Draw(t, "rank"), of,
				rapid.IntRange(0, in-1).Draw(t, "choice"), in, rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "raw"),
			}
		}), 1, 50).Draw(rt, "list")
		code := func(k *coder) []drawn {
			m := newModel(k, 10)
			var got []drawn
			for _, d := range list {
				r := newRanking(d.of)
				raw := slices.Clone(d.raw)
				if k.decoding {
					clear(raw)
				}
				e := drawn{of: d.of, in: d.in, raw: raw}
				given := d
				if k.decoding {
					given = drawn{}
				}
				e.number = m.number(1, 2, given.number)
				e.rank = m.rank(3, 4, &r, given.rank)
				e.choice = m.choice(5, 6, d.in, given.choice)
				m.raw(e.raw)
				got = append(got, e)
			}
			return got
		}
		k := newEncoder()
		code(k)
		d := newDecoder(k.finish())
		for i, got := range code(d) {
			want := list[i]
			if got.number != want.number || got.rank != want.rank || got.choice != want.choice || !slices.Equal(got.raw, want.raw) {
				rt.Fatalf("%+v came back as %+v", want, got)
			}
		}
		if !d.whole() {
			rt.Fatal("bytes were left over or missing")
		}
	})
}

// FuzzDense: no bytes make the decoder panic, run away or give registrations
// beyond the limits.
func FuzzDense(f *testing.F) {
	s := testSetting(f, 1)
	for _, n := range []int{1, 3} {
		regs, _ := batchtest.New(batchtest.Options{Seed: 5, Unseen: 0.2, Photos: 0.5}).Births(n)
		s.Count = uint32(n)
		numberRegistrations(s, regs)
		body, ok := encodeDense(s, regs, []uint32{0})
		if !ok {
			f.Fatal("the seed was not written")
		}
		f.Add(body, uint8(n))
	}
	f.Fuzz(func(t *testing.T, body []byte, n uint8) {
		s := s
		s.Count = uint32(n%50) + 1
		regs, breaks, err := decodeBody(s, append([]byte{bodyWhole}, body...))
		if err == nil && !brings(s, append([]byte{bodyWhole}, body...), regs, breaks) {
			t.Error("the same bytes gave something else")
		}
		var p *civic.Problem
		if err != nil && !errors.As(err, &p) {
			t.Errorf("an error without a code: %v", err)
		}
	})
}

// FuzzPlain is the same for the plain way.
func FuzzPlain(f *testing.F) {
	s := testSetting(f, 1)
	regs, _ := batchtest.New(batchtest.Options{Seed: 5}).Births(1)
	numberRegistrations(s, regs)
	body, err := encodePlain(regs, []uint32{0})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _, err := decodeBody(s, append([]byte{bodyPlain}, body...))
		var p *civic.Problem
		if err != nil && !errors.As(err, &p) {
			t.Errorf("an error without a code: %v", err)
		}
	})
}
