package store

import (
	"bytes"
	stdflag "flag"
	"reflect"
	"testing"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/frozen"
	"github.com/askonce/fieldkit/sync/protocol"
)

var update = stdflag.Bool("update", false, "make golden bytes that do not exist yet")

// goldenRecords are one of each record with every field filled. A record that
// has learnt a further field gets a further line with a file of its own.
func goldenRecords() map[string]any {
	id := civic.RegistrationID(bytes.Repeat([]byte{1}, 16))
	device := civic.DeviceID(bytes.Repeat([]byte{2}, 16))
	digest := civic.Digest(bytes.Repeat([]byte{3}, 32))
	officer := civic.OfficerID{4}
	stamp := stampRecord{Wall: 1_795_000_000, Boot: 3, Mono: 77}
	formOf := formRecord{ID: "birth", Version: "2026-11"}
	services := []civic.ServiceID{"birth"}
	answers := []answerRecord{{Path: "child/given_name", Value: "Ana", Stated: "Anita", Absent: civic.Unknown}}
	consents := []consentRecord{{Service: "birth", Purpose: "reuse", Given: true, Language: "es", ReadAloud: true, Agency: "salud", Withdrawn: true, Notice: "kit/consent", Words: digest[:], By: civic.ByGuardian}}
	photos := []attachmentRecord{{Name: "photo-1.jpg", Media: "image/jpeg", Size: 30_000, Digest: digest}}
	pack := &Pack{ID: bytes.Repeat([]byte{5}, 16), Number: 2, Cursor: 3, Last: 4, Tail: []byte{6}, Head: []byte{7}, Version: 8, Left: 9}
	return map[string]any{
		"identity": identityRecord{Device: device, Area: "mx-20-067", Server: "https://centre.example", RootCert: []byte{1}, TransportKey: bytes.Repeat([]byte{8}, 64), KitName: "Kit 7"},
		"keys":     keysRecord{Device: []byte{1}, Secret: []byte{2}},
		"chain":    chain{Counter: 9, Previous: digest, Practice: 2},
		"day-key":  dayKeyRecord{Day: 20_000, ID: protocol.KeyID{1}, Key: [32]byte{2}},
		"registration": registrationRecord{Device: device, ID: id, Counter: 9, Previous: digest, Area: "mx-20-067", Officer: officer, Form: formOf, Services: services, Language: "es",
			Started: stamp, Sealed: stamp, Answers: answers, Consents: consents, Attachments: photos, Corrects: id[:], SourceRow: "12", Practice: true, Digest: digest, Receipt: "6BF"},
		"draft": draftRecord{ID: DraftID{1}, Form: formOf, Services: services, Language: "es", Answers: answers, Consents: consents, Attachments: photos, Section: "child", Corrects: id[:],
			Started: stamp, Updated: stamp, Practice: true, People: []personRefRecord{{Subject: "mother", Registration: id, Of: "child"}}, Refused: services, Note: "look at the date"},
		"stub": stubRecord{ID: id, Counter: 9, Digest: digest, Form: formOf, Services: services, Sealed: stamp, Status: civic.Merged, Safe: true,
			Persons: []personOfRecord{{Subject: "mother", Person: civic.PersonID{1}}}, Reasons: []reasonRecord{{Code: civic.AnswersInvalid, Words: []string{"child/sex"}}},
			Settled: 1_795_000_100, Practice: true, Attachments: []civic.Digest{digest}, Draft: []byte{1}, Device: device[:]},
		"head":      headRecord{Subject: "mother", Name: "Ana Ruiz", BirthYear: 1987, Place: "Teozacoalco"},
		"signed":    signedRecord{Statement: []byte{1}, Payload: []byte{2}},
		"time":      timeRecord{Server: 1_795_000_000, At: stamp, Ran: 60},
		"event":     eventRecord{At: stamp, Officer: officer, Event: "sealed", Words: []string{"birth"}},
		"document":  documentRecord{Name: "birth", Kind: "form", Value: []byte("afw1"), Order: 5, Retired: true},
		"custody":   custodyRecord{Receipt: []byte{1}, Files: []carried{{File: digest, At: 1_795_000_000, Hub: true}}},
		"packs":     packsRecord{Current: pack, Coming: pack},
		"applies":   appliesRecord{Officers: []applyRecord{{Officer: officer, Recipient: "age1pq1officer", Told: true}}},
		"inherited": inheritedRecord{Device: device, Area: "mx-20-067", Key: []byte{1}, Secret: []byte{2}},
	}
}

// A row that was written once is read for ever, and what is written today is
// the same.
func TestGoldenRecords(t *testing.T) {
	var values []any
	for name, record := range goldenRecords() {
		values = append(values, record)
		b, err := encode(record)
		if err != nil {
			t.Fatal(err)
		}
		file := "row-" + name + ".hex"
		frozen.Check(t, file, b, *update)
		kept := frozen.Read(t, "version1", file)
		before := append([]byte{0}, kept[1:]...) // as it was written before version 1
		for _, b := range [][]byte{kept, before} {
			again := reflect.New(reflect.TypeOf(record))
			if err := decode(b, again.Interface()); err != nil || !reflect.DeepEqual(again.Elem().Interface(), record) {
				t.Errorf("%s is read as %+v: %v", name, again.Elem().Interface(), err)
			}
		}
		later := append([]byte{2}, kept[1:]...)
		if err := decode(later, reflect.New(reflect.TypeOf(record)).Interface()); civic.CodeOf(err) != civic.StoreNewer {
			t.Errorf("%s of a later program: %v", name, err)
		}
	}
	cell := frame{Table: "b", N: 7, Mark: []byte{1}, Cells: vault.Cells{int64(1), []byte{2}}}
	b, err := encMode.Marshal(cell)
	if err != nil {
		t.Fatal(err)
	}
	frozen.Check(t, "backup-frame.hex", b, *update)
	if n := frozen.Whole(t, append(values, cell)); n < 20 {
		t.Errorf("only %d types are kept", n)
	}
}
