package receipt_test

import (
	"flag"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/frozen"
	"github.com/askonce/fieldkit/sync/receipt"
)

var update = flag.Bool("update", false, "make golden bytes that do not exist yet")

// A receipt on paper cannot be renewed: what was printed once is genuine for
// ever, and says the same.
func TestGoldenReceipt(t *testing.T) {
	k := newKit(4)
	c := sample(k)
	c.Secret = []byte("0123456789")
	text, err := receipt.Sign(c, k.id, k.key)
	if err != nil {
		t.Fatal(err)
	}
	kept := string(frozen.Kept(t, "receipt.txt", []byte(text), *update))
	today := receipt.Verify(text, k.keys(c.Office, 0), noon.Add(time.Hour))
	v := receipt.Verify(kept, k.keys(c.Office, 0), noon.Add(time.Hour))
	if !reflect.DeepEqual(v, today) || !reflect.DeepEqual(v.Content.Secret, c.Secret) || !strings.HasPrefix(v.Content.Name, "María Xóchitl") || v.Content.Binding != c.Binding {
		t.Errorf("%+v; %s", v, frozen.Sentence)
	}
}
