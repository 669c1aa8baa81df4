package serve_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/client"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/protocol"
)

func config(dir string) serve.Config {
	return serve.Config{Data: dir, Clock: time.Now, Rand: rand.Reader, Logger: slog.New(slog.DiscardHandler),
		PasswordCost: access.PasswordCost{Time: 1, MemoryKiB: 64, Threads: 1}}
}

// newConfig is of a centre in a folder and a ledger of its own.
func newConfig(t testing.TB) serve.Config {
	t.Helper()
	c := config(t.TempDir())
	if place := ledgertest.Place(t); ledger.IsPostgres(place) {
		c.Ledger = place
	}
	return c
}

// newCentre makes a centre in a folder of its own.
func newCentre(t testing.TB) *serve.Centre {
	t.Helper()
	c := newConfig(t)
	if err := serve.Init(context.Background(), c, "Registry of Test"); err != nil {
		t.Fatal(err)
	}
	return open(t, c)
}

// until waits for what goes on beside the test: the limit stands for never, on the
// slowest machine too.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for began := time.Now(); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 2*time.Minute {
			t.Fatal("waited in vain")
		}
	}
}

func open(t testing.TB, c serve.Config) *serve.Centre {
	t.Helper()
	centre, err := serve.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { centre.Close() })
	return centre
}

