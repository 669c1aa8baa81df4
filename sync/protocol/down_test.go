package protocol

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/sync/civic"
)

func TestSealDown(t *testing.T) {
	secret := bytes.Repeat([]byte{3}, 32)
	sealed, err := SealDown(secret, 7, DownOutcomes, []byte("for you"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := OpenDown(secret, 7, DownOutcomes, sealed)
	if err != nil || string(plain) != "for you" {
		t.Fatalf("%q, %v", plain, err)
	}
	if bytes.Contains(sealed, []byte("for you")) {
		t.Error("readable on the way")
	}
	refused := func(why string, secret []byte, seq uint64, kind DownKind, b []byte) {
		if _, err := OpenDown(secret, seq, kind, b); civic.CodeOf(err) != civic.StatementForged {
			t.Errorf("%s: %v", why, err)
		}
	}
	refused("another kit", bytes.Repeat([]byte{4}, 32), 7, DownOutcomes, sealed)
	refused("another number", secret, 8, DownOutcomes, sealed)
	refused("another kind", secret, 7, DownForm, sealed)
	for bit := range len(sealed) * 8 {
		bad := bytes.Clone(sealed)
		bad[bit/8] ^= 1 << (bit % 8)
		refused("a flipped bit", secret, 7, DownOutcomes, bad)
	}
	for n := range sealed {
		refused("cut short", secret, 7, DownOutcomes, sealed[:n])
	}
}

// The salts are part of the format: these bytes may never change.
func TestSaltOfStaysTheSame(t *testing.T) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	for counter, want := range map[uint64]string{
		1: "10c59cdd93a04ffd6d8816803779fa4b26ac253c0ff2fbdc7cd2262de43c9904",
		2: "4204ac1e443fe9f9c61d784e5bba3955d603eedd248141072b293cc128f31bb0",
	} {
		got := SaltOf(secret, counter)
		if hex.EncodeToString(got[:]) != want {
			t.Errorf("salt %d is %x", counter, got)
		}
	}
}

func TestOutcomesTravel(t *testing.T) {
	device := public(testKey(1))
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringN(0, 10, 30)
		outcomes := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) civic.Outcome {
			o := civic.Outcome{
				Counter: rapid.Uint64().Draw(t, "counter"),
				Status:  civic.Status(rapid.IntRange(0, int(civic.Quarantined)).Draw(t, "status")),
				At:      time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "at"), 0).UTC(),
			}
			o.Registration = civic.NewRegistrationID(device, o.Counter)
			if rapid.Bool().Draw(t, "foreign") {
				o.Registration = civic.RegistrationID{1, 2, 3}
			}
			for range rapid.IntRange(0, 3).Draw(t, "persons") {
				o.Persons = append(o.Persons, civic.PersonOf{Subject: word.Draw(t, "subject"), Person: civic.PersonID{rapid.Byte().Draw(t, "person")}})
			}
			for range rapid.IntRange(0, 3).Draw(t, "reasons") {
				o.Reasons = append(o.Reasons, civic.Reason{Code: civic.AnswersInvalid, Words: rapid.SliceOfN(word, 0, 3).Draw(t, "words")})
			}
			return o
		}), 0, 20).Draw(t, "outcomes")
		b, err := PackOutcomes(device, outcomes)
		if err != nil {
			t.Fatal(err)
		}
		got, err := OpenOutcomes(device, b)
		if err != nil || len(got) != len(outcomes) {
			t.Fatalf("%d of %d came back: %v", len(got), len(outcomes), err)
		}
		for i := range got {
			if !reflect.DeepEqual(got[i], outcomes[i]) {
				t.Fatalf("%+v became %+v", outcomes[i], got[i])
			}
		}
	})
}

func FuzzOpenOutcomes(f *testing.F) {
	device := public(testKey(1))
	b, err := PackOutcomes(device, []civic.Outcome{{Counter: 1, Registration: civic.NewRegistrationID(device, 1), Status: civic.Merged, At: time.Unix(1700000000, 0),
		Persons: []civic.PersonOf{{Subject: "mother", Person: civic.PersonID{1}}}, Reasons: []civic.Reason{{Code: civic.AnswersInvalid, Words: []string{"a"}}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		outcomes, err := OpenOutcomes(device, b)
		if err != nil {
			return
		}
		if _, err := PackOutcomes(device, outcomes); err != nil {
			t.Error(err)
		}
	})
}

func FuzzUnmarshal(f *testing.F) {
	for _, v := range []any{SyncRequest{Cursor: 5, Keys: []KeyID{{1}}}, SyncAnswer{ServerTime: 1, More: true}, EnrolRequest{Name: "x"}, Refusal{Code: "locked"}} {
		b, err := Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		for _, v := range []any{&SyncRequest{}, &SyncAnswer{}, &EnrolRequest{}, &EnrolAnswer{}, &KeyBundle{}, &Lease{}, &[]BatchAck{}, &BundleAnswer{}, &Refusal{}, &Opening{}, &LookUp{}, &PersonRequest{}, &PackNews{}} {
			if Unmarshal(b, v) == nil {
				_, _ = Marshal(v)
			}
		}
	})
}
