package ingest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/askonce/fieldkit/sync/protocol"
)

// What came of an unfinished upload is written and not synced to the disk: a
// power cut may leave it shorter, with zeros in it, or not at all. Nothing was
// acknowledged of it, the file's name finds what is wrong, and a kit that goes on
// as it always does comes to its end.
func TestUnfinishedUploadAfterAPowerCut(t *testing.T) {
	for name, leave := range map[string]func(b []byte) []byte{
		"as it was":         func(b []byte) []byte { return b },
		"shorter":           func(b []byte) []byte { return b[:len(b)/2] },
		"zeros at the end":  func(b []byte) []byte { return append(b[:len(b)/2], make([]byte, len(b)-len(b)/2)...) },
		"zeros throughout":  func(b []byte) []byte { return make([]byte, len(b)) },
		"another's bytes":   func(b []byte) []byte { return bytes.Repeat([]byte{0xa5}, len(b)) },
		"only a header":     func(b []byte) []byte { return b[:16] },
		"not even a header": func(b []byte) []byte { return b[:7] },
		"empty":             func([]byte) []byte { return nil },
		"gone":              nil,
	} {
		t.Run(name, func(t *testing.T) {
			c := newCentre(t)
			k := c.kit("mx-1")
			w := newWire(t, k)
			file := k.header()
			half := len(file) / 2
			first := creation(protocol.UploadKey, file)
			first["Content-Type"] = protocol.MediaOffset
			if a := w.do(t, "POST", protocol.PathUploads, first, file[:half]); a.code != 201 {
				t.Fatalf("%+v", a)
			}
			under, err := filepath.Glob(filepath.Join(c.dir, "uploads", "*", "*"))
			if err != nil || len(under) != 1 {
				t.Fatal(under, err)
			}
			b, err := os.ReadFile(under[0])
			if err == nil && leave == nil {
				err = os.Remove(under[0])
			} else if err == nil {
				err = os.WriteFile(under[0], leave(b), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			if !goOn(t, w, file) {
				t.Error("it never came to its end")
			}
			if s := k.came(); s.Quarantined != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// goOn does what a kit does after a cut, until the file is there whole.
func goOn(t *testing.T, w wire, file []byte) bool {
	t.Helper()
	path := protocol.UploadPath(protocol.NameOf(file))
	for range 4 {
		a := w.do(t, "HEAD", path, nil, nil)
		if a.code == 404 {
			whole := creation(protocol.UploadKey, file)
			whole["Content-Type"] = protocol.MediaOffset
			a = w.do(t, "POST", protocol.PathUploads, whole, file)
		} else {
			at := offsetOf(t, a)
			a = w.do(t, "PATCH", path, part(at, file[at:]), file[at:])
		}
		if a.code == 201 || a.code == 204 {
			return a.header.Get(protocol.HeaderAck) != "" && a.offset == strconv.Itoa(len(file))
		}
		if a.code != 460 && a.code != 404 {
			t.Fatalf("%+v", a)
		}
	}
	return false
}

func offsetOf(t *testing.T, a answer) int {
	t.Helper()
	n, err := strconv.Atoi(a.offset)
	if err != nil {
		t.Fatalf("%+v", a)
	}
	return n
}
