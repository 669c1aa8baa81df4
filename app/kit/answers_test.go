package kit

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// carrier is a kit that carries for others, for one pass.
func carrier(t *testing.T) (*world, *carrying) {
	t.Helper()
	w := enrolled(t)
	for _, sub := range []string{mediaAsk, mediaDown, mediaUp} {
		if err := os.MkdirAll(filepath.Join(w.o.Home, courierDir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	st, err := w.store()
	if err != nil {
		t.Fatal(err)
	}
	local, done, err := w.local(st)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(done)
	return w, local.(*carrying)
}

// What the centre refuses of one kit keeps no other's question back, however many
// were answered already.
func TestAnswersForAllWhoAsked(t *testing.T) {
	w, c := carrier(t)
	n := 0
	ask := func(r protocol.SyncRequest, answered bool) {
		n++
		b, err := protocol.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%032x.cbor", n) // they are asked in this order
		if err := writeWhole(c.root, filepath.Join(mediaAsk, name), b); err != nil {
			t.Fatal(err)
		}
		if answered {
			if err := writeWhole(c.root, filepath.Join(mediaDown, name), nil); err != nil {
				t.Fatal(err)
			}
			at := time.Now().Add(time.Second)
			if err := os.Chtimes(filepath.Join(c.root.Name(), mediaDown, name), at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range mostCarried {
		ask(protocol.SyncRequest{}, true)
	}
	ask(protocol.SyncRequest{Acked: make([]byte, protocol.MaxMessage-60)}, false) // with the kit's name too long
	ask(protocol.SyncRequest{}, false)                                            // this centre knows no couriers
	cl, err := w.client(t.Context(), c.Store, c)
	if err != nil {
		t.Fatal(err)
	}
	err = c.fetchAnswers(t.Context(), cl, 0, func() time.Time { return time.Now().Add(2 * time.Second) })
	refused := 0
	for one := err; one != nil; {
		joined, ok := one.(interface{ Unwrap() []error })
		if !ok {
			refused++
			break
		}
		all := joined.Unwrap()
		refused += len(all) - 1
		one = all[0]
	}
	if refused != 2 || civic.CodeOf(err) != civic.RequestMalformed {
		t.Errorf("%d were refused: %v", refused, err)
	}
}

// A note that cannot be made does not hold up what was delivered.
func TestDeliveredWithoutNote(t *testing.T) {
	_, c := carrier(t)
	it := protocol.Item{Kind: protocol.ItemBatch, Digest: protocol.NameOf([]byte("sealed"))}
	if err := writeWhole(c.root, deliveredDir, nil); err != nil { // no folder: nothing can be noted in it
		t.Fatal(err)
	}
	if err := writeWhole(c.root, fileOf(it), []byte("sealed")); err != nil {
		t.Fatal(err)
	}
	if err := c.deliver(it); err != nil {
		t.Fatal(err)
	}
	if _, err := c.root.Stat(fileOf(it)); !os.IsNotExist(err) {
		t.Errorf("it is still here: %v", err)
	}
}
