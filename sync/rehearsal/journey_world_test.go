package rehearsal

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	kitcommand "github.com/askonce/fieldkit/app/command"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/server/access"
	centrecommand "github.com/askonce/fieldkit/server/command"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/client"
)

// journeyPass opens every kit of the journeys.
const journeyPass = "correct horse battery staple"

// said is what a command line came to.
type said struct {
	code   int
	json   map[string]any
	stderr string
}

// number reads a number of the JSON object.
func (s said) number(t testing.TB, key string) int {
	t.Helper()
	n, ok := s.json[key].(float64)
	if !ok {
		t.Fatalf("%s is not a number in %v", key, s.json)
	}
	return int(n)
}

func (s said) text(key string) string {
	v, _ := s.json[key].(string)
	return v
}

// problem is the code of the error object, empty without one.
func (s said) problem() civic.Code {
	e, _ := s.json["error"].(map[string]any)
	code, _ := e["code"].(string)
	return civic.Code(code)
}

// parse reads the one JSON object of a command's standard output.
func parse(t testing.TB, args []string, code int, stdout []byte, stderr string) said {
	t.Helper()
	s := said{code: code, stderr: stderr}
	if err := json.Unmarshal(stdout, &s.json); err != nil {
		t.Fatalf("%q printed %q and not one JSON object: %v\n%s", args, stdout, err, stderr)
	}
	return s
}

// office is a whole centre under its own commands, with kits around it.
type office struct {
	t      testing.TB
	dir    string
	data   string
	db     []string // where its ledger is, when not in data
	listen string   // the address it listens on, kept over a restart
	url    string   // what invitations say, when not the address
	more   []string // further words for serve
	ahead  atomic.Int64
	stop   func()
}

// newOffice makes a centre and serves it.
func newOffice(t testing.TB) *office {
	t.Helper()
	dir := t.TempDir()
	o := &office{t: t, dir: dir, data: filepath.Join(dir, "centre"), listen: "127.0.0.1:0"}
	if place := ledgertest.Place(t); ledger.IsPostgres(place) {
		o.db = []string{"--db", place}
	}
	o.must("init")
	o.serve()
	return o
}

// lose is a lost disk: a ledger in the folder went with it, one in PostgreSQL
// goes here.
func (o *office) lose() {
	o.t.Helper()
	if len(o.db) > 0 {
		o.db[1] = ledgertest.Place(o.t)
	}
}

// place is where its ledger lies.
func (o *office) place() string {
	if len(o.db) > 0 {
		return o.db[1]
	}
	return "file:" + filepath.Join(o.data, "ledger.db")
}

func (o *office) env(out, errs io.Writer) centrecommand.Env {
	return centrecommand.Env{
		Stdin: strings.NewReader(""), Stdout: out, Stderr: errs, Rand: rand.Reader,
		Clock:        func() time.Time { return time.Now().Add(time.Duration(o.ahead.Load())) },
		PasswordCost: access.PasswordCost{Time: 1, MemoryKiB: 64, Threads: 1},
	}
}

// run runs one of the centre's commands.
func (o *office) run(args ...string) said {
	o.t.Helper()
	var out, errs bytes.Buffer
	args = append(append(args, "--data", o.data, "--json"), o.db...)
	code := centrecommand.Run(context.Background(), args, o.env(&out, &errs))
	return parse(o.t, args, code, out.Bytes(), errs.String())
}

func (o *office) must(args ...string) said {
	o.t.Helper()
	s := o.run(args...)
	if s.code != 0 {
		o.t.Fatalf("%q ended with %d\n%s", args, s.code, s.stderr)
	}
	return s
}

// serve starts serving; the end of the test stops it.
func (o *office) serve() {
	o.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	var errs bytes.Buffer
	args := append(append([]string{"serve", "--data", o.data, "--listen", o.listen}, o.db...), o.more...)
	if o.url != "" {
		args = append(args, "--url", o.url)
	}
	go func() {
		code := centrecommand.Run(ctx, args, o.env(writer, &errs))
		_ = writer.Close()
		ended <- code
	}()
	line, err := bufio.NewReader(reader).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		cancel()
		<-ended
		o.t.Fatalf("serve said %q, %v\n%s", line, err, errs.String())
	}
	o.listen = address
	stopped := false
	o.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if code := <-ended; code != 0 {
			o.t.Errorf("serve ended with %d\n%s", code, errs.String())
		}
	}
	o.t.Cleanup(o.stop)
}

// invite gives an enrolment file for a new kit.
func (o *office) invite(more ...string) string {
	o.t.Helper()
	s := o.must(append([]string{"device", "invite", "--area", rehearsalArea}, more...)...)
	b, err := json.Marshal(s.json)
	if err != nil {
		o.t.Fatal(err)
	}
	f := filepath.Join(o.t.TempDir(), "invitation.json")
	journeyFile(o.t, f, b)
	return f
}

// tablet is one kit under its own commands.
type tablet struct {
	t      testing.TB
	home   string
	pass   string // file with the passphrase
	ahead  atomic.Int64
	change func(*kit.Options)
}

