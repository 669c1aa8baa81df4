package pack

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"reflect"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/match/people"
	"github.com/askonce/fieldkit/sync/protocol"
)

// world is a pack with its people as the centre has them.
type world struct {
	id      ID
	key     Key
	master  Master
	changes []Change
	layers  []Layer
	secrets []protocol.ClaimSecret
}

func registrationOf(i int) civic.RegistrationID {
	var id civic.RegistrationID
	binary.BigEndian.PutUint32(id[:], uint32(i)+7)
	return id
}

func newWorld(t testing.TB, n int) *world {
	t.Helper()
	w := &world{id: ID{1, 2, 3}}
	_, _ = rand.Read(w.key[:])
	_, _ = rand.Read(w.master[:])
	for i, r := range people.Mexico(5, n, 1).Known {
		var p Person
		p.Number = uint32(i + 1)
		_, _ = rand.Read(p.ID[:])
		p.Given, p.Surname, p.Second = joined(r.Given), at(r.Surnames, 0), at(r.Surnames, 1)
		p.Year, p.Sex = r.Birth.Year, r.Sex
		p.Locality, p.Municipality, p.State = at(r.Places, 0), at(r.Places, 1), at(r.Places, 2)
		p.Keys, p.Seen = HiddenKeys(r), 20000
		l := Layer{Whole: true, Sources: []Source{{Service: "identity", Office: "mx-20-067", Day: 20000, Asked: true, Given: true}}}
		for _, c := range []Claim{
			{Attribute: "given_name", Value: p.Given}, {Attribute: "surname", Value: p.Surname}, {Attribute: "second_surname", Value: p.Second},
			{Attribute: "birth_date", Value: r.Birth.String(), Evidence: civic.Document}, {Attribute: "sex", Value: r.Sex},
			{Attribute: "locality", Value: p.Locality}, {Attribute: "municipality", Value: p.Municipality}, {Attribute: "phone", Value: at(r.Phones, 0)},
		} {
			if c.Value != "" {
				l.Claims = append(l.Claims, c)
			}
		}
		key := w.master.PersonKey(w.id, p.ID)
		var secret protocol.ClaimSecret
		_, _ = rand.Read(secret[:])
		w.secrets = append(w.secrets, secret)
		w.layers = append(w.layers, l)
		w.changes = append(w.changes, Change{Number: p.Number, Person: &p, Key: key, Layer: &l, Wraps: []Wrap{NewWrap(key, w.id, p.ID, registrationOf(i), secret)}})
	}
	return w
}

func joined(s []string) string {
	out := ""
	for i, x := range s {
		if i > 0 {
			out += " "
		}
		out += x
	}
	return out
}

func at(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return ""
}

func (w *world) write(t testing.TB) []Piece {
	t.Helper()
	pieces, err := NewWriter(w.id, w.key, 0, Tables{}, nil).Write(w.changes)
	if err != nil {
		t.Fatal(err)
	}
	return pieces
}

func read(t testing.TB, id ID, key Key, pieces []Piece) (*State, Sealed) {
	t.Helper()
	s := NewState(id, key)
	for _, p := range pieces {
		if err := s.Apply(p.Seq, p.Bytes); err != nil {
			t.Fatal(err)
		}
	}
	return s, func(seq uint64) ([]byte, error) { return pieces[seq-1].Bytes, nil }
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	w := newWorld(t, 700)
	pieces := w.write(t)
	if len(pieces) < 3 {
		t.Fatalf("%d pieces", len(pieces))
	}
	s, sealed := read(t, w.id, w.key, pieces)
	if s.Len() != 700 {
		t.Fatalf("%d people", s.Len())
	}
	for i, c := range w.changes {
		k, ok := s.Person(c.Number)
		if !ok || !reflect.DeepEqual(k.Person, *c.Person) {
			t.Fatalf("%+v became %+v", *c.Person, k)
		}
		if i%50 != 0 {
			continue
		}
		for how, open := range map[string]func() (Layer, error){
			"receipt": func() (Layer, error) {
				who, l, err := s.OpenByReceipt(registrationOf(i), w.secrets[i], sealed)
				if err == nil && who.Number != c.Number {
					t.Errorf("receipt %d opened person %d", i, who.Number)
				}
				return l, err
			},
			"master": func() (Layer, error) { return s.OpenByMaster(c.Number, w.master, sealed) },
		} {
			if l, err := open(); err != nil || !reflect.DeepEqual(l, w.layers[i]) {
				t.Fatalf("by %s: %+v became %+v, %v", how, w.layers[i], l, err)
			}
		}
	}
}

