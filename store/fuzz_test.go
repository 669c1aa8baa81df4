package store

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/askonce/fieldkit/store/vault"
)

// FuzzRecords reads any bytes as each kind of record: no panic, and what was
// read is written and read the same.
func FuzzRecords(f *testing.F) {
	for _, v := range []any{
		registrationRecord{Counter: 1, Answers: []answerRecord{{Path: "name", Value: "Ana"}}},
		draftRecord{Section: "mother", People: []personRefRecord{{Subject: "mother"}}},
		stubRecord{Counter: 3, Reasons: []reasonRecord{{Code: "x"}}}, chain{Counter: 4}, identityRecord{Server: "x"}, documentRecord{Name: "n"},
	} {
		b, err := encode(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, v := range []any{&registrationRecord{}, &draftRecord{}, &stubRecord{}, &chain{}, &identityRecord{}, &documentRecord{}, &[]headRecord{}, &eventRecord{}, &signedRecord{}} {
			if decode(b, v) != nil {
				continue
			}
			again, err := encode(reflect.ValueOf(v).Elem().Interface())
			if err != nil {
				t.Fatal(err)
			}
			back := reflect.New(reflect.TypeOf(v).Elem()).Interface()
			if err := decode(again, back); err != nil {
				t.Fatalf("%T does not read what it wrote: %v", v, err)
			}
			twice, err := encode(reflect.ValueOf(back).Elem().Interface())
			if err != nil || !bytes.Equal(again, twice) {
				t.Fatalf("%T changes when it is written again: %v", v, err)
			}
		}
		var r registrationRecord
		if decode(b, &r) == nil {
			reg := r.civic()
			if got := recordOf(&reg, r.Digest, r.Receipt).civic(); !reflect.DeepEqual(got, reg) {
				t.Fatalf("%+v became %+v", reg, got)
			}
		}
		var d draftRecord
		if decode(b, &d) == nil {
			if draft := d.draft(); !reflect.DeepEqual(recordOfDraft(draft).draft(), draft) {
				t.Fatalf("%+v changed", draft)
			}
		}
	})
}

// FuzzRows reads any bytes as the rows file of a backup.
func FuzzRows(f *testing.F) {
	dir := f.TempDir()
	path := filepath.Join(dir, "seed")
	w, err := newRowWriter(path, true, &medium{}, 2)
	if err != nil {
		f.Fatal(err)
	}
	for n := range 3 {
		if err := w.write("b", int64(n), "1|2", vault.Cells{int64(n), int64(1), int64(2), []byte("sealed")}); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.write("b", 1, "", nil); err != nil {
		f.Fatal(err)
	}
	if _, err := w.finish(); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(seed[:len(seed)-7])
	f.Add(append(bytes.Clone(seed[:40]), seed[50:]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "rows")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		rs := restorer{from: &vault.Opener{}}
		good, _, err := readRows(path, func(fr frame) error {
			for _, table := range []string{"a", "b", "c", "d", "f", "l", "m"} {
				fr.Table = table
				if rs.row(nil, fr) == nil {
					t.Fatal("a row opened without a key")
				}
			}
			return nil
		})
		if err == nil && (good > int64(len(b)) || good < int64(rowsHead)) {
			t.Fatalf("%d of %d bytes are good", good, len(b))
		}
		if m, err := readMedium(path); err != nil || m == nil {
			t.Fatal(m, err)
		}
	})
}
