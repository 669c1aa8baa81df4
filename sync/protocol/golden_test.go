package protocol

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// A change of these files is a change of the format. While it is version 0 they
// may be written anew with -golden.update; from version 1 on they stay for ever.
var updateGolden = flag.Bool("golden.update", false, "write the golden bytes anew")

func ascending(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// goldenMessages are one of each message, with every field filled.
func goldenMessages() map[string]any {
	digest := func(b byte) civic.Digest { return civic.Digest(bytes.Repeat([]byte{b}, 32)) }
	device := civic.DeviceID(ascending(16))
	return map[string]any{
		"key-bundle": KeyBundle{Registry: "Registro Civil", Issued: 1_795_000_000, Expires: 1_795_600_000, Serial: 7,
			Recipients: []string{"age1pq1example"}, Recovery: "age1pq1recovery", Server: public(testKey(2)),
			Kits: []KitKey{{Device: device, Public: public(testKey(1)), Office: "mx-20-067", UpTo: 99}}},
		"lease":         Lease{Device: device, Issued: 1_795_000_000, Expires: 1_795_600_000, Revoked: true, Wipe: true},
		"bundle-answer": BundleAnswer{Root: []byte{1, 2}, Bundle: []byte{3, 4}, ServerTime: 1_795_000_000},
		"enrol-request": EnrolRequest{Secret: ascending(10), Device: public(testKey(1)), Transport: public(testKey(3)), KitSecret: []byte("sealed"), Name: "Kit 7", Proof: []byte{9}},
		"enrol-answer":  EnrolAnswer{Device: device, Area: "mx-20-067", Lease: []byte{1}, Bundle: []byte{2}, ServerTime: 1_795_000_000},
		"sync-request": SyncRequest{Cursor: 300, Batches: []civic.Digest{digest(1)}, Attachments: []civic.Digest{digest(2)}, Keys: []KeyID{{1, 2, 3}},
			Clock: civic.Stamp{Wall: 1_795_000_000, Boot: 3, Mono: 77}, Bundle: 7, Wait: 25, Journal: Head{Length: 5, Hash: digest(3)}},
		"sync-answer": SyncAnswer{ServerTime: 1_795_000_000, Acks: []byte{1}, Want: []civic.Digest{digest(4)}, WantKey: []KeyID{{4}},
			Down: []Down{{Seq: 301, Kind: DownOutcomes, Body: []byte{5}}}, More: true, Pending: 12, Bundle: []byte{6}, Lease: []byte{7}},
		"acks":    []BatchAck{{Batch: digest(5), State: BatchQuarantined, Reason: civic.BatchForeign, Safe: true}, {Batch: digest(6)}},
		"refusal": Refusal{Code: "upload_too_large", Words: []string{"8 MiB"}},
	}
}

func TestGoldenMessages(t *testing.T) {
	for name, message := range goldenMessages() {
		b, err := Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, b)
		again := reflect.New(reflect.TypeOf(message))
		if err := Unmarshal(readGolden(t, name), again.Interface()); err != nil || !reflect.DeepEqual(again.Elem().Interface(), message) {
			t.Errorf("%s is read as %+v: %v", name, again.Elem().Interface(), err)
		}
	}
}

func TestGoldenStatement(t *testing.T) {
	b, err := Sign(StatementAck, []BatchAck{{Batch: civic.Digest{1}, State: BatchReceived}}, testKey(1))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "statement", b)
	var acks []BatchAck
	if err := Open(StatementAck, readGolden(t, "statement"), public(testKey(1)), &acks); err != nil || acks[0].State != BatchReceived {
		t.Errorf("%+v, %v", acks, err)
	}
}

func TestGoldenOutcomesSealed(t *testing.T) {
	device := public(testKey(1))
	outcomes := []civic.Outcome{
		{Registration: civic.NewRegistrationID(device, 8), Counter: 8, Status: civic.Merged, At: time.Unix(1_795_000_000, 0).UTC(),
			Persons: []civic.PersonOf{{Person: civic.PersonID{1}}, {Subject: "mother", Person: civic.PersonID{2}}}},
		{Registration: civic.NewRegistrationID(device, 9), Counter: 9, Status: civic.Returned, At: time.Unix(1_795_000_005, 0).UTC(),
			Reasons: []civic.Reason{{Code: civic.AnswersInvalid, Words: []string{"child/birth_date"}}}},
	}
	plain, err := PackOutcomes(device, outcomes)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "outcomes", plain)
	sealed, err := SealDown(ascending(32), 301, DownOutcomes, plain, bytes.NewReader(ascending(24)))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "outcomes-sealed", sealed)
	opened, err := OpenDown(ascending(32), 301, DownOutcomes, readGolden(t, "outcomes-sealed"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := OpenOutcomes(device, opened); err != nil || !reflect.DeepEqual(got, outcomes) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestGoldenCode(t *testing.T) {
	c := NewCode([SecretSize]byte(ascending(SecretSize)), RootPin([]byte("the root's key")))
	golden(t, "code", []byte(c.String()))
	if got, err := ParseCode(string(readGolden(t, "code"))); err != nil || got != c {
		t.Errorf("%v, %v", got, err)
	}
}

func goldenPath(name string) string { return filepath.Join("testdata", "version0", name+".hex") }

func golden(t *testing.T, name string, b []byte) {
	t.Helper()
	if *updateGolden {
		if err := os.WriteFile(goldenPath(name), []byte(hex.EncodeToString(b)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := readGolden(t, name); !bytes.Equal(b, want) {
		t.Errorf("%s is written %x, and was %x", name, b, want)
	}
}

func readGolden(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(goldenPath(name))
	if err != nil {
		t.Fatal(err)
	}
	b, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
