package serve_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/protocol"
)

// fixtureBirths is how many births a fixture holds.
const fixtureBirths = 6

// makeLedger keeps the keys and a backup of a centre with one of each: it made
// testdata/ledger-0 before version 1 and ledger-1 with it. FIXTURE_LEDGER=N makes
// ledger-N; one that lies there stays for ever.
func makeLedger(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(dir); err == nil {
		t.Fatalf("%s stays as it is", dir)
	}
	conf := newConfig(t)
	if err := serve.Init(t.Context(), conf, "Registry of Test"); err != nil {
		t.Fatal(err)
	}
	c := open(t, conf)
	url, stop := running(t, c)
	k := newKit(t, c, "mx-1")
	k.enrol(c, url)
	header, births := k.header(c), k.pack(k.births(fixtureBirths))
	photo, err := batch.SealAttachment(k.day, k.id, []byte("an old picture"), k.sign, nil)
	if err != nil {
		t.Fatal(err)
	}
	take(t, c, k, protocol.UploadKey, header)
	take(t, c, k, protocol.UploadBatch, births)
	take(t, c, k, protocol.UploadAttachment, photo)
	work(t, c)
	err = c.DB.Update(t.Context(), func(tx ledger.Tx) error {
		return translog.Append(t.Context(), tx, c.Clock(), []translog.Entry{{Area: "mx-1", Kind: translog.Staff, Actor: "ana", Action: translog.Export, Everyone: true, Reason: "an old look", Count: 6}})
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Log.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Backup(t.Context(), filepath.Join(dir, "copy"), true); err != nil {
		t.Fatal(err)
	}
	stop()
	copyTree(t, filepath.Join(conf.Data, "keys"), filepath.Join(dir, "keys"))
	copies, _ := filepath.Glob(filepath.Join(dir, "copy", "*.db"))
	for _, path := range copies {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var small bytes.Buffer
		z := gzip.NewWriter(&small)
		_, err = z.Write(b)
		if err = errors.Join(err, z.Close(), os.WriteFile(path+".gz", small.Bytes(), 0o644), os.Remove(path)); err != nil {
			t.Fatal(err)
		}
	}
}

// unpack makes the copies of a fixture whole again.
func unpack(t *testing.T, away string) {
	t.Helper()
	copies, _ := filepath.Glob(filepath.Join(away, "*.db.gz"))
	for _, path := range copies {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := io.ReadAll(z)
		if err = errors.Join(err, os.WriteFile(path[:len(path)-len(".gz")], whole, 0o600), os.Remove(path)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOldLedgersOpen restores what centres of every version left behind: the
// people are there, the log is whole, the picture opens, and work goes on.
func TestOldLedgersOpen(t *testing.T) {
	if n := os.Getenv("FIXTURE_LEDGER"); n != "" {
		makeLedger(t, filepath.Join("testdata", "ledger-"+n))
	}
	old, err := filepath.Glob("testdata/ledger-*")
	if err != nil || len(old) < 2 {
		t.Fatal(old, err)
	}
	for _, dir := range old {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			conf := newConfig(t)
			copyTree(t, filepath.Join(dir, "keys"), filepath.Join(conf.Data, "keys"))
			away := filepath.Join(t.TempDir(), "copy")
			copyTree(t, filepath.Join(dir, "copy"), away)
			unpack(t, away)
			if _, err := serve.Restore(t.Context(), conf, away); err != nil {
				t.Fatal(err)
			}
			c := open(t, conf)
			n := counts(t, c)
			if n.Registrations != fixtureBirths || n.Persons < fixtureBirths {
				t.Fatalf("%+v", n)
			}
			people := 0
			err := c.DB.View(t.Context(), func(tx ledger.Tx) error {
				var refs []registry.Ref
				err := ledger.All(t.Context(), tx, func(r ledger.Row) error {
					ref := registry.Ref{Home: "mx-1"}
					var id []byte
					err := r.Scan(&id)
					copy(ref.Person[:], id)
					refs = append(refs, ref)
					return err
				}, "SELECT person FROM registry_person WHERE area = ?1", "mx-1")
				if err != nil {
					return err
				}
				known, err := c.Registry.Known(t.Context(), tx, refs)
				for _, p := range known {
					for _, a := range registry.Fold(p) {
						if a.Name == "given_name" && a.Holds.Value != "" {
							people++
						}
					}
				}
				return err
			})
			if err != nil || people < fixtureBirths {
				t.Fatalf("%d people have a name, %v", people, err)
			}
			report, err := c.Log.Verify(context.Background(), translog.Checking{})
			if err != nil || !report.OK() {
				t.Fatalf("%v: %+v", err, report)
			}
			photo, err := c.Ingest.Attachment(t.Context(), "mx-1", protocol.NameOf([]byte("an old picture")))
			if err != nil || string(photo) != "an old picture" {
				t.Fatal(err)
			}
			url, _ := running(t, c)
			k := newKit(t, c, "mx-1")
			k.enrol(c, url)
			take(t, c, k, protocol.UploadKey, k.header(c))
			take(t, c, k, protocol.UploadBatch, k.pack(k.births(2)))
			until(t, func() bool { // the centre's own worker may have them at hand
				work(t, c)
				return counts(t, c).Registrations == fixtureBirths+2
			})
		})
	}
}
