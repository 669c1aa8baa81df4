package rehearsal

import (
	"context"
	"crypto/rand"
	"net"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/batch/batchtest"
	"github.com/askonce/fieldkit/sync/client"
	"github.com/askonce/fieldkit/sync/form"
)

const rehearsalArea = "mx-20-067"

// cheapPasswords are for tests: nobody signs in.
var cheapPasswords = access.PasswordCost{}

// newWorld is an invented district, its form as a workbook and as a catalogue.
func newWorld(t testing.TB, o batchtest.Options) (*batchtest.World, []byte, *form.Catalogue) {
	t.Helper()
	w := batchtest.New(o)
	book, err := w.Workbook()
	if err != nil {
		t.Fatal(err)
	}
	forms := form.NewCatalogue()
	if _, err := forms.Add(book); err != nil {
		t.Fatal(err)
	}
	return w, book, forms
}

// openCentre makes a real centre in a folder.
func openCentre(t testing.TB, dir string, clock func() time.Time, book []byte) *serve.Centre {
	t.Helper()
	config := serve.Config{Data: dir, Clock: clock, Rand: rand.Reader, PasswordCost: cheapPasswords, Forms: [][]byte{book}}
	if err := serve.Init(context.Background(), config, "A registry for rehearsals"); err != nil {
		t.Fatal(err)
	}
	c, err := serve.Open(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type dialFunc = func(ctx context.Context, address string) (net.Conn, error)

// enrol makes a bare kit one of the centre's.
func (k *bareKit) enrol(t testing.TB, c *serve.Centre, dial dialFunc, tuning client.Tuning) {
	t.Helper()
	code, _, err := c.Access.Invite(context.Background(), rehearsalArea, time.Hour, "test")
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.Enrol(context.Background(), client.EnrolConfig{
		Server: "centre:443", Code: code, Device: k.device, Transport: k.transport, KitSecret: k.secret,
		Name: "kit", Clock: k.clock, Dial: dial, Tuning: tuning,
	})
	if err != nil {
		t.Fatal(err)
	}
	k.area, k.root, k.bundle, k.lease, k.session = got.Answer.Area, got.Root, got.Bundle, got.Lease, got.Session
}

// client is the kit's side of the wire, new as after a start of the program.
func (k *bareKit) client(t testing.TB, dial dialFunc, tuning client.Tuning, jitter func() float64) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{
		Server: "centre:443", Root: k.root, Transport: k.transport, ServerKey: k.serverKey, Local: k,
		Clock: k.clock, Dial: dial, Tuning: tuning, Jitter: jitter, Session: k.session,
		KeepSession: func(session []byte) {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.session = session
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
