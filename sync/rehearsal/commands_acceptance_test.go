//go:build acceptance

package rehearsal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// promise is one command as the contract writes it.
type promise struct {
	program string
	words   []string // "device", "invite"
	flags   []string // "--area"
	keys    []string // of its JSON object
}

func (p promise) name() string { return p.program + " " + strings.Join(p.words, " ") }

var (
	spans    = regexp.MustCompile("`([^`]+)`")
	flagWord = regexp.MustCompile(`--[a-z-]+`)
	plainKey = regexp.MustCompile(`^[a-z][a-z0-9_]*`)
	lower    = regexp.MustCompile(`^[a-z]+$`)
)

// promises reads the tables of the command contract.
func promises(t *testing.T) []promise {
	t.Helper()
	shared := os.Getenv("SHARED")
	text, err := os.ReadFile(filepath.Join(shared, "COMMANDS.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all []promise
	program := ""
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			program = strings.Fields(name)[0]
		}
		// A bar within backquotes parts alternatives, not cells.
		cells := strings.Split(spans.ReplaceAllStringFunc(line, func(s string) string { return strings.ReplaceAll(s, "|", "\x00") }), "|")
		if program == "" || len(cells) < 5 || strings.HasPrefix(cells[1], "---") {
			continue
		}
		keys := keysOf(cells[3])
		for _, span := range spans.FindAllStringSubmatch(cells[1], -1) {
			for _, words := range wordsOf(strings.ReplaceAll(span[1], "\x00", "|")) {
				all = append(all, promise{program, words, flagWord.FindAllString(span[1], -1), keys})
			}
		}
	}
	return all
}

// wordsOf are the command's words in a span: "officer add|remove" is two.
func wordsOf(span string) [][]string {
	all := [][]string{{}}
	for _, field := range strings.Fields(span) {
		choices := strings.Split(field, "|")
		if slices.ContainsFunc(choices, func(c string) bool { return !lower.MatchString(c) }) {
			break
		}
		var longer [][]string
		for _, before := range all {
			for _, c := range choices {
				longer = append(longer, append(slices.Clone(before), c))
			}
		}
		all = longer
	}
	if len(all[0]) == 0 || all[0][0] == "fieldkit" || all[0][0] == "row" {
		return nil // the window; the columns of a file
	}
	return all
}

// keysOf are the keys a cell names before it explains them.
func keysOf(cell string) []string {
	cell, _, _ = strings.Cut(cell, ". ")
	cell = regexp.MustCompile(`\{[^}]*\}+`).ReplaceAllString(regexp.MustCompile(`\[\{[^\]]*\]`).ReplaceAllString(cell, ""), "")
	var keys []string
	for _, part := range strings.FieldsFunc(cell, func(r rune) bool { return r == ',' || r == ';' }) {
		key := plainKey.FindString(strings.TrimSpace(part))
		if key != "" && key != "as" {
			keys = append(keys, key)
		}
	}
	return keys
}

// spoken runs a program and gives its exit code and both outputs.
func spoken(t *testing.T, in io.Reader, name string, args ...string) (code int, out, words string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program(t, name), args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Dir = in, &stdout, &stderr, t.TempDir()
	cmd.Env = append(os.Environ(), "DISPLAY=")
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

// object wants one JSON object and nothing else.
func object(t *testing.T, what, out string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(out))
	var o map[string]any
	if err := d.Decode(&o); err != nil || d.More() {
		t.Fatalf("%s: standard output is not one JSON object: %q", what, out)
	}
	return o
}