// An officer holds everything that an unlocked kit holds: the pack key, all
// pieces, every id. Without a secret of the person none of it opens the layer.
func TestThePersonLayerStaysShut(t *testing.T) {
	w := newWorld(t, 200)
	s, sealed := read(t, w.id, w.key, w.write(t))
	victim := 77
	k, _ := s.Person(uint32(victim + 1))
	shut := func(how string, err error) {
		t.Helper()
		if code := civic.CodeOf(err); code != civic.PersonShut && code != civic.ReceiptOther {
			t.Errorf("%s: %v", how, err)
		}
	}
	open := func(key PersonKey) error { _, err := s.Open(k.Number, key, sealed); return err }
	shut("the pack key as the person's", open(PersonKey(w.key[:16])))
	shut("the pack key as master", func() error { _, err := s.OpenByMaster(k.Number, Master(w.key), sealed); return err }())
	shut("the padded key itself", open(k.wraps[0].Padded))
	shut("no key", open(PersonKey{}))
	for i, other := range w.secrets {
		if i == victim {
			continue
		}
		// Everybody else's receipt, for the victim's registration and wrap.
		shut("another's secret", open(k.wraps[0].Unwrap(w.id, k.ID, registrationOf(victim), other)))
		shut("another's receipt", open(k.wraps[0].Unwrap(w.id, k.ID, registrationOf(i), other)))
		if who, _, err := s.OpenByReceipt(registrationOf(i), other, sealed); err != nil || who.Number == k.Number {
			t.Fatalf("receipt %d: %v", i, err)
		}
	}
	own := w.secrets[victim]
	_, _, err := s.OpenByReceipt(registrationOf(victim+1), own, sealed)
	shut("the right secret for another registration", err)
	for bit := range len(own) * 8 {
		bad := own
		bad[bit/8] ^= 1 << (bit % 8)
		shut("a bit of the secret off", open(k.wraps[0].Unwrap(w.id, k.ID, registrationOf(victim), bad)))
	}
	// Another pack's keys of the same people open nothing of this one.
	shut("the key of the pack before", open(w.master.PersonKey(ID{9}, k.ID)))
	for _, p := range w.write(t) {
		for _, l := range w.layers[:20] {
			if l.Claims[3].Value != "" && bytes.Contains(p.Bytes, []byte(l.Claims[3].Value)) {
				t.Error("a birth date stands readable in a piece")
			}
		}
	}
}

