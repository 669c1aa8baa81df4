package vault

import (
	"bytes"
	"testing"
)

func FuzzKeys(f *testing.F) {
	key, err := newDataKey(3, Day, 20000, bytes.Repeat([]byte{1}, keyLen))
	if err != nil {
		f.Fatal(err)
	}
	outer, err := newDataKey(0, Outer, 0, bytes.Repeat([]byte{2}, keyLen))
	if err != nil {
		f.Fatal(err)
	}
	whole := packKeys(outer, bytes.Repeat([]byte{3}, keyLen), &ring{keys: map[int64]*dataKey{3: key}})
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := unpackKeys(b)
		if err == nil && (keys[0] == nil || len(keys) > len(b)) {
			t.Fatal(len(keys))
		}
	})
}

func FuzzOfficer(f *testing.F) {
	f.Add(newOfficer{row: 7, file: []byte("file"), recipient: "age1pq1"}.encode("Nayeli"))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, name, err := decodeOfficer(b)
		if err != nil {
			return
		}
		if again := o.encode(name); !bytes.HasPrefix(b, again) {
			t.Fatalf("%x became %x", b, again)
		}
	})
}

func FuzzOpen(f *testing.F) {
	v := testVault(f)
	r, err := v.sealWith(v.outer.aead, "f", 1, 1, 0, []byte("sealed"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(r.Sealed)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if plain, err := v.openWith(v.outer.aead, "f", Row{1, 1, 0, b}); err == nil && string(plain) != "sealed" {
			t.Fatalf("forged: %q", plain)
		}
	})
}