// TestAcceptanceEveryCommandOfTheContract: each has help that names the flags of
// the contract, and refuses what it does not know with 2, one object and words
// on standard error.
func TestAcceptanceEveryCommandOfTheContract(t *testing.T) {
	all := promises(t)
	if len(all) < 45 {
		t.Fatalf("only %d commands were read from the contract", len(all))
	}
	for _, p := range all {
		t.Run(p.name(), func(t *testing.T) {
			code, help, words := spoken(t, nil, p.program, append(slices.Clone(p.words), "--help")...)
			if code != 0 || words != "" || !strings.Contains(help, "Usage:") {
				t.Fatalf("--help ends with %d and says %q", code, words)
			}
			for _, f := range append(p.flags, "--json") {
				if !strings.Contains(help, f) {
					t.Errorf("its help does not name %s", f)
				}
			}
			for _, line := range [][]string{append(slices.Clone(p.words), "--nonsense", "--json"), append([]string{"--json", "--nonsense"}, p.words...)} {
				code, out, words := spoken(t, nil, p.program, line...)
				e, _ := object(t, p.name(), out)["error"].(map[string]any)
				if code != 2 || e["code"] != "wrong_use" || e["message"] == "" || e["hint"] == "" || !strings.HasPrefix(words, p.program+": ") {
					t.Errorf("%v ends with %d and %v; %q", line, code, e, words)
				}
			}
		})
	}
	for _, p := range []struct{ program, code string }{{"fieldkit", "window_absent"}, {"fieldkit-server", "wrong_use"}} {
		_, out, _ := spoken(t, nil, p.program, "--json")
		if e, _ := object(t, p.program, out)["error"].(map[string]any); e["code"] != p.code {
			t.Errorf("%s without a command and a display: %s", p.program, out)
		}
	}
}