// running serves on a port of this machine until the test ends.
func running(t testing.TB, c *serve.Centre) (url string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l, err := c.Listen(ctx, "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Serve(ctx, l, nil) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return "https://" + l.Addr().String(), stop
}

// kit is an enrolled device that seals births.
type kit struct {
	t         testing.TB
	area      civic.Area
	sign      ed25519.PrivateKey
	transport ed25519.PrivateKey
	secret    [32]byte
	id        civic.DeviceID
	enrolled  client.Enrolled
	day       batch.DayKey
	forms     batch.Forms
	form      *form.Form
	counter   uint64
	seq       uint64
	previous  civic.Digest
	random    *mrand.Rand
	url       string
}

// newKit makes a device that is not enrolled yet.
func newKit(t testing.TB, c *serve.Centre, area civic.Area) *kit {
	t.Helper()
	k := &kit{t: t, area: area, forms: batch.Remember(c.Forms), random: mrand.New(mrand.NewPCG(1, uint64(len(area))))}
	_, k.sign, _ = ed25519.GenerateKey(rand.Reader)
	_, k.transport, _ = ed25519.GenerateKey(rand.Reader)
	_, _ = rand.Read(k.secret[:])
	k.id = civic.NewDeviceID(k.sign.Public().(ed25519.PublicKey))
	var ok bool
	if k.form, ok = c.Forms.Latest("birth"); !ok {
		t.Fatal("the sample form is not there")
	}
	var err error
	if k.day, err = batch.NewDayKey(nil); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *kit) enrol(c *serve.Centre, url string) {
	k.t.Helper()
	code, _, err := c.Access.Invite(context.Background(), k.area, 0, "test")
	if err != nil {
		k.t.Fatal(err)
	}
	k.url = url
	k.enrolled, err = client.Enrol(context.Background(), client.EnrolConfig{
		Server: url, Code: code, Device: k.sign, Transport: k.transport, KitSecret: k.secret, Name: "kit", Clock: time.Now,
	})
	if err != nil {
		k.t.Fatal(err)
	}
}

// names and places are made of syllables, so that there are as many as in a
// district and no more namesakes than there.
var syllables = []string{"ma", "ri", "lu", "cho", "te", "xo", "ca", "ne", "pa", "jo", "sel", "gua", "ixt", "ol", "mi", "ra", "do", "zen", "ti", "que"}

func (k *kit) word(syllableCount int) string {
	var b strings.Builder
	for range syllableCount {
		b.WriteString(syllables[k.random.IntN(len(syllables))])
	}
	return strings.ToUpper(b.String()[:1]) + b.String()[1:]
}

// births seals n births with about twenty answers each.
func (k *kit) births(n int) []civic.Registration {
	k.t.Helper()
	regs := make([]civic.Registration, n)
	env := form.Env{Now: func() time.Time { return time.Now().Add(-time.Minute) }, Device: k.id.String()}
	pick := func(from ...string) string { return from[k.random.IntN(len(from))] }
	for i := range regs {
		k.counter++
		s := form.Start(k.form, env)
		for path, value := range map[string]string{
			"child/given_name": k.word(2) + " " + k.word(2), "child/surname": k.word(3), "child/second_surname": k.word(3),
			"child/sex": pick("female", "male"), "child/born_at": pick("home", "clinic", "hospital"),
			"child/birth_date":  time.Now().AddDate(0, 0, -1-k.random.IntN(50)).Format(time.DateOnly),
			"child/birth_place": k.word(2), "child/weight": strconv.Itoa(2000 + k.random.IntN(2000)),
			"mother/given_name": k.word(2), "mother/surname": k.word(3), "mother/second_surname": k.word(3),
			"mother/birth_date": fmt.Sprintf("%d-%02d-%02d", 1980+k.random.IntN(25), 1+k.random.IntN(12), 1+k.random.IntN(28)),
			"mother/languages":  "spa", "father/father_named": "no", "home/address": k.word(2) + " " + strconv.Itoa(k.random.IntN(300)),
			"home/locality": k.word(2), "home/municipality": k.word(2), "proof/informant": "mother", "proof/papers": "birth_notice",
		} {
			if err := s.Set(path, civic.Answer{Path: path, Value: value}); err != nil {
				k.t.Fatal(err)
			}
		}
		at := civic.Stamp{Wall: time.Now().Unix() - 60, Boot: 1, Mono: int64(k.counter)}
		regs[i] = civic.Registration{
			Device: k.id, Counter: k.counter, ID: civic.NewRegistrationID(k.public(), k.counter), Previous: k.previous, Area: k.area,
			Form: k.form.Ref(), Services: []civic.ServiceID{k.form.Service()}, Language: "es", Started: at, Sealed: at, Answers: s.Answers(),
		}
		b, err := batch.Canonical(&regs[i])
		if err != nil {
			k.t.Fatal(err)
		}
		k.previous = batch.DigestOf(k.salt(k.counter), b)
	}
	return regs
}

func (k *kit) public() ed25519.PublicKey { return k.sign.Public().(ed25519.PublicKey) }

func (k *kit) salt(counter uint64) [32]byte { return protocol.SaltOf(k.secret[:], counter) }

func (k *kit) header(c *serve.Centre) []byte {
	k.t.Helper()
	file, err := batch.WrapDayKey(k.day, k.id, []string{c.Access.Keys().Recipient(), c.Access.Keys().Recovery()}, k.sign)
	if err != nil {
		k.t.Fatal(err)
	}
	return file
}

func (k *kit) pack(regs []civic.Registration) []byte {
	k.t.Helper()
	k.seq++
	file, err := batch.Pack(batch.Packing{
		Device: k.id, Area: k.area, Seq: k.seq, Key: k.day, Sign: k.sign, Forms: k.forms, Now: time.Now, SaltOf: k.salt,
	}, regs)
	if err != nil {
		k.t.Fatal(err)
	}
	return file
}

// browser is an HTTP client that shows the kit's transport key.
func (k *kit) browser() *http.Client {
	k.t.Helper()
	conf, err := protocol.ClientTLS(k.enrolled.Root, k.transport, time.Now)
	if err != nil {
		k.t.Fatal(err)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: conf, DialContext: (&net.Dialer{}).DialContext}}
}

// post sends a message and reads the answer into into, or gives the problem.
func (k *kit) post(path string, message, into any) error {
	k.t.Helper()
	body, err := protocol.Marshal(message)
	if err != nil {
		k.t.Fatal(err)
	}
	res, err := k.browser().Post(k.url+path, protocol.MediaCBOR, bytes.NewReader(body))
	if err != nil {
		k.t.Fatal(err)
	}
	defer res.Body.Close()
	if p := protocol.ReadProblem(res); p != nil {
		return p
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		k.t.Fatal(err)
	}
	return protocol.Unmarshal(b.Bytes(), into)
}
