package rehearsal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// spoils is what somebody with an account got out of folders.
type spoils struct {
	Read, Denied []string // files
	Words        []string // of the words looked for, those that stood readable
	Identities   int      // age identities that stood in a file
}

// take reads one file, if it may.
func (s *spoils) take(path string, d fs.DirEntry, err error, words []string) {
	if err == nil && !d.Type().IsRegular() {
		return
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(path)
	}
	if err != nil {
		s.Denied = append(s.Denied, path)
		return
	}
	s.Read = append(s.Read, path)
	for _, word := range words {
		if bytes.Contains(bytes.ToLower(b), []byte(word)) {
			s.Words = append(s.Words, word)
		}
	}
	if ids, err := age.ParseIdentities(bytes.NewReader(b)); err == nil {
		s.Identities += len(ids)
	}
}

// asThief reads all it may below some folders. Its standard input names the
// folders and the words it looks for.
func asThief() int {
	var ask struct{ Dirs, Words []string }
	if err := json.NewDecoder(os.Stdin).Decode(&ask); err != nil {
		return 2
	}
	var s spoils
	for _, dir := range ask.Dirs {
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			s.take(path, d, err, ask.Words)
			return nil // a thief goes on
		})
	}
	if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
		return 1
	}
	return 0
}

// apart is a centre of two processes, under two users where the test may do that.
type apart struct {
	t                  testing.TB
	data, keys, intake string
	program            string
}

// listening starts a part and gives its address; the end of the test stops it.
func (a *apart) listening(who account, args ...string) string {
	a.t.Helper()
	cmd := exec.Command(a.program, args...)
	cmd.Env = append(os.Environ(), asProgram+"=fieldkit-server")
	cmd.Dir = "/"
	who.become(cmd)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		a.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			a.t.Errorf("%s: %v\n%s", args[0], err, complaints.String())
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		a.t.Fatalf("%s said %q, %v\n%s", args[0], line, err, complaints.String())
	}
	return address
}

func (a *apart) steal(who account, dirs []string, words []string) (s spoils) {
	a.t.Helper()
	ask, err := json.Marshal(map[string][]string{"Dirs": dirs, "Words": words})
	if err != nil {
		a.t.Fatal(err)
	}
	cmd := exec.Command(a.program)
	cmd.Env = append(os.Environ(), asProgram+"=thief")
	cmd.Dir = "/"
	cmd.Stdin = bytes.NewReader(ask)
	who.become(cmd)
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &s)
	}
	if err != nil {
		a.t.Fatal(err)
	}
	return s
}

// TestJourneyOpenerApart runs the centre as two processes. Kits notice nothing;
// and whoever has the intake's account, the ledger and the disk reads no answer
// and finds no key that opens a batch.
func TestJourneyOpenerApart(t *testing.T) {
	o := &office{t: t, dir: t.TempDir()}
	o.data = filepath.Join(o.dir, "data")
	a := &apart{t: t, data: o.data, keys: filepath.Join(o.dir, "keys"), intake: filepath.Join(o.dir, "intake"), program: filepath.Join(o.dir, "program")}
	copyProgram(t, a.program)
	o.must("init", "--keys", a.keys)
	o.must("opener", "keys", a.intake, "--keys", a.keys)
	if s := o.run("opener", "keys", a.intake, "--keys", a.keys); s.problem() != civic.AlreadyInitialised {
		t.Fatalf("made over keys that stood there: %v", s.json)
	}
	if s := o.run("registry", "export", filepath.Join(o.dir, "none.csv"), "--keys", a.intake); s.problem() != civic.NeedsOpener {
		t.Fatalf("an intake's keys export the registry: %v", s.json)
	}
	users := shareOut(t, a)

	console := a.listening(users.opener, "opener", "--data", a.data, "--keys", a.keys, "--listen", "127.0.0.1:0")
	o.listen = a.listening(users.intake, "serve", "--data", a.data, "--keys", a.intake, "--listen", "127.0.0.1:0")
	if answers(t, o.listen, "/console/") || !answers(t, console, "/console/") || answers(t, console, "/v1/sync") {
		t.Fatal("a part answers what is the other's")
	}
	s := o.must("device", "invite", "--area", rehearsalArea, "--keys", a.intake)
	if s.text("url") != "https://"+o.listen {
		t.Fatalf("the invitation names %s", s.text("url"))
	}
	k := newTablet(t)
	k.must("enrol", "--server", s.text("url"), "--code", s.text("code"))
	k.register(0, 40)
	k.synced()
	if at := o.must("status", "--keys", a.intake); at.number(t, "registrations") != 40 || at.number(t, "quarantined") != 0 {
		t.Fatalf("the centre says %v", at.json)
	}
	if rows := exportWith(t, o, a.keys); len(rows) != 40 {
		t.Fatalf("the registry holds %d registrations", len(rows))
	}

	words := []string{"mitchell", "madeline", "isabelle", "alexandra", "mccarthy"}
	got := a.steal(users.intake, []string{a.data, a.intake}, words)
	if len(got.Words) > 0 || got.Identities > 0 {
		t.Errorf("readable to the intake: %v, %d identities", got.Words, got.Identities)
	}
	if len(got.Read) < 5 {
		t.Errorf("the thief read only %v: this test shows nothing", got.Read)
	}
	wantAltered(t, o, a)
	if !users.apart {
		return
	}
	if got := a.steal(users.intake, []string{a.keys}, nil); len(got.Read) > 0 || len(got.Denied) == 0 {
		t.Errorf("the intake's account reads %v", got.Read)
	}
	if got := a.steal(users.opener, []string{a.data, a.keys}, nil); got.Identities == 0 {
		t.Error("the opener's account finds no identity where it must: this test shows nothing")
	}
}