// TestAcceptanceKeysOfTheContract runs each command whose keys the contract
// names, in folders with spaces and accents, with the flags in three places.
func TestAcceptanceKeysOfTheContract(t *testing.T) {
	shared := os.Getenv("SHARED")
	p := newPrograms(t)
	p.kit, p.centre = filepath.Join(p.dir, "mi kit ñ"), filepath.Join(p.dir, "el centro é")
	file := func(name, text string) string {
		path := filepath.Join(p.dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	febrl := filepath.Join(shared, "linkage", "febrl", "dataset1.csv")
	text, err := os.ReadFile(febrl)
	if err != nil {
		t.Fatal(err)
	}
	list := file("una lista.csv", strings.Join(strings.SplitAfterN(string(text), "\n", 32)[:31], ""))
	columns := file("map.json", `{"id":"rec_id","given_name":["given_name"],"surname":["surname"],"birth_date":"date_of_birth"}`)
	answers, doc := file("answers.json", "{}"), file("doc.xml", "<a><b>3</b></a>")
	claims := file("claims.json", `{"id":"n","given_name":"name","surname":["surname"],"birth_date":"born"}`)
	table := file("tabla.csv", "n,name,surname,born\n1,Ana,Ek,1990-02-03\n2,Luis,May,1985-03-04\n")
	places := file("places.csv", "code,name,kind\n20067,Oaxaca,municipality\n")
	form, err := filepath.Abs(filepath.Join(root, "assets", "forms", "birth.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	stick := filepath.Join(p.dir, "la memoria")

	told := map[string]map[string]any{}
	kit := func(name string, args ...string) map[string]any {
		// Before the command, after it, and after its arguments.
		line := append([]string{"--home", p.kit, "--json"}, append(args, "--passphrase-file", p.passphrase)...)
		code, out, words := spoken(t, nil, "fieldkit", line...)
		if code != 0 {
			t.Fatalf("%v ends with %d: %s", args, code, words)
		}
		told["fieldkit "+name] = object(t, name, out)
		return told["fieldkit "+name]
	}
	centre := func(name string, args ...string) map[string]any {
		code, out, words := spoken(t, nil, "fieldkit-server", append([]string{"--json"}, append(args, "--data", p.centre)...)...)
		if code != 0 {
			t.Fatalf("%v ends with %d: %s", args, code, words)
		}
		told["fieldkit-server "+name] = object(t, name, out)
		return told["fieldkit-server "+name]
	}

	centre("init", "init")
	p.start()
	invite := centre("device invite", "device", "invite", "--area", rehearsalArea)
	kit("enrol", "enrol", "--server", invite["url"].(string), "--code", invite["code"].(string))
	if n := number(kit("import", "import", "--form", "febrl", list), "sealed"); n != 30 {
		t.Fatalf("%d rows of 30 were sealed", n)
	}
	if n := number(kit("export", "export", stick), "files"); n == 0 {
		t.Error("nothing was written to the stick")
	}
	centre("import", "import", stick)
	kit("courier", "courier", stick)
	kit("backup", "backup", filepath.Join(p.dir, "copia"))
	kit("sync", "sync")
	status := kit("status", "status")
	sum := 0
	for _, state := range []string{"sealed", "sent", "received", "settled", "held", "returned", "quarantined"} {
		sum += number(status, state)
	}
	if sum != 30 {
		t.Errorf("the states add up to %d of 30: %v", sum, status)
	}
	receipts := filepath.Join(p.dir, "los recibos")
	if n := number(kit("receipt", "receipt", "--all", receipts), "receipts"); n != 30 {
		t.Errorf("%d receipts of 30", n)
	}
	pictures, err := filepath.Glob(filepath.Join(receipts, "*.png"))
	if err != nil || len(pictures) != 30 {
		t.Fatalf("%d pictures: %v", len(pictures), err)
	}
	id := strings.TrimSuffix(filepath.Base(pictures[0]), ".png")
	if v := kit("verify", "verify", pictures[0]); v["registration"] != id || v["valid"] != true {
		t.Errorf("%s is judged %v", id, v)
	}
	kit("search", "search", "waller")
	kit("plan", "plan", "--services", "birth,school", "--person", id)
	kit("form check", "form", "check", form)
	kit("form run", "form", "run", form, "--answers", answers)
	centre("status", "status")
	centre("device list", "device", "list")
	centre("registry export", "registry", "export", filepath.Join(p.dir, "personas.csv"))
	for _, name := range []string{"cluster", "train", "score"} {
		centre("match "+name, "match", name, febrl, "--map", columns, "--out", filepath.Join(p.dir, name))
	}
	centre("match evaluate", "match", "evaluate", filepath.Join(shared, "linkage", "splink", "fake_1000.csv"), "--truth", "cluster",
		"--map", file("fake.json", `{"id":"unique_id","given_name":"first_name","surname":"surname","birth_date":"dob"}`))
	centre("form check", "form", "check", form, "--fix", filepath.Join(p.dir, "repaired.xlsx"))
	centre("form run", "form", "run", form, "--answers", answers)
	centre("form eval", "form", "eval", "--xml", doc, "--context", "/a", "b + 4")
	centre("places import", "places", "import", places)
	centre("pack build", "pack", "build", "--area", rehearsalArea)
	centre("claims import", "claims", "import", table, "--map", claims, "--source", "agencia")
	centre("audit verify", "audit", "verify")
	centre("backup", "backup", filepath.Join(p.dir, "copia del centro"))
	centre("doctor", "doctor")

	// Keys that stand beside a whole row belong to the commands named here.
	elsewhere := map[string]bool{
		"fieldkit restore": true, "fieldkit-server restore": true, "fieldkit-server device revoke": true, "fieldkit-server policy explain": true,
		"fieldkit-server match link": true,
	}
	whatItMeasures := []string{"precision", "recall", "f1", "calibration"}
	for _, c := range promises(t) {
		object, ran := told[c.name()]
		if !ran {
			if len(c.keys) > 0 && !elsewhere[c.name()] {
				t.Errorf("%s was not run, and the contract names its keys %v", c.name(), c.keys)
			}
			continue
		}
		for _, key := range c.keys {
			switch {
			case c.words[0] == "match" && c.words[1] != "evaluate" && slices.Contains(whatItMeasures, key): // needs a truth
			case c.words[0] == "form" && (c.words[1] == "model"):
			default:
				if _, ok := object[key]; !ok {
					t.Errorf("%s does not say %q: %v", c.name(), key, object)
				}
			}
		}
	}
}