func TestChangesAndLeaving(t *testing.T) {
	w := newWorld(t, 50)
	first := NewWriter(w.id, w.key, 0, Tables{}, nil)
	pieces, err := first.Write(w.changes)
	if err != nil {
		t.Fatal(err)
	}
	key := w.master.PersonKey(w.id, w.changes[4].Person.ID)
	later := Layer{Sources: []Source{{Service: "health", Office: "mx-20-068", Day: 20100, Asked: true}}, Claims: []Claim{
		{Attribute: "phone", Value: "0951555000", Stated: "of his daughter"}, {Attribute: "sex", Gone: true},
	}}
	more, err := NewWriter(w.id, w.key, pieces[len(pieces)-1].Seq, first.Tables(), nil).Write([]Change{
		{Number: 5, ID: w.changes[4].Person.ID, Key: key, Layer: &later}, {Number: 9, Gone: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	all := append(pieces, more...)
	s, sealed := read(t, w.id, w.key, all)
	if _, ok := s.Person(9); ok || s.Len() != 49 {
		t.Error("who left is still there")
	}
	if _, _, err := s.OpenByReceipt(registrationOf(8), w.secrets[8], sealed); civic.CodeOf(err) != civic.ReceiptOther {
		t.Error(err)
	}
	_, l, err := s.OpenByReceipt(registrationOf(4), w.secrets[4], sealed)
	if err != nil {
		t.Fatal(err)
	}
	want := w.layers[4]
	want.Add(later)
	if !reflect.DeepEqual(l, want) {
		t.Errorf("%+v, want %+v", l, want)
	}
	for _, c := range l.Claims {
		if c.Attribute == "sex" {
			t.Error("what was withdrawn is still held")
		}
		if c.Attribute == "phone" && (c.Value != "0951555000" || l.Sources[c.Source].Office != "mx-20-068") {
			t.Errorf("%+v", c)
		}
	}
	if err := s.Apply(1, pieces[0].Bytes); civic.CodeOf(err) != civic.PackDamaged {
		t.Error("a piece twice:", err)
	}
	for bit := 0; bit < len(more[0].Bytes)*8; bit += 7 {
		bad := bytes.Clone(more[0].Bytes)
		bad[bit/8] ^= 1 << (bit % 8)
		fresh, _ := read(t, w.id, w.key, pieces)
		if err := fresh.Apply(more[0].Seq, bad); civic.CodeOf(err) != civic.PackDamaged {
			t.Fatalf("bit %d: %v", bit, err)
		}
	}
}

func TestHiddenKeysTellNothingOfTheIndex(t *testing.T) {
	for _, r := range people.Mexico(9, 300, 1).Known {
		p := Person{Given: joined(r.Given), Surname: at(r.Surnames, 0), Second: at(r.Surnames, 1), Year: r.Birth.Year, Sex: r.Sex,
			Locality: at(r.Places, 0), Municipality: at(r.Places, 1), State: at(r.Places, 2)}
		open := map[uint32]bool{}
		for _, k := range match.Keys(p.Record()) {
			open[ShortKey(k)] = true
		}
		for _, k := range HiddenKeys(r) {
			if open[k] {
				t.Fatal("a key that the index gives travels twice")
			}
		}
	}
}

func FuzzReadPiece(f *testing.F) {
	w := newWorld(f, 30)
	for _, p := range w.write(f) {
		plain, err := openPiece(p.Bytes, w.key, w.id, p.Seq)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(plain)
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		out, err := readPiece(b, &Tables{})
		if err == nil {
			_ = out.changes
		}
	})
}

func FuzzReadLayer(f *testing.F) {
	w := newWorld(f, 5)
	writer := NewWriter(w.id, w.key, 0, Tables{}, nil)
	if _, err := writer.Write(w.changes); err != nil {
		f.Fatal(err)
	}
	told := writer.Tables()
	for i := range w.layers {
		b, err := writer.writeLayer(&w.layers[i])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := told.readLayer(b)
		if err != nil {
			return
		}
		again := NewWriter(w.id, w.key, 0, told, nil)
		out, err := again.writeLayer(&l)
		if err != nil {
			return // a value longer than writers make
		}
		tables := again.Tables()
		if back, err := tables.readLayer(out); err != nil || !reflect.DeepEqual(back, l) {
			t.Errorf("%+v became %+v, %v", l, back, err)
		}
	})
}

func TestSizeOfAPack(t *testing.T) {
	w := newWorld(t, 5000)
	total := 0
	for _, p := range w.write(t) {
		total += len(p.Bytes)
	}
	if each := total / 5000; each > 240 {
		t.Errorf("%d bytes a person", each)
	} else {
		t.Logf("%d bytes a person", each)
	}
}

func FuzzReadHead(f *testing.F) {
	b, err := MarshalHead(Head{Pack: ID{1}, Area: "mx-20-067", People: 3, Supervisors: []Supervisor{{Officer: civic.OfficerID{1}, Master: []byte("age")}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ReadHead(b)
		if err != nil {
			return
		}
		if _, err := MarshalHead(h); err != nil {
			t.Error(err)
		}
	})
}
