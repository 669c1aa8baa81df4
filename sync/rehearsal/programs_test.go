package rehearsal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// programs are the two real binaries that make builds, with a folder of their own.
type programs struct {
	t           *testing.T
	dir         string
	kit, centre string // folders
	passphrase  string // file
	serving     *exec.Cmd
	address     string
}

func newPrograms(t *testing.T) *programs {
	t.Helper()
	dir := t.TempDir()
	p := &programs{t: t, dir: dir, kit: filepath.Join(dir, "kit"), centre: filepath.Join(dir, "centre"), passphrase: filepath.Join(dir, "passphrase"), address: "127.0.0.1:0"}
	if err := os.WriteFile(p.passphrase, []byte("maize river lantern thursday\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	return p
}

func program(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not built: run make build", name)
	}
	return path
}

// enrolled starts a centre and enrols the kit.
func (p *programs) enrolled() {
	p.t.Helper()
	p.server("init", "--data", p.centre)
	p.start()
	invite := p.server("device", "invite", "--data", p.centre, "--area", rehearsalArea)
	p.fieldkit("enrol", "--server", invite["url"].(string), "--code", invite["code"].(string))
}

// start runs the server and waits until it listens; a second start listens where the first did.
func (p *programs) start() {
	p.t.Helper()
	p.serving = exec.Command(program(p.t, "fieldkit-server"), "serve", "--data", p.centre, "--listen", p.address)
	out, err := p.serving.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	var complaints bytes.Buffer
	p.serving.Stderr = &complaints
	if err := p.serving.Start(); err != nil {
		p.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			p.address = address
			return
		}
	}
	p.t.Fatalf("the server did not start: %s", complaints.String())
}

// stop ends the server as an administrator would.
func (p *programs) stop() {
	if p.serving == nil {
		return
	}
	_ = p.serving.Process.Signal(syscall.SIGTERM)
	_ = p.serving.Wait()
	p.serving = nil
}

// kill ends the server as a power cut would.
func (p *programs) kill() {
	_ = p.serving.Process.Kill()
	_ = p.serving.Wait()
	p.serving = nil
}

func (p *programs) kitCommand(ctx context.Context, args ...string) *exec.Cmd {
	args = append([]string{"--home", p.kit, "--passphrase-file", p.passphrase, "--json"}, args...)
	return exec.CommandContext(ctx, program(p.t, "fieldkit"), args...)
}

// fieldkit runs a kit's command that must succeed and gives its JSON.
func (p *programs) fieldkit(args ...string) map[string]any {
	p.t.Helper()
	return p.answer(p.kitCommand(p.t.Context(), args...))
}

// server runs a command of the centre that must succeed and gives its JSON.
func (p *programs) server(args ...string) map[string]any {
	p.t.Helper()
	return p.answer(exec.CommandContext(p.t.Context(), program(p.t, "fieldkit-server"), append(args, "--json")...))
}

func (p *programs) answer(cmd *exec.Cmd) map[string]any {
	p.t.Helper()
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args[1:], " "), err, out, words.String())
	}
	var answer map[string]any
	if err := json.Unmarshal(out, &answer); err != nil {
		p.t.Fatalf("%s printed no JSON object: %v\n%s", strings.Join(cmd.Args[1:], " "), err, out)
	}
	return answer
}

// syncUntilSettled syncs until the kit waits for nothing, at most a few times.
func (p *programs) syncUntilSettled() map[string]any {
	p.t.Helper()
	var status map[string]any
	for range 60 {
		p.fieldkit("sync")
		status = p.fieldkit("status")
		if number(status, "sealed")+number(status, "sent")+number(status, "received") == 0 {
			break
		}
	}
	return status
}

func number(answer map[string]any, key string) int {
	f, _ := answer[key].(float64)
	return int(f)
}

// killedAt runs a command and kills it after a while; it reports whether the
// command was still running then.
func (p *programs) killedAt(cmd *exec.Cmd, after time.Duration) bool {
	p.t.Helper()
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	cut := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer cut.Stop()
	var exit *exec.ExitError
	return errors.As(cmd.Wait(), &exit) && !exit.Exited()
}
