package protocol

import (
	"bytes"
	"crypto/ed25519"
	"flag"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/frozen"
)

var update = flag.Bool("update", false, "make golden bytes that do not exist yet")

func ascending(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// message is a value with the file its bytes lie in. A message that has learnt a
// further key gets a further line with a file of its own; lines that stand here
// are never changed.
type message struct {
	file  string
	value any
}

func goldenDigest(b byte) civic.Digest { return civic.Digest(bytes.Repeat([]byte{b}, 32)) }

var goldenDevice = civic.DeviceID(ascending(16))

// goldenMessages are one of each message, with every field filled.
func goldenMessages() []message {
	return append(goldenExchange(), goldenRest()...)
}

// goldenExchange are the messages of enrolment and of a pass.
func goldenExchange() []message {
	digest, device := goldenDigest, goldenDevice
	stamp := Stamp{Wall: 1_795_000_000, Boot: 3, Mono: 77}
	ask := SyncRequest{Cursor: 300, Batches: []civic.Digest{digest(1)}, Attachments: []civic.Digest{digest(2)}, Keys: []KeyID{{1, 2, 3}},
		Clock: stamp, Bundle: 7, Wait: 25, Journal: Head{Length: 5, Hash: digest(3)},
		Meters: []Meter{{Counter: 8, Asked: 20, Confirmed: 3, Reused: 5}},
		Pack: &PackAsk{Pack: ascending(16), Cursor: 9, Tail: ascending(8), Head: 4, Most: 60_000,
			Applies: []Applicant{{Officer: civic.OfficerID(ascending(8)), Recipient: "age1pq1officer"}}},
		Log:      &LogSeen{Size: 1234, Root: digest(4), Signature: ascending(64), At: 1_795_000_000},
		Openings: []SealedOpening{{N: 3, Body: ascending(60)}}, Acked: []byte{2}}
	return []message{
		{"key-bundle.hex", KeyBundle{Registry: "Registro Civil", Issued: 1_795_000_000, Expires: 1_795_600_000, Serial: 7,
			Recipients: []string{"age1pq1example"}, Recovery: "age1pq1recovery", Server: public(testKey(2)),
			Kits: []KitKey{{Device: device, Public: public(testKey(1)), Office: "mx-20-067", UpTo: 99}}, Log: "fieldkit/00+01+AQ=="}},
		{"lease.hex", Lease{Device: device, Issued: 1_795_000_000, Expires: 1_795_600_000, Revoked: true, Wipe: true}},
		{"bundle-answer.hex", BundleAnswer{Root: []byte{1, 2}, Bundle: []byte{3, 4}, ServerTime: 1_795_000_000}},
		{"enrol-request.hex", EnrolRequest{Secret: ascending(10), Device: public(testKey(1)), Transport: public(testKey(3)), KitSecret: []byte("sealed"), Name: "Kit 7", Proof: []byte{9}}},
		{"enrol-answer.hex", EnrolAnswer{Device: device, Area: "mx-20-067", Lease: []byte{1}, Bundle: []byte{2}, ServerTime: 1_795_000_000}},
		{"sync-request.hex", ask},
		{"sync-answer.hex", SyncAnswer{ServerTime: 1_795_000_000, Acks: []byte{1}, Want: []civic.Digest{digest(4)}, WantKey: []KeyID{{4}},
			Down: []Down{{Seq: 301, Kind: DownOutcomes, Body: []byte{5}}}, More: true, Pending: 12, Bundle: []byte{6}, Lease: []byte{7},
			Pack:   &PackNews{Pack: ascending(16), Number: 2, Head: []byte{8}, Version: 4, First: 10, Pieces: [][]byte{{9}}, Last: 11, Left: 15_000},
			Log:    &LogNews{Size: 1235, Root: digest(5), Signature: ascending(64), Proof: []civic.Digest{digest(6)}, Gap: []byte{10}, Report: true},
			Opened: 3, Metered: 8, Custody: []byte{11}, Marks: []byte{12}}},
		{"acks.hex", []BatchAck{{Batch: digest(5), State: BatchQuarantined, Reason: civic.BatchForeign, Safe: true}, {Batch: digest(6)}}},
		{"refusal.hex", Refusal{Code: "upload_too_large", Words: []string{"8 MiB"}}},
		{"hub-request.hex", HubRequest{TLS: ascending(44), Hosts: []string{"hub.example"}}},
		{"hub-answer.hex", HubAnswer{Chain: [][]byte{{1}, {2}}}},
		{"relay-request.hex", RelayRequest{Transport: public(testKey(3)), Ask: ask}},
		{"carried-request.hex", CarriedRequest{Device: device, Ask: ask}},
	}
}

// goldenRest are what is signed or sealed on its own, and the other calls.
func goldenRest() []message {
	digest, device := goldenDigest, goldenDevice
	officer, person, registration := civic.OfficerID(ascending(8)), civic.PersonID(ascending(16)), civic.RegistrationID(ascending(16))
	return []message{
		{"custody.hex", Custody{Carrier: device, At: 1_795_000_000, Files: []civic.Digest{digest(1)}, Hub: true}},
		{"custody-receipt.hex", custodyReceipt{Key: public(testKey(3)), Statement: []byte{1}}},
		{"marks.hex", Marks{Transport: public(testKey(3)), All: []Mark{{Seq: 301, Kind: DownForm, Body: digest(2)}}}},
		{"form-notice.hex", FormNotice{Form: "birth", Version: "2026-11", Order: 5, Retired: true, Packed: []byte("afw1")}},
		{"form-part.hex", FormPart{Notice: digest(3), Index: 1, Count: 2, Bytes: []byte("piece")}},
		{"places-notice.hex", PlacesNotice{Serial: 4, Since: 3, Sealed: digest(4), Parts: 2, Key: ascending(32), Settings: []byte{0xa0}, Settled: 6}},
		{"places-part.hex", PlacesPart{Sealed: digest(4), Index: 1, Bytes: []byte("piece")}},
		{"looks-request.hex", LooksRequest{Device: device, Asked: []byte{1}}},
		{"looks-ask.hex", LooksAsk{Officer: officer, Receipt: "6BF…", Code: "k7dm-2x9q", Nonce: ascending(16)}},
		{"looks.hex", Looks{Nonce: ascending(16), At: 1_795_000_000, Hidden: 2, Rows: []Look{{At: 1_794_000_000, Kind: "agency", Who: "salud", Action: "disclosure",
			Purpose: "health", Fields: []civic.Attribute{"given_name"}, Basis: "public_task", Agreement: "salud-reuse", Reason: "birth 12", Code: civic.PersonAbsent}}}},
		{"looks-answer.hex", LooksAnswer{Sealed: []byte{1}}},
		{"looks-note.hex", LooksNote{Registration: registration, Sealed: []byte{1}}},
		{"opening.hex", Opening{At: Stamp{Wall: 1_795_000_000, Boot: 3, Mono: 77}, Person: person, Officer: officer, Way: BySupervisor, Registration: registration,
			Supervisor: civic.OfficerID{1}, Reason: "lost her receipt", Service: "identity"}},
		{"look-up.hex", LookUp{Officer: officer, Service: "identity", Reason: "new card", Person: person, Registration: registration, Given: "Ana", Surname: "Ruiz",
			Birth: "1987-11", Place: "Teozacoalco", Office: "mx-20-067", Nonce: ascending(16)}},
		{"look-up-answer.hex", LookUpAnswer{Sealed: []byte{1}}},
		{"person-request.hex", PersonRequest{Device: device, Asked: []byte{1}}},
		{"recovery-request.hex", RecoveryRequest{Device: device, By: civic.DeviceID{2}, Recipient: "age1pq1new", Officer: "Luz", Keys: []RecoveryKey{{N: 3, File: []byte("age")}}, Made: 1_795_000_000, Proof: ascending(64)}},
		{"recovery-release.hex", RecoveryRelease{Device: device, By: civic.DeviceID{2}, Recipient: "age1pq1new", Keys: []RecoveryKey{{N: 3, File: []byte("age")}}}},
		{"log-gap.hex", LogGap{Restored: 1_795_000_000, Backup: 1_794_900_000, Size: 1000, Root: digest(7), Outside: []byte("note")}},
		{"session.hex", session{Server: "https://centre.example", Ticket: []byte{1}, State: []byte{2}}},
	}
}

func TestGoldenMessages(t *testing.T) {
	for _, m := range goldenMessages() {
		b, err := Marshal(m.value)
		if err != nil {
			t.Fatal(err)
		}
		frozen.Check(t, m.file, b, *update)
		again := reflect.New(reflect.TypeOf(m.value))
		if err := Unmarshal(frozen.Read(t, "version1", m.file), again.Interface()); err != nil || !reflect.DeepEqual(again.Elem().Interface(), m.value) {
			t.Errorf("%s is read as %+v: %v", m.file, again.Elem().Interface(), err)
		}
	}
}

// Every type that travels has golden bytes, and every field of it stands in
// some of them. The three left out are in outcomes.hex, which is written by hand.
func TestEveryMessageIsGolden(t *testing.T) {
	var values []any
	for _, m := range goldenMessages() {
		values = append(values, m.value)
	}
	if n := frozen.Whole(t, values, "outcome", "personOf", "reason"); n < 35 {
		t.Errorf("only %d types travel", n)
	}
}

// A later program may say more: keys this one does not know are passed over, in
// every message and in what is proved at enrolment.
func TestUnknownKeysArePassedOver(t *testing.T) {
	for _, m := range goldenMessages() {
		b := frozen.Read(t, "version1", m.file)
		if b[0]>>5 != 5 || b[0]&31 > 22 {
			continue // a list, or a map whose size needs a byte of its own
		}
		more := append([]byte{b[0] + 1}, b[1:]...)
		more = append(more, 0x19, 0x03, 0xe7, 0x82, 0x01, 0x61, 'x') // 999: [1, "x"]
		again := reflect.New(reflect.TypeOf(m.value))
		if err := Unmarshal(more, again.Interface()); err != nil || !reflect.DeepEqual(again.Elem().Interface(), m.value) {
			t.Errorf("%s with a key more is read as %+v: %v", m.file, again.Elem().Interface(), err)
		}
	}
	r := EnrolRequest{Secret: ascending(10), Device: public(testKey(1)), Transport: public(testKey(3)), KitSecret: []byte("sealed"), Name: "Kit 7"}
	b, err := Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	more := append(append([]byte{b[0] + 1}, b[1:]...), 0x18, 0x63, 0x01) // 99: 1
	if r.Proof, err = SignStatement(StatementEnrol, more, testKey(1)); err != nil {
		t.Fatal(err)
	}
	if err := r.Check(); err != nil {
		t.Errorf("a later kit cannot enrol: %v", err)
	}
}

// Statements that a centre signed before version 1 stay good; no name is taken
// for another.
func TestStatementsOfBefore(t *testing.T) {
	var acks []BatchAck
	if err := Open(StatementAck, frozen.Read(t, "version0", "statement.hex"), public(testKey(1)), &acks); err != nil || acks[0].State != BatchReceived {
		t.Errorf("%+v, %v", acks, err)
	}
	for _, kind := range []StatementKind{StatementMarks, StatementEnrol, StatementLookUp, StatementLogGap} {
		if len(kind.written()) != 1 {
			t.Errorf("%s is taken under another name", kind)
		}
	}
	old, err := SignStatement("askonce/lease/v0", []byte{0xa0}, testKey(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenStatement(StatementLease, old, public(testKey(1))); err != nil {
		t.Error(err)
	}
	if _, err := OpenStatement(StatementAck, old, public(testKey(1))); civic.CodeOf(err) != civic.StatementForged {
		t.Errorf("a lease was taken for an acknowledgement: %v", err)
	}
}

// goldenStatements are a payload under each kind's name, by one key.
func TestGoldenStatements(t *testing.T) {
	for name, kind := range map[string]StatementKind{
		"bundle": StatementBundle, "lease": StatementLease, "ack": StatementAck, "form": StatementForm, "agreement": StatementAgreement,
		"enrol": StatementEnrol, "places": StatementPlaces, "marks": StatementMarks, "custody": StatementCustody, "look-up": StatementLookUp,
		"recovery": StatementRecovery, "log-gap": StatementLogGap,
	} {
		b, err := SignStatement(kind, []byte("payload"), testKey(1))
		if err != nil {
			t.Fatal(err)
		}
		frozen.Check(t, "statement-"+name+".hex", b, *update)
		if p, err := OpenStatement(kind, frozen.Read(t, "version1", "statement-"+name+".hex"), public(testKey(1))); err != nil || string(p) != "payload" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func goldenOutcomes(device ed25519.PublicKey) []civic.Outcome {
	return []civic.Outcome{
		{Registration: civic.NewRegistrationID(device, 8), Counter: 8, Status: civic.Merged, At: time.Unix(1_795_000_000, 0).UTC(),
			Persons: []civic.PersonOf{{Person: civic.PersonID{1}}, {Subject: "mother", Person: civic.PersonID{2}}}},
		{Registration: civic.NewRegistrationID(device, 9), Counter: 9, Status: civic.Returned, At: time.Unix(1_795_000_005, 0).UTC(),
			Reasons: []civic.Reason{{Code: civic.AnswersInvalid, Words: []string{"child/birth_date"}}}},
	}
}

// What is sealed or derived from a kit's secret is the same for ever: a kit and
// a centre that are years apart come to the same salts, secrets and keys.
func TestGoldenSealed(t *testing.T) {
	device := public(testKey(1))
	secret := ascending(32)
	plain, err := PackOutcomes(device, goldenOutcomes(device))
	if err != nil {
		t.Fatal(err)
	}
	frozen.Check(t, "outcomes.hex", plain, *update)
	sealed, err := SealDown(secret, 301, DownOutcomes, plain, bytes.NewReader(ascending(24)))
	if err != nil {
		t.Fatal(err)
	}
	frozen.Check(t, "outcomes-sealed.hex", sealed, *update)
	for _, version := range []string{"version0", "version1"} {
		opened, err := OpenDown(secret, 301, DownOutcomes, frozen.Read(t, version, "outcomes-sealed.hex"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := OpenOutcomes(device, opened); err != nil || !reflect.DeepEqual(got, goldenOutcomes(device)) {
			t.Errorf("%s: %+v, %v", version, got, err)
		}
	}
	up, err := SealUp(secret, 3, []byte("an opening"), bytes.NewReader(ascending(24)))
	if err != nil {
		t.Fatal(err)
	}
	frozen.Check(t, "opening-sealed.hex", up, *update)
	if got, err := OpenUp(secret, 3, frozen.Read(t, "version1", "opening-sealed.hex")); err != nil || string(got) != "an opening" {
		t.Error(err)
	}
	salt, claim := SaltOf(secret, 8), ClaimSecretOf(secret, 8, goldenDigest(1))
	key, err := LooksKeyOf(claim, SlipOf(secret, 8, goldenDigest(1)), true)
	if err != nil {
		t.Fatal(err)
	}
	id := NewKeyID([32]byte(secret))
	registration := civic.NewRegistrationID(device, 8)
	deviceID := civic.NewDeviceID(device)
	derived := bytes.Join([][]byte{salt[:], claim[:], []byte(SlipOf(secret, 8, goldenDigest(1))), key[:], id[:], registration[:], deviceID[:],
		[]byte(ApplicantCode("age1pq1officer"))}, nil)
	frozen.Check(t, "derived.hex", derived, *update)
	looks, err := SealLooks(key, registration, Looks{At: 1_795_000_000, Rows: []Look{{At: 1, Kind: "staff", Action: "look"}}}, bytes.NewReader(ascending(24)))
	if err != nil {
		t.Fatal(err)
	}
	frozen.Check(t, "looks-sealed.hex", looks, *update)
	if l, err := OpenLooks(key, registration, frozen.Read(t, "version1", "looks-sealed.hex")); err != nil || len(l.Rows) != 1 {
		t.Error(err)
	}
}

func TestGoldenCode(t *testing.T) {
	c := NewCode([SecretSize]byte(ascending(SecretSize)), RootPin([]byte("the root's key")))
	frozen.Check(t, "code.hex", []byte(c.String()), *update)
	for _, version := range []string{"version0", "version1"} {
		if got, err := ParseCode(string(frozen.Read(t, version, "code.hex"))); err != nil || got != c {
			t.Errorf("%v, %v", got, err)
		}
	}
}

// Messages of version 0 had fewer keys, and are read.
func TestMessagesOfBefore(t *testing.T) {
	for _, m := range goldenExchange()[:9] {
		again := reflect.New(reflect.TypeOf(m.value))
		if err := Unmarshal(frozen.Read(t, "version0", m.file), again.Interface()); err != nil {
			t.Errorf("%s: %v", m.file, err)
		}
	}
}

// The headers of an upload are text, and frozen as well.
func TestGoldenHeaders(t *testing.T) {
	name := goldenDigest(1)
	text := strings.Join([]string{
		Metadata{Kind: UploadBatch, Name: name}.String(), Metadata{Kind: UploadKey, Name: name}.String(), Metadata{Kind: UploadAttachment, Name: name}.String(),
		AckHeader([]byte("statement")), Checksum([]byte("body")), UploadPath(name), NameOf([]byte("file")).String(),
		PathBundle, PathEnrol, PathSync, PathUploads, PathHealth, PathPerson, PathLooks, PathHub, PathRelay,
		HeaderProblem, HeaderAck, HeaderKeyAlong, ServerName, "",
	}, "\n")
	frozen.Check(t, "headers.txt", []byte(text), *update)
	frozen.Check(t, "headers-carried.txt", []byte(PathCarried+"\n"), *update)
}