// wantAltered takes a row out of the log of looks, as whoever may write to the
// ledger can: nobody does so unseen.
func wantAltered(t *testing.T, o *office, a *apart) {
	t.Helper()
	o.must("audit", "verify", "--keys", a.keys)
	db, err := ledger.Open(t.Context(), "file:"+filepath.Join(a.data, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Update(t.Context(), func(tx ledger.Tx) error {
		n, err := tx.Exec(t.Context(), "DELETE FROM log_row WHERE id = (SELECT max(id) FROM log_row)")
		if n != 1 {
			t.Errorf("%d rows taken out: this test shows nothing", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if s := o.run("audit", "verify", "--keys", a.keys); s.code != 1 {
		t.Errorf("a row taken out of the log is not missed: %v", s.json)
	}
}

// An intake whose opener is away keeps taking in; what needs the root waits and
// says so.
func TestJourneyOpenerAway(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	o.stop()
	intake := filepath.Join(o.dir, "intake")
	o.must("opener", "keys", intake)
	keys, err := access.OpenKeys(intake)
	if err != nil || keys.Opens() {
		t.Fatal(err, "an intake's keys open something")
	}
	// The certificate that whole centre made serves on: the intake is given it.
	b, err := os.ReadFile(filepath.Join(o.data, "keys", "tls.pem"))
	if err != nil {
		t.Fatal(err)
	}
	journeyFile(t, filepath.Join(intake, "tls.pem"), b)
	o.more = []string{"--keys", intake}
	o.serve()
	k.register(0, 20)
	k.must("sync", "--wait", "1s")
	if got := k.must("status"); got.number(t, "received") != 20 || got.number(t, "settled") != 0 {
		t.Fatalf("the kit says %v", got.json)
	}
	late := newTablet(t)
	late.must("enrol", "--file", o.invite("--keys", intake))
	late.register(20, 20)
	late.must("sync", "--wait", "1s")
	o.stop()
	o.more = nil
	o.serve()
	for _, kit := range []*tablet{k, late} {
		if got := kit.synced(); got.number(t, "returned") != 0 {
			t.Fatalf("the kit says %v", got.json)
		}
	}
	if at := o.must("status"); at.number(t, "registrations") != 40 || at.number(t, "quarantined") != 0 {
		t.Fatalf("the centre says %v", at.json)
	}
}

func copyProgram(t testing.TB, to string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err == nil {
		_, err = io.Copy(out, in)
		err = errors.Join(err, out.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// exportWith is what the registry holds, one line a registration.
func exportWith(t testing.TB, o *office, keys string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "registry.csv")
	o.must("registry", "export", file, "--keys", keys)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(strings.Lines(string(b)))[1:]
}