func newTablet(t testing.TB) *tablet {
	t.Helper()
	dir := t.TempDir()
	k := &tablet{t: t, home: filepath.Join(dir, "kit"), pass: filepath.Join(dir, "pass")}
	journeyFile(t, k.pass, []byte(journeyPass+"\n"))
	return k
}

// tablet gives a kit that is enrolled here.
func (o *office) tablet() *tablet {
	o.t.Helper()
	k := newTablet(o.t)
	k.must("enrol", "--file", o.invite())
	return k
}

func (k *tablet) env(out, errs io.Writer) kitcommand.Env {
	return kitcommand.Env{
		Stdin: strings.NewReader(""), Stdout: out, Stderr: errs, Home: k.home,
		Kit: func(o *kit.Options) {
			o.LogN = 10
			o.Clock = func() time.Time { return time.Now().Add(time.Duration(k.ahead.Load())) }
			o.Tuning = client.Tuning{RetryMin: time.Millisecond, RetryMax: 50 * time.Millisecond, Patience: 4}
			if k.change != nil {
				k.change(o)
			}
		},
	}
}

// run runs one of the kit's commands with its passphrase; locked runs it
// without.
func (k *tablet) run(args ...string) said {
	k.t.Helper()
	return k.locked(append(args, "--passphrase-file", k.pass)...)
}

func (k *tablet) locked(args ...string) said {
	k.t.Helper()
	var out, errs bytes.Buffer
	args = append(args, "--json")
	code := kitcommand.Run(context.Background(), args, k.env(&out, &errs))
	return parse(k.t, args, code, out.Bytes(), errs.String())
}

func (k *tablet) must(args ...string) said {
	k.t.Helper()
	s := k.run(args...)
	if s.code != 0 {
		k.t.Fatalf("%q ended with %d\n%s", args, s.code, s.stderr)
	}
	return s
}

// refused runs a command that must be refused with a code, and with the
// catalogue's sentence and hint on standard error.
func (k *tablet) refused(code civic.Code, args ...string) said {
	k.t.Helper()
	s := k.run(args...)
	k.wantRefusal(s, code, args)
	return s
}

func (k *tablet) wantRefusal(s said, code civic.Code, args []string) {
	k.t.Helper()
	if s.code != 1 || s.problem() != code {
		k.t.Fatalf("%q ended with %d and %q, want 1 and %q\n%s", args, s.code, s.problem(), code, s.stderr)
	}
	sentence := civic.Catalogue()[code]
	e, _ := s.json["error"].(map[string]any)
	for name, want := range map[string]string{"message": sentence.Message, "hint": sentence.Hint} {
		got, _ := e[name].(string)
		if got == "" || !strings.Contains(s.stderr, got) || !strings.HasPrefix(got, firstPart(want)) {
			k.t.Fatalf("%q says %q as its %s, want %q, on standard error too:\n%s", args, got, name, want, s.stderr)
		}
	}
}

// firstPart is a sentence of the catalogue up to its first place.
func firstPart(sentence string) string {
	part, _, _ := strings.Cut(sentence, "{")
	return part
}

// register imports n invented people, the first of them numbered from, every
// tenth of them a repeat of the one before with a letter changed.
func (k *tablet) register(from, n int) {
	k.t.Helper()
	s := k.must("import", "--form", "febrl", k.list(from, n))
	if got := s.number(k.t, "sealed"); got != n {
		k.t.Fatalf("sealed %d of %d", got, n)
	}
}

// list writes a list of invented people.
func (k *tablet) list(from, n int) string {
	k.t.Helper()
	given := []string{"mitchell", "harley", "madeline", "isabelle", "taylor", "alexandra", "bailey", "caitlin", "jordan", "lachlan", "noah"}
	surname := []string{"green", "mccarthy", "mason", "bullock", "white", "clarke", "webb", "nguyen", "hosking", "ryan", "campbell", "paine", "forde"}
	var b strings.Builder
	b.WriteString("rec_id, given_name, surname, street_number, address_1, suburb, postcode, state, date_of_birth, soc_sec_id\n")
	for i := from; i < from+n; i++ {
		who, spoken := i, ""
		if i%10 == 9 {
			who, spoken = i-1, "e"
		}
		fmt.Fprintf(&b, "rec-%d, %s%s, %s, %d, street %d, suburb %d, %d, nsw, %d%02d%02d, %d\n", i,
			given[who%len(given)], spoken, surname[who%len(surname)]+string(rune('a'+who%23)), who%200+1, who%97, who%31, 2000+who%500,
			1930+who%80, who%12+1, who%28+1, 1000000+who*7919%8999999)
	}
	f := filepath.Join(k.t.TempDir(), "people.csv")
	journeyFile(k.t, f, []byte(b.String()))
	return f
}

// synced syncs until the centre has decided on everything.
func (k *tablet) synced() said {
	k.t.Helper()
	return k.must("sync", "--wait", "60s")
}

// wantStatus compares figures of status.
func (k *tablet) wantStatus(want map[string]int) {
	k.t.Helper()
	s := k.must("status")
	for key, n := range want {
		if got := s.number(k.t, key); got != n {
			k.t.Fatalf("%s is %d, want %d, in %v", key, got, n, s.json)
		}
	}
}

func journeyFile(t testing.TB, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
