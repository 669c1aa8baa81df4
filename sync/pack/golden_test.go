package pack

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/frozen"
	"github.com/askonce/fieldkit/sync/protocol"
)

var update = flag.Bool("update", false, "make golden bytes that do not exist yet")

// goldenWorld is a pack of three people that is the same at every run.
func goldenWorld() *world {
	w := &world{id: ID(bytes.Repeat([]byte{1}, 16)), key: Key(bytes.Repeat([]byte{2}, 32)), master: Master(bytes.Repeat([]byte{3}, 32))}
	for i, p := range []Person{
		{Number: 1, Given: "María Xóchitl", Surname: "García", Second: "Hernández", Year: 1988, Sex: "female", Locality: "Teozacoalco", Municipality: "Nochixtlán", State: "Oaxaca", Keys: []uint32{7, 0xABCDEF}, Seen: 20_770},
		{Number: 2, Full: "王秀英", Sex: "female", Seen: 9_000},
		{Number: 9, Given: "José", Surname: "Paz", Year: 2026, Sex: "male", Locality: "Teozacoalco", Seen: 20_771},
	} {
		p.ID = civic.PersonID(bytes.Repeat([]byte{byte(10 + i)}, 16))
		l := Layer{Whole: i < 2, Sources: []Source{{Service: "identity", Office: "mx-20-067", Day: 20_770, Asked: true, Given: true}, {Service: "health", Office: "mx-20-068", Day: 20_001, Asked: true}}[:2-i/2],
			Claims: []Claim{
				{Attribute: "birth_date", Value: "1988-04-09", Evidence: civic.Document},
				{Attribute: "birth_place", Value: "Teozacoalco", Stated: "by the old chapel", Precision: civic.ToYear, Evidence: civic.TwoWitnesses},
				{Attribute: "phone", Value: "9511234567"}, {Attribute: "second_surname", Absent: civic.None}, {Attribute: "address", Gone: true},
			}}
		if len(l.Sources) > 1 {
			l.Claims[1].Source = 1
		}
		key := w.master.PersonKey(w.id, p.ID)
		secret := protocol.ClaimSecret(bytes.Repeat([]byte{byte(20 + i)}, 10))
		w.secrets, w.layers = append(w.secrets, secret), append(w.layers, l)
		w.changes = append(w.changes, Change{Number: p.Number, Person: &p, Key: key, Layer: &l, Wraps: []Wrap{NewWrap(key, w.id, p.ID, registrationOf(i), secret)}})
	}
	return w
}

// A pack that was written once is read for ever: people, layers, receipts.
func TestGoldenPack(t *testing.T) {
	w := goldenWorld()
	today, err := NewWriter(w.id, w.key, 0, Tables{}, rand.NewChaCha8([32]byte{5})).Write(w.changes)
	if err != nil || len(today) != 1 {
		t.Fatal(len(today), err)
	}
	kept := Piece{Seq: 1, Bytes: frozen.Kept(t, "piece.hex", today[0].Bytes, *update)}
	s, sealed := read(t, w.id, w.key, []Piece{kept})
	for i, c := range w.changes {
		k, ok := s.Person(c.Number)
		if !ok || !reflect.DeepEqual(k.Person, *c.Person) {
			t.Fatalf("%+v became %+v; %s", *c.Person, k, frozen.Sentence)
		}
		who, l, err := s.OpenByReceipt(registrationOf(i), w.secrets[i], sealed)
		if err != nil || who.Number != c.Number {
			t.Fatalf("receipt %d: %v", i, err)
		}
		want := w.layers[i]
		if want.Claims = want.Claims[:4]; !reflect.DeepEqual(l, want) && !reflect.DeepEqual(l, w.layers[i]) {
			t.Errorf("%+v became %+v; %s", want, l, frozen.Sentence)
		}
		if by, err := s.OpenByMaster(c.Number, w.master, sealed); err != nil || !reflect.DeepEqual(by, l) {
			t.Errorf("by the master: %+v, %v", by, err)
		}
	}
}

func TestGoldenHead(t *testing.T) {
	h := Head{Pack: ID{1}, Key: Key{2}, Area: "mx-20-067", Others: []civic.Area{"mx-20-068"}, People: 3, Left: 1, Made: 1_795_000_000, Next: 1_795_086_400, Version: 4,
		Supervisors: []Supervisor{{Officer: civic.OfficerID{5}, Master: []byte("age")}}}
	b, err := MarshalHead(h)
	if err != nil {
		t.Fatal(err)
	}
	frozen.Check(t, "head.hex", b, *update)
	if got, err := ReadHead(frozen.Read(t, "version1", "head.hex")); err != nil || !reflect.DeepEqual(got, h) {
		t.Errorf("%+v, %v", got, err)
	}
	w := goldenWorld()
	a := Answered{Person: *w.changes[0].Person, Layer: w.layers[0], Nonce: []byte{1}}
	if b, err = protocol.Marshal(a); err != nil {
		t.Fatal(err)
	}
	frozen.Check(t, "answered.hex", b, *update)
	var again Answered
	if err := protocol.Unmarshal(frozen.Read(t, "version1", "answered.hex"), &again); err != nil || !reflect.DeepEqual(again, a) {
		t.Errorf("%+v, %v", again, err)
	}
	keys := w.master.PersonKey(w.id, w.changes[0].ID)
	wrap := w.changes[0].Wraps[0]
	frozen.Check(t, "keys.hex", bytes.Join([][]byte{keys[:], wrap.At[:], wrap.Padded[:]}, nil), *update)
}

// A piece that was written before version 1 is read like one of today, a later
// one is not.
func TestPieceOfBeforeAndLater(t *testing.T) {
	w := goldenWorld()
	plain, err := openPiece(frozen.Read(t, "version1", "piece.hex"), w.key, w.id, 1)
	if err != nil {
		t.Fatal(err)
	}
	for first, fine := range map[byte]bool{0: true, 1: true, 2: false} {
		plain[0] = first
		if _, err := readPiece(plain, &Tables{}); (err == nil) != fine {
			t.Errorf("a piece of version %d: %v", first, err)
		}
	}
}
